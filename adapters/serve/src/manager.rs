//! What a service manager is told, if there is one: the protocol of sd_notify(3).

use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use std::{env, io, process};

use rgi_core::server::Pulse;
use sd_notify::NotifyState;

/// It serves.
pub(crate) fn ready() {
    // A successor is another process than the manager has started.
    tell(&[NotifyState::Ready, NotifyState::MainPid(process::id())]);
}

/// It is about to serve by new settings; [`ready`] follows.
pub(crate) fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(_) => tell(&[NotifyState::Reloading]),
    }
}

/// It is about to end.
pub(crate) fn stopping() {
    tell(&[NotifyState::Stopping]);
}

/// It is alive.
pub(crate) fn alive() {
    tell(&[NotifyState::Watchdog]);
}

/// How often the manager is to be told that this process is alive: twice in the time after which it
/// would give it up.
pub(crate) fn watchdog() -> Option<Duration> {
    let number = |name| env::var(name).ok()?.parse::<u64>().ok();
    let time = number("WATCHDOG_USEC").filter(|time| *time > 0)?;
    let is_meant = number("WATCHDOG_PID").is_none_or(|pid| pid == u64::from(process::id()));
    is_meant.then(|| Duration::from_micros(time / 2))
}

/// Tells the manager that the server is alive, on a thread of its own, until it is dropped.
pub(crate) struct Watchdog(Option<(Arc<Pulse>, mpsc::Sender<()>, JoinHandle<()>)>);

impl Watchdog {
    /// Starts it, if the manager asks for it.
    pub(crate) fn start() -> io::Result<Watchdog> {
        let Some(time) = watchdog() else {
            return Ok(Watchdog(None));
        };
        let pulse = Arc::new(Pulse::new(time / 2));
        let felt = pulse.clone();
        let (until, dropped) = mpsc::channel::<()>();
        let thread = thread::Builder::new().name("watchdog".to_owned());
        let thread = thread.spawn(move || {
            while dropped.recv_timeout(time) == Err(RecvTimeoutError::Timeout) {
                if felt.is_alive() {
                    alive();
                }
            }
        })?;
        Ok(Watchdog(Some((pulse, until, thread))))
    }

    /// Where the server gives its signs of life.
    pub(crate) fn pulse(&self) -> Option<Arc<Pulse>> {
        self.0.as_ref().map(|(pulse, ..)| pulse.clone())
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        if let Some((_, until, thread)) = self.0.take() {
            drop(until);
            let _ = thread.join();
        }
    }
}

/// A manager that cannot be told is none of the server's business.
fn tell(states: &[NotifyState<'_>]) {
    let _ = sd_notify::notify(states);
}
