//! A request's body on its way in, and the input that pulls it.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, Waker};

use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use http::{HeaderMap, StatusCode};
use rgi_core::Error;
use rgi_core::server::InputSource;
use rgi_http1::{BodyReader, CONTINUE, Decoded, Refusal};

use super::{FAIR, Line, State};
use crate::socket::Socket;

/// A request's body on its way in.
#[derive(Debug)]
pub(crate) struct Incoming {
    serial: u64,
    pub(super) reader: BodyReader,
    pub(super) buf: BytesMut,
    /// Of the body, read before the application was called.
    pub(super) ahead: BytesMut,
    /// The client waits for `100 Continue`.
    pub(super) expect: bool,
    /// The input was asked and had nothing; counted, so that the loop sees a new wait.
    pub(crate) waiting: bool,
    pub(crate) waits: u64,
    waker: Option<Waker>,
    pub(super) failed: Option<Failure>,
    /// Reads, and blocks given, since others had their turn.
    reads: u32,
    blocks: u32,
    /// The input is gone: nobody will read on.
    dropped: bool,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Failure {
    Refused(Refusal),
    TimedOut,
    Overdue,
    Gone,
}

impl Failure {
    fn error(self) -> Error {
        match self {
            Failure::Refused(refusal) => refusal.into_error(),
            Failure::TimedOut => Error::timeout("the client stopped sending its body")
                .with_status(StatusCode::REQUEST_TIMEOUT),
            Failure::Overdue => Error::timeout("the request took too long"),
            Failure::Gone => Error::disconnected(),
        }
    }
}

impl Incoming {
    /// Whether all of the body was taken off the socket.
    pub(crate) fn is_read(&self) -> bool {
        self.reader.is_end()
    }

    /// Takes who waits for more.
    pub(super) fn take_waker(&mut self) -> Option<Waker> {
        self.waker.take()
    }

    /// Whether nobody will read on.
    pub(crate) fn is_dropped(&self) -> bool {
        self.dropped
    }

    /// Throws away what has come of a body that nobody will read, within bounds. Says whether the
    /// client is still there.
    pub(crate) fn throw_away(&mut self, socket: &Socket) -> bool {
        // What is thrown away unread ends with the connection.
        self.failed.get_or_insert(Failure::Gone);
        let mut thrown = 0;
        while thrown < MOST_THROWN {
            let mut sink = BytesMut::new();
            match receive(socket, &mut sink) {
                Ok(0) => return false,
                Ok(n) => thrown += n,
                Err(error) => return error.kind() == io::ErrorKind::WouldBlock,
            }
        }
        true
    }

    /// Keeps bytes of the next request, which came behind a body that was read.
    pub(crate) fn push_behind(&mut self, bytes: &[u8]) {
        self.buf.extend_from_slice(bytes);
    }
}

/// Bytes of an unread body that are thrown away to see whether its client has left.
const MOST_THROWN: usize = 1 << 20;

impl Line {
    /// Begins a body; `buf` is what came behind the head.
    pub(crate) fn begin_body(&self, serial: u64, reader: BodyReader, buf: BytesMut, expect: bool) {
        self.lock().incoming = Some(Incoming {
            serial,
            reader,
            buf,
            ahead: BytesMut::new(),
            expect,
            waiting: false,
            waits: 0,
            waker: None,
            failed: None,
            reads: 0,
            blocks: 0,
            dropped: false,
        });
    }

    /// The client took too long to send its body.
    pub(crate) fn time_out_body(&self) {
        self.fail(Failure::TimedOut);
    }

    /// The request took too long.
    pub(crate) fn fail_overdue(&self) {
        self.fail(Failure::Overdue);
    }

    pub(super) fn fail(&self, failure: Failure) {
        let mut state = self.lock();
        let Some(incoming) = &mut state.incoming else {
            return;
        };
        incoming.failed.get_or_insert(failure);
        incoming.waiting = false;
        let waker = incoming.waker.take();
        drop(state);
        waker.into_iter().for_each(Waker::wake);
    }

