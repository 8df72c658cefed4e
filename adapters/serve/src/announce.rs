//! The application of a run on its way to the server: what is put around it, and who is told that it
//! is there.

use std::sync::atomic::{AtomicUsize, Ordering};

use rgi_core::{Error, LocalLifespan, Middleware, Worker};
use rgi_middleware::AccessLog;
use rgi_middleware::access_log::AccessLogApp;

use crate::access::AccessFile;
use crate::quota::{Counted, Quota};
use crate::watched::{Watch, Watched};

/// A lifespan that tells when the last of the workers has started. Before that, the application may
/// still refuse to, and then the server takes no connection.
///
/// Its applications are under lint and their requests logged where the settings say so, and counted
/// where there is a quota.
pub(crate) struct Announced<L> {
    inner: L,
    workers: usize,
    started: AtomicUsize,
    watch: Watch,
    access: Option<AccessLog<AccessFile>>,
    quota: Option<Quota>,
    ready: Ready,
}

/// Called when all have started.
pub(crate) type Ready = Box<dyn Fn() + Send + Sync>;

impl<L> Announced<L> {
    /// `workers` is how many the server will start, at least one.
    pub(crate) fn new(
        inner: L,
        workers: usize,
        watch: Watch,
        access: Option<AccessLog<AccessFile>>,
        quota: Option<Quota>,
        ready: Ready,
    ) -> Announced<L> {
        Announced {
            inner,
            workers,
            started: AtomicUsize::new(0),
            watch,
            access,
            quota,
            ready,
        }
    }
}

impl<L: LocalLifespan> LocalLifespan for Announced<L> {
    type App = AccessLogApp<Watched<Counted<L::App>>, AccessFile>;

    async fn startup(&self, worker: &Worker) -> Result<Self::App, Error> {
        let app = self.inner.startup(worker).await?;
        let started = self.started.fetch_add(1, Ordering::Relaxed) + 1;
        if started == self.workers {
            (self.ready)();
        }
        let app = self.watch.over(Counted::new(app, self.quota.clone()));
        Ok(match &self.access {
            Some(log) => log.wrap(app),
            None => AccessLogApp::off(app),
        })
    }

    async fn shutdown(&self, app: &Self::App) {
        self.inner.shutdown(app.inner().app().app()).await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rgi_core::server::ServerInfo;
    use rgi_core::{Environ, Full, IntoLifespan, StartResponse, StatusCode, app_fn, rt};

    use super::*;

    fn empty(_: Environ, start_response: StartResponse) -> Full {
        start_response.start(StatusCode::NO_CONTENT).empty()
    }

    /// Starts these workers of two, of which `refusing` does not start, and says after each how
    /// often it was told.
    fn told_after(indices: [usize; 2], refusing: Option<usize>) -> [usize; 2] {
        let factory = move |worker: &Worker| match refusing {
            Some(index) if index == worker.index => Err(Error::new("no")),
            _ => Ok(app_fn(empty)),
        };
        let told = Arc::new(AtomicUsize::new(0));
        let teller = told.clone();
        let announced = Announced::new(
            factory.into_lifespan(),
            2,
            Watch::new(false),
            None,
            None,
            Box::new(move || {
                teller.fetch_add(1, Ordering::Relaxed);
            }),
        );
        indices.map(|index| {
            let worker = Worker::new(ServerInfo::default(), index);
            let started = rt::block_on(announced.startup(&worker));
            assert_eq!(started.is_err(), refusing == Some(index));
            told.load(Ordering::Relaxed)
        })
    }

    #[test]
    fn the_last_worker_to_start_is_announced() {
        assert_eq!(told_after([0, 1], None), [0, 1]);
        assert_eq!(told_after([1, 0], None), [0, 1]);
    }

    #[test]
    fn nothing_is_announced_when_a_worker_refuses() {
        assert_eq!(told_after([0, 1], Some(1)), [0, 0]);
        assert_eq!(told_after([1, 0], Some(1)), [0, 0]);
    }
}
