//! What all connections of a server have in common.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use rgi_core::server::{Config, Host, Level, Stop};

use crate::census::Census;
use crate::clock::Clock;

/// How long an idle connection is kept after the order to stop, for a request that is on its way.
const STOP_IDLE: Duration = Duration::from_secs(1);

pub(crate) struct Server {
    pub(crate) config: Config,
    pub(crate) clock: Clock,
    /// What exchanges are told, by protocol: their facts differ.
    pub(crate) http1: Arc<Host>,
    pub(crate) http2: Arc<Host>,
    pub(crate) census: Arc<Census>,
    stopping: AtomicBool,
    stopped_at: AtomicU64,
    over: AtomicBool,
}

/// What the server was told of its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Told {
    #[default]
    Nothing,
    Stop,
    StopNow,
}

impl Told {
    pub(crate) fn by(stop: &Stop) -> Told {
        match (stop.is_told(), stop.is_now()) {
            (_, true) => Told::StopNow,
            (true, false) => Told::Stop,
            (false, false) => Told::Nothing,
        }
    }

    pub(crate) fn is_told(self) -> bool {
        self >= Told::Stop
    }
}

impl Server {
    pub(crate) fn new(
        config: Config,
        clock: Clock,
        http1: Arc<Host>,
        http2: Arc<Host>,
    ) -> Arc<Server> {
        Arc::new(Server {
            census: Census::new(config.max_connections),
            config,
            clock,
            http1,
            http2,
            stopping: AtomicBool::new(false),
            stopped_at: AtomicU64::new(0),
            over: AtomicBool::new(false),
        })
    }

    /// Takes in the order to stop: connections close as soon as nothing is under way.
    pub(crate) fn stop(&self) {
        if !self.is_stopping() {
            self.stopped_at.store(self.clock.now(), Ordering::Relaxed);
            self.stopping.store(true, Ordering::Release);
        }
        self.census.wake();
    }

    /// Cuts what is still open.
    pub(crate) fn cut(&self) {
        self.over.store(true, Ordering::Release);
        self.census.wake();
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }

    pub(crate) fn is_over(&self) -> bool {
        self.over.load(Ordering::Acquire)
    }

    /// When a connection that is idle since `since` (milliseconds) has been so for too long.
    pub(crate) fn idle_until(&self, since: u64) -> Option<u64> {
        if !self.is_stopping() {
            return after(since, self.config.keep_alive);
        }
        // Before the stop nobody was told that idleness is over.
        let since = since.max(self.stopped_at.load(Ordering::Relaxed));
        let graceful = self.config.graceful_timeout.unwrap_or(STOP_IDLE);
        after(since, Some(STOP_IDLE.min(graceful)))
    }

    pub(crate) fn log(&self, level: Level, text: std::fmt::Arguments<'_>) {
        self.config.log.log(level, text);
    }
}

/// `since` and a time, in milliseconds.
pub(crate) fn after(since: u64, time: Option<Duration>) -> Option<u64> {
    time.map(|time| since.saturating_add(crate::clock::ms(time)))
}
