//! Requests off a blocking stream: heads as they come, bodies as the application reads them.

use std::fmt;
use std::io::{self, ErrorKind, Read, Write};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, StatusCode};
use rgi_core::server::{self, Config, InputSource};
use rgi_core::{Error, Input, Stream};

use crate::{
    BodyReader, CONTINUE, Decoded, FieldSpan, HeadReader, Limits, Refusal, RequestHead, Turn,
};

/// What comes from the client of one connection, for servers whose threads may wait for it.
///
/// This alone looks at the clock: everything else here is told what a wait has come to.
#[derive(Debug, Default)]
pub struct Incoming {
    buf: BytesMut,
    reader: HeadReader,
    fields: Vec<FieldSpan>,
}

impl Incoming {
    /// Nothing yet.
    pub fn new() -> Incoming {
        Incoming::default()
    }

    /// Waits for the next head, which is then to be [taken](Self::take); or gives its refusal, which is
    /// to be answered before the connection ends, such as 408 of a head that takes longer than
    /// [`header_timeout`](Config::header_timeout). `None` if there will be none: the client has
    /// ended, or [`keep_alive`](Config::keep_alive) is over, or `ends` says so.
    ///
    /// The stream is to have a time-out: after so much time without a byte the deadlines are looked at,
    /// and `ends` is asked whether the wait shall end, given whether a head has begun.
    ///
    /// # Errors
    ///
    /// What the stream says, but for its time-out.
    pub fn receive(
        &mut self,
        stream: &mut impl Read,
        config: &Config,
        mut ends: impl FnMut(bool) -> bool,
    ) -> io::Result<Result<Option<RequestHead>, Refusal>> {
        let (mut since, mut begun) = (Instant::now(), false);
        let mut room = [0; READ];
        loop {
            match self
                .reader
                .read(&self.buf, &config.limits, &mut self.fields)
            {
                Ok(None) => {}
                found => return Ok(found),
            }
            if !begun && self.reader.started(&self.buf) {
                (since, begun) = (Instant::now(), true);
            }
            let late =
                |limit: Option<Duration>| limit.is_some_and(|limit| since.elapsed() >= limit);
            if begun && late(config.header_timeout) {
                return Ok(Err(Refusal::head_too_slow()));
            }
            match stream.read(&mut room) {
                Ok(0) => return Ok(Ok(None)),
                Ok(n) => self.buf.extend_from_slice(&room[..n]),
                Err(error) => match error.kind() {
                    ErrorKind::Interrupted => {}
                    ErrorKind::WouldBlock | ErrorKind::TimedOut => {
                        if ends(begun) || !begun && late(config.keep_alive) {
                            return Ok(Ok(None));
                        }
                    }
                    _ => return Err(error),
                },
            }
        }
    }

    /// The [offer](RequestHead::offer) of a head that was just found.
    pub fn offer(&self, head: &RequestHead) -> Option<Option<HeaderValue>> {
        head.offer(&self.buf)
    }

    /// Takes a head that was just [found](Self::receive): as an exchange is made of it, and with the body
    /// behind it, which is read off `stream`.
    pub fn take<S: Read + Write>(
        &mut self,
        head: &RequestHead,
        limits: &Limits,
        stream: S,
    ) -> (server::RequestHead, PulledBody<S>) {
        let raw = self.buf.split_to(head.len);
        let request = head.to_core(&raw, &mut self.fields);
        let body = PulledBody::new(head, limits, stream, std::mem::take(&mut self.buf));
        (request, body)
    }

    /// Goes on behind a body: passes over what nobody has read of it. Says whether the next request
    /// can be found there.
    pub fn resume<S: Read + Write>(&mut self, body: &PulledBody<S>) -> bool {
        body.finish().map(|behind| self.buf = behind).is_some()
    }
}

/// A request's body behind its head, for servers whose threads may wait for a client: nothing is read
/// before the application asks, and `100 Continue` is said when it does (RFC 9110 10.1.1).
///
/// The stream's own time-out, if it has one, ends a read: the input then fails with 408.
pub struct PulledBody<S>(Arc<Mutex<Pulling<S>>>);

struct Pulling<S> {
    stream: S,
    buf: BytesMut,
    reader: BodyReader,
    /// The client waits for `100 Continue`.
    expects: bool,
    failed: bool,
    limit: u64,
}

