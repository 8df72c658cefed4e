//! `rgi-conformance replay`: a corpus of raw HTTP/1.1 connections against a running server.
//!
//! Each [`Case`] is sent in several [`Way`]s, each time on a connection of its own; what comes back
//! is judged, and then a clean `GET /` on a new connection must be answered 200, so that a server
//! that a bad request has damaged is caught.

mod corpus;
mod options;
mod progress;
mod report;
mod scan;
mod trial;
mod verdict;
mod ways;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

pub use corpus::{Case, Expect};
pub use trial::Trial;
pub use ways::Way;

use crate::{Endpoint, Error, Exit};
use options::Parsed;

/// Runs the subcommand with what is left of the command line.
pub(crate) fn command(parser: lexopt::Parser) -> Result<Exit, Error> {
    let options = match options::parse(parser)? {
        Parsed::Help => {
            crate::exit::print(options::HELP);
            return Ok(Exit::Passed);
        }
        Parsed::Options(options) => options,
    };
    let cases = options.select(Case::load(&options.file)?)?;
    let replay = options.replay(cases);
    let progress = progress::Progress::over(replay.cases.len() * replay.ways.len());
    let result = replay.run(|trial| progress.count(trial));
    progress.end();
    if !result.trials.is_empty() {
        crate::exit::print(&report::render(&replay, &result.trials, options.verbose));
    }
    if let Some(error) = result.stopped {
        return Err(error);
    }
    match result.trials.iter().all(Trial::passed) {
        true => Ok(Exit::Passed),
        false => Ok(Exit::Failed),
    }
}

/// What to send, where to, and how.
#[derive(Debug)]
pub struct Replay {
    endpoint: Endpoint,
    cases: Vec<Case>,
    ways: Vec<Way>,
    seed: u64,
    timeout: Duration,
    jobs: usize,
}

/// What came of a [`Replay`].
#[derive(Debug)]
pub struct Replayed {
    /// The trials that were made, way by way, in the order of the cases.
    pub trials: Vec<Trial>,
    /// Why not all were made, where the server could no longer be reached.
    pub stopped: Option<Error>,
}

impl Replay {
    /// Every case in every way, with seed 1, a timeout of 5 seconds and 8 jobs.
    pub fn new(endpoint: Endpoint, cases: Vec<Case>) -> Self {
        Replay {
            endpoint,
            cases,
            ways: Way::ALL.to_vec(),
            seed: 1,
            timeout: Duration::from_secs(5),
            jobs: 8,
        }
    }

    /// Sends in these ways alone.
    #[must_use]
    pub fn ways(mut self, ways: impl Into<Vec<Way>>) -> Self {
        self.ways = ways.into();
        self
    }

    /// Cuts the pieces of [`Way::Random`] after this seed.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// How long the server may take to answer or close once all is sent; more than zero.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How many connections are tried at a time; 0 counts as 1.
    #[must_use]
    pub fn jobs(mut self, jobs: usize) -> Self {
        self.jobs = jobs.max(1);
        self
    }

    /// Makes the trials, one way after the other, and shows each to `watch` as it is made.
    pub fn run(&self, watch: impl Fn(&Trial) + Sync) -> Replayed {
        let mut trials = Vec::new();
        // A server that is not there at all is said before anything is tried.
        let mut stopped = self.endpoint.connect(self.timeout).err();
        for way in &self.ways {
            if stopped.is_some() {
                break;
            }
            let made;
            (made, stopped) = self.run_way(*way, &watch);
            trials.extend(made);
        }
        Replayed { trials, stopped }
    }

    fn run_way(&self, way: Way, watch: &(impl Fn(&Trial) + Sync)) -> (Vec<Trial>, Option<Error>) {
        let next = AtomicUsize::new(0);
        let made = Mutex::new((Vec::new(), None));
        let lock = || made.lock().unwrap_or_else(PoisonError::into_inner);
        let work = || {
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                let Some(case) = self.cases.get(at) else {
                    return;
                };
                match Trial::make(self, case, way) {
                    Ok(trial) => {
                        watch(&trial);
                        lock().0.push((at, trial));
                    }
                    Err(error) => {
                        next.store(self.cases.len(), Ordering::Relaxed);
                        lock().1 = Some(error);
                        return;
                    }
                }
            }
        };
        thread::scope(|scope| {
            // This thread is one of the jobs, so that work is done even if no other can be started.
            for _ in 1..self.jobs.min(self.cases.len()) {
                let _ = thread::Builder::new().spawn_scoped(scope, work);
            }
            work();
        });
        let (mut trials, stopped) = made.into_inner().unwrap_or_else(PoisonError::into_inner);
        trials.sort_by_key(|(at, _)| *at);
        (
            trials.into_iter().map(|(_, trial)| trial).collect(),
            stopped,
        )
    }
}
