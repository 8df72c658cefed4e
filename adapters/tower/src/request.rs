//! An application's input as a body of `http_body`'s.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use rgi_core::Input;

use crate::BoxError;
use crate::layer::{Shared, lock};

/// A request's body on its way to a service: block by block, as the service asks, and then the
/// trailers.
///
/// Its errors are [`rgi_core::Error`]s in a box: passed on by the service, they keep their status.
#[derive(Default)]
pub struct RequestBody {
    input: Input,
    ended: bool,
    /// Who gets the input back if nobody reads on.
    lender: Option<Shared>,
}

impl RequestBody {
    /// The body of an input.
    pub fn new(input: Input) -> RequestBody {
        RequestBody {
            input,
            ended: false,
            lender: None,
        }
    }

    /// The body of an environ's that is kept for later: dropped while that is still there, it goes back.
    pub(crate) fn lent(input: Input, lender: Shared) -> RequestBody {
        RequestBody {
            input,
            ended: false,
            lender: Some(lender),
        }
    }
}

impl Drop for RequestBody {
    fn drop(&mut self) {
        let Some(lender) = self.lender.take() else {
            return;
        };
        if let Some(environ) = &mut lock(&lender).environ {
            *environ.input() = std::mem::take(&mut self.input);
        }
    }
}

impl fmt::Debug for RequestBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestBody")
            .field("input", &self.input)
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if self.ended {
            return Poll::Ready(None);
        }
        let frame = match ready!(self.input.poll_chunk(cx)) {
            Some(Ok(chunk)) => Some(Ok(Frame::data(chunk))),
            Some(Err(error)) => {
                self.ended = true;
                Some(Err(error.into()))
            }
            None => {
                self.ended = true;
                let trailers = self.input.trailers().cloned();
                trailers.map(|trailers| Ok(Frame::trailers(trailers)))
            }
        };
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.ended || self.input.is_end() && self.input.trailers().is_none()
    }

    fn size_hint(&self) -> SizeHint {
        let left = self.input.length();
        left.map(|length| length.saturating_sub(self.input.consumed()))
            .map_or_else(SizeHint::new, SizeHint::with_exact)
    }
}
