//! From the settings to a server that runs.

use std::sync::Arc;

use rgi_core::server::{Listener, Log, Server, Stop};
use rgi_core::{App, Error, LocalLifespan};

use crate::settings::{ServerKind, Settings};

/// What a server is told, whichever it is.
pub(crate) struct Deployment<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) vars: Vec<(String, String)>,
    pub(crate) log: Arc<dyn Log>,
    #[cfg(feature = "tokio")]
    pub(crate) tokio: bool,
}

impl Deployment<'_> {
    /// Serves on the server that the settings name.
    pub(crate) fn serve<L>(
        self,
        lifespan: L,
        listeners: Vec<Listener>,
        stop: Stop,
    ) -> Result<(), Error>
    where
        L: LocalLifespan + Send + Sync + 'static,
        L::App: 'static,
        <L::App as App>::Body: 'static,
    {
        match self.settings.server {
            #[cfg(feature = "evented")]
            ServerKind::Evented => self.evented(lifespan, listeners, stop),
        }
    }

    #[cfg(feature = "evented")]
    fn evented<L>(self, lifespan: L, listeners: Vec<Listener>, stop: Stop) -> Result<(), Error>
    where
        L: LocalLifespan + Send + Sync + 'static,
        L::App: 'static,
        <L::App as App>::Body: 'static,
    {
        let settings = self.settings;
        let mut config = rgi_evented::Config::default();
        config.threads = settings.threads;
        config.blocking_threads = settings.blocking_threads;
        config.queue_timeout = settings.queue_timeout;
        config.max_connections = settings.max_connections;
        config.header_timeout = settings.header_timeout;
        config.body_timeout = settings.body_timeout;
        config.write_timeout = settings.write_timeout;
        config.keep_alive = settings.keep_alive;
        config.request_timeout = settings.request_timeout;
        config.graceful_timeout = settings.graceful_timeout;
        config.buffer_body = settings.buffer_body;
        config.limits.target = settings.max_target;
        config.limits.head = settings.max_head;
        config.limits.headers = settings.max_headers;
        config.limits.body = settings.max_body.unwrap_or(0);
        config.script_name.clone_from(&settings.script_name);
        config.vars = self.vars;
        config.log = self.log;
        #[cfg(feature = "tokio")]
        let runtime = self.tokio.then(crate::runtime::start).transpose()?;
        #[cfg(feature = "tokio")]
        {
            config.around = runtime.as_ref().map(crate::runtime::around);
        }
        let served = rgi_evented::Evented::new(config).serve(lifespan, listeners, stop);
        #[cfg(feature = "tokio")]
        if let Some(runtime) = runtime {
            runtime.shutdown_background();
        }
        served
    }
}

/// The server and its workers, for the log: "evented, 2 loops".
pub(crate) fn model(settings: &Settings) -> String {
    let unit = match settings.server {
        #[cfg(feature = "evented")]
        ServerKind::Evented => "loop",
    };
    let plural = if settings.threads == 1 { "" } else { "s" };
    format!("{}, {} {unit}{plural}", settings.server, settings.threads)
}
