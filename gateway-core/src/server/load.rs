//! How much a server has to do.

use super::PoolState;

/// Where a server is asked how much it has to do: [`Host::gauge`](super::Host::gauge).
pub trait Gauge: Send + Sync {
    /// How much it has to do now. Called on the thread that serves whoever asks: it must not wait.
    fn load(&self) -> Load;
}

/// How much a server has to do in this process, all of its workers together:
/// [`Environ::load`](crate::Environ::load).
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// Connections that were accepted and are not closed: the idle ones, and those that wait, too.
    pub connections: usize,
    /// The threads that call the application, of a server that has a pool of them.
    pub threads: Option<PoolState>,
}
