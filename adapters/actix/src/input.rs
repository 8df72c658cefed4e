//! A request's body: actix-http's payload, which stays on its thread, and its reader, which need not.

use std::pin::Pin;
use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use actix_http::error::PayloadError;
use actix_http::{BoxedPayloadStream, Payload};
use bytes::Bytes;
use futures_core::Stream;
use http::{HeaderMap, StatusCode};
use rgi_core::Error;
use rgi_core::server::{Informer, InputSource};
use rgi_http1::Refusal;
use rgi_tasks::{Clock, Hint};
use tokio::time::{Instant, Sleep};

use crate::line::Line;

/// One block between the payload and its reader.
#[derive(Debug, Default)]
struct Slot {
    block: Option<Bytes>,
    /// There is no more to come but trailers: well, or not.
    end: Option<Result<Option<Box<HeaderMap>>, Error>>,
    /// The reader waits.
    reader: Option<Waker>,
    /// The task that has the payload.
    task: Option<Waker>,
    /// There is no reader any more; and none has told the client to continue, who waits for that.
    dropped: bool,
    unwelcome: bool,
}

/// What both sides have.
#[derive(Debug, Default)]
struct Shared(Mutex<Slot>);

impl Shared {
    fn slot(&self) -> MutexGuard<'_, Slot> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends it, unless it has ended, and wakes the reader.
    fn lose(&self) {
        let mut slot = self.slot();
        slot.end.get_or_insert(Err(Error::disconnected()));
        let reader = slot.reader.take();
        drop(slot);
        if let Some(reader) = reader {
            reader.wake();
        }
    }
}

/// The payload's side: moves a block when the reader wants one.
pub(crate) struct Feed {
    payload: Payload<BoxedPayloadStream>,
    shared: Arc<Shared>,
    ended: bool,
}

/// The body of a request, in two ends. `welcome` tells the client to go on with it.
pub(crate) fn body(
    payload: Payload<BoxedPayloadStream>,
    welcome: Option<Arc<Hint>>,
    timeout: Option<Duration>,
    clock: Clock,
) -> (Feed, Body) {
    let shared = Arc::<Shared>::default();
    let feed = Feed {
        payload,
        shared: shared.clone(),
        ended: false,
    };
    let body = Body {
        shared,
        welcome,
        trailers: None,
        timeout,
        clock,
        sleep: None,
        waiting: false,
    };
    (feed, body)
}

impl Feed {
    /// Moves on, if the reader waits. Says whether it has something now and is this very task, which
    /// is then to be polled again without being woken.
    pub(crate) fn turn<B: 'static>(
        &mut self,
        cx: &mut Context<'_>,
        line: Option<&Rc<Line<B>>>,
    ) -> bool {
        {
            let mut slot = self.shared.slot();
            if slot
                .task
                .as_ref()
                .is_none_or(|task| !task.will_wake(cx.waker()))
            {
                slot.task = Some(cx.waker().clone());
            }
            if slot.reader.is_none() || self.ended {
                return false;
            }
        }
        let Poll::Ready(item) = Pin::new(&mut self.payload).poll_next(cx) else {
            return false;
        };
        let mut slot = self.shared.slot();
        match item {
            Some(Ok(block)) => slot.block = Some(block),
            Some(Err(error)) => {
                self.ended = true;
                let fault = line.and_then(|line| line.fault());
                slot.end = Some(Err(failure(&error, fault)));
            }
            None => {
                self.ended = true;
                let trailers = line.map(|line| line.read_trailers());
                slot.end = Some(trailers.unwrap_or(Ok(None)));
            }
        }
        let reader = slot.reader.take();
        drop(slot);
        match reader {
            Some(reader) if !reader.will_wake(cx.waker()) => {
                reader.wake();
                false
            }
            _ => true,
        }
    }

    /// Whether nobody will read it any more.
    pub(crate) fn is_dropped(&self) -> bool {
        self.shared.slot().dropped
    }

    /// Whether the client was never told to send it.
    pub(crate) fn is_unwelcome(&self) -> bool {
        self.shared.slot().unwelcome
    }

    /// Throws away what is there of a body that nobody will read. Says whether that was all of it.
    pub(crate) fn discard(&mut self, cx: &mut Context<'_>) -> bool {
        while !self.ended {
            match Pin::new(&mut self.payload).poll_next(cx) {
                Poll::Ready(Some(Ok(_))) => {}
                Poll::Ready(Some(Err(_)) | None) => self.ended = true,
                Poll::Pending => break,
            }
        }
        self.ended
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        // The exchange is over: who still reads is told.
        self.shared.lose();
    }
}

/// Whether the client has sent something wrong, or has left.
fn failure(error: &PayloadError, fault: Option<Refusal>) -> Error {
    match (fault, error) {
        (Some(refusal), _) => refused(&refusal),
        (None, PayloadError::EncodingCorrupted) => Error::malformed("the body's chunks"),
        (None, PayloadError::Overflow) => Error::too_large("the body is too large"),
        (None, _) => Error::disconnected(),
    }
}

/// What is wrong with a body, for who reads it.
pub(crate) fn refused(refusal: &Refusal) -> Error {
    Error::malformed(refusal.reason()).with_status(refusal.status())
}

/// The reader's side, with a deadline between two blocks.
pub(crate) struct Body {
    shared: Arc<Shared>,
    /// The client waits to be told to continue.
    welcome: Option<Arc<Hint>>,
    trailers: Option<Box<HeaderMap>>,
    timeout: Option<Duration>,
    clock: Clock,
    /// Runs while a block is waited for; made when one is first.
    sleep: Option<Pin<Box<Sleep>>>,
    waiting: bool,
}

impl Body {
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
        let mut slot = self.shared.slot();
        if let Some(block) = slot.block.take() {
            drop(slot);
            self.waiting = false;
            return Poll::Ready(Some(Ok(block)));
        }
        if let Some(end) = &mut slot.end {
            // Said once: the end comes behind it.
            let end = std::mem::replace(end, Ok(None));
            drop(slot);
            return Poll::Ready(match end {
                Ok(trailers) => {
                    self.trailers = trailers;
                    None
                }
                Err(error) => Some(Err(error)),
            });
        }
        let before = slot.reader.replace(cx.waker().clone());
        // The task itself looks whether its reader waits.
        let task = slot.task.clone();
        let task = task.filter(|task| !task.will_wake(cx.waker()));
        drop(slot);
        drop(before);
        if let Some(task) = task {
            task.wake();
        }
        if let Some(welcome) = self.welcome.take() {
            welcome.inform(StatusCode::CONTINUE, &HeaderMap::new());
        }
        ready!(self.poll_late(cx));
        let late = Error::timeout("the client stopped sending its body");
        let late = late.with_status(StatusCode::REQUEST_TIMEOUT);
        self.shared.slot().end = Some(Ok(None));
        Poll::Ready(Some(Err(late)))
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        let mut slot = self.shared.slot();
        slot.dropped = true;
        slot.unwelcome = self.welcome.is_some();
        slot.block = None;
    }
}

impl InputSource for Body {
    fn trailers(mut self: Pin<&mut Self>) -> Option<Box<HeaderMap>> {
        self.trailers.take()
    }
}
