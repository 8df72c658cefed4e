//! A future of a body is a body.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use pin_project_lite::pin_project;

use super::Body;
use crate::{Error, Event};

pin_project! {
    /// A future of a body, and then that body: what [`async_fn`](crate::async_fn) makes.
    #[derive(Debug)]
    #[must_use = "a body does nothing until a server polls it"]
    pub struct Flatten<T, B> {
        #[pin]
        state: State<T, B>,
    }
}

pin_project! {
    #[derive(Debug)]
    #[project = StateProj]
    enum State<T, B> {
        Future { #[pin] future: T },
        Body { #[pin] body: B },
        Done,
    }
}

impl<T, B> Flatten<T, B>
where
    T: Future<Output = Result<B, Error>>,
    B: Body,
{
    /// A body of a future of one.
    pub fn new(future: T) -> Flatten<T, B> {
        Flatten {
            state: State::Future { future },
        }
    }
}

impl<T, B> Stream for Flatten<T, B>
where
    T: Future<Output = Result<B, Error>>,
    B: Body,
{
    type Item = Result<Event, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut state = self.project().state;
        loop {
            match state.as_mut().project() {
                StateProj::Future { future } => match ready!(future.poll(cx)) {
                    Ok(body) => state.set(State::Body { body }),
                    Err(error) => {
                        state.set(State::Done);
                        return Poll::Ready(Some(Err(error)));
                    }
                },
                StateProj::Body { body } => return body.poll_next(cx),
                StateProj::Done => return Poll::Ready(None),
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match &self.state {
            State::Future { .. } => (0, None),
            State::Body { body } => body.size_hint(),
            State::Done => (0, Some(0)),
        }
    }
}