/// Bytes of a body that nobody has read which are passed over for the sake of the next request.
const MOST_PASSED_OVER: u64 = 64 * 1024;

/// Bytes read at a time.
const READ: usize = 16 * 1024;

impl<S: Read + Write> PulledBody<S> {
    /// The body that follows `head` on `stream`, with what was read of it already.
    pub fn new(head: &RequestHead, limits: &Limits, stream: S, read: BytesMut) -> PulledBody<S> {
        PulledBody(Arc::new(Mutex::new(Pulling {
            stream,
            reader: BodyReader::new(head.framing, limits),
            // Who sends its body unasked needs not be told to.
            expects: head.expect_continue && read.is_empty(),
            buf: read,
            failed: false,
            limit: limits.longest_body(),
        })))
    }

    fn lock(&self) -> MutexGuard<'_, Pulling<S>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The application's input; `None` where there is no body.
    pub fn input(&self) -> Option<Input>
    where
        S: Send + 'static,
    {
        let pulling = self.lock();
        if pulling.reader.is_end() {
            return None;
        }
        let length = pulling.reader.remaining();
        let limit = pulling.limit;
        drop(pulling);
        Some(Input::source(PulledBody(self.0.clone()), length).limit(limit))
    }

    /// To be called before the head of the response is written: no client is told to go on behind
    /// it, and the connection ends with the response where it is not known whether the rest of the
    /// body will come, or that is too long to be passed over.
    pub fn settle(&self, turn: &mut Turn) {
        let mut pulling = self.lock();
        let left = pulling.reader.remaining();
        let too_long = left.is_some_and(|left| left > MOST_PASSED_OVER);
        if std::mem::take(&mut pulling.expects) || pulling.failed || too_long {
            turn.close();
        }
    }

    /// Passes over what nobody has read, and gives what was read of the next request; `None` where
    /// that cannot be found. Of an input that is still held, and of a second call, nothing comes.
    pub fn finish(&self) -> Option<BytesMut> {
        let mut pulling = self.lock();
        let mut passed = 0;
        let found = loop {
            match pulling.next() {
                Ok(None) => break true,
                Ok(Some(data)) if passed + data.len() as u64 <= MOST_PASSED_OVER => {
                    passed += data.len() as u64;
                }
                Ok(Some(_)) | Err(_) => break false,
            }
        };
        pulling.failed = true;
        found.then(|| std::mem::take(&mut pulling.buf))
    }
}

impl<S: Read + Write> Pulling<S> {
    /// The next piece; `None` at the end.
    fn next(&mut self) -> Result<Option<Bytes>, Error> {
        if self.failed {
            return Err(Error::disconnected());
        }
        let next = self.pull();
        self.failed = next.is_err();
        next
    }

    fn pull(&mut self) -> Result<Option<Bytes>, Error> {
        loop {
            match self
                .reader
                .decode(&mut self.buf)
                .map_err(Refusal::into_error)?
            {
                Decoded::Data(data) => return Ok(Some(data)),
                Decoded::End => return Ok(None),
                Decoded::NeedMore => {}
            }
            if std::mem::take(&mut self.expects) {
                // A client that is gone is found by the read.
                let _ = self.stream.write_all(CONTINUE);
            }
            let mut room = [0; READ];
            match self.stream.read(&mut room) {
                Ok(0) => return Err(Error::disconnected()),
                Ok(n) => self.buf.extend_from_slice(&room[..n]),
                Err(error) => match error.kind() {
                    ErrorKind::Interrupted => {}
                    ErrorKind::WouldBlock | ErrorKind::TimedOut => {
                        let late = Error::timeout("the client stopped sending its body");
                        return Err(late.with_status(StatusCode::REQUEST_TIMEOUT));
                    }
                    _ => return Err(Error::disconnected()),
                },
            }
        }
    }
}

/// As the source of an input.
impl<S: Read + Write> Stream for PulledBody<S> {
    type Item = Result<Bytes, Error>;

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(self.lock().next().transpose())
    }
}

impl<S: Read + Write> InputSource for PulledBody<S> {
    fn trailers(self: Pin<&mut Self>) -> Option<Box<HeaderMap>> {
        self.lock().reader.take_trailers().map(Box::new)
    }
}

impl<S> fmt::Debug for PulledBody<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PulledBody").finish_non_exhaustive()
    }
}
