//! What servers implement.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_core::Stream;
use http::{HeaderMap, StatusCode};

use crate::Error;

/// Runs a worker's thread inside a context of the embedding program's, such as an async runtime's:
/// calls what it is given, once.
pub type Around = Arc<dyn Fn(&mut dyn FnMut()) + Send + Sync>;

/// Where an input's blocks come from.
pub trait InputSource: Stream<Item = Result<Bytes, Error>> {
    /// The trailer fields; asked for once, at the end.
    fn trailers(self: Pin<&mut Self>) -> Option<Box<HeaderMap>> {
        None
    }
}

/// Sends interim responses.
pub trait Informer: Send + Sync {
    /// Writes, queues (a few) or drops one. Must not wait.
    fn inform(&self, status: StatusCode, headers: &HeaderMap);
}

/// A server's clock.
pub trait Timer: Send + Sync {
    /// A future that is done at `at`.
    fn sleep_until(&self, at: Instant) -> Pin<Box<dyn Future<Output = ()> + Send>>;
}

/// A server's bounded pool of threads for blocking steps.
pub trait Offload: Send + Sync {
    /// Queues the first step of an exchange. `false` refuses it: the queue is full.
    fn start(&self, work: Arc<dyn Work>) -> bool;

    /// Queues a further step. Never refuses: an exchange has one step outstanding, so the open
    /// exchanges bound the queue.
    fn resume(&self, work: Arc<dyn Work>);

    /// Bytes of a request's body that are gathered before a thread is bound to it.
    fn buffer_body(&self) -> u64;

    /// How long a first step may wait for a free thread. `None`: for ever.
    fn queue_timeout(&self) -> Option<Duration>;

    /// How busy it is now. `None`: it does not say.
    fn state(&self) -> Option<PoolState> {
        None
    }
}

/// How busy a pool is: [`Environ::pool`](crate::Environ::pool).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PoolState {
    /// Threads that it may have.
    pub most: usize,
    /// Threads that it has.
    pub threads: usize,
    /// Of these, the ones without work.
    pub idle: usize,
    /// Steps that no thread has taken yet.
    pub waiting: usize,
}

/// A step to run on a pool.
pub trait Work: Send + Sync {
    /// Runs it. Does not panic.
    fn run(self: Arc<Self>);
}

/// A duplex stream of bytes. A blocking server's methods are always ready.
pub trait Transport {
    /// Reads some bytes; 0 at the peer's end.
    fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>>;

    /// Writes some bytes.
    fn poll_write(&mut self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>>;

    /// Hands on what was written.
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Ends the writing side.
    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;
}
