//! Signals to the master, as events.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use nix::sys::signal::{SigSet, SigmaskHow, Signal, sigprocmask};
use nix::sys::signalfd::{SfdFlags, SignalFd};

/// What the master hears.
const HEARD: [Signal; 9] = [
    Signal::SIGTERM,
    Signal::SIGINT,
    Signal::SIGQUIT,
    Signal::SIGHUP,
    Signal::SIGTTIN,
    Signal::SIGTTOU,
    Signal::SIGUSR1,
    Signal::SIGUSR2,
    Signal::SIGCHLD,
];

/// A signal that has come.
#[derive(Clone, Copy, Debug)]
pub(super) struct Heard {
    pub(super) signal: Signal,
    /// The process that has sent it.
    pub(super) sender: u32,
}

/// The signals, held back from this process and read off a descriptor instead: no handler runs, and
/// none is lost between two looks. Process 1, which the system spares what it does not ask for,
/// hears them, too.
#[derive(Debug)]
pub(super) struct Signals(SignalFd);

impl Signals {
    pub(super) fn hold() -> io::Result<Signals> {
        let heard = heard();
        sigprocmask(SigmaskHow::SIG_BLOCK, Some(&heard), None)?;
        let flags = SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC;
        Ok(Signals(SignalFd::with_flags(&heard, flags)?))
    }

    /// The next that has come.
    pub(super) fn next(&mut self) -> Option<Heard> {
        let info = self.0.read_signal().ok().flatten()?;
        Some(Heard {
            signal: Signal::try_from(i32::try_from(info.ssi_signo).ok()?).ok()?,
            sender: info.ssi_pid,
        })
    }
}

impl AsFd for Signals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Lets the signals through again, in a worker: those that came meanwhile arrive now.
pub(super) fn release() -> io::Result<()> {
    Ok(sigprocmask(SigmaskHow::SIG_UNBLOCK, Some(&heard()), None)?)
}

fn heard() -> SigSet {
    HEARD.into_iter().collect()
}
