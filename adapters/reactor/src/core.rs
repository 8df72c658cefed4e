//! What all connections of a loop have in common.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use rgi_core::App;
use rgi_core::server::{Config, FieldSpan, Host, Level};
use rgi_http1::{Output, Stamp, Timeouts};
use rustix::time::{ClockId, Timespec, clock_gettime};

use crate::exclusive::Exclusive;
use crate::hall::Front;
use crate::job::Job;
use crate::pooled::Pooled;
use crate::socket::Socket;
use crate::watch::Watch;

/// Who calls the application, and how.
pub(crate) enum Model {
    /// This thread, with many exchanges at once, none of which blocks it.
    Loop,
    /// This thread, with one exchange at a time, which may block it.
    Exclusive(Exclusive),
    /// The threads of a pool. This one gathers for them, and sends what they leave.
    Front(Front),
    /// This thread, of a pool, for the connection that it was given.
    Pooled(Pooled),
}

pub(crate) struct Core<A: App> {
    pub(crate) app: A,
    pub(crate) config: Arc<Config>,
    pub(crate) host: Arc<Host>,
    pub(crate) timeouts: Timeouts,
    /// How long an idle connection is kept after the order to stop, for a request that is on its
    /// way already.
    pub(crate) stop_idle: Duration,
    pub(crate) stamp: Stamp,
    /// The clock of the day, and when it was read (milliseconds).
    day: (u64, SystemTime),
    /// Milliseconds since the loop began; read once a turn, and behind what may have blocked.
    pub(crate) now: u64,
    began: Instant,
    /// The same moment on the system's coarse clock, to a tick of it.
    coarse: Timespec,
    pub(crate) model: Model,
    /// Bytes that may wait for a slow client while the application is asked for more.
    pub(crate) room: u64,
    /// Told to stop, and since when.
    pub(crate) stopping: bool,
    pub(crate) stopped_at: u64,
    /// The one buffer that heads are read into.
    pub(crate) scratch: Vec<u8>,
    pub(crate) fields: Vec<FieldSpan>,
    // The boxes themselves move to connections and back.
    #[allow(clippy::vec_box)]
    outputs: Vec<Box<Output>>,
    jobs: Vec<Pin<Box<Job<A::Body>>>>,
}

/// Bytes read at a time while a head is waited for.
const SCRATCH: usize = 64 * 1024;
/// Boxes kept for use again.
const KEPT: usize = 256;

impl<A: App> Core<A> {
    pub(crate) fn new(
        app: A,
        config: Arc<Config>,
        host: Arc<Host>,
        model: Model,
        began: Instant,
    ) -> Core<A> {
        let coarse = clock_gettime(ClockId::MonotonicCoarse);
        let age = began.elapsed();
        Core {
            app,
            timeouts: Timeouts {
                keep_alive: config.keep_alive,
                head: config.header_timeout,
                body: config.body_timeout,
                write: config.write_timeout,
                ..Timeouts::default()
            },
            stop_idle: STOP_IDLE.min(config.graceful_timeout.unwrap_or(STOP_IDLE)),
            // As much as is gathered may wait, where somebody blocks for the rest.
            room: match model {
                Model::Loop => 0,
                Model::Exclusive(_) | Model::Front(_) | Model::Pooled(_) => {
                    config.buffer_body as u64
                }
            },
            config,
            host,
            stamp: Stamp::new(""),
            day: (age.as_millis() as u64, SystemTime::now()),
            now: 0,
            began,
            coarse: coarse - Timespec::try_from(age).unwrap_or_default(),
            model,
            stopping: false,
            stopped_at: 0,
            scratch: Vec::with_capacity(SCRATCH),
            fields: Vec::new(),
            outputs: Vec::new(),
            jobs: Vec::new(),
        }
    }

    pub(crate) fn log(&self, level: Level, message: fmt::Arguments<'_>) {
        self.host.log.log(level, message);
    }

    /// Reads the clock.
    pub(crate) fn tick(&mut self) {
        self.set_now(self.began.elapsed().as_millis() as u64);
    }

    /// Reads the clock as of the system's last tick: some milliseconds old, and had for a fraction of
    /// the cost. For what comes with each request.
    #[inline]
    fn glance(&mut self) {
        let now = clock_gettime(ClockId::MonotonicCoarse) - self.coarse;
        let ms = now.tv_sec * 1000 + now.tv_nsec / 1_000_000;
        self.set_now(u64::try_from(ms).unwrap_or(0));
    }

    /// Never back: the two clocks differ by a tick. That of the day is read once a second, and goes on
    /// by this one in between.
    #[inline]
    fn set_now(&mut self, now: u64) {
        if now > self.now {
            self.now = now;
            let (at, day) = &mut self.day;
            if now.saturating_sub(*at) >= 1000 {
                (*at, *day) = (now, SystemTime::now());
            }
            self.stamp.tick(*day + Duration::from_millis(now - *at));
        }
    }

    /// Reads the clock behind what may have blocked this thread.
    #[inline]
    pub(crate) fn tick_if_blocked(&mut self) {
        if self.watch().is_some() {
            self.glance();
        }
    }

    /// What looks after the exchange, where the application may block this thread.
    pub(crate) fn watch(&self) -> Option<&Watch> {
        match &self.model {
            Model::Loop | Model::Front(_) => None,
            Model::Exclusive(exclusive) => Some(&exclusive.watch),
            Model::Pooled(pooled) => Some(&pooled.watch),
        }
    }

    /// Has the next read of a head wait for it, on a thread of a pool.
    pub(crate) fn wait_for_head(&mut self) {
        if let Model::Pooled(pooled) = &mut self.model {
            pooled.waits = true;
        }
    }

    /// Reads what has come into the buffer, which is empty.
    #[inline]
    pub(crate) fn read(&mut self, socket: &Socket) -> io::Result<usize> {
        if let Model::Pooled(pooled) = &mut self.model
            && std::mem::take(&mut pooled.waits)
        {
            let read = socket.read_waiting(&mut self.scratch);
            self.stopping = pooled.stop.is_told();
            self.glance();
            return read;
        }
        socket.read(&mut self.scratch)
    }

    /// Who has its turn, where one exchange is under way at a time.
    pub(crate) fn exclusive(&mut self) -> Option<&mut Exclusive> {
        match &mut self.model {
            Model::Exclusive(exclusive) => Some(exclusive),
            _ => None,
        }
    }

    /// The moment that the loop's clock said so many milliseconds.
    pub(crate) fn at(&self, ms: u64) -> Instant {
        self.began + Duration::from_millis(ms)
    }

    pub(crate) fn take_output(&mut self) -> Box<Output> {
        self.outputs.pop().unwrap_or_default()
    }

    pub(crate) fn give_output(&mut self, output: Box<Output>) {
        if self.outputs.len() < KEPT {
            self.outputs.push(output);
        }
    }

    pub(crate) fn take_job(&mut self) -> Pin<Box<Job<A::Body>>> {
        self.jobs.pop().unwrap_or_else(Job::new)
    }

    pub(crate) fn give_job(&mut self, job: Pin<Box<Job<A::Body>>>) {
        if self.jobs.len() < KEPT {
            self.jobs.push(job);
        }
    }
}

/// A request that was sent before the client could know of the stop has arrived by then.
const STOP_IDLE: Duration = Duration::from_secs(1);
