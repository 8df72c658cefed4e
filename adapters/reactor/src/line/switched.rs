//! A connection that was handed over.

use std::io;
use std::net::Shutdown;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use bytes::Buf;
use rgi_core::Error;
use rgi_core::server::Transport;

use super::{FAIR, Line, State};
use crate::socket::Socket;

/// The connection after a switch of protocols.
#[derive(Debug)]
pub(crate) struct Switched {
    line: Arc<Line>,
    /// Reads and writes since others had their turn.
    steps: u32,
}

impl Switched {
    pub(super) fn new(line: Arc<Line>) -> Switched {
        Switched { line, steps: 0 }
    }

    /// What a read or write on the socket came to; who has to wait is put into `place`.
    fn settle<T>(
        &mut self,
        cx: &mut Context<'_>,
        place: fn(&mut State) -> &mut Option<Waker>,
        act: impl FnOnce(&mut State, &Socket) -> io::Result<T>,
    ) -> Poll<io::Result<T>> {
        self.steps += 1;
        if self.steps > FAIR && self.line.notify().is_here() {
            self.steps = 0;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let stale;
        let mut state = self.line.lock();
        match act(&mut state, &self.line.socket) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.steps = 0;
                stale = place(&mut state).replace(cx.waker().clone());
                drop(state);
                if stale.is_none() {
                    self.line.on_wait();
                }
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
