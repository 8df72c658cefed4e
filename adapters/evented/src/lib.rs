//! An RGI server on readiness loops: one thread a loop, no runtime.
#![forbid(unsafe_code)]

mod config;

use rgi_core::server::{Listener, Server, Stop};
use rgi_core::{App, Error, LocalLifespan};

pub use config::{Around, Config};

/// The server.
#[derive(Clone, Debug, Default)]
pub struct Evented {
    config: Config,
}

impl Evented {
    /// A server with these settings.
    pub fn new(config: Config) -> Evented {
        Evented { config }
    }
}

impl<L> Server<L> for Evented
where
    L: LocalLifespan + Send + Sync + 'static,
    L::App: 'static,
    <L::App as App>::Body: 'static,
{
    fn serve(self, _: L, _: Vec<Listener>, _: Stop) -> Result<(), Error> {
        Err(Error::misuse(format!("{:?}", self.config)))
    }
}
