//! What every row is given.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use super::launch::Launch;
use super::load::RATE;
use super::testbed;
use crate::Error;

/// What the program says goes to this file of its folder.
pub(super) const STDERR: &str = "stderr.log";

/// Lines of it that a failed row shows.
const LAST_WORDS: usize = 15;

/// The program under test, and how it is tried.
#[derive(Debug)]
pub(super) struct Setup {
    pub(super) program: PathBuf,
    pub(super) server: String,
    /// Workers under a supervisor; 0: there is none.
    pub(super) processes: usize,
    /// Threads of each, where not as many as the program takes by itself.
    pub(super) threads: Option<usize>,
    pub(super) short: bool,
    /// How long a plain request may take beside others that are slow.
    pub(super) bound: Duration,
    /// Requests a second of the clients that ask all the while.
    pub(super) rate: u32,
    /// Begins the mark of everything that is started.
    pub(super) mark: String,
    folder: tempfile::TempDir,
    launched: AtomicUsize,
    /// Whether it speaks HTTP/2, once it was asked.
    http2: OnceLock<Result<bool, String>>,
}

impl Setup {
    /// # Errors
    ///
    /// If no folder can be made for what is started.
    pub(super) fn new(program: PathBuf, server: String, processes: usize) -> Result<Setup, Error> {
        let folder = tempfile::Builder::new().prefix("faults-").tempdir();
        let folder =
            folder.map_err(|error| Error::usage(format!("cannot make a folder: {error}")))?;
        Ok(Setup {
            program,
            server,
            processes,
            threads: None,
            short: false,
            bound: Duration::from_millis(100),
            rate: RATE,
            mark: format!("{}-{}.", std::process::id(), folder.path().display()),
            folder,
            launched: AtomicUsize::new(0),
            http2: OnceLock::new(),
        })
    }

    /// A start of the program in a folder of its own, with the processes that the command was given.
    pub(super) fn launch(&self) -> Launch<'_> {
        let number = self.launched.fetch_add(1, Relaxed);
        Launch::new(self, number)
    }

    /// Whether the server says so of itself.
    pub(super) fn speaks_http2(&self) -> Result<bool, String> {
        let asked = self.http2.get_or_init(|| {
            let reply = self.launch().start()?.get("/environ");
            let facts: serde_json::Value = serde_json::from_slice(&reply.body)
                .map_err(|error| format!("/environ is no JSON: {error}"))?;
            Ok(facts["server"]["http2"] == true)
        });
        asked.clone()
    }

    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The end of what the program started last has said on standard error.
    pub(super) fn last_words(&self) -> Vec<String> {
        let number = self.launched.load(Relaxed).saturating_sub(1);
        let path = self.folder().join(number.to_string()).join(STDERR);
        let text = fs::read(path).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().collect();
        let from = lines.len().saturating_sub(LAST_WORDS);
        lines[from..].iter().map(|&line| line.to_owned()).collect()
    }

    /// `full` times, or `short` if it is to be short.
    pub(super) fn times(&self, full: usize, short: usize) -> usize {
        if self.short { short } else { full }
    }

    /// A path of the testbed that takes so long, as requests do that suit the server's model.
    pub(super) fn slow(&self, millis: u64) -> String {
        // What blocks keeps a prefork worker for itself, and a thread of the others' pools, which
        // no stop can end.
        match self.server.as_str() {
            "prefork" => format!("/block?ms={millis}"),
            _ => format!("/sleep?ms={millis}"),
        }
    }
}

impl Drop for Setup {
    /// Ends what a row that failed has left.
    fn drop(&mut self) {
        testbed::end(&self.mark);
    }
}
