//! The server that the tests run on.

use rgi_core::server::{Config, Listener, Server, Stop};
use rgi_core::{App, Error, LocalLifespan};
use rgi_coroutine::Coroutine;

/// What the server's facts begin with.
pub(crate) const NAME: &str = "rgi-coroutine/";
/// Whether hyper reads and writes the protocol, with ways of its own.
pub(crate) const HYPER: bool = true;
/// Whether several threads call an application, also in settings of one.
pub(crate) const MULTITHREAD: bool = true;
/// Whether each thread that does so has one exchange under way at a time, and may block.
pub(crate) const SERIAL: bool = false;

pub(crate) fn serve<L>(
    config: Config,
    lifespan: L,
    listeners: Vec<Listener>,
    stop: Stop,
) -> Result<(), Error>
where
    L: LocalLifespan + Send + Sync + 'static,
    L::App: Send + Sync + 'static,
    <L::App as App>::Body: Send + 'static,
{
    Coroutine::new(config).serve(lifespan, listeners, stop)
}
