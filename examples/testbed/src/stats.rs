//! What this process has done: counts kept around every exchange.

use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll, ready};

use rgi_core::{App, AppExt, BoxBody, End, Error, Event, Outcome, Stream};
use serde_json::{Value, json};

/// All counts. They are read one by one, so one who reads while requests run sees no single moment.
struct Stats {
    alive: AtomicU64,
    chunks: AtomicU64,
    sent: AtomicU64,
    refused: AtomicU64,
    truncated: AtomicU64,
    disconnected: AtomicU64,
}

static STATS: Stats = Stats {
    alive: AtomicU64::new(0),
    chunks: AtomicU64::new(0),
    sent: AtomicU64::new(0),
    refused: AtomicU64::new(0),
    truncated: AtomicU64::new(0),
    disconnected: AtomicU64::new(0),
};

/// The counts so far.
pub(crate) fn report() -> Value {
    json!({
        "pid": std::process::id(),
        "bodies_alive": STATS.alive.load(Relaxed),
        "chunks_produced": STATS.chunks.load(Relaxed),
        "outcomes": {
            "sent": STATS.sent.load(Relaxed),
            "refused": STATS.refused.load(Relaxed),
            "truncated": STATS.truncated.load(Relaxed),
            "disconnected": STATS.disconnected.load(Relaxed),
        },
    })
}

/// Counts the bodies of an application, their blocks, and how its exchanges end.
///
/// The hook is there before the call, so that a call that panics is counted as well. It captures
/// nothing, and neither does a counted body need a box: an exchange costs some additions more.
pub(crate) fn counted<A: App<Body = BoxBody>>(inner: A) -> impl App<Body = Counted> {
    inner.around(|inner: &A, environ, start_response| {
        environ.on_finish(count_outcome);
        Counted::new(inner.call(environ, start_response))
    })
}

fn count_outcome(outcome: &Outcome<'_>) {
    let count = match outcome.end {
        End::Sent => &STATS.sent,
        End::Refused => &STATS.refused,
        End::Truncated => &STATS.truncated,
        End::Disconnected => &STATS.disconnected,
    };
    count.fetch_add(1, Relaxed);
}

/// A body that is counted until it is dropped, with the blocks it gives.
#[derive(Debug)]
pub(crate) struct Counted(BoxBody);

impl Counted {
    fn new(body: BoxBody) -> Counted {
        STATS.alive.fetch_add(1, Relaxed);
        Counted(body)
    }
}

impl Stream for Counted {
    type Item = Result<Event, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let item = ready!(Pin::new(&mut self.0).poll_next(cx));
        if let Some(Ok(Event::Data(_) | Event::File(_))) = &item {
            STATS.chunks.fetch_add(1, Relaxed);
        }
        Poll::Ready(item)
    }

    /// The inner body's, for it is what decides whether a single block is the last.
    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        STATS.alive.fetch_sub(1, Relaxed);
    }
}
