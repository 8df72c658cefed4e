//! The commit machine around a body.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::{HeaderValue, StatusCode};
use pin_project_lite::pin_project;

use super::{Framing, HangUp, Over, Payload, PooledHead, Rules, Shared, Verdict};
use crate::environ::End;
use crate::field::{self, media};
use crate::quiet::quietly;
use crate::{Body, Error, Event};

/// A head that goes out.
#[derive(Debug)]
pub struct Commit {
    /// Status and fields. `Head::length` is what `content-length` shall say, with any framing.
    pub head: PooledHead,
    /// What follows.
    pub framing: Framing,
}

/// The response cannot be completed: end it visibly. What went wrong is in [`Response::error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut;

pin_project! {
    /// The commit machine around a body: the only thing that polls one.
    ///
    /// It gives the head when it is decided, then the payload, enforces the promised length, turns
    /// errors and panics into a status or a cut, drops the body on every path, and then runs the
    /// hooks. A server that drops it unfinished has lost its peer.
    pub struct Response<B> {
        #[pin]
        body: Option<B>,
        rules: Rules,
        first: Option<Payload>,
        error: Option<Error>,
        refused: bool,
        cut: bool,
        committed: bool,
        status: Option<StatusCode>,
        bytes: u64,
        shared: Option<Arc<Shared>>,
    }

    impl<B> PinnedDrop for Response<B> {
        fn drop(this: Pin<&mut Self>) {
            conclude(this, Some(End::Disconnected));
        }
    }
}

impl<B> Response<B> {
    pub(crate) fn new(body: Result<B, Error>, rules: Rules, shared: Arc<Shared>) -> Response<B> {
        let (body, error) = match body {
            Ok(body) => (Some(body), None),
            Err(error) => (None, Some(error)),
        };
        Response {
            body,
            rules,
            first: None,
            error,
            refused: false,
            cut: false,
            committed: false,
            status: None,
            bytes: 0,
            shared: Some(shared),
        }
    }

    /// Whether all of the payload was given out; not so after a cut. Known without another poll
    /// where a length was promised.
    pub fn is_end(&self) -> bool {
        !self.cut && self.first.is_none() && self.rules.is_end()
    }

    /// What went wrong, for the log.
    pub fn error(&self) -> Option<&Error> {
        self.error.as_ref()
    }

    /// Whether the response was cut.
    pub fn is_cut(&self) -> bool {
        self.cut
    }

    /// The status that was committed.
    pub fn status(&self) -> Option<StatusCode> {
        self.status
    }

    /// The means to tell the application that the peer has left; `None` once finished.
    pub fn hang_up(&self) -> Option<HangUp> {
        self.shared.clone().map(HangUp)
    }

    /// Ends the exchange: the body is dropped, then the hooks run. `None` lets the machine say how
    /// it ended; what it knows of a refusal or a cut holds against `Sent`. Only the first call
    /// counts.
    pub fn finish(self: Pin<&mut Self>, end: Option<End>) {
        conclude(self, end);
    }

    /// Drops the body and gives out what is left of the exchange, for the time until its last byte
    /// is sent; `None` once finished.
    pub fn settle(self: Pin<&mut Self>) -> Option<Ending> {
        settle(self)
    }
}

