//! Pages in memory.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use super::{Ask, Page, Store};

/// Keeps pages in memory, up to a number of bytes: then those go that were not asked for lately.
///
/// They are those of this process: where there are several, each has its own.
pub struct Memory {
    most: usize,
    kept: RwLock<Kept>,
}

#[derive(Default)]
struct Kept {
    pages: HashMap<u64, Vec<Arc<Page>>>,
    /// In the order in which they are looked at for what goes.
    queue: VecDeque<Arc<Page>>,
    bytes: usize,
}

impl Memory {
    /// Keeps at most so many bytes, bodies and fields together.
    pub fn new(bytes: usize) -> Memory {
        Memory {
            most: bytes,
            kept: RwLock::default(),
        }
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        f.debug_struct("Memory")
            .field("most", &self.most)
            .field("bytes", &kept.bytes)
            .field("pages", &kept.queue.len())
            .finish()
    }
}

impl Kept {
    fn drop_where(&mut self, hash: u64, goes: impl Fn(&Page) -> bool) {
        let Some(pages) = self.pages.get_mut(&hash) else {
            return;
        };
        let before = pages.len();
        pages.retain(|page| !goes(page));
        let is_same = pages.len() == before;
        if pages.is_empty() {
            self.pages.remove(&hash);
        }
        if !is_same {
            self.queue.retain(|page| page.hash() != hash || !goes(page));
            self.bytes = self.queue.iter().map(|page| page.size()).sum();
        }
    }

    /// Makes room: what was asked for since it was last looked at has another turn.
    fn shrink(&mut self, most: usize) {
        while self.bytes > most {
            let Some(page) = self.queue.pop_front() else {
                return;
            };
            if page.take_touched() {
                self.queue.push_back(page);
                continue;
            }
            self.bytes -= page.size();
            if let Some(pages) = self.pages.get_mut(&page.hash()) {
                pages.retain(|it| !Arc::ptr_eq(it, &page));
                if pages.is_empty() {
                    self.pages.remove(&page.hash());
                }
            }
        }
    }
}

impl Store for Memory {
    fn get(&self, ask: &Ask<'_>) -> Option<Arc<Page>> {
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        let mut pages = kept.pages.get(&ask.hash())?.iter();
        let page = pages.find(|page| page.fits(ask))?;
        page.touch();
        Some(page.clone())
    }

    fn insert(&self, page: Arc<Page>) {
        let size = page.size();
        if size > self.most {
            return;
        }
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        kept.drop_where(page.hash(), |old| page.replaces(old));
        kept.shrink(self.most - size);
        kept.bytes += size;
        kept.pages
            .entry(page.hash())
            .or_default()
            .push(page.clone());
        kept.queue.push_back(page);
    }

    fn remove(&self, ask: &Ask<'_>) {
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        kept.drop_where(ask.hash(), |page| page.is_of(ask));
    }
}
