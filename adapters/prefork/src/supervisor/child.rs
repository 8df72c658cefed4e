//! A worker, as the master sees it.

use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::link::Link;

#[derive(Debug)]
pub(super) struct Child {
    pub(super) pid: Pid,
    pub(super) link: Link,
    pub(super) generation: u64,
    pub(super) index: usize,
    pub(super) born: Instant,
    pub(super) state: State,
    /// When it was heard last.
    pub(super) heard: Instant,
    /// It has closed its end.
    pub(super) hung_up: bool,
    /// Why it is to be replaced, if it is.
    pub(super) retires: Option<&'static str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Its application is being made.
    Booting,
    Ready,
    /// Told to stop; killed at this time, if there is one.
    Stopping(Option<Instant>),
    /// Killed; it has yet to be seen dead.
    Killed,
}

impl Child {
    pub(super) fn is_ready(&self) -> bool {
        self.state == State::Ready
    }

    /// Whether nobody has told it to end.
    pub(super) fn is_wanted(&self) -> bool {
        matches!(self.state, State::Booting | State::Ready)
    }

    /// Lets it end what it has begun, up to a time.
    pub(super) fn stop(&mut self, patience: Option<Duration>, now: Instant) {
        if self.is_wanted() {
            self.state = State::Stopping(patience.map(|time| now + time));
            let _ = kill(self.pid, Signal::SIGTERM);
        }
    }

    /// Has it end now, but for the little time it takes to say so.
    pub(super) fn stop_now(&mut self, patience: Duration, now: Instant) {
        if self.state != State::Killed {
            self.state = State::Stopping(Some(now + patience));
            let _ = kill(self.pid, Signal::SIGQUIT);
        }
    }

    pub(super) fn kill(&mut self) {
        self.state = State::Killed;
        let _ = kill(self.pid, Signal::SIGKILL);
    }
}
