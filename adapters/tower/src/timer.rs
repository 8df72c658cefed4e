//! A clock for services whose program gives none: one thread of the process, started when first
//! waited on.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Instant;

use rgi_core::server::Timer;

#[derive(Debug)]
pub(crate) struct ThreadTimer;

impl Timer for ThreadTimer {
    fn sleep_until(&self, at: Instant) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(Sleep { at, key: None })
    }
}

#[derive(Default)]
struct Queue {
    waiting: BTreeMap<(Instant, u64), Waker>,
    last: u64,
}

#[derive(Default)]
struct Clock {
    queue: Mutex<Queue>,
    earlier: Condvar,
}

impl Clock {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes whoever is due, for as long as the process lives.
    fn run(&self) {
        let mut queue = self.lock();
        loop {
            let now = Instant::now();
            let next = queue.waiting.first_key_value().map(|(key, _)| *key);
            match next {
                Some(key) if key.0 <= now => {
                    let waker = queue.waiting.remove(&key);
                    // A waker is foreign code: not under the lock.
                    drop(queue);
                    if let Some(waker) = waker {
                        waker.wake();
                    }
                    queue = self.lock();
                }
                Some(key) => {
                    let wait = self.earlier.wait_timeout(queue, key.0 - now);
                    queue = wait.unwrap_or_else(PoisonError::into_inner).0;
                }
                None => {
                    let wait = self.earlier.wait(queue);
                    queue = wait.unwrap_or_else(PoisonError::into_inner);
                }
            }
        }
    }
}

fn clock() -> &'static Arc<Clock> {
    static CLOCK: OnceLock<Arc<Clock>> = OnceLock::new();
    CLOCK.get_or_init(|| {
        let clock = Arc::new(Clock::default());
        let running = clock.clone();
        let builder = thread::Builder::new().name("rgi-tower timer".to_owned());
        // Without a thread nobody is woken; the system has no room for one then.
        let _ = builder.spawn(move || running.run());
        clock
    })
}

struct Sleep {
    at: Instant,
    key: Option<(Instant, u64)>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if Instant::now() >= self.at {
            return Poll::Ready(());
        }
        let clock = clock();
        let mut queue = clock.lock();
        let key = self.key.unwrap_or_else(|| {
            queue.last += 1;
            (self.at, queue.last)
        });
        self.key = Some(key);
        let stale = queue.waiting.insert(key, cx.waker().clone());
        drop(queue);
        drop(stale);
        clock.earlier.notify_one();
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(key) = self.key {
            let stale = clock().lock().waiting.remove(&key);
            drop(stale);
        }
    }
}
