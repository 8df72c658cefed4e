//! Waiting on a thread: for servers that block, for blocking faces, and for tests.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::io;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Instant;

use crate::server;

thread_local! {
    static MAY_PARK: Cell<bool> = const { Cell::new(true) };
    static PARKER: Waker = Waker::from(Arc::new(Unpark(thread::current())));
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.unpark();
    }
}

/// Runs `f` and says for that time whether this thread may wait: a server's loop may not, a pool's
/// thread may. Threads that no server speaks for may.
pub fn parking<T>(may: bool, f: impl FnOnce() -> T) -> T {
    struct Restore(bool);
    impl Drop for Restore {
        fn drop(&mut self) {
            MAY_PARK.with(|cell| cell.set(self.0));
        }
    }
    let _restore = Restore(MAY_PARK.with(|cell| cell.replace(may)));
    f()
}

/// Whether this thread may wait.
pub fn may_park() -> bool {
    MAY_PARK.with(Cell::get)
}

/// Polls until ready, parking the thread in between.
///
/// # Errors
///
/// `WouldBlock` where the thread may not wait.
pub fn wait<T>(mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>) -> io::Result<T> {
    PARKER.with(|waker| {
        let mut cx = Context::from_waker(waker);
        loop {
            match poll(&mut cx) {
                Poll::Ready(value) => return Ok(value),
                Poll::Pending if may_park() => thread::park(),
                Poll::Pending => {
                    return Err(io::Error::new(
                        io::ErrorKind::WouldBlock,
                        "this thread serves other requests and may not wait: \
                         lift the function with `rgi_core::blocking`, or use the async methods",
                    ));
                }
            }
        }
    })
}

/// Runs a future on this thread until it is done.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    PARKER.with(|waker| {
        let mut cx = Context::from_waker(waker);
        loop {
            match future.as_mut().poll(&mut cx) {
                Poll::Ready(value) => return value,
                Poll::Pending => thread::park(),
            }
        }
    })
}

/// The clock of one thread: sleeps end while that thread is in [`block_on`](Self::block_on).
///
/// What a blocking server gives out as `environ.timer()`.
#[derive(Clone, Debug, Default)]
pub struct ThreadClock(Arc<Mutex<Sleepers>>);

#[derive(Debug, Default)]
struct Sleepers {
    next: u64,
    by_time: BTreeMap<(Instant, u64), Waker>,
}

impl ThreadClock {
    /// A clock for this thread.
    pub fn new() -> ThreadClock {
        ThreadClock::default()
    }

    /// Runs a future on this thread until it is done, ending its sleeps on time.
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        let mut future = pin!(future);
        PARKER.with(|waker| {
            let mut cx = Context::from_waker(waker);
            loop {
                if let Poll::Ready(value) = future.as_mut().poll(&mut cx) {
                    return value;
                }
                match self.wake_due() {
                    None => thread::park(),
                    Some(next) => {
                        thread::park_timeout(next.saturating_duration_since(Instant::now()))
                    }
                }
            }
        })
    }

    /// Wakes the sleeps that are over; gives the time of the next.
    fn wake_due(&self) -> Option<Instant> {
        let mut sleepers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (&(first, _), _) = sleepers.by_time.first_key_value()?;
        let now = Instant::now();
        if first > now {
            return Some(first);
        }
        let later = sleepers.by_time.split_off(&(now, u64::MAX));
        let due = std::mem::replace(&mut sleepers.by_time, later);
        drop(sleepers);
        due.into_values().for_each(Waker::wake);
        Some(now)
    }
}

impl server::Timer for ThreadClock {
    fn sleep_until(&self, at: Instant) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(ThreadSleep {
            clock: self.clone(),
            at,
            key: None,
        })
    }
}

struct ThreadSleep {
    clock: ThreadClock,
    at: Instant,
    key: Option<u64>,
}

impl Future for ThreadSleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if Instant::now() >= self.at {
            return Poll::Ready(());
        }
        let clock = self.clock.clone();
        let mut sleepers = clock.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = match self.key {
            Some(key) => key,
            None => {
                sleepers.next += 1;
                sleepers.next
            }
        };
        self.key = Some(key);
        sleepers.by_time.insert((self.at, key), cx.waker().clone());
        Poll::Pending
    }
}

impl Drop for ThreadSleep {
    fn drop(&mut self) {
        if let Some(key) = self.key {
            let mut sleepers = self.clock.0.lock().unwrap_or_else(PoisonError::into_inner);
            sleepers.by_time.remove(&(self.at, key));
        }
    }
}