impl<B: Body> Response<B> {
    /// Polls for the head. Never fails: errors became a status.
    ///
    /// # Panics
    ///
    /// If it gave the head already: a response has one.
    pub fn poll_head(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Commit> {
        let mut this = self.project();
        assert!(!*this.committed, "`poll_head` gave the head already");
        loop {
            let verdict = match this.error.take() {
                Some(error) => Verdict::Refuse(error),
                None => {
                    let (item, more) = ready!(next(this.body.as_mut(), cx));
                    this.rules.on(item, more)
                }
            };
            let (mut head, framing) = match verdict {
                Verdict::Pull => continue,
                Verdict::Commit(head, framing, payload) => {
                    *this.first = payload;
                    (head, framing)
                }
                // The last two do not come before a head.
                Verdict::Refuse(_) | Verdict::Cut(_) | Verdict::Send(_) | Verdict::End => {
                    let mut error = match verdict {
                        Verdict::Refuse(error) | Verdict::Cut(error) => error,
                        _ => Error::misuse("payload came before the head"),
                    };
                    discard(this.body.as_mut());
                    let (head, framing, payload) = answer(this.rules, &mut error);
                    *this.first = payload;
                    *this.error = Some(error);
                    *this.refused = true;
                    (head, framing)
                }
            };
            if let Some(cause) = head.take_cause() {
                *this.error = Some(cause);
            }
            if this.rules.is_end() {
                discard(this.body.as_mut());
            }
            *this.committed = true;
            *this.status = Some(head.status);
            return Poll::Ready(Commit { head, framing });
        }
    }

    /// Polls for the next part of the payload, after the head; `None` at the end.
    ///
    /// # Panics
    ///
    /// Before [`poll_head`](Self::poll_head) gave the head.
    pub fn poll_payload(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Payload, Cut>>> {
        let mut this = self.project();
        assert!(*this.committed, "`poll_payload` comes after the head");
        if *this.cut {
            return Poll::Ready(Some(Err(Cut)));
        }
        let payload = loop {
            if let Some(payload) = this.first.take() {
                break payload;
            }
            if this.rules.is_end() {
                return Poll::Ready(None);
            }
            let (item, more) = ready!(next(this.body.as_mut(), cx));
            match this.rules.on(item, more) {
                Verdict::Pull => {}
                Verdict::Send(payload) => break payload,
                Verdict::Cut(error) | Verdict::Refuse(error) => {
                    discard(this.body.as_mut());
                    *this.error = Some(error);
                    *this.cut = true;
                    return Poll::Ready(Some(Err(Cut)));
                }
                Verdict::End | Verdict::Commit(..) => {}
            }
            if this.rules.is_end() {
                discard(this.body.as_mut());
            }
        };
        match &payload {
            Payload::Data(data) => *this.bytes += data.len() as u64,
            Payload::File(region) => *this.bytes += region.len(),
            _ => {}
        }
        if this.rules.is_end() {
            discard(this.body.as_mut());
        }
        Poll::Ready(Some(Ok(payload)))
    }

    /// Ends the response from the server's side: the body is dropped, and the error becomes a
    /// status where nothing was sent, and a cut where something was.
    pub fn fail(self: Pin<&mut Self>, error: Error) {
        let mut this = self.project();
        discard(this.body.as_mut());
        *this.error = Some(error);
        *this.cut = *this.committed;
    }

    /// After the peer left: lets the application finish its step, discards what it yields, and
    /// drops the body.
    pub fn poll_drain(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut this = self.project();
        if this.body.is_some() && !this.rules.is_end() && !*this.cut {
            ready!(next(this.body.as_mut(), cx));
        }
        discard(this.body.as_mut());
        Poll::Ready(())
    }
}

impl<B> fmt::Debug for Response<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("rules", &self.rules)
            .field("status", &self.status)
            .field("error", &self.error)
            .field("bytes", &self.bytes)
            .finish_non_exhaustive()
    }
}

/// The next item, a panic made an error, and whether more may follow.
fn next<B: Body>(
    body: Pin<&mut Option<B>>,
    cx: &mut Context<'_>,
) -> Poll<(Option<Result<Event, Error>>, bool)> {
    let Some(mut body) = body.as_pin_mut() else {
        return Poll::Ready((None, false));
    };
    match catch_unwind(AssertUnwindSafe(|| {
        let item = ready!(body.as_mut().poll_next(cx));
        // The hint is asked for only where it decides something.
        let more = match &item {
            Some(Ok(Event::Data(_) | Event::File(_))) => body.size_hint().1 != Some(0),
            _ => true,
        };
        Poll::Ready((item, more))
    })) {
        Ok(polled) => polled,
        Err(payload) => Poll::Ready((Some(Err(Error::panic(payload))), false)),
    }
}

/// Drops a body; its panic is its own.
fn discard<B>(mut body: Pin<&mut Option<B>>) {
    if body.is_some() {
        quietly(|| body.set(None));
    }
}

