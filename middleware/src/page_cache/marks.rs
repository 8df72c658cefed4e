//! What is remembered of targets, without keeping them.

use std::sync::atomic::{AtomicU64, Ordering};

/// Marks by the hashes of targets. Of two targets with one mark the last one counts.
pub(super) struct Marks(Box<[Mark]>);

struct Mark {
    /// The hash of a target whose last response could not be kept: nobody waits for the next.
    passes: AtomicU64,
    /// How often pages were forgotten: what was on its way then may be older, and is not kept.
    forgotten: AtomicU64,
}

const MARKS: usize = 1024;

impl Marks {
    pub(super) fn new() -> Marks {
        let mark = |_| Mark {
            passes: AtomicU64::new(0),
            forgotten: AtomicU64::new(0),
        };
        Marks((0..MARKS).map(mark).collect())
    }

    fn of(&self, hash: u64) -> &Mark {
        &self.0[hash as usize % MARKS]
    }

    pub(super) fn passes(&self, hash: u64) -> bool {
        self.of(hash).passes.load(Ordering::Relaxed) == hash
    }

    /// Says whether the response for a target could be kept.
    pub(super) fn set_passes(&self, hash: u64, passes: bool) {
        let mark = &self.of(hash).passes;
        if passes {
            mark.store(hash, Ordering::Relaxed);
        } else {
            let _ = mark.compare_exchange(hash, 0, Ordering::Relaxed, Ordering::Relaxed);
        }
    }

    pub(super) fn forgotten(&self, hash: u64) -> u64 {
        self.of(hash).forgotten.load(Ordering::SeqCst)
    }

    pub(super) fn forget(&self, hash: u64) {
        self.of(hash).forgotten.fetch_add(1, Ordering::SeqCst);
    }
}
