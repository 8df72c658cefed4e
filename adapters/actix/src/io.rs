//! A connection's bytes, as actix-http reads and writes them.

use std::cell::{Cell, RefCell};
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes, BytesMut};
use http::StatusCode;
use rgi_core::server::Transport;
use rgi_http1::{Guard, HeadReader};
use rgi_tasks::Stream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::line::Line;
use crate::uninit;

/// actix-http's end of a connection. It is shown one request at a time, and heads as a whole. On the
/// way it is noted what is waited for and what has gone out, and interim responses are let in between
/// two messages.
pub(crate) struct Io<B> {
    line: Rc<Line<B>>,
    /// Refuses what actix-http would let pass.
    guard: RefCell<Guard>,
    /// The next bytes belong to a head.
    heads: Cell<bool>,
    /// What has come of a head that is not over, and how far it was looked at.
    partial: RefCell<Vec<u8>>,
    reader: RefCell<HeadReader>,
    /// The rest of a body is thrown away; actix-http is given so many bytes in its place.
    skips: Cell<bool>,
    filling: Cell<usize>,
    /// Looked at, and to be read next.
    next: RefCell<BytesMut>,
    /// Bytes read since there were none.
    turn: Cell<usize>,
    /// Whether the last message has gone out whole.
    clean: bool,
    /// An interim response on its way.
    interim: Bytes,
}

/// Bytes of a body that are thrown away for the sake of the next request, and what stands for them.
const MOST_SKIPPED: u64 = 64 * 1024;
const FILLER: [u8; 1024] = [b' '; 1024];

/// Bytes that are read before others of the thread have their turn: of a body in chunks of a byte,
/// actix-http makes ten thousand blocks of as many.
const TURN: usize = 64 * 1024;

/// What actix-http says by itself before it calls its service.
const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

impl<B: 'static> Io<B> {
    pub(crate) fn new(line: Rc<Line<B>>) -> Io<B> {
        let guard = Guard::singly().limit(&line.server.config.limits);
        Io {
            line,
            guard: RefCell::new(guard),
            heads: Cell::new(true),
            partial: RefCell::default(),
            reader: RefCell::default(),
            skips: Cell::new(false),
            filling: Cell::new(0),
            next: RefCell::default(),
            turn: Cell::new(0),
            clean: true,
            interim: Bytes::new(),
        }
    }

    pub(crate) fn line(&self) -> &Rc<Line<B>> {
        &self.line
    }

    /// Looks at bytes that have come; none is the client's end. Gives how many of the first actix-http
    /// gets now.
    fn pass(&self, bytes: &[u8]) -> io::Result<usize> {
        let line = &self.line;
        if bytes.is_empty() {
            line.ended.set(true);
            return Ok(0);
        }
        let mut guard = self.guard.borrow_mut();
        let passed = match guard.watch(bytes) {
            Ok(passed) => passed,
            // The application hears of it, and answers: to actix-http it is the client's end.
            Err(refusal) if guard.is_in_body() => {
                line.blame(refusal);
                return Ok(0);
            }
            Err(refusal) => return Err(line.refuse(refusal.status(), refusal.reason())),
        };
        if passed < bytes.len() {
            line.put_ahead(&bytes[passed..]);
        }
        if self.skips.get() {
            if guard.is_behind() {
                self.skips.set(false);
                self.heads.set(true);
            }
            return Ok(0);
        }
        let bytes = &bytes[..passed];
        if let Some(from) = guard.trailers()
            && let Err(refusal) = line.note_trailers(&bytes[from..])
        {
            line.blame(refusal);
            // The head that came along is to be answered.
            if !self.heads.get() {
                return Ok(0);
            }
        }
        let given = match self.heads.get() {
            true => self.pass_head(bytes, &guard)?,
            false => passed,
        };
        if guard.is_behind() {
            line.note_end();
            self.heads.set(true);
        }
        Ok(given)
    }

    /// Keeps the bytes of a head until it is over.
    fn pass_head(&self, bytes: &[u8], guard: &Guard) -> io::Result<usize> {
        let line = &self.line;
        let mut partial = self.partial.borrow_mut();
        let end = guard.head_end();
        let (head, behind) = bytes.split_at(end.unwrap_or(bytes.len()));
        if partial.len() + head.len() > line.server.config.limits.head {
            let status = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
            return Err(line.refuse(status, "the head is too large"));
        }
        if end.is_none() {
            partial.extend_from_slice(head);
            line.note_head(guard.is_in_head());
            // What is wrong is said before the rest has come.
            let (limits, mut reader) = (&line.server.config.limits, self.reader.borrow_mut());
            return match reader.read(&partial, limits, &mut Vec::new()) {
                Ok(_) => Ok(0),
                Err(refusal) => Err(line.refuse(refusal.status(), refusal.reason())),
            };
        }
        if !partial.is_empty() {
            self.reader.borrow_mut().reset();
        }
        // A whole head needs no deadline, and the rest of a body is none.
        line.note_head(false);
        self.heads.set(false);
        let whole = partial.is_empty();
        partial.extend_from_slice(head);
        let translated = match guard.asks() || !is_plain(&partial) {
            true => line.translate(&partial)?,
            false => None,
        };
        let given = match whole && translated.is_none() {
            true => bytes.len(),
            false => {
                let mut next = self.next.borrow_mut();
                next.extend_from_slice(translated.as_deref().unwrap_or(&partial));
                next.extend_from_slice(behind);
                0
            }
        };
        line.keep_head(&mut partial);
        partial.clear();
        Ok(given)
    }

    /// Where nobody will read the rest of a short body, the answer does not wait for it, and the next
    /// request is found behind it. actix-http would close; it is told that the rest is there.
    fn poll_skip(&self, buf: &mut ReadBuf<'_>) -> bool {
        if self.line.take_unread()
            && let Some(left) = self.guard.borrow().left()
            && left <= MOST_SKIPPED
        {
            self.skips.set(true);
            self.filling.set(left as usize);
        }
        let n = self.filling.get().min(buf.remaining()).min(FILLER.len());
        buf.put_slice(&FILLER[..n]);
        self.filling.set(self.filling.get() - n);
        if n > 0 && self.filling.get() == 0 {
            self.line.note_end();
        }
        n > 0
    }

    /// Reads what is to be shown next, if it is there.
    fn take_next(&self, buf: &mut ReadBuf<'_>) -> bool {
        let mut next = self.next.borrow_mut();
        let n = buf.remaining().min(next.len());
        buf.put_slice(&next.split_to(n));
        n > 0
    }

    /// Writes the interim responses that wait, of which there are mostly none.
    fn poll_interim(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.interim.is_empty() && !self.line.hints.is_filled() {
            true => Poll::Ready(Ok(())),
            false => self.write_interim(cx),
        }
    }

    /// In the midst of a message there is no place for them.
    #[cold]
    fn write_interim(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.interim.is_empty() && self.line.hints.is_filled() {
            let waiting = self.line.hints.take();
            if self.clean {
                self.interim = waiting.into();
            }
        }
        while !self.interim.is_empty() {
            let n = ready!(self.line.poll_write(cx, &[IoSlice::new(&self.interim)]))?;
            if n == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.interim.advance(n);
        }
        Poll::Ready(Ok(()))
    }
}

