//! The tokens: the right to answer, and the proof that an answer was begun.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use futures_core::Stream;
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::body::{FileBody, Full, Iter, Push, Streaming, Upgrading, Writer};
use crate::field::strip;
use crate::head::PooledHead;
use crate::server::Informer;
use crate::upgrade::Accepted;
use crate::{Error, FieldName, FileRegion, Head, Upgraded};

/// The right to answer a request, once.
///
/// It is not `Clone` and made by servers alone. Consuming it gives a [`Started`], the only thing
/// ready-made bodies are made from, so a body without a start does not compile, nor does a second
/// start. Dropped unused, the server answers 500.
///
/// ```compile_fail
/// # use rgi_core::*;
/// fn twice(_: Environ, start_response: StartResponse) -> Full {
///     let _ = start_response.start(StatusCode::OK);
///     start_response.start(StatusCode::OK).empty() // use of moved value
/// }
/// ```
#[must_use = "dropped unused, the server answers 500"]
#[derive(Debug)]
pub struct StartResponse(PooledHead);

impl StartResponse {
    pub(crate) fn new(head: PooledHead) -> StartResponse {
        StartResponse(head)
    }

    /// Begins the response. Never I/O: the head is sent when the body commits it.
    pub fn start(self, status: StatusCode) -> Started {
        let mut head = self.0;
        head.status = status;
        Started(head)
    }

    /// The number of the exchange it came with, for checks that a token answers its own request.
    /// Threads number by themselves, and `None` is unknown.
    pub fn exchange(&self) -> Option<u32> {
        self.0.exchange()
    }

    /// Sends an interim response (1xx, such as 103 Early Hints). Before `start` by construction.
    ///
    /// A hint: the server writes it, queues it (a few) or drops it, and nobody waits. A status
    /// that is no 1xx, 100 (the server's own) and 101 (an upgrade's) are dropped. See
    /// `ServerInfo::informational`.
    pub fn inform(&self, status: StatusCode, headers: &HeaderMap) {
        let interim = status.is_informational()
            && status != StatusCode::CONTINUE
            && status != StatusCode::SWITCHING_PROTOCOLS;
        let (true, Some(informer)) = (interim, &self.0.informer) else {
            return;
        };
        let mut headers = headers.clone();
        strip(&mut headers);
        informer.inform(status, &headers);
    }

    /// Keeps a second right to answer, for when the one the token is handed to fails.
    pub fn with_fallback(self) -> (StartResponse, Fallback) {
        let informer = self.0.informer.clone();
        (self, Fallback(informer))
    }
}

/// The right to answer for an inner application that failed: PEP 3333's `exc_info`.
///
/// Costs next to nothing, and is dropped when the inner head passes. It is of use only before the head is
/// committed; what comes later is cut.
pub struct Fallback(Option<Arc<dyn Informer>>);

impl Fallback {
    /// Begins the replacing response, with the fields that middleware [put into](Error::head_mut) the
    /// error; `cause` rides in the head to the server's log.
    pub fn start(self, status: StatusCode, mut cause: Error) -> Started {
        let mut head = cause.take_head();
        head.status = status;
        head.set_cause(cause);
        head.informer = self.0;
        Started(head)
    }
}

impl fmt::Debug for Fallback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fallback")
    }
}

/// A response that has been begun: its head, and the only ways to a ready-made body.
#[must_use = "make a body of it: `empty`, `full`, `iter`, `stream`, `push`, `file`, `upgrade`"]
#[derive(Debug)]
pub struct Started(PooledHead);

impl Started {
    /// Appends a header field. Repeats go out as separate lines, in order.
    pub fn header(mut self, name: FieldName, value: HeaderValue) -> Started {
        self.0.append(name, value);
        self
    }

    /// Promises the number of body bytes, of a body that does not know it, or of the body that a
    /// HEAD does not get. More are not sent; fewer cut the connection.
    pub fn length(mut self, bytes: u64) -> Started {
        self.0.set_length(Some(bytes));
        self
    }

