//! What a connection's loop shares with the application: socket, incoming body, interim responses.
//!
//! An [`Input`](rgi_core::Input) pulls: when it is polled it reads the socket itself, wherever it is
//! (on the loop, or on a thread of the pool), so nothing is read that nobody asked for.

use std::io;
use std::net::Shutdown;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use bytes::{Buf, Bytes, BytesMut};
use futures_core::Stream;
use http::{HeaderMap, StatusCode};
use mio::Token;
use rgi_core::Error;
use rgi_core::server::{Informer, InputSource, Transport};
use rgi_http1::{BodyReader, CONTINUE, Decoded, Output, Refusal, interim};

use crate::notify::Notify;
use crate::socket::Socket;

/// A connection as both sides know it. Its wake drives the connection.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) socket: Socket,
    notify: Arc<Notify>,
    token: AtomicUsize,
    /// Something stands in `State::interim`.
    has_interim: AtomicBool,
    /// The serial of the request whose interim responses may go out; 0 for none.
    takes_interim: AtomicU64,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) incoming: Option<Incoming>,
    /// Interim responses to be written.
    interim: Vec<u8>,
    /// After a switch: bytes that came behind the request, and who waits.
    leftover: BytesMut,
    readers: Option<Waker>,
    writers: Option<Waker>,
    /// Nothing may be read or written any more.
    closed: bool,
}

/// A request's body on its way in.
#[derive(Debug)]
pub(crate) struct Incoming {
    serial: u64,
    reader: BodyReader,
    buf: BytesMut,
    /// The client waits for `100 Continue`.
    expect: bool,
    /// The input was asked and had nothing; counted, so that the loop sees a new wait.
    pub(crate) waiting: bool,
    pub(crate) waits: u64,
    waker: Option<Waker>,
    failed: Option<Failure>,
    /// Reads since others had their turn.
    reads: u32,
    /// The input is gone: nobody will read on.
    dropped: bool,
}

#[derive(Clone, Copy, Debug)]
enum Failure {
    Refused(Refusal),
    TimedOut,
    Gone,
}

impl Failure {
    fn error(self) -> Error {
        match self {
            Failure::Refused(refusal) if refusal.is_too_large() => {
                Error::too_large(refusal.reason()).with_status(refusal.status())
            }
            Failure::Refused(refusal) => {
                Error::malformed(refusal.reason()).with_status(refusal.status())
            }
            Failure::TimedOut => Error::timeout("the client stopped sending its body")
                .with_status(StatusCode::REQUEST_TIMEOUT),
            Failure::Gone => Error::disconnected(),
        }
    }
}

