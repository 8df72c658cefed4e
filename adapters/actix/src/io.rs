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
use rgi_http1::Guard;
use rgi_tasks::Stream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::line::Line;
use crate::uninit;

/// actix-http's end of a connection. It is shown one request at a time. On the way it is noted what is
/// waited for and what has gone out, and interim responses are let in between two messages.
pub(crate) struct Io<B> {
    line: Rc<Line<B>>,
    /// Refuses what actix-http would let pass.
    guard: RefCell<Guard>,
    /// Bytes of the head that is coming.
    head: Cell<usize>,
    /// Whether the last message has gone out whole.
    clean: bool,
    /// An interim response on its way.
    interim: Bytes,
}

impl<B: 'static> Io<B> {
    pub(crate) fn new(line: Rc<Line<B>>) -> Io<B> {
        Io {
            line,
            guard: RefCell::new(Guard::singly()),
            head: Cell::new(0),
            clean: true,
            interim: Bytes::new(),
        }
    }

    pub(crate) fn line(&self) -> &Rc<Line<B>> {
        &self.line
    }

    /// Looks at bytes that have come; none is the client's end. Gives how many of the first actix-http
    /// gets now; the others are kept for its next read.
    fn pass(&self, bytes: &[u8]) -> io::Result<usize> {
        let line = &self.line;
        if bytes.is_empty() {
            line.ended.set(true);
            return Ok(0);
        }
        let mut guard = self.guard.borrow_mut();
        match guard.watch(bytes) {
            Ok(passed) => {
                let in_head = guard.is_in_head();
                self.measure(in_head, passed)?;
                // A whole head needs no deadline, and the rest of a body is none.
                line.note_head(in_head);
                if guard.is_behind() {
                    line.note_end();
                }
                if passed < bytes.len() {
                    line.put_ahead(&bytes[passed..]);
                }
                Ok(passed)
            }
            // The application hears of it, and answers: to actix-http it is the client's end.
            Err(refusal) if guard.is_in_body() => {
                line.blame(refusal);
                Ok(0)
            }
            Err(refusal) => {
                line.refuse(refusal.status(), refusal.reason());
                Err(io::ErrorKind::InvalidData.into())
            }
        }
    }

    /// actix-http has a limit of its own for heads that do not end.
    fn measure(&self, in_head: bool, bytes: usize) -> io::Result<()> {
        let size = match in_head {
            true => self.head.get() + bytes,
            false => 0,
        };
        self.head.set(size);
        if size > self.line.server.config.limits.head {
            let status = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
            self.line.refuse(status, "the head is too large");
            return Err(io::ErrorKind::InvalidData.into());
        }
        Ok(())
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

impl<B: 'static> AsyncRead for Io<B> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let line = &self.line;
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
            return Poll::Ready(Ok(()));
        }
        if line.ended.get() {
            return Poll::Ready(Ok(()));
        }
        let polled = uninit::poll_read(&line.stream, cx, buf, |read| self.pass(read));
        if polled.is_pending() {
            line.watch.waits(&line.server.clock);
        }
        polled
    }
}

impl<B: 'static> AsyncWrite for Io<B> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
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
        // Behind a switch the connection goes on.
        if !self.line.is_switching() {
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
