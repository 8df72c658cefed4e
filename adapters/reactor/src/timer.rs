//! The loop's clock, for applications: `environ.timer()`.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use rgi_core::server::Timer;

use crate::notify::{ATTEND, Notify};

/// Sleeps by their time. The loop looks at the first before each wait.
#[derive(Clone, Debug)]
pub(crate) struct Clock(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    notify: Arc<Notify>,
    sleepers: Mutex<Sleepers>,
}

#[derive(Debug, Default)]
struct Sleepers {
    last: u64,
    by_time: BTreeMap<(Instant, u64), Waker>,
}

impl Clock {
    pub(crate) fn new(notify: Arc<Notify>) -> Clock {
        Clock(Arc::new(Shared {
            notify,
            sleepers: Mutex::default(),
        }))
    }

    fn lock(&self) -> MutexGuard<'_, Sleepers> {
        self.0
            .sleepers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// When the first sleep ends.
    pub(crate) fn first(&self) -> Option<Instant> {
        self.lock()
            .by_time
            .first_key_value()
            .map(|((at, _), _)| *at)
    }

    /// Wakes the sleeps that are over. Says whether there were any.
    pub(crate) fn wake(&self, now: Instant) -> bool {
        let mut sleepers = self.lock();
        if sleepers
            .by_time
            .first_key_value()
            .is_none_or(|((at, _), _)| *at > now)
        {
            return false;
        }
        let later = sleepers.by_time.split_off(&(now, u64::MAX));
        let due = std::mem::replace(&mut sleepers.by_time, later);
        drop(sleepers);
        due.into_values().for_each(Waker::wake);
        true
    }
}

impl Timer for Clock {
    fn sleep_until(&self, at: Instant) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(Sleep {
            clock: self.clone(),
            at,
            key: None,
        })
    }
}

struct Sleep {
    clock: Clock,
    at: Instant,
    key: Option<u64>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if Instant::now() >= self.at {
            return Poll::Ready(());
        }
        let clock = self.clock.clone();
        let mut sleepers = clock.lock();
        let key = *self.key.get_or_insert_with(|| {
            sleepers.last += 1;
            sleepers.last
        });
        let place = (self.at, key);
        // A waker's drop is foreign code: not under the lock.
        let stale = sleepers.by_time.insert(place, cx.waker().clone());
        let first = sleepers
            .by_time
            .first_key_value()
            .is_some_and(|(first, _)| *first == place);
        drop(sleepers);
        drop(stale);
        // A loop that waits already would wait too long.
        if first && !clock.0.notify.is_here() {
            clock.0.notify.push(ATTEND);
        }
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(key) = self.key {
            let _waker = self.clock.lock().by_time.remove(&(self.at, key));
        }
    }
}
