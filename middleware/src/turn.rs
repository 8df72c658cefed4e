//! How much is done in one poll.

use std::task::{Context, Poll};

/// What may be done in one poll while nothing comes out of it. Behind that others have their turn: who
/// has a thread for many connections must not be held by one.
#[derive(Debug)]
pub(crate) struct Turn(u64);

/// Bytes of a turn.
const BYTES: u64 = 1 << 20;

/// What an event costs besides its bytes, in bytes.
const EVENT: u64 = 1 << 10;

impl Turn {
    pub(crate) fn new() -> Turn {
        Turn(BYTES)
    }

    /// Counts an event of so many bytes. `Pending` when the turn is over: the next poll, which is asked
    /// for, goes on.
    pub(crate) fn spend(&mut self, bytes: u64, cx: &mut Context<'_>) -> Poll<()> {
        let left = self.0.checked_sub(bytes.saturating_add(EVENT));
        let Some(left) = left else {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        };
        self.0 = left;
        Poll::Ready(())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::pin::Pin;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Context, Poll};

    use rgi_core::{App, Body, Environ, Error, Event, StartResponse, Stream, app_fn};

    /// An application whose bodies' turns are counted.
    pub(crate) fn counted<A: App>(app: A, turns: &Arc<AtomicUsize>) -> impl App {
        let turns = turns.clone();
        app_fn(move |environ: Environ, start_response: StartResponse| {
            let body = Box::pin(app.call(environ, start_response));
            Counted(body, turns.clone())
        })
    }

    struct Counted<B>(Pin<Box<B>>, Arc<AtomicUsize>);

    impl<B: Body> Stream for Counted<B> {
        type Item = Result<Event, Error>;

        fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
            self.1.fetch_add(1, Ordering::Relaxed);
            self.0.as_mut().poll_next(cx)
        }
    }
}