    /// The head.
    pub fn head(&self) -> &Head {
        &self.0
    }

    /// The head, to change.
    pub fn head_mut(&mut self) -> &mut Head {
        &mut self.0
    }

    /// The number of the exchange whose token it was made of: see [`StartResponse::exchange`].
    /// `None` for one of a [`Fallback`].
    pub fn exchange(&self) -> Option<u32> {
        self.0.exchange()
    }

    /// Takes the start back: status, fields and length are cleared. Hooks registered with
    /// `on_finish` are the exchange's and stay.
    pub fn recall(self) -> StartResponse {
        let mut head = self.0;
        head.clear();
        StartResponse(head)
    }

    pub(crate) fn into_head(self) -> PooledHead {
        self.0
    }

    pub(crate) fn from_head(head: PooledHead) -> Started {
        Started(head)
    }

    /// No body. A length promised before stays (a HEAD's, a 304's).
    pub fn empty(self) -> Full {
        Full::new(self, Bytes::new())
    }

    /// One block of bytes; its length is `content-length`.
    pub fn full(mut self, bytes: impl Into<Bytes>) -> Full {
        let bytes = bytes.into();
        self.0.set_length(Some(bytes.len() as u64));
        Full::new(self, bytes)
    }

    /// The blocks of an iterator, whose `next` runs when the server asks for the next block. For
    /// iterators that may wait, see [`blocking`](crate::blocking).
    pub fn iter<I, E>(self, chunks: I) -> Iter<I::IntoIter>
    where
        I: IntoIterator<Item = Result<Bytes, E>>,
        E: Into<Error>,
    {
        Iter::new(self, chunks.into_iter())
    }

    /// The blocks of a stream.
    pub fn stream<S, E>(self, chunks: S) -> Streaming<S>
    where
        S: Stream<Item = Result<Bytes, E>>,
        E: Into<Error>,
    {
        Streaming::new(self, chunks)
    }

    /// What an async closure writes: PEP 3333's `write()`, with backpressure.
    ///
    /// A write is done when the server asks for more: its chunk is on the way to the client.
    ///
    /// ```
    /// # use rgi_core::*;
    /// fn count(_: Environ, start_response: StartResponse) -> impl Body {
    ///     start_response.start(StatusCode::OK).push(async |mut writer| {
    ///         for n in 0..3 {
    ///             writer.write(format!("{n}\n")).await?;
    ///         }
    ///         Ok(())
    ///     })
    /// }
    /// let reply = testing::Client::new(app_fn(count)).get("/").send();
    /// assert_eq!(reply.text(), "0\n1\n2\n");
    /// ```
    pub fn push<F, T>(self, f: F) -> Push<T>
    where
        F: FnOnce(Writer) -> T,
        T: Future<Output = Result<(), Error>>,
    {
        Push::new(self, f)
    }

    /// A part of a file; its length is `content-length`. Sent by the system where the server can
    /// (`ServerInfo::sendfile`).
    pub fn file(mut self, region: FileRegion) -> FileBody {
        self.0.set_length(Some(region.len()));
        self.0.set_file(true);
        FileBody::new(self, region)
    }

    /// Switches the connection to the protocol that was accepted (status 101; 200 for a CONNECT).
    ///
    /// The handler is part of the body: after the switch the server goes on polling it, so it
    /// needs no spawn, no box and no `Send`. Only an [`Offer`](crate::Offer) gives an
    /// [`Accepted`], so an upgrade that was not asked for does not compile.
    pub fn upgrade<F, T>(mut self, to: Accepted, f: F) -> Upgrading<F, T>
    where
        F: FnOnce(Upgraded) -> T,
        T: Future<Output = Result<(), Error>>,
    {
        self.0.set_length(None);
        match to.into_protocol() {
            Some(protocol) => {
                self.0.status = StatusCode::SWITCHING_PROTOCOLS;
                self.0.set_protocol(protocol);
            }
            None if !self.0.status.is_success() => self.0.status = StatusCode::OK,
            None => {}
        }
        Upgrading::new(self, f)
    }
}
