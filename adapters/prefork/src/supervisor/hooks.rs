//! What a program adds to the life of its workers.

use std::fmt;

/// Called at turns of the workers' lives. Each does nothing unless written.
pub trait Hooks {
    /// In the master, before a worker is forked: the place to open what all share. Threads must not
    /// be started here.
    fn pre_fork(&self, worker: usize) {
        let _ = worker;
    }

    /// In the new worker, before its application is made.
    fn post_fork(&self, worker: usize) {
        let _ = worker;
    }

    /// In the master, when a worker has ended.
    fn worker_exit(&self, worker: usize, pid: u32, end: WorkerEnd) {
        let _ = (worker, pid, end);
    }
}

/// No hooks.
impl Hooks for () {}

/// How a worker ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkerEnd {
    /// With this exit code.
    Exited(i32),
    /// By this signal.
    Killed(i32),
}

impl fmt::Display for WorkerEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WorkerEnd::Exited(code) => write!(f, "exit code {code}"),
            WorkerEnd::Killed(signal) => match nix::sys::signal::Signal::try_from(*signal) {
                Ok(name) => write!(f, "{name}"),
                Err(_) => write!(f, "signal {signal}"),
            },
        }
    }
}
