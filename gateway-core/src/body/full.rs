//! A body of at most one block.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_core::Stream;

use crate::{Error, Event, Started};

/// No block or one: [`Started::empty`] and [`Started::full`]. `Unpin`, `Send`, and never boxed.
#[derive(Debug)]
#[must_use = "a body does nothing until a server polls it"]
pub struct Full {
    started: Option<Started>,
    data: Bytes,
}

impl Full {
    pub(crate) fn new(started: Started, data: Bytes) -> Full {
        Full {
            started: Some(started),
            data,
        }
    }

    /// The block, if it is still to come.
    pub fn data(&self) -> &Bytes {
        &self.data
    }

    /// The head, if it is still to come.
    pub fn started(&mut self) -> Option<&mut Started> {
        self.started.as_mut()
    }
}

impl Stream for Full {
    type Item = Result<Event, Error>;

    #[inline]
    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(started) = self.started.take() {
            return Poll::Ready(Some(Ok(Event::Start(started))));
        }
        if self.data.is_empty() {
            return Poll::Ready(None);
        }
        Poll::Ready(Some(Ok(Event::Data(std::mem::take(&mut self.data)))))
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = usize::from(self.started.is_some()) + usize::from(!self.data.is_empty());
        (left, Some(left))
    }
}
