//! Lending an environ.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::Method;

use super::Environ;
use crate::server::{Connection, Inner, Scheme, Span};
use crate::{Input, Offer};

/// Where a lent environ returns to.
pub(crate) struct Home {
    place: Mutex<Place>,
    /// The loan that this one was made inside of.
    outer: Option<Arc<Home>>,
    lent: Lent,
}

/// What is put back when a loan is over.
struct Lent {
    method: Method,
    target: Span,
    path: Span,
    query: Option<Span>,
    split: u32,
    scheme: Scheme,
    connection: Option<Arc<Connection>>,
    offer: Option<Offer>,
    /// That of the input, and by which loan it was lent before.
    limit: Option<u64>,
    input: Option<usize>,
}

impl Lent {
    fn of(inner: &mut Inner) -> Lent {
        let input = inner.input_mut();
        let (limit, input) = input.map_or((None, None), |input| (input.limit, input.lent));
        Lent {
            method: inner.method.clone(),
            target: inner.target,
            path: inner.path,
            query: inner.query,
            split: inner.split,
            scheme: inner.scheme,
            connection: inner.connection.clone(),
            offer: inner.offer.as_ref().map(Offer::again),
            limit,
            input,
        }
    }

    /// All but what is of the input.
    fn restore(&self, inner: &mut Inner) {
        inner.method.clone_from(&self.method);
        if inner.target != self.target {
            inner.target = self.target;
            inner.path = self.path;
            inner.query = self.query;
            inner.uri.take();
        }
        inner.split = self.split;
        inner.scheme = self.scheme;
        inner.connection.clone_from(&self.connection);
        inner.offer = self.offer.as_ref().map(Offer::again);
    }
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

    /// No other one has it while this one is there.
    fn number(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }

    /// Has an environ be the outer loan's again. Gives its input, if that is still the one that was lent.
    fn leave<'a>(&self, inner: &'a mut Inner) -> Option<&'a mut Input> {
        inner.home = self.outer.clone();
        let lent = Some(self.number());
        let input = inner.input_mut().filter(|input| input.lent == lent)?;
        input.lent = self.lent.input;
        Some(input)
    }
}

/// An environ that was lent: [`Environ::lend`].
pub struct Loan(Arc<Home>);

impl Loan {
    pub(super) fn of(mut inner: Box<Inner>) -> (Environ, Loan) {
        let home = Arc::new(Home {
            place: Mutex::new(Place::Lent),
            outer: inner.home.take(),
            lent: Lent::of(&mut inner),
        });
        if let Some(input) = inner.input_mut() {
            input.lent = Some(home.number());
        }
        let loan = Loan(home.clone());
        inner.home = Some(home);
        (Environ::new(inner), loan)
    }

    /// Takes the environ back, with method, target, mount, scheme, connection, offer and the input's limit
    /// as lent. What else the borrower changed stays changed, fields and extensions; and so does an input
    /// that it put in the place of the one lent. Look at `input().consumed()` before using it again.
    ///
    /// # Errors
    ///
    /// Gives the loan back while the borrower still has the environ, or if it turned it into
    /// something else.
    pub fn reclaim(self) -> Result<Environ, Loan> {
        let Some(mut inner) = self.take(Place::Lent) else {
            return Err(self);
        };
        let Loan(home) = &self;
        home.lent.restore(&mut inner);
        if let Some(input) = home.leave(&mut inner) {
            input.limit = home.lent.limit;
        }
        Ok(Environ::new(inner))
    }

    /// What was returned; `place` is left where it was.
    fn take(&self, place: Place) -> Option<Box<Inner>> {
        match std::mem::replace(&mut *self.0.lock(), place) {
            Place::Returned(inner) => Some(inner),
            Place::Lent | Place::Closed => None,
        }
    }
}

impl Drop for Loan {
    fn drop(&mut self) {
        if let Some(mut inner) = self.take(Place::Closed) {
            self.0.leave(&mut inner);
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
        home.leave(&mut inner);
    }
    crate::server::recycle(inner);
}
