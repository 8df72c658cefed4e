//! One of two.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use pin_project_lite::pin_project;

use super::Body;
use crate::{App, Environ, Error, Event, StartResponse};

pin_project! {
    /// An application of two applications, a body of two bodies: no box.
    #[derive(Clone, Debug)]
    #[allow(missing_docs)]
    #[project = EitherProj]
    pub enum Either<L, R> {
        /// The one.
        Left {
            #[pin]
            left: L,
        },
        /// The other.
        Right {
            #[pin]
            right: R,
        },
    }
}

impl<L, R> Either<L, R> {
    /// The one.
    pub fn left(left: L) -> Either<L, R> {
        Either::Left { left }
    }

    /// The other.
    pub fn right(right: R) -> Either<L, R> {
        Either::Right { right }
    }
}

impl<L: Body, R: Body> Stream for Either<L, R> {
    type Item = Result<Event, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match self.project() {
            EitherProj::Left { left } => left.poll_next(cx),
            EitherProj::Right { right } => right.poll_next(cx),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match self {
            Either::Left { left } => left.size_hint(),
            Either::Right { right } => right.size_hint(),
        }
    }
}

impl<L: App, R: App> App for Either<L, R> {
    type Body = Either<L::Body, R::Body>;

    fn call(&self, environ: Environ, start_response: StartResponse) -> Self::Body {
        match self {
            Either::Left { left } => Either::left(left.call(environ, start_response)),
            Either::Right { right } => Either::right(right.call(environ, start_response)),
        }
    }
}
