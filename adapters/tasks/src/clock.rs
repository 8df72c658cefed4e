//! Time: tokio's clock for applications, milliseconds for connections.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use pin_project_lite::pin_project;
use rgi_core::server::Timer;
use rustix::time::{ClockId, Timespec, clock_gettime};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio::time::{self, Sleep};

/// tokio's clock, for threads of tokio's and others.
#[derive(Clone, Debug)]
pub struct Clock {
    handle: Handle,
    began: Instant,
    /// The same moment on the coarse clock.
    coarse: Timespec,
}

impl Clock {
    /// Of the runtime that `handle` stands for.
    pub fn new(handle: Handle) -> Clock {
        Clock {
            handle,
            coarse: clock_gettime(ClockId::MonotonicCoarse),
            began: Instant::now(),
        }
    }

    /// Milliseconds since the server began, as of the system's last tick: some milliseconds old, and
    /// much cheaper to be had. For what is noted with each request.
    pub fn tick(&self) -> u64 {
        let now = clock_gettime(ClockId::MonotonicCoarse);
        let seconds = now.tv_sec - self.coarse.tv_sec;
        let ms = seconds * 1000 + (now.tv_nsec - self.coarse.tv_nsec) / 1_000_000;
        u64::try_from(ms).unwrap_or(0).saturating_add(1)
    }

    /// Milliseconds since the server began, from 1: 0 stands for never.
    pub fn now(&self) -> u64 {
        ms(self.began.elapsed()).saturating_add(1)
    }

    fn at(&self, ms: u64) -> time::Instant {
        (self.began + Duration::from_millis(ms)).into()
    }

    /// Runs something on a task of its own.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        drop(self.handle.spawn(task));
    }

    /// Runs something that may block, on one of tokio's threads for that.
    pub fn spawn_blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> JoinHandle<T> {
        self.handle.spawn_blocking(work)
    }

    /// Waits for something until a moment, in milliseconds.
    pub async fn until<T>(&self, ms: u64, done: impl Future<Output = T>) -> Option<T> {
        time::timeout_at(self.at(ms), done).await.ok()
    }

    /// A sleep, also where tokio's context is not entered.
    pub fn sleep(&self, time: Duration) -> Sleep {
        let _entered = self.handle.enter();
        time::sleep(time)
    }
}

impl Timer for Clock {
    fn sleep_until(&self, at: Instant) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let _entered = self.handle.enter();
        Box::pin(time::sleep_until(at.into()))
    }
}

/// Milliseconds, at least one.
pub(crate) fn ms(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX).max(1)
}

pin_project! {
    /// Comes up when a deadline is over that may move while it waits.
    ///
    /// One timer, which is touched only where the deadline comes nearer: moving it further away,
    /// which every request does, costs nothing.
    #[derive(Debug)]
    pub struct Alarm {
        #[pin]
        sleep: Option<Sleep>,
        // When the timer goes off; the deadline may lie behind it, never before.
        set: u64,
    }
}

/// What is further away is not yet worth a thought: half a day.
const FAR: u64 = 12 * 60 * 60 * 1000;

impl Default for Alarm {
    fn default() -> Alarm {
        Alarm::new()
    }
}

impl Alarm {
    /// One that is set to no time yet.
    pub fn new() -> Alarm {
        Alarm {
            sleep: None,
            set: u64::MAX,
        }
    }

    /// Ready when `deadline` (milliseconds of the clock's) is over. Must be polled after each move
    /// of the deadline, and by one task.
    pub fn poll(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        clock: &Clock,
        deadline: Option<u64>,
    ) -> Poll<()> {
        let Some(deadline) = deadline else {
            return Poll::Pending;
        };
        let mut this = self.project();
        loop {
            if *this.set > deadline {
                let set = deadline.min(clock.now().saturating_add(FAR));
                match this.sleep.as_mut().as_pin_mut() {
                    Some(sleep) => sleep.reset(clock.at(set)),
                    None => this.sleep.set(Some(time::sleep_until(clock.at(set)))),
                }
                *this.set = set;
            } else if !this
                .sleep
                .as_ref()
                .as_pin_ref()
                .is_some_and(|sleep| sleep.is_elapsed())
            {
                // It knows this task's waker.
                return Poll::Pending;
            }
            if let Some(sleep) = this.sleep.as_mut().as_pin_mut() {
                ready!(sleep.poll(cx));
            }
            *this.set = u64::MAX;
            if clock.now() > deadline {
                return Poll::Ready(());
            }
        }
    }
}
