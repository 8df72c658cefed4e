//! A connection's bytes, as hyper reads and writes them.

use std::cell::RefCell;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use hyper::rt::{Read, ReadBufCursor, Write};
use rgi_core::server::Transport;
use rgi_http1::Guard;
use rgi_tasks::Phase;

use crate::connection::PREFACE;
use crate::line::{Line, Protocol};
use crate::turn::Turn;
use crate::uninit;

/// hyper's end of a connection. On the way it is noted what is waited for and what has gone out,
/// and interim responses are let in between two messages.
pub(crate) struct Io<B> {
    line: Arc<Line<B>>,
    /// Refuses what hyper would let pass, on HTTP/1.1.
    guard: Option<RefCell<Guard>>,
    /// An interim response on its way.
    interim: Bytes,
    /// Says when others have their turn, on HTTP/2.
    turn: Option<RefCell<Turn>>,
}

impl<B> Io<B> {
    pub(crate) fn new(line: Arc<Line<B>>) -> Io<B> {
        let http1 = line.protocol() == Protocol::Http1;
        let guard = || Guard::new().limit(&line.server.config.limits);
        Io {
            guard: http1.then(guard).map(RefCell::new),
            line,
            interim: Bytes::new(),
            turn: (!http1).then(|| RefCell::new(Turn::behind(PREFACE.len()))),
        }
    }

    /// The same behind a switch of protocols: `behind` came behind the request.
    pub(crate) fn switched(mut self, behind: &[u8]) -> Io<B> {
        self.guard = None;
        self.line.put_ahead(behind);
        self
    }

    /// Looks at bytes that have come; none is the client's end. Gives how many of the first hyper gets
    /// now; the others are kept for its next read.
    fn pass(&self, bytes: &[u8]) -> io::Result<usize> {
        let line = &self.line;
        if bytes.is_empty() {
            line.ended.store(true, Ordering::Relaxed);
            return Ok(0);
        }
        if let Some(turn) = &self.turn {
            let passed = turn.borrow_mut().pass(bytes);
            if passed < bytes.len() {
                line.put_ahead(&bytes[passed..]);
            }
            return Ok(passed);
        }
        let Some(guard) = &self.guard else {
            return Ok(bytes.len());
        };
        let mut guard = guard.borrow_mut();
        match guard.watch(bytes) {
            Ok(passed) => {
                // A whole head needs no deadline, and the rest of a body is none.
                line.note_head(guard.is_in_head());
                if passed < bytes.len() {
                    line.put_ahead(&bytes[passed..]);
                }
                Ok(passed)
            }
            Err(refusal) => {
                // Within a body the application hears of it, and answers.
                if !guard.is_in_body() {
                    line.refuse(refusal);
                }
                Err(io::Error::new(io::ErrorKind::InvalidData, refusal.reason()))
            }
        }
    }

    /// Reads what was kept, or else off the socket.
    fn read(&self, cx: &mut Context<'_>, mut buf: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        let line = &self.line;
        if line.is_refused() {
            return Poll::Ready(Err(io::ErrorKind::InvalidData.into()));
        }
        if self
            .turn
            .as_ref()
            .is_some_and(|turn| turn.borrow().is_over())
        {
            self.end_turn();
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        if let Some(ahead) = line.take_ahead(buf.remaining()) {
            let passed = self.pass(&ahead)?;
            buf.put_slice(&ahead[..passed]);
            return Poll::Ready(Ok(()));
        }
        if line.ended.load(Ordering::Relaxed) {
            return Poll::Ready(Ok(()));
        }
        let polled = uninit::poll_read(&line.stream, cx, buf, |read| self.pass(read));
        if polled.is_pending() {
            self.end_turn();
            line.watch.waits(&line.server.clock);
        }
        polled
    }

    fn end_turn(&self) {
        if let Some(turn) = &self.turn {
            turn.borrow_mut().end();
        }
    }

    /// Whether a refused head waits for the answer before it.
    fn is_held(&self) -> bool {
        self.line.is_refused() && self.line.watch.phase() == Phase::Busy
    }

    fn poll_send(&mut self, cx: &mut Context<'_>, bufs: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        ready!(self.poll_interim(cx))?;
        self.line.set_clean(false);
        self.line.poll_write(cx, bufs)
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
            if self.line.is_clean() {
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

impl<B> Read for Io<B> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        match self.read(cx, buf) {
            // Of an answer that hyper is still writing it would write no more.
            Poll::Ready(Err(_)) if self.is_held() => Poll::Pending,
            polled => polled,
        }
    }
}

impl<B: 'static> Write for Io<B> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_send(cx, &[IoSlice::new(buf)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_send(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    /// hyper calls it when it has nothing left to write.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.line.set_clean(true);
        ready!(self.poll_interim(cx))?;
        let held = self.is_held();
        self.line.flushed();
        if held {
            // hyper is to hear of it now.
            cx.waker().wake_by_ref();
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        // What was refused is still to be answered, behind hyper.
        if !self.line.is_refused() {
            self.line.stream.shutdown();
        }
        Poll::Ready(Ok(()))
    }
}

/// The connection behind a switch of protocols.
impl<B: 'static> Transport for Io<B> {
    fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        if buf.is_empty() {
            // Of which none are there is no end.
            return Poll::Ready(Ok(0));
        }
        let mut buf = hyper::rt::ReadBuf::new(buf);
        ready!(Read::poll_read(Pin::new(self), cx, buf.unfilled()))?;
        Poll::Ready(Ok(buf.filled().len()))
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.line.poll_write(cx, &[IoSlice::new(buf)])
    }

    fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.line.stream.shutdown();
        Poll::Ready(Ok(()))
    }
}
