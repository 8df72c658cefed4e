//! From the commit machine's head to actix-http's.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use actix_http::body::{BodySize, BoxBody};
use actix_http::header::{CONTENT_LENGTH, HeaderName, HeaderValue, UPGRADE};
use actix_http::{ConnectionType, Response, StatusCode};
use rgi_core::server::{Commit, Framing, Level, Payload};
use rgi_core::{Body, Error};

use crate::outgoing::{Exchanged, Outgoing};

/// The answer to one request, until its head is decided.
pub(crate) struct Answer<B: Body + 'static> {
    /// Taken out with the head.
    exchanged: Option<Exchanged<B>>,
    /// Decided; actix-http has a last look at what has come of the request.
    decided: Option<Commit>,
    manner: Manner,
}

/// What actix-http does not do by itself for a request.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Manner {
    /// HTTP/1.0: a body of unknown length ends with the connection.
    pub(crate) old: bool,
    /// Its client has asked for the connection to stay.
    pub(crate) stays: bool,
    /// The connection ends with this answer.
    pub(crate) close: bool,
    /// The answer has no body, but may say how long it would be.
    pub(crate) head: bool,
}

impl<B: Body + 'static> Answer<B> {
    pub(crate) fn new(exchanged: Exchanged<B>, manner: Manner) -> Answer<B> {
        Answer {
            exchanged: Some(exchanged),
            decided: None,
            manner,
        }
    }
}

impl<B: Body + 'static> Future for Answer<B> {
    type Output = Result<Response<Outgoing<B>>, Response<BoxBody>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let Some(exchanged) = &mut this.exchanged else {
            return Poll::Pending;
        };
        let commit = match this.decided.take() {
            // Until it has looked.
            Some(commit) if !exchanged.is_read(cx) && exchanged.is_unread() => {
                this.decided = Some(commit);
                return Poll::Pending;
            }
            Some(commit) => commit,
            None => {
                if exchanged.line().is_some_and(|line| line.watch.is_overdue()) {
                    exchanged.fail(Error::timeout("the request took too long"));
                    this.manner.close = true;
                }
                let commit = ready!(exchanged.poll_head(cx));
                if !exchanged.is_read(cx) {
                    // It calls services before it has looked at all that came, and closes connections
                    // whose requests it has not seen the end of.
                    this.decided = Some(commit);
                    exchanged.note_unread();
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                commit
            }
        };
        if let Some(line) = exchanged.line() {
            line.commit();
            this.manner.close |= line.server.is_stopping() || line.fault().is_some();
        }
        if let Some(error) = exchanged.error() {
            // A peer that is gone gets silence; actix-web drops this by itself.
            if error.is_disconnected() {
                if let Some(line) = exchanged.line() {
                    line.fall_silent();
                }
                this.exchanged = None;
                return Poll::Pending;
            }
            // Whoever sends too much, or nonsense, may have more of it.
            this.manner.close |= exchanged.has_body() && error.status().is_client_error();
            let level = Level::of_failure(commit.head.status);
            let (label, status) = (exchanged.label(), commit.head.status.as_u16());
            let text = format_args!("{label}: {status}: {error}");
            exchanged.log().log(level, text);
        }
        let Some(exchanged) = this.exchanged.take() else {
            return Poll::Pending;
        };
        Poll::Ready(Ok(respond(commit, exchanged, this.manner, cx)))
    }
}

fn respond<B: Body + 'static>(
    commit: Commit,
    exchanged: Exchanged<B>,
    manner: Manner,
    cx: &mut Context<'_>,
) -> Response<Outgoing<B>> {
    let Commit { head, framing } = commit;
    let status = StatusCode::from_u16(head.status.as_u16()).unwrap_or_default();
    let outgoing = match framing {
        Framing::Upgrade => switch(exchanged, cx),
        Framing::Length(length) => Outgoing::new(exchanged, BodySize::Sized(length)),
        Framing::Unknown => Outgoing::new(exchanged, BodySize::Stream),
        // What it would be, of HEAD.
        Framing::None => Outgoing::new(
            exchanged,
            match head.length().filter(|_| manner.head) {
                Some(length) => BodySize::Sized(length),
                None => BodySize::None,
            },
        ),
    };
    let mut response = Response::with_body(status, outgoing);
    let out = response.head_mut();
    if status.canonical_reason().is_none() {
        out.reason = Some("");
    }
    for (name, value) in head.iter() {
        let name = HeaderName::from_bytes(name.as_str().as_bytes());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_bytes(value.as_bytes())) {
            out.headers.append(name, value);
        }
    }
    let close = manner.close || manner.old && framing == Framing::Unknown;
    match framing {
        // And of 304.
        Framing::None if status == StatusCode::NOT_MODIFIED => {
            if let Some(length) = head.length() {
                out.headers.insert(CONTENT_LENGTH, length.into());
            }
        }
        Framing::Unknown if manner.old => out.no_chunking(true),
        Framing::Upgrade => {
            if let Some(protocol) = head.protocol()
                && let Ok(protocol) = HeaderValue::from_bytes(protocol.as_bytes())
            {
                out.headers.insert(UPGRADE, protocol);
                out.set_connection_type(ConnectionType::Upgrade);
            }
        }
        _ => {}
    }
    if close && framing != Framing::Upgrade {
        out.set_connection_type(ConnectionType::Close);
    }
    if manner.old && (close || !manner.stays) && framing != Framing::Upgrade {
        out.reason = Some(closing(status));
    }
    response
}

/// Hands the exchange to the connection, to go on with behind the head.
fn switch<B: Body + 'static>(mut exchanged: Exchanged<B>, cx: &mut Context<'_>) -> Outgoing<B> {
    if let Poll::Ready(Some(Ok(Payload::Upgrade(demand)))) = exchanged.poll_payload(cx)
        && let Some(line) = exchanged.line().cloned()
    {
        line.begin_switch(exchanged.into_job(), demand);
    }
    Outgoing::empty()
}

/// A reason phrase with a Connection field behind it: to HTTP/1.0, which closes unless it is told
/// otherwise, actix-http does not say so.
fn closing(status: StatusCode) -> &'static str {
    static KNOWN: Mutex<BTreeMap<u16, &'static str>> = Mutex::new(BTreeMap::new());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    // One for each status there is, at most.
    known.entry(status.as_u16()).or_insert_with(|| {
        let reason = status.canonical_reason().unwrap_or_default();
        format!("{reason}\r\nconnection: close").leak()
    })
}
