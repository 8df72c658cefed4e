//! What the two sides of a layer share.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rgi_core::{Environ, StartResponse, Started, Upgrade};

/// What the two sides of a layer share of one exchange.
pub(crate) type Shared = Arc<Mutex<Slot>>;

/// What is there until one of them takes it.
#[derive(Default)]
pub(crate) struct Slot {
    pub(crate) environ: Option<Environ>,
    pub(super) start_response: Option<StartResponse>,
    /// Of the application, its fields taken out.
    pub(super) started: Option<Started>,
    pub(super) upgrade: Option<Upgrade>,
}

/// It, on its way through the layer.
#[derive(Clone)]
pub(super) struct Carried(pub(super) Shared);

pub(crate) fn lock(shared: &Shared) -> MutexGuard<'_, Slot> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
