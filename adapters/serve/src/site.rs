//! What a program brings with it, wherever its server runs: in this process or in a worker.

use rgi_core::Error;
use rgi_core::server::{Config, Listener, Stop};

use crate::announce::{Announced, Ready};
use crate::config::config;
use crate::logs::Logs;
use crate::quota::Quota;
#[cfg(feature = "tokio")]
use crate::runtime::Beside;
use crate::settings::Settings;
use crate::source::Source;
use crate::watched::Watch;

pub(crate) struct Site {
    pub(crate) vars: Vec<(String, String)>,
    #[cfg(feature = "tokio")]
    pub(crate) tokio: bool,
}

/// The application and all that serving it takes, once.
pub(crate) struct Worker<L> {
    pub(crate) lifespan: L,
    pub(crate) listeners: Vec<Listener>,
    pub(crate) stop: Stop,
    pub(crate) quota: Option<Quota>,
    pub(crate) ready: Ready,
}

impl Site {
    /// Serves until `stop` says so.
    pub(crate) fn work<L>(
        self,
        settings: &Settings,
        source: &Source<L>,
        worker: Worker<L>,
        logs: &Logs,
        with: impl FnOnce(Config) -> Config,
    ) -> Result<(), Error> {
        let server = source.server(settings);
        let config = with(config(settings, self.vars, logs.log()));
        #[cfg(feature = "tokio")]
        let beside = if self.tokio {
            Beside::start(server.kind)?
        } else {
            Beside::default()
        };
        #[cfg(feature = "tokio")]
        let config = beside.around(config);
        let lifespan = Announced::new(
            worker.lifespan,
            server.workers(settings.threads),
            Watch::new(settings.lint),
            logs.access(),
            worker.quota,
            worker.ready,
        );
        server.serve(config, lifespan, worker.listeners, worker.stop)
    }
}
