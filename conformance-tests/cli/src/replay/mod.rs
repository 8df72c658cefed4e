//! `rgi-conformance replay`: a corpus of raw HTTP/1.1 connections against a running server.
//!
//! Each [`Case`] is sent in several [`Way`]s, each time on a connection of its own; what comes back
//! is judged, and then a clean `GET /` on a new connection must be answered 200, so that a server
//! that a bad request has damaged is caught.

mod corpus;
mod options;
mod own;
mod print;
mod report;
mod scan;
mod trial;
mod verdict;
mod ways;

use std::collections::HashSet;
use std::time::Duration;

pub use corpus::{Case, Expect};
pub use trial::Trial;
pub use ways::Way;

use crate::progress::Progress;
use crate::{Endpoint, Error, Exit, jobs};
use options::Parsed;
use own::Own;
pub(crate) use print::command as print_corpus;

/// Runs the subcommand with what is left of the command line.
pub(crate) fn command(parser: lexopt::Parser) -> Result<Exit, Error> {
    let options = match options::parse(parser)? {
        Parsed::Help => {
            crate::exit::print(options::HELP);
            return Ok(Exit::Passed);
        }
        Parsed::Options(options) => options,
    };
    let cases = options.cases()?;
    let own = options.server().map(Own::start).transpose()?;
    let mut replay = options.replay(cases, own.as_ref().map(Own::endpoint));
    if let Some(own) = &own {
        replay = replay.known(own.known());
    }
    let progress = Progress::over(replay.cases.len() * replay.ways.len());
    let result = replay.run(|trial| progress.count(trial.passed()));
    progress.end();
    if !result.trials.is_empty() {
        let table = || report::render(&replay, &result.trials, options.verbose);
        let told = report::all(&replay, &result);
        crate::exit::print(&options.format.text(&told, table));
    }
    if let Some(error) = result.stopped {
        return Err(error);
    }
    let stale = replay.no_longer(&result.trials);
    for id in &stale {
        eprintln!("rgi-conformance: {id}: is listed as a difference, and is none any more");
    }
    match stale.is_empty() && result.trials.iter().all(Trial::passed) {
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
    known: HashSet<String>,
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
            known: HashSet::new(),
        }
    }

    /// Cases in which the server is known to differ, by their ids: it may accept or refuse them, as
    /// [`Expect::Either`] has it.
    #[must_use]
    pub fn known(mut self, ids: impl IntoIterator<Item = String>) -> Self {
        self.known = ids.into_iter().collect();
        self
    }

    /// Those of them that it took as it should in every way they were sent.
    pub fn no_longer<'a>(&'a self, trials: &'a [Trial]) -> Vec<&'a str> {
        let differs = |id: &str| trials.iter().any(|it| it.case().id == id && it.differs());
        let tried = self.cases.iter().map(|case| case.id.as_str());
        let known = tried.filter(|id| self.known.contains(*id));
        known.filter(|id| !differs(id)).collect()
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
        jobs::each(self.jobs, &self.cases, |case| {
            let trial = Trial::make(self, case, way)?;
            watch(&trial);
            Ok(trial)
        })
    }
}
