//! Pages in memory.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{DefaultHashBuilder, OptionsBuilder, Weighter};

use super::{Ask, Page, Store};

/// Keeps pages in memory, up to a number of bytes: then those go that were not asked for lately.
///
/// They are those of this process: where there are several, each has its own. Of one target there are at
/// most 64 variants, and several only in a quarter of the bytes: who makes up values of what a page varies
/// by pushes other variants out, and not other pages. From 64 MiB on it consists of parts that do not wait for
/// each other, so that no page of more than 31 MiB is kept.
pub struct Memory {
    /// In parts that are bounded each.
    kept: Cache<u64, Arc<Variants>, Weigh>,
    /// Held by who changes what is kept of a target.
    changes: Mutex<()>,
}

/// The pages of a target, in the order in which they came.
struct Variants {
    pages: Box<[Arc<Page>]>,
    bytes: usize,
}

/// Variants of a target.
const MOST: usize = 64;

/// Bytes of a part, at least.
const PART: usize = 32 << 20;

/// About what a page takes, to guess how many there will be.
const USUAL: usize = 8 << 10;

#[derive(Clone)]
struct Weigh;

impl Weighter<u64, Arc<Variants>> for Weigh {
    fn weight(&self, _: &u64, variants: &Arc<Variants>) -> u64 {
        variants.bytes as u64
    }
}

impl Memory {
    /// Keeps at most so many bytes, bodies and fields together.
    pub fn new(bytes: usize) -> Memory {
        // A power of two that divides them: rounded up, the parts would have more together.
        let parts = 1 << (bytes / PART).clamp(1, 64).ilog2();
        let options = OptionsBuilder::new()
            .shards(parts)
            .weight_capacity((bytes / parts * parts) as u64)
            .estimated_items_capacity((bytes / USUAL).max(parts * 32))
            .build()
            .expect("all that has to be set is");
        Memory {
            kept: Cache::with_options(
                options,
                Weigh,
                DefaultHashBuilder::default(),
                DefaultLifecycle::default(),
            ),
            changes: Mutex::default(),
        }
    }

    /// What is kept now.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        usize::try_from(self.kept.weight()).expect("memory is there")
    }

    fn change(&self) -> MutexGuard<'_, ()> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory")
            .field("most", &self.kept.capacity())
            .field("bytes", &self.kept.weight())
            .field("targets", &self.kept.len())
            .finish()
    }
}

impl Variants {
    /// One more, in place of one that it replaces. If there are too many then, or of more than so many bytes,
    /// the first of those go that were not asked for.
    fn with(old: &[Arc<Page>], page: Arc<Page>, most_bytes: usize) -> Variants {
        let others = old.iter().filter(|old| !page.replaces(old));
        let mut pages: Vec<Arc<Page>> = others.cloned().collect();
        let mut bytes = pages.iter().map(|page| page.size()).sum::<usize>() + page.size();
        while !pages.is_empty() && (pages.len() >= MOST || bytes > most_bytes) {
            let goes = pages.iter().position(|page| !page.take_touched());
            bytes -= pages.remove(goes.unwrap_or(0)).size();
        }
        pages.push(page);
        Variants {
            pages: pages.into(),
            bytes,
        }
    }
}

impl Store for Memory {
    fn get(&self, ask: &Ask<'_>) -> Option<Arc<Page>> {
        let variants = self.kept.get(&ask.hash())?;
        let page = variants.pages.iter().find(|page| page.fits(ask))?;
        page.touch();
        Some(page.clone())
    }

    fn insert(&self, page: Arc<Page>) {
        let most = usize::try_from(self.kept.shard_capacity()).unwrap_or(usize::MAX);
        // Of a heavier one nothing would be kept, nor of its variants.
        if page.size() > most - most / 32 {
            return;
        }
        let hash = page.hash();
        let change = self.change();
        let old = self.kept.peek(&hash);
        let old = old.as_ref().map_or(&[][..], |old| &old.pages);
        let variants = Variants::with(old, page, most / 4);
        self.kept.insert(hash, Arc::new(variants));
        drop(change);
    }

    fn remove(&self, ask: &Ask<'_>) {
        let change = self.change();
        self.kept.remove(&ask.hash());
        drop(change);
    }
}
