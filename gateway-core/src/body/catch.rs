//! Panics become errors.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use pin_project_lite::pin_project;

use super::Body;
use crate::quiet::quietly;
use crate::{Error, Event};

pin_project! {
    /// A panic inside becomes an error: [`BodyExt::catch_panics`](super::BodyExt::catch_panics).
    /// The body that panicked is dropped at once.
    #[derive(Debug)]
    #[must_use = "a body does nothing until a server polls it"]
    pub struct CatchPanics<B> {
        #[pin]
        body: Option<B>,
    }
}

impl<B> CatchPanics<B> {
    pub(crate) fn new(body: B) -> CatchPanics<B> {
        CatchPanics { body: Some(body) }
    }
}

impl<B: Body> Stream for CatchPanics<B> {
    type Item = Result<Event, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut slot = self.project().body;
        let Some(body) = slot.as_mut().as_pin_mut() else {
            return Poll::Ready(None);
        };
        match catch_unwind(AssertUnwindSafe(|| body.poll_next(cx))) {
            Ok(polled) => polled,
            Err(payload) => {
                quietly(|| slot.set(None));
                Poll::Ready(Some(Err(Error::panic(payload))))
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.body
            .as_ref()
            .map_or((0, Some(0)), |body| body.size_hint())
    }
}
