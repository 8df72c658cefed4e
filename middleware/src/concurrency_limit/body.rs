//! The body of one that has a place, or gets none.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use rgi_core::{Body, Error, Event, Stream};

use super::gate::Place;

pin_project! {
    /// A body that has a place, or an error that says why it has none.
    #[must_use = "a body does nothing until a server polls it"]
    pub struct ConcurrencyLimitBody<B> {
        #[pin]
        state: State<B>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<B> {
        // The place is given up behind the body.
        Inside { #[pin] body: B, place: Place },
        Shed { error: Option<Error> },
    }
}

impl<B> ConcurrencyLimitBody<B> {
    pub(super) fn inside(body: B, place: Place) -> Self {
        let state = State::Inside { body, place };
        ConcurrencyLimitBody { state }
    }

    pub(super) fn shed(error: Error) -> Self {
        let state = State::Shed { error: Some(error) };
        ConcurrencyLimitBody { state }
    }
}

impl<B: Body> Stream for ConcurrencyLimitBody<B> {
    type Item = Result<Event, Error>;

    #[inline]
    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match self.project().state.project() {
            StateProj::Inside { body, .. } => body.poll_next(cx),
            StateProj::Shed { error } => Poll::Ready(error.take().map(Err)),
        }
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        match &self.state {
            State::Inside { body, .. } => body.size_hint(),
            State::Shed { .. } => (0, Some(0)),
        }
    }
}

impl<B> fmt::Debug for ConcurrencyLimitBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.state {
            State::Inside { .. } => "ConcurrencyLimitBody(inside)",
            State::Shed { .. } => "ConcurrencyLimitBody(shed)",
        })
    }
}
