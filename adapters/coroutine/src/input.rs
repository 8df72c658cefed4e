//! A request's body, as hyper reads it.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use http::{HeaderMap, StatusCode};
use hyper::body::{Body as _, Incoming};
use rgi_core::Error;
use rgi_core::server::InputSource;
use rgi_http1::admit_trailers;
use rgi_tasks::Clock;
use tokio::time::{Instant, Sleep};

use crate::rest::Rest;

/// What comes off the connection, with a deadline between two pieces.
pub(crate) struct Body {
    /// Taken out at the end.
    incoming: Option<Incoming>,
    rest: Arc<Rest>,
    trailers: Option<Box<HeaderMap>>,
    timeout: Option<Duration>,
    clock: Clock,
    /// Runs while a piece is waited for; made when one is first.
    sleep: Option<Pin<Box<Sleep>>>,
    waiting: bool,
}

impl Body {
    pub(crate) fn new(
        incoming: Incoming,
        rest: Arc<Rest>,
        timeout: Option<Duration>,
        clock: Clock,
    ) -> Body {
        Body {
            incoming: Some(incoming),
            rest,
            trailers: None,
            timeout,
            clock,
            sleep: None,
            waiting: false,
        }
    }

    /// Nothing more is read.
    fn fail(&mut self, error: Error) -> Error {
        self.incoming = None;
        self.rest.fail();
        error
    }

    /// Ready when the client has sent nothing for too long.
    fn poll_late(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(timeout) = self.timeout else {
            return Poll::Pending;
        };
        let first = !std::mem::replace(&mut self.waiting, true);
        let sleep = match &mut self.sleep {
            Some(sleep) => {
                if first {
                    sleep.as_mut().reset(Instant::now() + timeout);
                }
                sleep
            }
            none => none.insert(Box::pin(self.clock.sleep(timeout))),
        };
        sleep.as_mut().poll(cx)
    }
}

impl Stream for Body {
    type Item = Result<Bytes, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        loop {
            let Some(incoming) = &mut this.incoming else {
                return Poll::Ready(None);
            };
            this.rest.begin();
            let Poll::Ready(frame) = Pin::new(incoming).poll_frame(cx) else {
                if this.rest.poll_over(cx.waker()) {
                    this.incoming = None;
                    return Poll::Ready(Some(Err(Error::disconnected())));
                }
                ready!(this.poll_late(cx));
                let late = Error::timeout("the client stopped sending its body");
                let late = late.with_status(StatusCode::REQUEST_TIMEOUT);
                return Poll::Ready(Some(Err(this.fail(late))));
            };
            this.waiting = false;
            let frame = match frame {
                None => {
                    this.incoming = None;
                    this.rest.end();
                    return Poll::Ready(None);
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(this.fail(failure(&error))))),
                Some(Ok(frame)) => frame,
            };
            match frame.into_data() {
                Ok(data) => {
                    this.rest.read(data.len() as u64);
                    // Known without another read: the answer may then keep the connection.
                    if this.incoming.as_ref().is_none_or(Incoming::is_end_stream) {
                        this.rest.end();
                    }
                    return Poll::Ready(Some(Ok(data)));
                }
                Err(frame) => {
                    let mut trailers = frame.into_trailers().unwrap_or_default();
                    if let Err(refusal) = admit_trailers(&mut trailers) {
                        let refused = Error::malformed(refusal.reason());
                        return Poll::Ready(Some(Err(this.fail(refused))));
                    }
                    this.trailers = (!trailers.is_empty()).then(|| Box::new(trailers));
                }
            }
        }
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        if let Some(incoming) = self.incoming.take()
            && !incoming.is_end_stream()
        {
            self.rest.give_back(incoming);
        }
    }
}

impl InputSource for Body {
    fn trailers(mut self: Pin<&mut Self>) -> Option<Box<HeaderMap>> {
        self.trailers.take()
    }
}

/// Whether the client has sent something wrong, or has left.
fn failure(error: &hyper::Error) -> Error {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            return match error.kind() {
                // What hyper's decoder says of chunks.
                io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => {
                    Error::malformed(format!("the body's chunks: {error}"))
                }
                _ => Error::disconnected(),
            };
        }
        cause = error.source();
    }
    Error::disconnected()
}
