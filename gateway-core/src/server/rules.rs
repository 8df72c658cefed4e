//! The rules of commit, without I/O and without polling.
//!
//! # Theory of operation
//!
//! ```text
//!            Start             commits, or the end
//!   Open ------------> Held ----------------------> Sending ------> Ended
//!     |                  |                            |
//!     +-- else --+-------+-- Err, breach              +-- Err, breach, too few bytes
//!                v                                    v
//!         Refuse (a status)                        Cut (visibly)
//! ```
//!
//! Nothing is sent in `Open` and `Held`, so whatever goes wrong there becomes a status. In
//! `Sending` the head is out, so it becomes a cut: the connection ends without the sign of a whole
//! message. PEP 3333 calls this the rule of `start_response` and `exc_info`.

use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use super::exchange::RequestMethod;
use crate::field::strip;
use crate::head::PooledHead;
use crate::{Error, Event, FileRegion, Started, Upgrade};

/// What follows a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// No body, whatever the head says: HEAD, 204, 304. `Head::length` may still be sent (not
    /// with 204).
    None,
    /// So many bytes.
    Length(u64),
    /// Nobody knows: chunked, until close, DATA frames.
    Unknown,
    /// Another protocol.
    Upgrade,
}

/// A part of a response behind its head.
#[derive(Debug)]
pub enum Payload {
    /// Bytes, never none.
    Data(Bytes),
    /// A part of a file, never empty.
    File(Box<FileRegion>),
    /// Hand on what was written.
    Flush,
    /// Trailer fields; only where the framing is unknown.
    Trailers(Box<HeaderMap>),
    /// The connection is to be handed over.
    Upgrade(Upgrade),
}

/// What an item of a body means.
#[derive(Debug)]
pub enum Verdict {
    /// Nothing yet: ask for the next.
    Pull,
    /// Send this head, and this behind it.
    Commit(PooledHead, Framing, Option<Payload>),
    /// Send this.
    Send(Payload),
    /// All is sent.
    End,
    /// Nothing was sent: answer with the error's status.
    Refuse(Error),
    /// The head was sent: cut the connection.
    Cut(Error),
}

/// The state of one response.
#[derive(Debug)]
pub struct Rules {
    method: RequestMethod,
    /// The server offered a switch of protocols for this request.
    offered: bool,
    phase: Phase,
}

#[derive(Debug)]
enum Phase {
    Open,
    Held(Started),
    /// Bytes left of a promised length.
    Sending {
        left: Option<u64>,
    },
    /// Handed over: nothing but the end may come.
    Switched,
    Ended,
}

impl Rules {
    pub(crate) fn new(method: RequestMethod) -> Rules {
        Rules {
            method,
            offered: false,
            phase: Phase::Open,
        }
    }

    /// The rules for a response to a request that is neither HEAD nor CONNECT.
    pub fn plain() -> Rules {
        Rules::new(RequestMethod::Other)
    }

    /// The rules for a response to HEAD.
    pub fn head() -> Rules {
        Rules::new(RequestMethod::Head)
    }

    /// The rules for a response to CONNECT.
    pub fn connect() -> Rules {
        Rules::new(RequestMethod::Connect)
    }

    /// The same for a request that was offered a switch of protocols. Without this an upgrade is
    /// refused, wherever its token came from.
    pub fn offered(mut self, offered: bool) -> Rules {
        self.offered = offered;
        self
    }

    /// Whether nothing more will be sent.
    pub fn is_end(&self) -> bool {
        matches!(self.phase, Phase::Ended)
    }

    /// Judges the next item of a body. `more` says whether another event may follow this one: the
    /// body's `size_hint` with an upper bound of 0 says no.
    #[inline]
    pub fn on(&mut self, item: Option<Result<Event, Error>>, more: bool) -> Verdict {
        match std::mem::replace(&mut self.phase, Phase::Ended) {
            Phase::Open => match item {
                Some(Ok(Event::Start(started))) => self.hold(started),
                Some(Ok(_)) => refuse("an event came before the start"),
                Some(Err(error)) => Verdict::Refuse(error),
                None => refuse("the body ended without a start"),
            },
            Phase::Held(started) => match item {
                Some(Ok(Event::Start(_))) => refuse("a second start"),
                Some(Ok(event)) if !event.commits() => {
                    self.phase = Phase::Held(started);
                    Verdict::Pull
                }
                Some(Ok(event)) => self.commit(started, Some(event), more),
                Some(Err(error)) => Verdict::Refuse(error),
                None => self.commit(started, None, false),
            },
            Phase::Sending { left } => self.send(left, item),
            Phase::Switched => match item {
                None => Verdict::End,
                Some(Err(error)) => Verdict::Cut(error),
                Some(Ok(_)) => cut("an event came after the upgrade"),
            },
            Phase::Ended => Verdict::End,
        }
    }

