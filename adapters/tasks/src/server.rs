//! What all connections of a server have in common.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use rgi_core::server::{Config, Level, Stop};

use crate::census::Census;
use crate::clock::Clock;

/// How long an idle connection is kept after the order to stop, for a request that is on its way.
const STOP_IDLE: Duration = Duration::from_secs(1);

/// Its settings, its time, its connections, and what it was told.
pub struct Server {
    /// The settings.
    pub config: Config,
    /// The time of the runtime that serves.
    pub clock: Clock,
    /// The connections that are open.
    pub census: Arc<Census>,
    stopping: AtomicBool,
    stopped_at: AtomicU64,
    over: AtomicBool,
}

/// What the server was told of its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Told {
    /// To go on.
    #[default]
    Nothing,
    /// To end what is under way, and stop.
    Stop,
    /// To stop.
    StopNow,
}

impl Told {
    /// What `stop` says now.
    pub fn by(stop: &Stop) -> Told {
        match (stop.is_told(), stop.is_now()) {
            (_, true) => Told::StopNow,
            (true, false) => Told::Stop,
            (false, false) => Told::Nothing,
        }
    }

    /// Whether it is to stop at all.
    pub fn is_told(self) -> bool {
        self >= Told::Stop
    }
}

impl Server {
    /// A server that was told nothing yet.
    pub fn new(config: Config, clock: Clock, census: Arc<Census>) -> Arc<Server> {
        Arc::new(Server {
            config,
            clock,
            census,
            stopping: AtomicBool::new(false),
            stopped_at: AtomicU64::new(0),
            over: AtomicBool::new(false),
        })
    }

    /// Takes in the order to stop: connections close as soon as nothing is under way.
    pub fn stop(&self) {
        if !self.is_stopping() {
            self.stopped_at.store(self.clock.now(), Ordering::Relaxed);
            self.stopping.store(true, Ordering::Release);
        }
        self.census.wake();
    }

    /// Cuts what is still open.
    pub fn cut(&self) {
        self.over.store(true, Ordering::Release);
        self.census.wake();
    }

    /// Whether it was told to stop.
    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }

    /// Whether what is open is cut.
    pub fn is_over(&self) -> bool {
        self.over.load(Ordering::Acquire)
    }

    /// When a connection that is idle since `since` (milliseconds) has been so for too long.
    pub fn idle_until(&self, since: u64) -> Option<u64> {
        if !self.is_stopping() {
            return after(since, self.config.keep_alive);
        }
        // Before the stop nobody was told that idleness is over.
        let since = since.max(self.stopped_at.load(Ordering::Relaxed));
        let graceful = self.config.graceful_timeout.unwrap_or(STOP_IDLE);
        after(since, Some(STOP_IDLE.min(graceful)))
    }

    /// A line for the log.
    pub fn log(&self, level: Level, text: std::fmt::Arguments<'_>) {
        self.config.log.log(level, text);
    }
}

/// `since` and a time, in milliseconds.
pub(crate) fn after(since: u64, time: Option<Duration>) -> Option<u64> {
    time.map(|time| since.saturating_add(crate::clock::ms(time)))
}