/// Whether actix-http takes a head as it is: it does not know all letters of a method nor where it is
/// too long, and has room for 96 fields and targets of less than 64 KiB.
fn is_plain(head: &[u8]) -> bool {
    const MOST_FIELDS: usize = 96;
    const SHORTEST_FIELD: usize = "a:\r\n".len();
    const LARGE: usize = 32 * 1024;
    const LONGEST_METHOD: usize = 16;
    let method = head.split(|byte| *byte == b' ').next().unwrap_or_default();
    let many = || head.iter().filter(|byte| **byte == b'\n').count() > MOST_FIELDS;
    method.len() <= LONGEST_METHOD
        && method.iter().all(u8::is_ascii_alphabetic)
        && head.len() < LARGE
        && !(head.len() > MOST_FIELDS * SHORTEST_FIELD && many())
}

impl<B: 'static> AsyncRead for Io<B> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let line = &self.line;
        let before = buf.filled().len();
        loop {
            if self.take_next(buf) || self.poll_skip(buf) {
                return Poll::Ready(Ok(()));
            }
            if line.is_held() {
                // Polled again when that is answered.
                return Poll::Pending;
            }
            if line.fault().is_some() {
                return Poll::Ready(Ok(()));
            }
            if let Some(ahead) = line.take_ahead(buf.remaining()) {
                let passed = self.pass(&ahead)?;
                buf.put_slice(&ahead[..passed]);
            } else if line.ended.get() {
                return Poll::Ready(Ok(()));
            } else if self.turn.get() >= TURN {
                self.turn.set(0);
                cx.waker().wake_by_ref();
                return Poll::Pending;
            } else {
                let look = |read: &[u8]| {
                    self.turn.set(self.turn.get() + read.len());
                    self.pass(read)
                };
                let polled = uninit::poll_read(&line.stream, cx, buf, look);
                if polled.is_pending() {
                    self.turn.set(0);
                    line.watch.waits(&line.server.clock);
                }
                ready!(polled)?;
            }
            if buf.filled().len() > before {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl<B: 'static> AsyncWrite for Io<B> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.line.take_fresh() && buf.starts_with(CONTINUE) {
            // It is said when the body is read.
            return Poll::Ready(Ok(CONTINUE.len()));
        }
        if !self.line.is_busy() {
            // It has refused the head: that is said behind it.
            self.line.doubt(buf);
            return Poll::Ready(Ok(buf.len()));
        }
        ready!(self.poll_interim(cx))?;
        let n = ready!(self.line.poll_write(cx, &[IoSlice::new(buf)]))?;
        self.clean = false;
        Poll::Ready(Ok(n))
    }

    /// actix-http calls it when it has nothing left to write.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.clean = true;
        ready!(self.poll_interim(cx))?;
        self.line.flushed();
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        // Behind a switch the connection goes on; what was refused is still to be answered.
        if !self.line.is_switching() && self.line.refused().is_none() {
            self.line.stream.shutdown();
        }
        Poll::Ready(Ok(()))
    }
}

/// A connection behind a switch of protocols.
pub(crate) struct Switched {
    stream: Arc<Stream>,
    /// What came behind the request.
    ahead: BytesMut,
    ended: bool,
}

impl Switched {
    pub(crate) fn new<B: 'static>(line: &Line<B>) -> Switched {
        Switched {
            stream: line.stream.clone(),
            ahead: line.take_ahead(usize::MAX).unwrap_or_default(),
            ended: line.ended.get(),
        }
    }
}

impl Transport for Switched {
    fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        if !self.ahead.is_empty() {
            let n = buf.len().min(self.ahead.len());
            self.ahead.copy_to_slice(&mut buf[..n]);
            return Poll::Ready(Ok(n));
        }
        if buf.is_empty() || self.ended {
            return Poll::Ready(Ok(0));
        }
        self.stream.poll_read(cx, buf)
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.stream.poll_write(cx, &[IoSlice::new(buf)])
    }

    fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream.shutdown();
        Poll::Ready(Ok(()))
    }
}
