//! Server-sent events.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::response::Sse;
use axum::response::sse::Event;
use futures_core::Stream;
use tokio::time::{Interval, interval};

const APART: Duration = Duration::from_millis(20);

/// Three events, a moment apart.
pub(crate) async fn events() -> Sse<Ticks> {
    Sse::new(Ticks::new(3))
}

/// Counts by tokio's clock.
pub(crate) struct Ticks {
    clock: Interval,
    next: u32,
    count: u32,
}

impl Ticks {
    fn new(count: u32) -> Ticks {
        Ticks {
            clock: interval(APART),
            next: 1,
            count,
        }
    }
}

impl Stream for Ticks {
    type Item = Result<Event, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.next > self.count {
            return Poll::Ready(None);
        }
        ready!(self.clock.poll_tick(cx));
        let event = Event::default().event("tick").data(self.next.to_string());
        self.next += 1;
        Poll::Ready(Some(Ok(event)))
    }
}
