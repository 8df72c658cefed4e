//! Says that a server serves, once it does; and puts the application under lint.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rgi_core::server::{Level, Log};
use rgi_core::{Error, LocalLifespan, Worker};

use crate::watched::{Watch, Watched};

/// A lifespan that writes lines into the log when the last of the workers has started. Before that,
/// the application may still refuse to, and then the server takes no connection.
///
/// Its applications are under lint where the settings say so.
pub(crate) struct Announced<L> {
    inner: L,
    workers: usize,
    started: AtomicUsize,
    lines: Vec<String>,
    watch: Watch,
    log: Arc<dyn Log>,
}

impl<L> Announced<L> {
    /// `workers` is how many the server will start, at least one.
    pub(crate) fn new(
        inner: L,
        workers: usize,
        lines: Vec<String>,
        watch: Watch,
        log: Arc<dyn Log>,
    ) -> Announced<L> {
        Announced {
            inner,
            workers,
            started: AtomicUsize::new(0),
            lines,
            watch,
            log,
        }
    }
}

impl<L: LocalLifespan> LocalLifespan for Announced<L> {
    type App = Watched<L::App>;

    async fn startup(&self, worker: &Worker) -> Result<Self::App, Error> {
        let app = self.inner.startup(worker).await?;
        let started = self.started.fetch_add(1, Ordering::Relaxed) + 1;
        if started == self.workers {
            for line in &self.lines {
                self.log.log(Level::Info, format_args!("{line}"));
            }
        }
        Ok(self.watch.over(app))
    }

    async fn shutdown(&self, app: &Self::App) {
        self.inner.shutdown(app.app()).await;
    }
}

#[cfg(test)]
mod tests {
    use std::fmt;
    use std::sync::Mutex;

    use rgi_core::server::ServerInfo;
    use rgi_core::{Environ, Full, IntoLifespan, StartResponse, StatusCode, app_fn, rt};

    use super::*;

    #[derive(Default)]
    struct Kept(Mutex<Vec<String>>);

    impl Log for Kept {
        fn log(&self, _: Level, message: fmt::Arguments<'_>) {
            self.0.lock().unwrap().push(message.to_string());
        }
    }

    fn empty(_: Environ, start_response: StartResponse) -> Full {
        start_response.start(StatusCode::NO_CONTENT).empty()
    }

    /// Starts these workers of two, of which `refusing` does not start, and counts the lines in the
    /// log after each.
    fn lines_after(indices: [usize; 2], refusing: Option<usize>) -> [usize; 2] {
        let log = Arc::new(Kept::default());
        let factory = move |worker: &Worker| match refusing {
            Some(index) if index == worker.index => Err(Error::new("no")),
            _ => Ok(app_fn(empty)),
        };
        let lines = vec!["serving here".to_owned(), "serving there".to_owned()];
        let announced = Announced::new(
            factory.into_lifespan(),
            2,
            lines,
            Watch::new(false),
            log.clone(),
        );
        indices.map(|index| {
            let worker = Worker::new(ServerInfo::default(), index);
            let started = rt::block_on(announced.startup(&worker));
            assert_eq!(started.is_err(), refusing == Some(index));
            log.0.lock().unwrap().len()
        })
    }

    #[test]
    fn the_last_worker_to_start_announces() {
        assert_eq!(lines_after([0, 1], None), [0, 2]);
        assert_eq!(lines_after([1, 0], None), [0, 2]);
    }

    #[test]
    fn nothing_is_announced_when_a_worker_refuses() {
        assert_eq!(lines_after([0, 1], Some(1)), [0, 0]);
        assert_eq!(lines_after([1, 0], Some(1)), [0, 0]);
    }
}
