//! The master of worker processes: its side of the contract with a program.
//!
//! The master binds nothing and serves nobody. It forks workers, each of which makes the application and
//! runs a server on the same listening sockets; it watches them, replaces those that die, and has
//! them follow each other without a gap:
//!
//! ```text
//!             forked            application made
//!   (wanted) --------> Booting ------------------> Ready
//!                         |                          |  order to stop, reload, recycling,
//!                         | dies: the generation     |  one too many
//!                         | has failed               v
//!                         +----> (replaced)       Stopping ----> gone, or killed
//! ```
//!
//! A *generation* is the workers of one plan. A reload makes a new plan and starts its workers
//! beside the old ones; when all are ready the old ones are told to stop, and if one does not get
//! that far the old ones go on. Recycling is the same for a single worker.
//!
//! The workers of a generation are numbered from 0, below how many are wanted. One that replaces
//! another has its number, whatever the reason: until the old one has ended there are two of it.
//!
//! The master has one thread for life, so forking is safe at any time, and holds no lock, no
//! runtime and nothing of the application's.
//!
//! # Signals
//!
//! TERM: stop, and let workers end what they have begun. INT, QUIT, or any of the three once more:
//! stop at once. HUP: reload. TTIN, TTOU: one worker more, one fewer. USR1: open log files anew.
//! USR2: start a successor, the program's file as it is now, on the same sockets.

mod backoff;
mod child;
mod fork;
mod hooks;
mod identity;
mod link;
mod master;
mod memory;
mod pid_file;
mod places;
mod signals;
mod successor;
mod worker;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rgi_core::server::Log;

pub use self::hooks::{Hooks, WorkerEnd};
pub use self::identity::Identity;
pub use self::successor::{Inheritance, Succession};
pub use self::worker::WorkerProcess;

/// What a master runs.
pub trait Program {
    /// All that one generation of workers is made from.
    type Plan;

    /// Runs a worker: serves until a signal says to stop, and gives the exit code. Called in the
    /// worker, which ends with it; the application is made here.
    ///
    /// Signals are held back until [`WorkerProcess::release_signals`]: TERM is the order to stop
    /// gracefully, INT and QUIT that to stop at once.
    fn work(&mut self, plan: &Self::Plan, worker: &WorkerProcess) -> u8;

    /// What the supervisor has to know of a plan.
    fn options(&self, plan: &Self::Plan) -> Options;

    /// Makes a plan anew for a reload, from the one in force.
    ///
    /// # Errors
    ///
    /// One line that says why the one in force has to go on.
    fn reload(&mut self, plan: &Self::Plan) -> Result<Self::Plan, String>;

    /// Opens the log files of a plan anew. Workers are told by USR1.
    fn reopen_logs(&mut self, plan: &Self::Plan);

    /// The program's command and the sockets of a plan, for a successor.
    ///
    /// # Errors
    ///
    /// One line that says why there can be none.
    fn succession(&mut self, plan: &Self::Plan) -> Result<Succession, String>;

    /// Takes note of what has become of the server.
    fn tell(&mut self, plan: &Self::Plan, news: News);

    /// How often [`News::Alive`] is wanted, if at all.
    fn watchdog(&self) -> Option<Duration> {
        None
    }
}

/// What a master tells its program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum News {
    /// All workers are ready: at the start, and at the end of a reload, whether the plan is a new
    /// one or still the old.
    Ready,
    /// A reload has begun.
    Reloading,
    /// The server is being stopped.
    Stopping,
    /// A successor has taken over the sockets, their files included; this process stops.
    Succeeded,
    /// The master is alive.
    Alive,
}

/// What is set of the supervisor itself.
#[non_exhaustive]
#[derive(Clone, Debug)]
pub struct Options {
    /// Workers; at least one.
    pub processes: usize,
    /// How long a worker that is told to stop may take.
    pub graceful_timeout: Option<Duration>,
    /// How long a worker may give no sign of life before it is killed.
    pub worker_timeout: Option<Duration>,
    /// How old a worker gets before it is replaced.
    pub max_lifetime: Option<Duration>,
    /// Bytes a worker may have resident before it is replaced.
    pub max_memory: Option<u64>,
    /// Whom workers run as.
    pub identity: Identity,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            processes: 1,
            graceful_timeout: Some(Duration::from_secs(30)),
            worker_timeout: Some(Duration::from_secs(30)),
            max_lifetime: None,
            max_memory: None,
            identity: Identity::default(),
        }
    }
}

/// How a master's run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It was told to stop, and all workers are gone.
    Stopped,
    /// A worker of the first generation did not start; the log has said why.
    NotStarted,
}

/// The supervisor: a master and its settings.
///
/// ```no_run
/// use rgi_prefork::{News, Options, Program, Succession, Supervisor, WorkerProcess};
///
/// struct Naps;
///
/// impl Program for Naps {
///     type Plan = Options;
///
///     fn work(&mut self, _: &Options, worker: &WorkerProcess) -> u8 {
///         worker.ready();
///         // TERM ends a worker that has no handler for it.
///         let _ = worker.release_signals();
///         loop {
///             std::thread::park();
///         }
///     }
///
///     fn options(&self, plan: &Options) -> Options {
///         plan.clone()
///     }
///
///     fn reload(&mut self, plan: &Options) -> Result<Options, String> {
///         Ok(plan.clone())
///     }
///
///     fn reopen_logs(&mut self, _: &Options) {}
///
///     fn succession(&mut self, _: &Options) -> Result<Succession, String> {
///         Err("naps have no successor".to_owned())
///     }
///
///     fn tell(&mut self, _: &Options, news: News) {
///         println!("{news:?}");
///     }
/// }
///
/// Supervisor::default().run(&mut Naps, Options::default())?;
/// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// ```
pub struct Supervisor {
    log: Arc<dyn Log>,
    hooks: Box<dyn Hooks>,
    pid_file: Option<PathBuf>,
    predecessor: Option<u32>,
}

impl Supervisor {
    /// One that writes into this log.
    pub fn new(log: Arc<dyn Log>) -> Supervisor {
        Supervisor {
            log,
            hooks: Box::new(()),
            pid_file: None,
            predecessor: None,
        }
    }

    /// Has these called at turns of the workers' lives.
    #[must_use]
    pub fn hooks(mut self, hooks: Box<dyn Hooks>) -> Supervisor {
        self.hooks = hooks;
        self
    }

    /// Keeps the master's process id in a file while it lives.
    #[must_use]
    pub fn pid_file(mut self, path: Option<PathBuf>) -> Supervisor {
        self.pid_file = path;
        self
    }

    /// Has this process follow another, which is told to stop when the workers are ready.
    #[must_use]
    pub fn predecessor(mut self, pid: Option<u32>) -> Supervisor {
        self.predecessor = pid;
        self
    }

    /// Runs until a signal ends it.
    ///
    /// # Errors
    ///
    /// If this process has more threads than one, the pid file cannot be written, or the system
    /// gives no process at the start.
    pub fn run<P: Program>(self, program: &mut P, plan: P::Plan) -> Result<Ended, rgi_core::Error> {
        master::Master::new(self, program, plan)?.run()
    }
}

impl Default for Supervisor {
    fn default() -> Supervisor {
        Supervisor::new(Arc::new(rgi_core::server::Stderr))
    }
}

impl fmt::Debug for Supervisor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Supervisor")
            .field("pid_file", &self.pid_file)
            .finish_non_exhaustive()
    }
}
