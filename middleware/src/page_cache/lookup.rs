//! What becomes of a request.

use std::hash::RandomState;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use http::Method;
use rgi_core::Environ;

use super::fill::{Fill, Origin};
use super::flight::{Landing, Lead, Place, Wait};
use super::rules::Wishes;
use super::{Ask, Cache, Page};

/// What becomes of a request.
pub(super) enum Lookup {
    Hit(Arc<Page>, u64),
    /// The client wants no answer but a kept one.
    Nothing,
    /// The application is called, and this is done with its response.
    Miss(Fill),
}

/// What one waited for.
pub(super) struct Waited {
    pub(super) landing: Landing,
    /// It was the second time.
    pub(super) again: bool,
}

impl Cache {
    /// Looks a GET or HEAD up, of a request that may have waited already. `Err` if another request is about
    /// to bring the page.
    pub(super) fn look_up(
        self: &Arc<Cache>,
        environ: &Environ,
        waited: Option<Waited>,
    ) -> Result<Lookup, Wait> {
        let wishes = Wishes::of(environ.headers());
        if wishes.no_store {
            return Ok(Lookup::Miss(Fill::None));
        }
        let ask = Ask::of(environ, &self.hashes);
        let now = Instant::now();
        let brought = waited.as_ref().and_then(|waited| waited.page());
        let brought = brought.filter(|page| page.fits(&ask)).cloned();
        let mut refreshes = None;
        if let Some(page) = brought.or_else(|| self.settings.store.get(&ask)) {
            let age = page.age(now);
            if page.is_fresh(age) && wishes.takes(&page, age) {
                return Ok(Lookup::Hit(page, age));
            }
            if !page.is_fresh(age) && page.may_be_stale(age) && wishes.takes_any() {
                // One goes for the new one.
                if page.refreshing.swap(true, Ordering::Relaxed) {
                    return Ok(Lookup::Hit(page, age));
                }
                refreshes = Some(page);
            }
        }
        if wishes.only_if_cached || environ.method() != Method::GET {
            if let Some(page) = refreshes {
                page.refreshing.store(false, Ordering::Relaxed);
            }
            return Ok(match wishes.only_if_cached {
                true => Lookup::Nothing,
                false => Lookup::Miss(Fill::None),
            });
        }
        // Who wants a new one, or refreshes, waits for nobody.
        let key = self.marks.key(&ask);
        let alone = refreshes.is_some() || !wishes.takes_any() || self.marks.passes(key);
        let flight = match &waited {
            None => Some(key),
            Some(waited) => waited.next(key, &ask, &self.hashes),
        };
        let lead = match flight.filter(|_| !alone) {
            None => None,
            Some(flight) => match self.flights.join(flight, now) {
                Place::Behind(wait) => return Err(wait),
                Place::First(lead) => {
                    // One may have brought it since it was looked for.
                    let since = self.settings.store.get(&ask);
                    if let Some(page) = since.filter(|page| page.is_fresh(page.age(now))) {
                        let age = page.age(now);
                        lead.land(Landing::Page(page.clone()));
                        return Ok(Lookup::Hit(page, age));
                    }
                    Some(lead)
                }
            },
        };
        let fill = Fill::new(self.clone(), Origin::of(&ask), lead, refreshes);
        Ok(Lookup::Miss(fill))
    }

    /// What is done with the response to a request whose turn it is to go.
    pub(super) fn fill(self: &Arc<Cache>, environ: &Environ, lead: Lead) -> Fill {
        let origin = Origin::of(&Ask::of(environ, &self.hashes));
        Fill::new(self.clone(), origin, Some(lead), None)
    }
}

impl Waited {
    fn page(&self) -> Option<&Arc<Page>> {
        match &self.landing {
            Landing::Page(page) => Some(page),
            Landing::Passes => None,
        }
    }

    /// What to wait for now: once for those of the same variant, when it is known what makes one; or for those
    /// of the same kind, when what came may have been for one of another kind alone.
    fn next(&self, key: u64, ask: &Ask<'_>, hashes: &RandomState) -> Option<u64> {
        let next = || match self.page() {
            Some(page) => page.variant(key, ask, hashes),
            None => key,
        };
        (!self.again).then(next)
    }
}
