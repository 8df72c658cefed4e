//! Says that a server serves, once it does.

use std::sync::{Arc, Once};

use rgi_core::server::{Level, Log};
use rgi_core::{Error, LocalLifespan, Worker};

/// A lifespan that writes lines into the log after the first worker has started. Before that, the
/// application may still refuse to.
pub(crate) struct Announced<L> {
    inner: L,
    lines: Vec<String>,
    once: Once,
    log: Arc<dyn Log>,
}

impl<L> Announced<L> {
    pub(crate) fn new(inner: L, lines: Vec<String>, log: Arc<dyn Log>) -> Announced<L> {
        Announced {
            inner,
            lines,
            once: Once::new(),
            log,
        }
    }
}

impl<L: LocalLifespan> LocalLifespan for Announced<L> {
    type App = L::App;

    async fn startup(&self, worker: &Worker) -> Result<L::App, Error> {
        let app = self.inner.startup(worker).await?;
        self.once.call_once(|| {
            for line in &self.lines {
                self.log.log(Level::Info, format_args!("{line}"));
            }
        });
        Ok(app)
    }

    async fn shutdown(&self, app: &L::App) {
        self.inner.shutdown(app).await;
    }
}
