//! A body of a stream's blocks.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_core::Stream;
use pin_project_lite::pin_project;

use super::iter::hint;
use crate::{Error, Event, Started};

pin_project! {
    /// The blocks of a stream: [`Started::stream`].
    #[derive(Debug)]
    #[must_use = "a body does nothing until a server polls it"]
    pub struct Streaming<S> {
        started: Option<Started>,
        #[pin]
        chunks: S,
    }
}

impl<S> Streaming<S> {
    pub(crate) fn new(started: Started, chunks: S) -> Streaming<S> {
        Streaming {
            started: Some(started),
            chunks,
        }
    }
}

impl<S, E> Stream for Streaming<S>
where
    S: Stream<Item = Result<Bytes, E>>,
    E: Into<Error>,
{
    type Item = Result<Event, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.project();
        if let Some(started) = this.started.take() {
            return Poll::Ready(Some(Ok(Event::Start(started))));
        }
        this.chunks
            .poll_next(cx)
            .map(|chunk| chunk.map(|chunk| chunk.map(Event::Data).map_err(Into::into)))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        hint(self.started.is_some(), self.chunks.size_hint())
    }
}
