//! Lending an environ.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::Method;

use super::Environ;
use crate::server::{Inner, Span};

/// Where a lent environ returns to.
pub(crate) struct Home {
    place: Mutex<Place>,
    /// The loan that this one was made inside of.
    outer: Option<Arc<Home>>,
}

enum Place {
    Lent,
    Returned(Box<Inner>),
    /// The loan is gone: nobody asks for it here.
    Closed,
}

impl Home {
    fn lock(&self) -> MutexGuard<'_, Place> {
        self.place.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An environ that was lent: [`Environ::lend`].
pub struct Loan {
    home: Arc<Home>,
    method: Method,
    target: Span,
    path: Span,
    query: Option<Span>,
    split: u32,
}

impl Loan {
    pub(super) fn of(mut inner: Box<Inner>) -> (Environ, Loan) {
        let home = Arc::new(Home {
            place: Mutex::new(Place::Lent),
            outer: inner.home.take(),
        });
        let loan = Loan {
            home: home.clone(),
            method: inner.method.clone(),
            target: inner.target,
            path: inner.path,
            query: inner.query,
            split: inner.split,
        };
        inner.home = Some(home);
        (Environ::new(inner), loan)
    }

    /// Takes the environ back, with method, target and mount as lent. What else the borrower changed stays
    /// changed; look at `input().consumed()` before using it again.
    ///
    /// # Errors
    ///
    /// Gives the loan back while the borrower still has the environ, or if it turned it into
    /// something else.
    pub fn reclaim(mut self) -> Result<Environ, Loan> {
        let Some(mut inner) = self.take(Place::Lent) else {
            return Err(self);
        };
        inner.method = std::mem::take(&mut self.method);
        if inner.target != self.target {
            inner.target = self.target;
            inner.path = self.path;
            inner.query = self.query;
            inner.uri.take();
        }
        inner.split = self.split;
        Ok(Environ::new(inner))
    }

    /// What was returned, its home the outer loan again; `place` is left where it was.
    fn take(&self, place: Place) -> Option<Box<Inner>> {
        let before = std::mem::replace(&mut *self.home.lock(), place);
        let Place::Returned(mut inner) = before else {
            return None;
        };
        inner.home = self.home.outer.clone();
        Some(inner)
    }
}

impl Drop for Loan {
    fn drop(&mut self) {
        if let Some(inner) = self.take(Place::Closed) {
            give_back(inner);
        }
    }
}

impl std::fmt::Debug for Loan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Loan")
    }
}

/// What becomes of an environ's box when it is dropped: the innermost loan that still stands gets
/// it, or the pool.
pub(super) fn give_back(mut inner: Box<Inner>) {
    while let Some(home) = inner.home.take() {
        let mut place = home.lock();
        if matches!(*place, Place::Lent) {
            *place = Place::Returned(inner);
            return;
        }
        drop(place);
        inner.home = home.outer.clone();
    }
    crate::server::recycle(inner);
}
