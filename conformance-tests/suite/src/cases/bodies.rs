//! What applications of several topics answer with.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};

use rgi_core::{BodyExt, BoxBody, Bytes, Error, Event, StartResponse, Started, StatusCode, Stream};

use crate::Notes;

/// Begins an ordinary answer.
pub(super) fn ok(start_response: StartResponse) -> Started {
    start_response.start(StatusCode::OK)
}

/// Answers with blocks, whose number is known.
pub(super) fn blocks(started: Started, blocks: &'static [&'static str]) -> BoxBody {
    let blocks = blocks
        .iter()
        .map(|block| Ok::<_, Error>(Bytes::from(*block)));
    started.iter(blocks).erased()
}

/// Notes that it is dropped.
pub(super) struct Dropped(pub(super) Notes);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.add("dropped");
    }
}

/// A body written by hand: any events, and nothing said beforehand of how many. Asked behind its end
/// it panics.
pub(super) struct Events(VecDeque<Result<Event, Error>>, bool);

impl Events {
    pub(super) fn body(events: impl IntoIterator<Item = Result<Event, Error>>) -> BoxBody {
        BoxBody::new(Events(events.into_iter().collect(), false))
    }
}

impl Stream for Events {
    type Item = Result<Event, Error>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        assert!(!self.1, "a body was asked behind its end");
        let next = self.0.pop_front();
        self.1 = next.is_none();
        Poll::Ready(next)
    }
}

/// A body of a function that is polled.
pub(super) struct Polled<F>(pub(super) F);

// The function is never pinned.
impl<F> Unpin for Polled<F> {}

impl<F> Stream for Polled<F>
where
    F: FnMut(&mut Context<'_>) -> Poll<Option<Result<Event, Error>>>,
{
    type Item = Result<Event, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        (self.0)(cx)
    }
}
