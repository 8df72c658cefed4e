//! Switching a connection to another protocol.
//!
//! [`Offer`] -> [`Accepted`] -> [`Started::upgrade`](crate::Started::upgrade) -> [`Upgraded`]: each
//! is only to be had from the one before.

use std::future::poll_fn;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use http::HeaderValue;

use crate::rt;
use crate::server::Transport;

/// The client asked to switch, or sent CONNECT, and this server can. Taken with
/// [`Environ::take_offer`](crate::Environ::take_offer).
#[derive(Debug)]
pub struct Offer {
    protocols: Option<HeaderValue>,
}

impl Offer {
    pub(crate) fn new(protocols: Option<HeaderValue>) -> Offer {
        Offer { protocols }
    }

    /// The same once more, for who gets a request behind somebody else's answer was dropped.
    pub(crate) fn again(&self) -> Offer {
        Offer::new(self.protocols.clone())
    }

    /// The protocols the client names, in its order of preference. None for CONNECT.
    pub fn protocols(&self) -> impl Iterator<Item = &str> {
        let value = self
            .protocols
            .as_ref()
            .and_then(|v| v.to_str().ok())
            .unwrap_or("");
        value.split(',').map(str::trim).filter(|p| !p.is_empty())
    }

    /// Accepts one of the protocols (names are compared without case).
    ///
    /// # Errors
    ///
    /// Gives the offer back if the client did not name it, or `protocol` is no header value.
    pub fn accept(self, protocol: &str) -> Result<Accepted, Offer> {
        let named = self.protocols().any(|p| p.eq_ignore_ascii_case(protocol));
        match HeaderValue::try_from(protocol) {
            Ok(value) if named => Ok(Accepted {
                protocol: Some(value),
            }),
            _ => Err(self),
        }
    }

    /// Accepts a CONNECT.
    ///
    /// # Errors
    ///
    /// Gives the offer back if the request is no CONNECT.
    pub fn tunnel(self) -> Result<Accepted, Offer> {
        match self.protocols {
            None => Ok(Accepted { protocol: None }),
            Some(_) => Err(self),
        }
    }
}

/// A protocol that the client offered and the application chose.
#[derive(Debug)]
pub struct Accepted {
    protocol: Option<HeaderValue>,
}

impl Accepted {
    pub(crate) fn into_protocol(self) -> Option<HeaderValue> {
        self.protocol
    }
}

#[derive(Default)]
struct Handover {
    transport: Option<Box<dyn Transport + Send>>,
    waiting: Option<Waker>,
    abandoned: bool,
}

/// The demand for the connection, on its way from the body to the server.
#[derive(Debug)]
pub struct Upgrade(Arc<Mutex<Handover>>);

/// The body's end of the handover.
#[derive(Debug)]
pub(crate) struct Awaiting(Arc<Mutex<Handover>>);

impl std::fmt::Debug for Handover {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Handover")
            .field("arrived", &self.transport.is_some())
            .finish()
    }
}

impl Upgrade {
    pub(crate) fn pair() -> (Upgrade, Awaiting) {
        let handover = Arc::new(Mutex::new(Handover::default()));
        (Upgrade(handover.clone()), Awaiting(handover))
    }

    /// For servers: hands the connection over and wakes the body. Bytes that arrived behind the request come first
    /// out of `io`.
    pub fn fulfil(self, io: impl Transport + Send + 'static) {
        // The drop behind this wakes the body.
        lock(&self.0).transport = Some(Box::new(io));
    }
}

impl Drop for Upgrade {
    fn drop(&mut self) {
        let mut handover = lock(&self.0);
        handover.abandoned = true;
        let waiting = handover.waiting.take();
        // Wakers are foreign code: not under the lock.
        drop(handover);
        if let Some(waker) = waiting {
            waker.wake();
        }
    }
}

fn lock(handover: &Mutex<Handover>) -> MutexGuard<'_, Handover> {
    handover.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Awaiting {
    /// Waits for the connection; `None` if the server dropped the demand.
    pub(crate) fn poll(&self, cx: &mut Context<'_>) -> Poll<Option<Upgraded>> {
        let waker = cx.waker().clone();
        let mut handover = lock(&self.0);
        if let Some(io) = handover.transport.take() {
            return Poll::Ready(Some(Upgraded { io }));
        }
        if handover.abandoned {
            return Poll::Ready(None);
        }
        let stale = handover.waiting.replace(waker);
        drop(handover);
        drop(stale);
        Poll::Pending
    }
}

/// The connection after the switch: a duplex stream of bytes. Dropping it closes the connection.
pub struct Upgraded {
    io: Box<dyn Transport + Send>,
}

impl std::fmt::Debug for Upgraded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Upgraded")
    }
}

impl Upgraded {
    /// Reads some bytes; 0 at the peer's end.
    ///
    /// # Errors
    ///
    /// What the transport says.
    pub async fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        poll_fn(|cx| self.poll_read(cx, buf)).await
    }

    /// Writes all bytes.
    ///
    /// # Errors
    ///
    /// What the transport says; `WriteZero` if it takes no more.
    pub async fn write_all(&mut self, mut buf: &[u8]) -> io::Result<()> {
        while !buf.is_empty() {
            match poll_fn(|cx| self.poll_write(cx, buf)).await? {
                0 => return Err(io::ErrorKind::WriteZero.into()),
                n => buf = &buf[n..],
            }
        }
        poll_fn(|cx| self.io.poll_flush(cx)).await
    }

    /// Ends the writing side; reading goes on.
    ///
    /// # Errors
    ///
    /// What the transport says.
    pub async fn shutdown(&mut self) -> io::Result<()> {
        poll_fn(|cx| self.io.poll_close(cx)).await
    }

    /// Polls for bytes, as [`read`](Self::read).
    pub fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        self.io.poll_read(cx, buf)
    }

    /// Polls to write some bytes.
    pub fn poll_write(&mut self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.io.poll_write(cx, buf)
    }

    /// Polls to hand on what was written, as [`write_all`](Self::write_all) does behind it.
    pub fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.io.poll_flush(cx)
    }

    /// Polls to end the writing side, as [`shutdown`](Self::shutdown).
    pub fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.io.poll_close(cx)
    }

    /// A blocking face, for code that wants `Read + Write`. On a thread that may not wait its
    /// methods give `WouldBlock`, naming the lift.
    pub fn blocking(&mut self) -> BlockingIo<'_> {
        BlockingIo(self)
    }
}

/// [`Upgraded`] as `Read + Write`.
#[derive(Debug)]
pub struct BlockingIo<'a>(&'a mut Upgraded);

impl io::Read for BlockingIo<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        rt::wait(|cx| self.0.poll_read(cx, buf))?
    }
}

impl io::Write for BlockingIo<'_> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        rt::wait(|cx| self.0.poll_write(cx, buf))?
    }

    fn flush(&mut self) -> io::Result<()> {
        rt::wait(|cx| self.0.io.poll_flush(cx))?
    }
}