impl Incoming {
    /// Whether all of the body was taken off the socket.
    pub(crate) fn is_read(&self) -> bool {
        self.reader.is_end()
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

/// Bytes of interim responses that may wait; further hints are dropped.
const MOST_INTERIM: usize = 16 * 1024;

impl Line {
    pub(crate) fn new(socket: Socket, notify: Arc<Notify>) -> Line {
        Line {
            socket,
            notify,
            token: AtomicUsize::new(usize::MAX),
            has_interim: AtomicBool::new(false),
            takes_interim: AtomicU64::new(0),
            state: Mutex::default(),
        }
    }

    pub(crate) fn set_token(&self, token: Token) {
        self.token.store(token.0, Ordering::Release);
    }

    pub(crate) fn token(&self) -> Token {
        Token(self.token.load(Ordering::Acquire))
    }

    /// Has the connection driven again.
    pub(crate) fn wake_self(&self) {
        self.notify.push(self.token());
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a body; `buf` is what came behind the head.
    pub(crate) fn begin_body(&self, serial: u64, reader: BodyReader, buf: BytesMut, expect: bool) {
        self.lock().incoming = Some(Incoming {
            serial,
            reader,
            buf,
            expect,
            waiting: false,
            waits: 0,
            waker: None,
            failed: None,
            reads: 0,
            dropped: false,
        });
    }

    /// Lets the interim responses of a request out; those that came too late for the one before are
    /// forgotten.
    fn allow_interim(&self, serial: u64) {
        if self.has_interim() {
            self.take_interim(&mut Vec::new());
        }
        self.takes_interim.store(serial, Ordering::Release);
    }

    /// The head of the answer is about to go out: what is interim goes before it, or not at all.
    /// Says whether what the application leaves of the body permits another request.
    pub(crate) fn commit(&self, has_body: bool, output: &mut Output) -> bool {
        if !has_body {
            self.takes_interim.store(0, Ordering::Release);
            if self.has_interim() {
                output.small(|out| self.take_interim(out));
            }
            return true;
        }
        // Under the lock no reader can promise `100 Continue` in between.
        let mut state = self.lock();
        self.takes_interim.store(0, Ordering::Release);
        self.has_interim.store(false, Ordering::Release);
        output.small(|out| out.append(&mut state.interim));
        state.body_permits_reuse()
    }

    /// Takes the interim responses that wait.
    pub(crate) fn take_interim(&self, into: &mut Vec<u8>) {
        let mut state = self.lock();
        into.append(&mut state.interim);
        self.has_interim.store(false, Ordering::Release);
    }

    pub(crate) fn has_interim(&self) -> bool {
        self.has_interim.load(Ordering::Acquire)
    }

    /// The socket may have something: wakes whoever waits for it.
    pub(crate) fn on_readable(&self) {
        let mut state = self.lock();
        let reader = state.readers.take();
        let input = state
            .incoming
            .as_mut()
            .and_then(|incoming| incoming.waker.take());
        drop(state);
        reader.into_iter().chain(input).for_each(Waker::wake);
    }

    /// The socket may take something: wakes whoever waits for it.
    pub(crate) fn on_writable(&self) {
        let writer = self.lock().writers.take();
        writer.into_iter().for_each(Waker::wake);
    }

    /// The client took too long to send its body.
    pub(crate) fn time_out_body(&self) {
        self.fail(Failure::TimedOut);
    }

    fn fail(&self, failure: Failure) {
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

    /// Ends everything on the socket; whoever waits is told.
    pub(crate) fn close(&self) {
        self.retire();
        self.socket.shutdown(Shutdown::Both);
    }

    /// Marks the socket as closed without touching it: the loop drops it.
    pub(crate) fn retire(&self) {
        self.fail(Failure::Gone);
        let mut state = self.lock();
        state.closed = true;
        // Wakers hold the line itself.
        let wakers = [state.readers.take(), state.writers.take()];
        drop(state);
        wakers.into_iter().flatten().for_each(Waker::wake);
    }

    /// Hands the connection over, with what came behind the request.
    pub(crate) fn switch(self: &Arc<Self>, leftover: BytesMut) -> Switched {
        self.lock().leftover = leftover;
        Switched {
            line: self.clone(),
            steps: 0,
        }
    }
}

impl Line {
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
    fn body_permits_reuse(&self) -> bool {
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

impl Wake for Line {
    fn wake(self: Arc<Self>) {
        self.notify.push(self.token());
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.notify.push(self.token());
    }
}

/// The interim responses of one request: a token that is kept longer writes into no other.
#[derive(Debug)]
pub(crate) struct Hints {
    line: Arc<Line>,
    serial: u64,
}

impl Hints {
    pub(crate) fn new(line: Arc<Line>) -> Arc<Hints> {
        Arc::new(Hints { line, serial: 0 })
    }

    /// Begins a request's. Used again unless somebody still holds the last.
    pub(crate) fn begin(this: &mut Arc<Hints>, serial: u64) -> Arc<Hints> {
        match Arc::get_mut(this) {
            Some(hints) => hints.serial = serial,
            None => {
                *this = Arc::new(Hints {
                    line: this.line.clone(),
                    serial,
                })
            }
        }
        this.line.allow_interim(serial);
        this.clone()
    }
}

impl Informer for Hints {
    fn inform(&self, status: StatusCode, headers: &HeaderMap) {
        let line = &self.line;
        let mut state = line.lock();
        let mine = line.takes_interim.load(Ordering::Acquire) == self.serial;
        if !mine || state.interim.len() > MOST_INTERIM {
            return;
        }
        interim(status, headers, &mut state.interim);
        drop(state);
        line.announce_interim();
    }
}

impl Line {
    fn announce_interim(&self) {
        self.has_interim.store(true, Ordering::Release);
        // The step that is running looks for it.
        if !self.is_driven() {
            self.notify.push(self.token());
        }
    }

    /// Whether this thread is driving this very connection.
    fn is_driven(&self) -> bool {
        self.notify.is_driving(self.token())
    }
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
        loop {
            if let Some(failure) = incoming.failed {
                return Poll::Ready(Some(Err(failure.error())));
            }
            match incoming.reader.decode(&mut incoming.buf) {
                Ok(Decoded::Data(data)) => return Poll::Ready(Some(Ok(data))),
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
                line.announce_interim();
            }
            incoming.reads += 1;
            if incoming.reads > FAIR && line.notify.is_here() {
                incoming.reads = 0;
                incoming.waiting = false;
                drop(state);
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            match receive(&line.socket, &mut incoming.buf) {
                Ok(0) => incoming.failed = Some(Failure::Gone),
                Ok(_) => incoming.waiting = false,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    _stale = incoming.waker.replace(cx.waker().clone());
                    if !incoming.waiting {
                        incoming.waiting = true;
                        incoming.waits += 1;
                        if !line.is_driven() {
                            // The loop must set the deadline.
                            line.notify.push(line.token());
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
/// Reads of a body on the loop before other connections have their turn.
const FAIR: u32 = 32;

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

/// The connection after a switch of protocols.
#[derive(Debug)]
pub(crate) struct Switched {
    line: Arc<Line>,
    /// Reads and writes since others had their turn.
    steps: u32,
}

impl Switched {
    /// What a read or write on the socket came to; who has to wait is put into `place`.
    fn settle<T>(
        &mut self,
        cx: &mut Context<'_>,
        place: fn(&mut State) -> &mut Option<Waker>,
        act: impl FnOnce(&mut State, &Socket) -> io::Result<T>,
    ) -> Poll<io::Result<T>> {
        self.steps += 1;
        if self.steps > FAIR && self.line.notify.is_here() {
            self.steps = 0;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let _stale;
        let mut state = self.line.lock();
        match act(&mut state, &self.line.socket) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.steps = 0;
                _stale = place(&mut state).replace(cx.waker().clone());
                Poll::Pending
            }
            // A peer that has left is no failure of the application's.
            Err(_) => Poll::Ready(Err(Error::disconnected().into())),
            done => Poll::Ready(done),
        }
    }
}

impl Transport for Switched {
    fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        self.settle(
            cx,
            |state| &mut state.readers,
            |state, socket| {
                if !state.leftover.is_empty() {
                    let n = buf.len().min(state.leftover.len());
                    state.leftover.copy_to_slice(&mut buf[..n]);
                    return Ok(n);
                }
                if state.closed {
                    return Ok(0);
                }
                socket.read_slice(buf)
            },
        )
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.settle(
            cx,
            |state| &mut state.writers,
            |state, socket| match state.closed {
                true => Err(io::ErrorKind::BrokenPipe.into()),
                false => socket.write(buf),
            },
        )
    }

    fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.line.socket.shutdown(Shutdown::Write);
        Poll::Ready(Ok(()))
    }
}

impl Drop for Switched {
    fn drop(&mut self) {
        self.line.socket.shutdown(Shutdown::Write);
    }
}
