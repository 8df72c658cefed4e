//! A body of `http_body`'s as an application's input.

use std::error::Error as StdError;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use futures_core::Stream;
use http::{HeaderMap, StatusCode};
use http_body::Body;
use http_body_util::LengthLimitError;
use rgi_core::server::InputSource;
use rgi_core::{Error, Input};

use crate::BoxError;

/// A request's body from another library; `None` where there is none.
pub(crate) fn input<B>(body: B) -> Option<Input>
where
    B: Body + Send + 'static,
    B::Error: Into<BoxError>,
{
    if body.is_end_stream() {
        return None;
    }
    let length = body.size_hint().exact();
    let source = Source {
        body: Some(Box::pin(body)),
        trailers: None,
    };
    Some(Input::source(source, length))
}

struct Source<B> {
    /// Dropped at the end.
    body: Option<Pin<Box<B>>>,
    trailers: Option<Box<HeaderMap>>,
}

impl<B> Stream for Source<B>
where
    B: Body,
    B::Error: Into<BoxError>,
{
    type Item = Result<Bytes, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        loop {
            let Some(body) = &mut this.body else {
                return Poll::Ready(None);
            };
            let frame = match ready!(body.as_mut().poll_frame(cx)) {
                Some(Ok(frame)) => frame,
                Some(Err(error)) => {
                    this.body = None;
                    return Poll::Ready(Some(Err(failure(error.into()))));
                }
                None => {
                    this.body = None;
                    return Poll::Ready(None);
                }
            };
            match frame.into_data() {
                Ok(mut data) => {
                    let data = data.copy_to_bytes(data.remaining());
                    return Poll::Ready(Some(Ok(data)));
                }
                Err(frame) => this.trailers = frame.into_trailers().ok().map(Box::new),
            }
        }
    }
}

impl<B> InputSource for Source<B>
where
    B: Body,
    B::Error: Into<BoxError>,
{
    fn trailers(mut self: Pin<&mut Self>) -> Option<Box<HeaderMap>> {
        self.trailers.take()
    }
}

/// A body that cannot be read is the client's doing, unless its error says otherwise.
fn failure(error: BoxError) -> Error {
    let is_over_limit = is_over_limit(&*error);
    let error = Error::new(error);
    match error.status() {
        StatusCode::INTERNAL_SERVER_ERROR if error.is_disconnected() => error,
        StatusCode::INTERNAL_SERVER_ERROR if is_over_limit => Error::too_large(error),
        StatusCode::INTERNAL_SERVER_ERROR => error.with_status(StatusCode::BAD_REQUEST),
        _ => error,
    }
}

/// Whether a layer that limits bodies, such as tower-http's, is the cause.
fn is_over_limit(error: &(dyn StdError + 'static)) -> bool {
    let mut causes = std::iter::successors(Some(error), |&error| error.source());
    causes.any(|error| error.is::<LengthLimitError>())
}
