//! Signs of life, by which a supervisor tells a server that is stuck from one that is busy.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Signs of life of a server: [`Config::pulse`](super::Config::pulse).
///
/// A server whose threads must not block [joins](Self::join) with each of them, and beats once in
/// every [`interval`](Self::interval), also while it idles. A server that may block does not join:
/// it says by when a step has to be over, where there is such a bound.
///
/// ```
/// use std::time::Duration;
/// use std::sync::Arc;
/// use rgi_core::server::Pulse;
///
/// let pulse = Arc::new(Pulse::new(Duration::from_secs(1)));
/// assert!(pulse.is_alive(), "nobody has joined");
/// let beat = pulse.join();
/// assert!(pulse.is_alive(), "who joins is alive");
/// assert!(!pulse.is_alive(), "nothing was heard since");
/// beat.beat();
/// assert!(pulse.is_alive());
/// drop(beat);
/// assert!(pulse.is_alive());
/// ```
pub struct Pulse {
    interval: Duration,
    began: Instant,
    joined: Mutex<Vec<Arc<AtomicBool>>>,
    /// When the step under way has to be over, in milliseconds since `began`; `u64::MAX`: never.
    due: AtomicU64,
}

impl Pulse {
    /// A pulse that is felt once in `interval`.
    pub fn new(interval: Duration) -> Pulse {
        Pulse {
            interval,
            began: Instant::now(),
            joined: Mutex::default(),
            due: AtomicU64::new(u64::MAX),
        }
    }

    /// How often each thread that has joined has to beat.
    pub fn interval(&self) -> Duration {
        self.interval
    }

    /// A thread, or a task, that beats from now on until its [`Beat`] is dropped.
    pub fn join(self: &Arc<Self>) -> Beat {
        let felt = Arc::new(AtomicBool::new(true));
        self.lock().push(felt.clone());
        Beat {
            felt,
            pulse: self.clone(),
        }
    }

    /// Whether all who have joined have beaten since this was asked last.
    pub fn is_alive(&self) -> bool {
        let mut all = true;
        for felt in &*self.lock() {
            all &= felt.swap(false, Ordering::Relaxed);
        }
        all
    }

    /// Says by when the step that is about to block has to be over, or that none is under way.
    pub fn set_due(&self, at: Option<Instant>) {
        let due = at.map_or(u64::MAX, |at| {
            let time = at.saturating_duration_since(self.began);
            u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
        });
        self.due.store(due, Ordering::Relaxed);
    }

    /// Whether the step under way should have been over for at least `slack`.
    pub fn is_overdue(&self, slack: Duration) -> bool {
        let now = self.began.elapsed().saturating_sub(slack);
        u64::try_from(now.as_millis()).unwrap_or(u64::MAX) > self.due.load(Ordering::Relaxed)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Arc<AtomicBool>>> {
        self.joined.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Pulse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pulse")
            .field("interval", &self.interval)
            .finish_non_exhaustive()
    }
}

/// One who has joined a [`Pulse`]; dropped, it leaves.
#[derive(Debug)]
pub struct Beat {
    felt: Arc<AtomicBool>,
    pulse: Arc<Pulse>,
}

impl Beat {
    /// Gives a sign of life.
    pub fn beat(&self) {
        self.felt.store(true, Ordering::Relaxed);
    }

    /// How often to.
    pub fn interval(&self) -> Duration {
        self.pulse.interval
    }
}

impl Drop for Beat {
    fn drop(&mut self) {
        self.pulse
            .lock()
            .retain(|felt| !Arc::ptr_eq(felt, &self.felt));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_silent_thread_is_enough() {
        let pulse = Arc::new(Pulse::new(Duration::from_secs(1)));
        let (one, other) = (pulse.join(), pulse.join());
        assert!(pulse.is_alive());
        one.beat();
        assert!(!pulse.is_alive());
        one.beat();
        other.beat();
        assert!(pulse.is_alive());
    }

    #[test]
    fn a_step_is_overdue_behind_its_time_and_the_slack() {
        let hour = Duration::from_secs(3600);
        let mut pulse = Pulse::new(Duration::from_secs(1));
        pulse.began = Instant::now().checked_sub(hour).unwrap();
        assert!(!pulse.is_overdue(Duration::ZERO));
        pulse.set_due(Some(pulse.began + hour / 2));
        assert!(pulse.is_overdue(Duration::ZERO));
        assert!(pulse.is_overdue(hour / 4));
        assert!(!pulse.is_overdue(hour));
        pulse.set_due(None);
        assert!(!pulse.is_overdue(Duration::ZERO));
    }
}
