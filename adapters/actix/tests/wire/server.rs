//! The server that the tests run on.

use rgi_actix::Actix;
use rgi_core::server::{Config, Listener, Server, Stop};
use rgi_core::{App, Error, LocalLifespan};

/// What the server's facts begin with.
pub(crate) const NAME: &str = "rgi-actix/";
/// Whether the engine of others reads and writes the protocol, with ways of its own.
pub(crate) const HYPER: bool = true;
/// Whether several threads call an application, also in settings of one.
pub(crate) const MULTITHREAD: bool = true;
/// Whether it has one exchange under way at a time.
pub(crate) const SERIAL: bool = false;

pub(crate) fn serve<L>(
    config: Config,
    lifespan: L,
    listeners: Vec<Listener>,
    stop: Stop,
) -> Result<(), Error>
where
    L: LocalLifespan + Send + Sync + 'static,
    L::App: 'static,
    <L::App as App>::Body: 'static,
{
    Actix::new(config).serve(lifespan, listeners, stop)
}