    /// Takes a head in; one that no body follows is committed at once, its body unpulled.
    #[inline]
    fn hold(&mut self, started: Started) -> Verdict {
        let head = started.head();
        let status = head.status;
        if status.is_informational() && head.protocol().is_none() {
            return refuse("a start with a 1xx status: use `inform`, or `upgrade`");
        }
        if head.protocol().is_some() && status != StatusCode::SWITCHING_PROTOCOLS {
            return refuse("a switch of protocols with a status other than 101");
        }
        if self.would_switch(status) {
            // Only an upgrade may follow.
            self.phase = Phase::Held(started);
            return Verdict::Pull;
        }
        let none = matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
        if (self.method == RequestMethod::Head && head.protocol().is_none()) || none {
            let mut head = started.into_head();
            if status == StatusCode::NO_CONTENT {
                head.set_length(None);
            }
            return Verdict::Commit(head, Framing::None, None);
        }
        if status == StatusCode::RESET_CONTENT {
            // RFC 9110 15.3.6: no content, and said so.
            let mut head = started.into_head();
            head.set_length(Some(0));
            return Verdict::Commit(head, Framing::Length(0), None);
        }
        self.phase = Phase::Held(started);
        Verdict::Pull
    }

    #[inline]
    fn commit(&mut self, started: Started, event: Option<Event>, more: bool) -> Verdict {
        let switching =
            started.head().protocol().is_some() || self.would_switch(started.head().status);
        let mut head = started.into_head();
        let event = match event {
            Some(Event::Upgrade(_)) if switching && !self.offered => {
                return refuse("an upgrade that was not offered for this request");
            }
            Some(Event::Upgrade(demand)) if switching => {
                // RFC 9110 8.6: neither 1xx nor a 2xx of CONNECT has a length.
                head.set_length(None);
                self.phase = Phase::Switched;
                return Verdict::Commit(head, Framing::Upgrade, Some(Payload::Upgrade(demand)));
            }
            _ if switching => {
                return Verdict::Refuse(
                    Error::misuse("a switch of protocols without its upgrade")
                        .with_status(StatusCode::NOT_IMPLEMENTED),
                );
            }
            Some(Event::Upgrade(_)) => return refuse("an upgrade behind a head that is none's"),
            event => event,
        };
        let known = match &event {
            Some(Event::Data(data)) => Some(data.len() as u64),
            Some(Event::File(region)) => Some(region.len()),
            None => Some(0),
            _ => None,
        };
        if let (Some(promised), Some(known)) = (head.length(), known) {
            if known > promised {
                return refuse("more bytes than the length promised");
            }
            if !more && known < promised {
                return refuse("fewer bytes than the length promised");
            }
        }
        // PEP 3333: a body of one block has that block's length.
        let length = head.length().or(known.filter(|_| !more));
        head.set_length(length);
        let framing = length.map_or(Framing::Unknown, Framing::Length);
        self.phase = Phase::Sending { left: length };
        let payload = match self.send_event(length, event) {
            Verdict::Send(payload) => Some(payload),
            Verdict::Cut(error) => return Verdict::Refuse(error),
            _ => None,
        };
        Verdict::Commit(head, framing, payload)
    }

    fn send(&mut self, left: Option<u64>, item: Option<Result<Event, Error>>) -> Verdict {
        match item {
            Some(Ok(event)) => self.send_event(left, Some(event)),
            Some(Err(error)) => Verdict::Cut(error),
            None => self.send_event(left, None),
        }
    }

    #[inline]
    fn send_event(&mut self, left: Option<u64>, event: Option<Event>) -> Verdict {
        // At the promised length all is sent, and the body is asked no more.
        let take = |phase: &mut Phase, bytes: u64| match left {
            Some(left) if bytes > left => false,
            left => {
                let left = left.map(|left| left - bytes);
                *phase = if left == Some(0) {
                    Phase::Ended
                } else {
                    Phase::Sending { left }
                };
                true
            }
        };
        match event {
            Some(Event::Data(data)) => match take(&mut self.phase, data.len() as u64) {
                false => cut("more bytes than the length promised"),
                true if data.is_empty() => Verdict::Pull,
                true => Verdict::Send(Payload::Data(data)),
            },
            Some(Event::File(region)) => match take(&mut self.phase, region.len()) {
                false => cut("more bytes than the length promised"),
                true if region.is_empty() => Verdict::Pull,
                true => Verdict::Send(Payload::File(region)),
            },
            Some(Event::Flush) => {
                take(&mut self.phase, 0);
                Verdict::Send(Payload::Flush)
            }
            Some(Event::Trailers(mut trailers)) => match left {
                None => {
                    self.phase = Phase::Ended;
                    strip(&mut trailers);
                    Verdict::Send(Payload::Trailers(trailers))
                }
                Some(0) => self.end(),
                Some(_) => cut("fewer bytes than the length promised"),
            },
            Some(Event::Start(_)) => cut("a start came after the head was sent"),
            Some(Event::Upgrade(_)) => cut("an upgrade came after the head was sent"),
            None => match left {
                None | Some(0) => self.end(),
                Some(_) => cut("fewer bytes than the length promised"),
            },
        }
    }

    fn end(&mut self) -> Verdict {
        self.phase = Phase::Ended;
        Verdict::End
    }

    /// Whether a status makes the client switch: a 2xx of CONNECT does (RFC 9110 9.3.6).
    pub(crate) fn would_switch(&self, status: StatusCode) -> bool {
        self.method == RequestMethod::Connect && status.is_success()
    }

    /// Begins again, for the server's own answer in place of one that was refused.
    pub(crate) fn restart(&mut self) {
        self.phase = Phase::Open;
    }
}

fn refuse(what: &'static str) -> Verdict {
    Verdict::Refuse(Error::misuse(what))
}

fn cut(what: &'static str) -> Verdict {
    Verdict::Cut(Error::misuse(what))
}
