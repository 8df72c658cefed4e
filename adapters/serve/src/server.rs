//! The servers of this build, and how each is started.

use rgi_core::server::{Config, Listener, Server, Stop};
use rgi_core::{App, Error, LocalLifespan};

use crate::settings::ServerKind;

/// A server that can run the applications of `L`.
pub(crate) struct Offered<L> {
    pub(crate) kind: ServerKind,
    /// What the log calls one of its threads, where there may be several.
    thread: Option<&'static str>,
    /// How many workers, each with an application, it starts with so many threads.
    workers: fn(usize) -> usize,
    start: fn(Config, L, Vec<Listener>, Stop) -> Result<(), Error>,
}

impl<L> Offered<L>
where
    L: LocalLifespan + Send + Sync + 'static,
    L::App: 'static,
    <L::App as App>::Body: 'static,
{
    /// The servers that keep an application on its thread, the preferred one first.
    pub(crate) const LOCAL: &'static [Offered<L>] = &[
        #[cfg(feature = "evented")]
        Self::EVENTED,
        #[cfg(feature = "prefork")]
        Self::PREFORK,
        #[cfg(feature = "actix")]
        Self::ACTIX,
    ];

    #[cfg(feature = "actix")]
    const ACTIX: Offered<L> = Offered {
        kind: ServerKind::Actix,
        thread: Some("worker"),
        workers: |threads| threads,
        start: |config, lifespan, listeners, stop| {
            rgi_actix::Actix::new(config).serve(lifespan, listeners, stop)
        },
    };

    #[cfg(feature = "evented")]
    const EVENTED: Offered<L> = Offered {
        kind: ServerKind::Evented,
        thread: Some("loop"),
        workers: |threads| threads,
        start: |config, lifespan, listeners, stop| {
            rgi_evented::Evented::new(config).serve(lifespan, listeners, stop)
        },
    };

    #[cfg(feature = "prefork")]
    const PREFORK: Offered<L> = Offered {
        kind: ServerKind::Prefork,
        thread: None,
        workers: |_| 1,
        start: |config, lifespan, listeners, stop| {
            rgi_prefork::Prefork::new(config).serve(lifespan, listeners, stop)
        },
    };
}

impl<L> Offered<L>
where
    L: LocalLifespan + Send + Sync + 'static,
    L::App: Send + Sync + 'static,
    <L::App as App>::Body: Send + 'static,
{
    /// Every server of this build, the preferred one first.
    pub(crate) const ALL: &'static [Offered<L>] = &[
        #[cfg(feature = "coroutine")]
        Self::COROUTINE,
        #[cfg(feature = "evented")]
        Self::EVENTED,
        #[cfg(feature = "threaded")]
        Self::THREADED,
        #[cfg(feature = "prefork")]
        Self::PREFORK,
        #[cfg(feature = "actix")]
        Self::ACTIX,
    ];

    #[cfg(feature = "threaded")]
    const THREADED: Offered<L> = Offered {
        kind: ServerKind::Threaded,
        thread: Some("thread"),
        workers: |_| 1,
        start: |config, lifespan, listeners, stop| {
            rgi_threaded::Threaded::new(config).serve(lifespan, listeners, stop)
        },
    };

    #[cfg(feature = "coroutine")]
    const COROUTINE: Offered<L> = Offered {
        kind: ServerKind::Coroutine,
        thread: Some("thread"),
        workers: |_| 1,
        start: |config, lifespan, listeners, stop| {
            rgi_coroutine::Coroutine::new(config).serve(lifespan, listeners, stop)
        },
    };
}

impl<L> Offered<L> {
    /// The server, its processes and threads, for the log: "evented, 2 processes of 1 loop".
    pub(crate) fn model(&self, processes: usize, threads: usize) -> String {
        let many = |number: usize, one: &str, more: &str| match number {
            1 => format!("1 {one}"),
            _ => format!("{number} {one}{more}"),
        };
        let processes = (processes > 0).then(|| many(processes, "process", "es"));
        let threads = self.thread.map(|thread| many(threads, thread, "s"));
        let numbers: Vec<_> = processes.into_iter().chain(threads).collect();
        match &*numbers {
            [] => self.kind.to_string(),
            numbers => format!("{}, {}", self.kind, numbers.join(" of ")),
        }
    }

    /// How many workers it starts.
    pub(crate) fn workers(&self, threads: usize) -> usize {
        (self.workers)(threads)
    }

    /// Serves until `stop` says so.
    pub(crate) fn serve(
        &self,
        config: Config,
        lifespan: L,
        listeners: Vec<Listener>,
        stop: Stop,
    ) -> Result<(), Error> {
        (self.start)(config, lifespan, listeners, stop)
    }
}

#[cfg(test)]
mod tests {
    use rgi_core::{Environ, Full, IntoLifespan, StartResponse, StatusCode, app_fn};

    use super::*;

    fn empty(_: Environ, start_response: StartResponse) -> Full {
        start_response.start(StatusCode::NO_CONTENT).empty()
    }

    fn models<M, T: IntoLifespan<M>>(
        _: T,
        offered: &[Offered<T::Lifespan>],
    ) -> Vec<(ServerKind, String, usize)> {
        let model = |it: &Offered<_>| (it.kind, it.model(0, 2), it.workers(2));
        offered.iter().map(model).collect()
    }

    #[test]
    fn every_server_is_offered_the_preferred_one_first() {
        let expected = [
            #[cfg(feature = "coroutine")]
            (ServerKind::Coroutine, "coroutine, 2 threads".to_owned(), 1),
            #[cfg(feature = "evented")]
            (ServerKind::Evented, "evented, 2 loops".to_owned(), 2),
            #[cfg(feature = "threaded")]
            (ServerKind::Threaded, "threaded, 2 threads".to_owned(), 1),
            #[cfg(feature = "prefork")]
            (ServerKind::Prefork, "prefork".to_owned(), 1),
            #[cfg(feature = "actix")]
            (ServerKind::Actix, "actix, 2 workers".to_owned(), 2),
        ];
        let models = models(app_fn(empty), Offered::ALL);
        assert_eq!(models, expected);
        let kinds: Vec<_> = models.into_iter().map(|(kind, ..)| kind).collect();
        assert_eq!(kinds, ServerKind::COMPILED);
    }

    #[test]
    fn those_that_keep_an_application_are_some_of_them() {
        let mut all = models(app_fn(empty), Offered::ALL);
        let local = models(app_fn(empty), Offered::LOCAL);
        all.retain(|model| local.contains(model));
        assert_eq!(all, local);
    }
}
