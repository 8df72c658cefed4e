//! A worker, as it sees itself.

use std::io;
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use rgi_core::server::{Pulse, Stop};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::link::{Lifeline, Word};
use super::signals;

/// The worker that this process is.
#[derive(Clone, Debug)]
pub struct WorkerProcess {
    index: usize,
    /// Between two beats.
    interval: Duration,
    lifeline: Arc<Lifeline>,
    pulse: Arc<Pulse>,
    said: Arc<Said>,
}

/// What the master is to know, if it could not be told at once.
#[derive(Debug, Default)]
struct Said {
    ready: AtomicBool,
    retire: AtomicBool,
}

/// How long a worker without a master waits for open requests, and then for its own end.
const ORPHANED: Duration = Duration::from_millis(700);
const CUT: Duration = Duration::from_millis(500);
/// Beyond its time, before a request counts as stuck: what does not block answers by then.
const SLACK: Duration = Duration::from_secs(1);

impl WorkerProcess {
    pub(super) fn new(index: usize, lifeline: Lifeline, interval: Duration) -> WorkerProcess {
        WorkerProcess {
            index,
            lifeline: Arc::new(lifeline),
            interval,
            // So that a beat that is a little late is still one.
            pulse: Arc::new(Pulse::new(interval / 2)),
            said: Arc::default(),
        }
    }

    /// Which of the workers it is, from 0. A worker that replaces another has its number.
    pub fn index(&self) -> usize {
        self.index
    }

    /// For the server's [`Config`](rgi_core::server::Config): what the heartbeat is taken from.
    pub fn pulse(&self) -> Arc<Pulse> {
        self.pulse.clone()
    }

    /// Lets signals through. Those that came since the fork arrive now, so handlers come first.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn release_signals(&self) -> io::Result<()> {
        signals::release()
    }

    /// Says that the application is there and the server about to serve.
    pub fn ready(&self) {
        self.said.ready.store(true, Ordering::Relaxed);
        self.lifeline.say(Word::Ready);
    }

    /// Asks to be replaced: the order to stop comes when another worker has taken over.
    pub fn retire(&self) {
        self.said.retire.store(true, Ordering::Relaxed);
        self.lifeline.say(Word::Retire);
    }

    /// Starts the heart, a thread: it gives the server's signs of life to the master, and stops the
    /// server when there is no master any more. After little more than a second the process ends.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn watch(&self, stop: Stop) -> io::Result<()> {
        let worker = self.clone();
        let heart = thread::Builder::new().name("heart".to_owned());
        heart.spawn(move || {
            while !worker.is_orphan() {
                if worker.pulse.is_overdue(SLACK) {
                    worker.lifeline.say(Word::Stuck);
                } else if worker.pulse.is_alive() {
                    worker.beat();
                }
            }
            stop.graceful();
            thread::sleep(ORPHANED);
            stop.now();
            thread::sleep(CUT);
            process::exit(1);
        })?;
        Ok(())
    }

    /// Says how it is: a master that stood still may have missed what was said before.
    fn beat(&self) {
        self.lifeline
            .say(match self.said.ready.load(Ordering::Relaxed) {
                true => Word::Ready,
                false => Word::Beat,
            });
        if self.said.retire.load(Ordering::Relaxed) {
            self.lifeline.say(Word::Retire);
        }
    }

    /// Whether the master has gone within an interval.
    fn is_orphan(&self) -> bool {
        let mut fds = [PollFd::new(&*self.lifeline, PollFlags::IN)];
        let interval = Timespec::try_from(self.interval).ok();
        let _ = poll(&mut fds, interval.as_ref());
        self.lifeline.is_cut()
    }
}
