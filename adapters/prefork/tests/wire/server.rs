//! The server that the tests run on.

use rgi_core::server::{Config, Listener, Server, Stop};
use rgi_core::{Error, LocalLifespan};
use rgi_prefork::Prefork;

/// What the server's facts begin with.
pub(crate) const NAME: &str = "rgi-prefork/";
/// Whether hyper reads and writes the protocol, with ways of its own.
pub(crate) const HYPER: bool = false;
/// Whether several threads call an application, also in settings of one.
pub(crate) const MULTITHREAD: bool = false;
/// Whether each thread that does so has one exchange under way at a time, and may block.
pub(crate) const SERIAL: bool = true;

pub(crate) fn serve<L: LocalLifespan>(
    config: Config,
    lifespan: L,
    listeners: Vec<Listener>,
    stop: Stop,
) -> Result<(), Error> {
    Prefork::new(config).serve(lifespan, listeners, stop)
}
