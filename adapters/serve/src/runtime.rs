//! A tokio runtime beside a server that has none.

use std::io;
use std::sync::Arc;

use rgi_core::server::Config;
use tokio::runtime::{Builder, Runtime};

use crate::settings::ServerKind;

/// A runtime, or none. One thread drives its sockets and timers, and runs what is spawned. Dropped,
/// it does not wait for what still runs.
#[derive(Default)]
pub(crate) struct Beside(Option<Runtime>);

impl Beside {
    /// Starts a runtime beside `server`; none if that is on tokio itself.
    pub(crate) fn start(server: ServerKind) -> io::Result<Beside> {
        let is_on_tokio = match server {
            #[cfg(feature = "coroutine")]
            ServerKind::Coroutine => true,
            #[cfg(feature = "evented")]
            ServerKind::Evented => false,
            #[cfg(feature = "threaded")]
            ServerKind::Threaded => false,
            #[cfg(feature = "prefork")]
            ServerKind::Prefork => false,
            #[cfg(feature = "actix")]
            ServerKind::Actix => true,
        };
        if is_on_tokio {
            return Ok(Beside(None));
        }
        let mut builder = Builder::new_multi_thread();
        builder.worker_threads(1).thread_name("tokio").enable_all();
        Ok(Beside(Some(builder.build()?)))
    }

    /// Has the runtime entered around each thread's work, so that tokio's functions find it there.
    pub(crate) fn around(&self, mut config: Config) -> Config {
        if let Some(runtime) = &self.0 {
            let handle = runtime.handle().clone();
            config.around = Some(Arc::new(move |work: &mut dyn FnMut()| {
                let _entered = handle.enter();
                work();
            }));
        }
        config
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
