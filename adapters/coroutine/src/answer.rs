//! From the commit machine's head to hyper's.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::header::{CONNECTION, CONTENT_LENGTH, UPGRADE};
use http::{HeaderValue, Response, StatusCode, Version};
use hyper::upgrade::OnUpgrade;
use rgi_core::server::{Commit, Framing, Level, Payload};
use rgi_core::{Body, Error};
use rgi_tasks::Server;

use crate::line::{Protocol, Switch};
use crate::outgoing::{Exchanged, Outgoing};

/// The answer to one request, until its head is decided.
pub(crate) struct Answer<B: Body + Send + 'static> {
    /// Taken out with the head.
    exchanged: Option<Exchanged<B>>,
    upgrade: Option<OnUpgrade>,
    /// HTTP/1.0: a body of unknown length ends with the connection.
    old: bool,
    /// The connection ends with this answer.
    close: bool,
}

/// There is nobody to answer any more.
#[derive(Debug)]
pub(crate) struct Silence;

impl fmt::Display for Silence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the client has left")
    }
}

impl std::error::Error for Silence {}

impl<B: Body + Send + 'static> Answer<B> {
    /// `old`: the request is HTTP/1.0. `close`: the connection ends with this answer.
    pub(crate) fn new(
        exchanged: Exchanged<B>,
        upgrade: Option<OnUpgrade>,
        old: bool,
        close: bool,
    ) -> Answer<B> {
        Answer {
            exchanged: Some(exchanged),
            upgrade,
            old,
            close,
        }
    }
}

impl<B: Body + Send + 'static> Future for Answer<B> {
    type Output = Result<Response<Outgoing<B>>, Silence>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let Some(exchanged) = &mut this.exchanged else {
            return Poll::Pending;
        };
        if exchanged.watch().is_overdue() {
            exchanged.fail(Error::timeout("the request took too long"));
            this.close = true;
        }
        let commit = ready!(exchanged.poll_head(cx));
        let line = exchanged.line();
        exchanged.watch().commit();
        line.hints.close();
        line.shut_gate();
        let http1 = line.protocol() == Protocol::Http1;
        let close = this.close
            || !exchanged.can_stay()
            || this.old && commit.framing == Framing::Unknown
            || line.server.is_stopping();
        if let Some(error) = exchanged.error() {
            // A peer that is gone gets silence.
            if error.is_disconnected() {
                this.exchanged = None;
                return Poll::Ready(Err(Silence));
            }
            report(&line.server, exchanged.label(), commit.head.status, error);
        }
        let Some(exchanged) = this.exchanged.take() else {
            return Poll::Pending;
        };
        let Commit { mut head, framing } = commit;
        let mut response = Response::new(match framing {
            Framing::Upgrade => {
                let mut exchanged = exchanged;
                let switched = exchanged.poll_payload(cx);
                if let (Poll::Ready(Some(Ok(Payload::Upgrade(demand)))), Some(upgrade)) =
                    (switched, this.upgrade.take())
                {
                    let line = exchanged.line().clone();
                    line.begin_switch(Switch {
                        job: exchanged.into_job(),
                        demand,
                        upgrade,
                    });
                }
                Outgoing::empty()
            }
            Framing::Length(length) => Outgoing::new(exchanged, Some(length)),
            Framing::None | Framing::Unknown => Outgoing::new(exchanged, None),
        });
        *response.status_mut() = head.status;
        *response.headers_mut() = head.take_header_map();
        let headers = response.headers_mut();
        match framing {
            // What it would be, of HEAD and 304.
            Framing::None => {
                if let Some(length) = head.length() {
                    headers.insert(CONTENT_LENGTH, length.into());
                }
            }
            Framing::Upgrade => {
                if let Some(protocol) = head.protocol() {
                    headers.insert(UPGRADE, protocol.clone());
                    headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
                }
            }
            // hyper says nothing of a stream that ends with its head.
            Framing::Length(0) if !http1 => {
                headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
            }
            Framing::Length(_) | Framing::Unknown => {}
        }
        // RFC 9112 9.6; HTTP/2 has no such field.
        if close && http1 && framing != Framing::Upgrade {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
            if this.old {
                // Or hyper says keep-alive in its place.
                *response.version_mut() = Version::HTTP_10;
            }
        }
        Poll::Ready(Ok(response))
    }
}

/// Says in the log what went wrong.
#[cold]
fn report(server: &Server, label: &str, status: StatusCode, error: &Error) {
    let level = Level::of_failure(status);
    let status = status.as_u16();
    server.log(level, format_args!("{label}: {status}: {error}"));
}
