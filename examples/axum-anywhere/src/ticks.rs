//! Server-sent events.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::extract::{Extension, Query};
use axum::response::Sse;
use axum::response::sse::Event;
use futures_core::Stream;
use serde::Deserialize;
use tokio::time::{Interval, interval};

/// Milliseconds from one event to the next.
const APART: u64 = 20;

type Waiting = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Says when the program is closing: what goes on until then ends. Whoever serves the application puts it
/// among the request's extensions.
#[derive(Clone)]
pub struct Closing(Arc<dyn Fn() -> Waiting + Send + Sync>);

impl Closing {
    /// It is closing when the futures that `wait` gives are over.
    pub fn new<F>(wait: impl Fn() -> F + Send + Sync + 'static) -> Closing
    where
        F: Future<Output = ()> + Send + 'static,
    {
        Closing(Arc::new(move || Box::pin(wait())))
    }
}

#[derive(Deserialize)]
pub(crate) struct Pace {
    apart: Option<u64>,
}

/// Three events, a moment apart, or fewer if the program is closing.
pub(crate) async fn events(
    Query(pace): Query<Pace>,
    closing: Option<Extension<Closing>>,
) -> Sse<Ticks> {
    let apart = Duration::from_millis(pace.apart.unwrap_or(APART).max(1));
    Sse::new(Ticks {
        clock: interval(apart),
        closing: closing.map(|closing| (closing.0.0)()),
        next: 1,
        count: 3,
    })
}

/// Counts by tokio's clock.
pub(crate) struct Ticks {
    clock: Interval,
    closing: Option<Waiting>,
    next: u32,
    count: u32,
}

impl Stream for Ticks {
    type Item = Result<Event, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let closing = self.closing.as_mut();
        let is_closing = closing.is_some_and(|closing| closing.as_mut().poll(cx).is_ready());
        if is_closing || self.next > self.count {
            return Poll::Ready(None);
        }
        ready!(self.clock.poll_tick(cx));
        let event = Event::default().event("tick").data(self.next.to_string());
        self.next += 1;
        Poll::Ready(Some(Ok(event)))
    }
}
