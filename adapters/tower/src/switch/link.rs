//! What hyper takes for a connection.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use hyper::rt::{Read, ReadBufCursor, Write};
use rgi_core::Upgraded;

/// The one request there is.
const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: any\r\n\r\n";

/// Bytes read at a time.
const BLOCK: usize = 8 * 1024;

/// The application's end of a [`Link`].
#[derive(Clone, Default)]
pub(super) struct Wire(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// How much of the request hyper has read.
    read: usize,
    /// hyper has written its head.
    answered: bool,
    io: Option<Upgraded>,
    left: bool,
    waiting: Option<Waker>,
}

impl Wire {
    /// Puts the server's connection in.
    pub(super) fn join(&self, io: Upgraded) {
        self.lock().io = Some(io);
    }

    /// Waits until the link was dropped.
    pub(super) fn poll_left(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.lock();
        if state.left {
            return Poll::Ready(());
        }
        let stale = state.waiting.replace(cx.waker().clone());
        drop(state);
        drop(stale);
        Poll::Pending
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request to read, and behind it the server's connection. Dropped, it ends the switch.
pub(super) struct Link(Wire);

impl Link {
    pub(super) fn new(wire: &Wire) -> Link {
        Link(wire.clone())
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.left = true;
        let (io, waiting) = (state.io.take(), state.waiting.take());
        drop(state);
        drop(io);
        if let Some(waker) = waiting {
            waker.wake();
        }
    }
}

impl Read for Link {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut buf: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let state = &mut *self.0.lock();
        let rest = &REQUEST[state.read..];
        if !rest.is_empty() {
            let n = rest.len().min(buf.remaining());
            buf.put_slice(&rest[..n]);
            state.read += n;
            return Poll::Ready(Ok(()));
        }
        let Some(io) = &mut state.io else {
            return Poll::Pending;
        };
        let mut block = [0; BLOCK];
        let room = BLOCK.min(buf.remaining());
        let n = ready!(io.poll_read(cx, &mut block[..room]))?;
        buf.put_slice(&block[..n]);
        Poll::Ready(Ok(()))
    }
}

impl Write for Link {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let state = &mut *self.0.lock();
        match &mut state.io {
            Some(io) if state.answered => io.poll_write(cx, buf),
            _ => {
                // The server has sent the service's own head.
                state.answered = buf.ends_with(b"\r\n\r\n");
                Poll::Ready(Ok(buf.len()))
            }
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let state = &mut *self.0.lock();
        match &mut state.io {
            Some(io) if state.answered => io.poll_flush(cx),
            _ => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let state = &mut *self.0.lock();
        match &mut state.io {
            Some(io) if state.answered => io.poll_shutdown(cx),
            _ => Poll::Ready(Ok(())),
        }
    }
}