    /// What is left of the body once the exchange is over: the bytes behind it and whether it was
    /// read to its end, or what of it may still come. Whoever still waits for it is told.
    pub(crate) fn end_body(&self) -> Option<Rest> {
        let mut incoming = self.lock().incoming.take()?;
        incoming.waker.take().into_iter().for_each(Waker::wake);
        let expects = incoming.expect;
        let failed = incoming.failed.is_some();
        Some(Rest {
            reader: incoming.reader,
            buf: incoming.buf,
            expects,
            failed,
        })
    }
}

impl State {
    /// Whether the connection can be used after a body that nobody reads further: it is at its end,
    /// or so near that reading the rest costs less than a new connection.
    pub(super) fn body_permits_reuse(&self) -> bool {
        match &self.incoming {
            None => true,
            Some(incoming) => {
                incoming.failed.is_none()
                    && !incoming.expect
                    && incoming
                        .reader
                        .remaining()
                        .is_some_and(|left| left <= MOST_DISCARDED)
            }
        }
    }
}

/// Bytes of a body that are read for the sake of the next request.
const MOST_DISCARDED: u64 = 64 * 1024;

/// What the application left of a body.
#[derive(Debug)]
pub(crate) struct Rest {
    pub(crate) reader: BodyReader,
    pub(crate) buf: BytesMut,
    pub(crate) expects: bool,
    pub(crate) failed: bool,
}

/// The source of a request's input.
#[derive(Debug)]
pub(crate) struct Body {
    line: Arc<Line>,
    serial: u64,
}

impl Body {
    pub(crate) fn new(line: Arc<Line>, serial: u64) -> Body {
        Body { line, serial }
    }
}

/// Blocks of a body that are given before others have their turn.
const BLOCKS: u32 = 128;

impl Stream for Body {
    type Item = Result<Bytes, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let line = &self.line;
        // A waker's drop is foreign code: not under the lock.
        let _stale;
        let mut state = line.lock();
        let State {
            incoming,
            interim,
            closed,
            ..
        } = &mut *state;
        let Some(incoming) = incoming
            .as_mut()
            .filter(|i| i.serial == self.serial && !*closed)
        else {
            return Poll::Ready(Some(Err(Error::disconnected())));
        };
        if !incoming.ahead.is_empty() {
            let ahead = std::mem::take(&mut incoming.ahead);
            return Poll::Ready(Some(Ok(ahead.freeze())));
        }
        loop {
            if let Some(failure) = incoming.failed {
                return Poll::Ready(Some(Err(failure.error())));
            }
            // Of one read, chunks of a byte each make thousands of blocks.
            if incoming.blocks >= BLOCKS && line.notify().is_here() {
                incoming.blocks = 0;
                drop(state);
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            match incoming.reader.decode(&mut incoming.buf) {
                Ok(Decoded::Data(data)) => {
                    incoming.blocks += 1;
                    return Poll::Ready(Some(Ok(data)));
                }
                Ok(Decoded::End) => return Poll::Ready(None),
                Err(refusal) => {
                    incoming.failed = Some(Failure::Refused(refusal));
                    continue;
                }
                Ok(Decoded::NeedMore) => {}
            }
            let answered = line.takes_interim.load(Ordering::Acquire) != self.serial;
            if !answered && std::mem::take(&mut incoming.expect) {
                interim.extend_from_slice(CONTINUE);
                if !line.write_through(interim) {
                    line.announce_interim();
                }
            }
            incoming.reads += 1;
            if incoming.reads > FAIR && line.notify().is_here() {
                (incoming.reads, incoming.blocks) = (0, 0);
                incoming.waiting = false;
                drop(state);
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            match receive(&line.socket, &mut incoming.buf) {
                Ok(0) => incoming.failed = Some(Failure::Gone),
                Ok(_) => incoming.waiting = false,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    incoming.blocks = 0;
                    _stale = incoming.waker.replace(cx.waker().clone());
                    if !incoming.waiting {
                        incoming.waiting = true;
                        incoming.waits += 1;
                        if !line.is_driven() {
                            // The loop must set the deadline.
                            line.notify().push(line.token());
                        }
                    }
                    return Poll::Pending;
                }
                Err(_) => incoming.failed = Some(Failure::Gone),
            }
        }
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        let mut state = self.line.lock();
        if let Some(incoming) = state.incoming.as_mut().filter(|i| i.serial == self.serial) {
            incoming.dropped = true;
        }
    }
}

impl InputSource for Body {
    fn trailers(self: Pin<&mut Self>) -> Option<Box<HeaderMap>> {
        let mut state = self.line.lock();
        let incoming = state
            .incoming
            .as_mut()
            .filter(|incoming| incoming.serial == self.serial)?;
        incoming.reader.take_trailers().map(Box::new)
    }
}

/// Bytes read at a time, and below which they are copied so that a slow client's few bytes do not
/// hold a whole buffer.
const READ: usize = 64 * 1024;
const COPIED: usize = READ / 4;

thread_local! {
    static BUFFER: std::cell::RefCell<Vec<u8>> = const { std::cell::RefCell::new(Vec::new()) };
}

/// Reads what there is into an empty buffer. A large read is not copied.
pub(crate) fn receive(socket: &Socket, into: &mut BytesMut) -> io::Result<usize> {
    debug_assert!(into.is_empty());
    BUFFER.with(|buffer| {
        let mut buffer = buffer.borrow_mut();
        buffer.clear();
        buffer.reserve(READ);
        let n = socket.read(&mut buffer)?;
        if n < COPIED {
            *into = BytesMut::from(&buffer[..n]);
        } else {
            *into = BytesMut::from(Bytes::from(std::mem::take(&mut *buffer)));
        }
        Ok(n)
    })
}
