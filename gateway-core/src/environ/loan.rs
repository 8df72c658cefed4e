//! Lending an environ.

use std::sync::{Arc, Mutex, PoisonError};

use http::Method;

use super::Environ;
use crate::server::Inner;

/// Where a lent environ returns to.
pub(crate) struct Home {
    returned: Mutex<Option<Box<Inner>>>,
    outer: Option<Arc<Home>>,
}

/// An environ that was lent: [`Environ::lend`].
pub struct Loan {
    home: Arc<Home>,
    method: Method,
    split: u32,
}

impl Loan {
    pub(super) fn of(mut inner: Box<Inner>) -> (Environ, Loan) {
        let home = Arc::new(Home { returned: Mutex::new(None), outer: inner.home.take() });
        let loan = Loan { home: home.clone(), method: inner.method.clone(), split: inner.split };
        inner.home = Some(home);
        (Environ::new(inner), loan)
    }

    /// Takes the environ back, with method and mount as lent. What else the borrower changed stays
    /// changed; look at `input().consumed()` before using it again.
    ///
    /// # Errors
    ///
    /// Gives the loan back while the borrower still has the environ, or if it turned it into
    /// something else.
    pub fn reclaim(self) -> Result<Environ, Loan> {
        let returned = self.home.returned.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut inner) = returned else { return Err(self) };
        inner.method = self.method;
        inner.split = self.split;
        inner.home = self.home.outer.clone();
        Ok(Environ::new(inner))
    }
}

impl std::fmt::Debug for Loan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Loan")
    }
}

/// What becomes of an environ's box when it is dropped.
pub(super) fn give_back(mut inner: Box<Inner>) {
    match inner.home.take() {
        // A loan that was dropped itself holds no second reference.
        Some(home) if Arc::strong_count(&home) > 1 => {
            *home.returned.lock().unwrap_or_else(PoisonError::into_inner) = Some(inner);
        }
        _ => crate::server::recycle(inner),
    }
}
