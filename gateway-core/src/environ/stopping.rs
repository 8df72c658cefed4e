//! Whether the server goes on.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::server::Stop;

/// The future of [`Environ::stopping`](crate::Environ::stopping).
#[must_use = "a future does nothing until it is awaited"]
pub struct Stopping {
    stop: Stop,
    key: Option<u64>,
}

impl Stopping {
    pub(crate) fn new(stop: Stop) -> Stopping {
        Stopping { stop, key: None }
    }
}

impl Future for Stopping {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Stopping { stop, key } = &mut *self;
        match stop.watch(key, cx.waker()) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    }
}

impl Drop for Stopping {
    fn drop(&mut self) {
        if let Some(key) = self.key {
            self.stop.unwatch(key);
        }
    }
}

impl fmt::Debug for Stopping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Stopping")
    }
}
