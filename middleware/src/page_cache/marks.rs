//! What is remembered of targets, without keeping them.

use std::sync::atomic::{AtomicU64, Ordering};

use super::kind::Kind;
use super::page::Ask;

/// Marks by the hashes of targets. Of two targets with one mark the last one counts.
pub(super) struct Marks(Box<[Mark]>);

struct Mark {
    /// The key of those whose last response could not be kept: nobody of them waits for the next.
    passes: AtomicU64,
    /// The hash of a target of which a response could not be kept, maybe for what its request had: by that
    /// requests are told apart.
    apart: AtomicU64,
    /// How often pages were forgotten: what was on its way then may be older, and is not kept.
    forgotten: AtomicU64,
}

const MARKS: usize = 1024;

impl Marks {
    pub(super) fn new() -> Marks {
        let mark = |_| Mark {
            passes: AtomicU64::new(0),
            apart: AtomicU64::new(0),
            forgotten: AtomicU64::new(0),
        };
        Marks((0..MARKS).map(mark).collect())
    }

    fn of(&self, hash: u64) -> &Mark {
        &self.0[hash as usize % MARKS]
    }

    /// A number for those who wait for each other: all who ask for a target, or those of a kind.
    pub(super) fn key(&self, ask: &Ask<'_>) -> u64 {
        match self.are_apart(ask.hash) {
            true => Kind::of(ask.headers).key(ask.hash),
            false => ask.hash,
        }
    }

    fn are_apart(&self, hash: u64) -> bool {
        self.of(hash).apart.load(Ordering::Relaxed) == hash
    }

    pub(super) fn passes(&self, key: u64) -> bool {
        self.of(key).passes.load(Ordering::Relaxed) == key
    }

    /// Says that the response to a request of a kind could not be kept.
    pub(super) fn set_passes(&self, hash: u64, kind: Kind) {
        if !kind.is_plain() {
            self.of(hash).apart.store(hash, Ordering::Relaxed);
        }
        let key = kind.key(hash);
        self.of(key).passes.store(key, Ordering::Relaxed);
    }

    /// Says that it could.
    pub(super) fn set_kept(&self, hash: u64, kind: Kind) {
        let key = match self.are_apart(hash) {
            true => kind.key(hash),
            false => hash,
        };
        let mark = &self.of(key).passes;
        let _ = mark.compare_exchange(key, 0, Ordering::Relaxed, Ordering::Relaxed);
    }

    pub(super) fn forgotten(&self, hash: u64) -> u64 {
        self.of(hash).forgotten.load(Ordering::SeqCst)
    }

    pub(super) fn forget(&self, hash: u64) {
        self.of(hash).forgotten.fetch_add(1, Ordering::SeqCst);
    }
}
