//! Bodies of blocking applications, in place or on a pool.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use pin_project_lite::pin_project;

use super::Body;
use super::lifted::Lifted;
use crate::{Environ, Error, Event, StartResponse};

pin_project! {
    /// The body of a [`blocking`](crate::blocking) application: in place, or a handle to steps on
    /// the server's pool.
    ///
    /// The drop of a handle does not wait: the iterator is dropped on the pool, maybe later. A call
    /// that no thread has begun is dropped with the handle, in place.
    #[must_use = "a body does nothing until a server polls it"]
    pub struct BlockingBody<B> {
        #[pin]
        place: Place<B>,
    }
}

pin_project! {
    #[project = PlaceProj]
    enum Place<B> {
        Here { #[pin] body: B },
        Pool { lifted: Pin<Box<dyn Stream<Item = Result<Event, Error>> + Send>> },
        Failed { error: Option<Error> },
    }
}

impl<B: Body> BlockingBody<B> {
    pub(crate) fn here(body: Result<B, Error>) -> BlockingBody<B> {
        let place = match body {
            Ok(body) => Place::Here { body },
            Err(error) => Place::Failed { error: Some(error) },
        };
        BlockingBody { place }
    }

    pub(crate) fn lift(
        environ: Environ,
        start_response: StartResponse,
        call: impl FnOnce(Environ, StartResponse) -> Result<B, Error> + Send + 'static,
    ) -> BlockingBody<B>
    where
        B: Send + 'static,
    {
        let Some(pool) = environ.host().offload.clone() else {
            return BlockingBody::here(Err(Error::misuse(
                "this server neither blocks nor has a pool for blocking applications",
            )));
        };
        let lifted = Lifted::new(environ, start_response, Box::new(call), pool);
        BlockingBody {
            place: Place::Pool {
                lifted: Box::pin(lifted),
            },
        }
    }
}

impl<B: Body> Stream for BlockingBody<B> {
    type Item = Result<Event, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match self.project().place.project() {
            PlaceProj::Here { body } => body.poll_next(cx),
            PlaceProj::Pool { lifted } => lifted.as_mut().poll_next(cx),
            PlaceProj::Failed { error } => Poll::Ready(error.take().map(Err)),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match &self.place {
            Place::Here { body } => body.size_hint(),
            Place::Pool { lifted } => lifted.size_hint(),
            Place::Failed { error } => (0, Some(usize::from(error.is_some()))),
        }
    }
}

impl<B> fmt::Debug for BlockingBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.place {
            Place::Here { .. } => "BlockingBody(in place)",
            Place::Pool { .. } => "BlockingBody(on the pool)",
            Place::Failed { .. } => "BlockingBody(failed)",
        })
    }
}
