//! The order to stop.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

/// Tells a server to stop. Clones are the same.
#[derive(Clone, Default)]
pub struct Stop(Arc<Told>);

#[derive(Default)]
struct Told {
    level: AtomicU8,
    listeners: Mutex<Vec<Listen>>,
    watchers: Mutex<Watchers>,
}

/// One for each [`Stopping`](crate::Stopping) that waits: as many as applications have responses
/// without an end.
#[derive(Default)]
struct Watchers {
    wakers: BTreeMap<u64, Waker>,
    last: u64,
}

type Listen = Arc<dyn Fn() + Send + Sync>;

impl Stop {
    /// Not stopped yet.
    pub fn new() -> Stop {
        Stop::default()
    }

    /// Take no more connections, let requests under way end (within the server's graceful
    /// timeout), then stop.
    pub fn graceful(&self) {
        self.raise(1);
    }

    /// Stop without waiting for anyone.
    pub fn now(&self) {
        self.raise(2);
    }

    fn raise(&self, level: u8) {
        if self.0.level.fetch_max(level, Ordering::SeqCst) < level {
            // Called without the lock: a listener may tell or listen in its turn.
            let listeners = self.listeners().clone();
            listeners.iter().for_each(|wake| wake());
            let wakers = std::mem::take(&mut self.watchers().wakers);
            wakers.into_values().for_each(Waker::wake);
        }
    }

    fn watchers(&self) -> MutexGuard<'_, Watchers> {
        let watchers = &self.0.watchers;
        watchers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn listeners(&self) -> MutexGuard<'_, Vec<Listen>> {
        let listeners = &self.0.listeners;
        listeners.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the server was told to stop at all.
    pub fn is_told(&self) -> bool {
        self.0.level.load(Ordering::SeqCst) > 0
    }

    /// Whether the server was told to stop without waiting.
    pub fn is_now(&self) -> bool {
        self.0.level.load(Ordering::SeqCst) > 1
    }

    /// Calls `wake` each time more is told, from the thread that tells; at once, if something was
    /// told already. It may be called once too often.
    pub fn on_change(&self, wake: impl Fn() + Send + Sync + 'static) {
        let wake: Listen = Arc::new(wake);
        self.listeners().push(wake.clone());
        // Looked at behind the push: what is told in between is told to someone.
        if self.is_told() {
            wake();
        }
    }

    /// Whether something was told; otherwise `waker` will be woken. `key` is the watcher's, given here
    /// the first time and taken back by [`unwatch`](Self::unwatch).
    pub(crate) fn watch(&self, key: &mut Option<u64>, waker: &Waker) -> bool {
        let mut watchers = self.watchers();
        // Looked at under the lock: whoever tells takes the wakers behind it.
        if self.is_told() {
            return true;
        }
        let key = *key.get_or_insert_with(|| {
            watchers.last += 1;
            watchers.last
        });
        let stale = match watchers.wakers.get(&key) {
            Some(known) if known.will_wake(waker) => None,
            _ => watchers.wakers.insert(key, waker.clone()),
        };
        drop(watchers);
        // A waker's drop is foreign code: not under the lock.
        drop(stale);
        false
    }

    pub(crate) fn unwatch(&self, key: u64) {
        let watcher = self.watchers().wakers.remove(&key);
        drop(watcher);
    }
}

impl fmt::Debug for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stop")
            .field("told", &self.is_told())
            .field("now", &self.is_now())
            .finish()
    }
}
