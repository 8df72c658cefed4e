//! Whether the client is still there.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use crate::server::Shared;

/// The client, as a fact of its own: a disconnect never comes through the request's body.
#[derive(Clone)]
pub struct Peer(Arc<Shared>);

impl Peer {
    pub(crate) fn new(shared: Arc<Shared>) -> Peer {
        Peer(shared)
    }

    /// Whether the client has left.
    pub fn is_gone(&self) -> bool {
        self.0.is_gone()
    }

    /// Wakes as soon as the client has left, or the exchange is over.
    pub fn gone(&self) -> Gone {
        Gone {
            shared: self.0.clone(),
            key: None,
        }
    }
}

impl fmt::Debug for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Peer")
            .field("is_gone", &self.is_gone())
            .finish()
    }
}

/// The future of [`Peer::gone`].
#[must_use = "a future does nothing until it is awaited"]
pub struct Gone {
    shared: Arc<Shared>,
    key: Option<u64>,
}

impl Future for Gone {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Gone { shared, key } = &mut *self;
        match shared.watch(key, cx.waker()) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    }
}

impl Drop for Gone {
    fn drop(&mut self) {
        if let Some(key) = self.key {
            self.shared.unwatch(key);
        }
    }
}

impl fmt::Debug for Gone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Gone")
    }
}