/// The server's own answer to a failure: the status and its name, in plain text, with the fields that
/// the error brings.
fn answer(rules: &mut Rules, error: &mut Error) -> (PooledHead, Framing, Option<Payload>) {
    let mut head = error.take_head();
    let status = match head.status {
        // Those that say something else than an answer.
        status if status.is_informational() || rules.would_switch(status) => {
            StatusCode::INTERNAL_SERVER_ERROR
        }
        status => status,
    };
    let text = match status.canonical_reason() {
        Some(reason) => format!("{} {reason}\n", status.as_str()),
        None => format!("{}\n", status.as_str()),
    };
    head.status = status;
    head.insert(field::CONTENT_TYPE, media::TEXT_PLAIN);
    if error.is_overloaded() && head.get(&field::RETRY_AFTER).is_none() {
        head.append(field::RETRY_AFTER, HeaderValue::from_static("1"));
    }
    head.set_length(Some(text.len() as u64));
    // The same rules decide, so that a HEAD's failure has no body either.
    rules.restart();
    let started = crate::Started::from_head(head);
    let verdict = match rules.on(Some(Ok(Event::Start(started))), true) {
        Verdict::Pull => rules.on(Some(Ok(Event::Data(Bytes::from(text)))), false),
        verdict => verdict,
    };
    match verdict {
        Verdict::Commit(head, framing, payload) => (head, framing, payload),
        // No rule speaks against such a head.
        _ => {
            let mut head = PooledHead::new();
            head.status = StatusCode::INTERNAL_SERVER_ERROR;
            head.set_length(Some(0));
            (head, Framing::Length(0), None)
        }
    }
}

fn conclude<B>(this: Pin<&mut Response<B>>, end: Option<End>) {
    if let Some(ending) = settle(this) {
        ending.finish(end);
    }
}

fn settle<B>(this: Pin<&mut Response<B>>) -> Option<Ending> {
    let mut this = this.project();
    let shared = this.shared.take()?;
    discard(this.body.as_mut());
    // An error of the input's or of its own told the application that the peer had left.
    let left = this.error.as_ref().is_some_and(Error::is_disconnected);
    let known = match () {
        () if left => Some(End::Disconnected),
        () if *this.cut => Some(End::Truncated),
        () if *this.refused => Some(End::Refused),
        () => None,
    };
    Some(Ending {
        shared: Some(shared),
        known,
        all: this.first.is_none() && this.rules.is_end(),
        status: this.status.filter(|_| *this.committed),
        bytes: *this.bytes,
        // The error stays readable for the server's log.
        error: this.error.as_ref().map(Error::twin),
    })
}

/// What is left of an exchange when its body is dropped: how it ends, and the hooks that are told.
///
/// Unlike the [`Response`] it came from it is of no application's type, and can be sent to another
/// thread. A server that drops it unfinished has lost its peer.
pub struct Ending {
    shared: Option<Arc<Shared>>,
    /// What the machine knows of a refusal or a cut.
    known: Option<End>,
    all: bool,
    status: Option<StatusCode>,
    bytes: u64,
    error: Option<Error>,
}

impl Ending {
    /// The means to tell the application that the peer has left.
    pub fn hang_up(&self) -> Option<HangUp> {
        self.shared.clone().map(HangUp)
    }

    /// Ends the exchange: the hooks run. As [`Response::finish`] otherwise.
    pub fn finish(mut self, end: Option<End>) {
        self.conclude(end);
    }

    fn conclude(&mut self, end: Option<End>) {
        let Some(shared) = self.shared.take() else {
            return;
        };
        let end = match (end, self.known) {
            (Some(End::Disconnected), _) => End::Disconnected,
            (_, Some(known)) => known,
            (Some(end), None) => end,
            (None, None) if self.all => End::Sent,
            (None, None) => End::Disconnected,
        };
        shared.finish(Over {
            end,
            status: self.status,
            bytes: self.bytes,
            error: self.error.take(),
        });
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        self.conclude(Some(End::Disconnected));
    }
}

impl fmt::Debug for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ending")
            .field("status", &self.status)
            .field("bytes", &self.bytes)
            .field("error", &self.error)
            .finish_non_exhaustive()
    }
}
