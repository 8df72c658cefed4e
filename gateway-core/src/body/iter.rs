//! A body of an iterator's blocks.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_core::Stream;

use crate::{Error, Event, Started};

/// The blocks of an iterator: [`Started::iter`].
#[derive(Debug)]
#[must_use = "a body does nothing until a server polls it"]
pub struct Iter<I> {
    started: Option<Started>,
    chunks: I,
}

impl<I> Iter<I> {
    pub(crate) fn new(started: Started, chunks: I) -> Iter<I> {
        Iter {
            started: Some(started),
            chunks,
        }
    }
}

// The iterator is never pinned.
impl<I> Unpin for Iter<I> {}

impl<I, E> Stream for Iter<I>
where
    I: Iterator<Item = Result<Bytes, E>>,
    E: Into<Error>,
{
    type Item = Result<Event, Error>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(started) = self.started.take() {
            return Poll::Ready(Some(Ok(Event::Start(started))));
        }
        Poll::Ready(
            self.chunks
                .next()
                .map(|chunk| chunk.map(Event::Data).map_err(Into::into)),
        )
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        hint(self.started.is_some(), self.chunks.size_hint())
    }
}

/// The hint of blocks with a start before them.
pub(super) fn hint(start: bool, rest: (usize, Option<usize>)) -> (usize, Option<usize>) {
    let start = usize::from(start);
    (
        rest.0.saturating_add(start),
        rest.1.and_then(|upper| upper.checked_add(start)),
    )
}
