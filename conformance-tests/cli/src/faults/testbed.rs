//! The program under test, while it runs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::findings::Findings;
use super::process::Process;
use super::request::{Client, Reply};
use super::setup::STDERR;
use super::wait::{until, until_true};
use crate::Endpoint;

/// How long anything may take that takes no time.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// Where a program has its files, and the mark of its processes.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) folder: PathBuf,
    pub(super) mark: String,
}

impl Place {
    /// The folder of what has to be gone when the program is.
    pub(super) fn run(&self) -> PathBuf {
        self.folder.join("run")
    }

    pub(super) fn socket(&self) -> PathBuf {
        self.run().join("server.sock")
    }

    pub(super) fn pid_file(&self) -> PathBuf {
        self.run().join("server.pid")
    }

    /// Its processes, whoever their parents are.
    pub(super) fn processes(&self) -> Vec<Process> {
        Process::marked(&self.mark)
    }
}

/// A program that serves. Dropped, all its processes are killed.
#[derive(Debug)]
pub(super) struct Testbed {
    child: Child,
    /// The process that signals go to.
    pub(super) master: Process,
    pub(super) place: Place,
    pub(super) endpoint: Endpoint,
    /// Workers it was started with; 0: the master serves itself.
    pub(super) processes: usize,
    /// Requests a second that clients are to send.
    pub(super) rate: u32,
    log: PathBuf,
}

impl Testbed {
    pub(super) fn start(
        mut command: Command,
        place: Place,
        log: PathBuf,
        processes: usize,
        rate: u32,
        is_wrapped: bool,
    ) -> Result<Testbed, String> {
        let child = command.spawn();
        let child = child.map_err(|error| format!("cannot start the program: {error}"))?;
        let master = Process(child.id() as i32);
        let nowhere = Endpoint::from_url("http://127.0.0.1:1");
        // Owned from here on, so that a start that fails ends what was started.
        let mut testbed = Testbed {
            child,
            master,
            place,
            endpoint: nowhere.map_err(|error| error.to_string())?,
            processes,
            rate,
            log,
        };
        let found = until(PATIENCE, || match testbed.url() {
            Some(url) => Some(Ok(url)),
            None => testbed.ended().map(Err),
        });
        let url = match found {
            Some(Ok(url)) => url,
            Some(Err(status)) => {
                return Err(format!("it ended with {status}: {}", testbed.last_line()));
            }
            None => return Err(format!("it does not serve: {}", testbed.last_line())),
        };
        testbed.endpoint = Endpoint::from_url(&url).map_err(|error| error.to_string())?;
        if is_wrapped {
            let inner = testbed.master.children();
            testbed.master = *inner.first().ok_or("the program is not there")?;
        }
        testbed.wait_for_workers("at the start", |_| true)?;
        Ok(testbed)
    }

    /// The address that the log says it serves at.
    fn url(&self) -> Option<String> {
        let log = self.log();
        let (_, rest) = log.split_once(" serving http://")?;
        let (address, _) = rest.split_once([' ', '\n'])?;
        Some(format!("http://{address}"))
    }

    pub(super) fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.log).unwrap_or_default()).into_owned()
    }

    /// What it said last, in the log or, before it had one, on standard error.
    fn last_line(&self) -> String {
        let stderr = fs::read(self.place.folder.join(STDERR)).unwrap_or_default();
        let said = String::from_utf8_lossy(&stderr).into_owned() + &self.log();
        said.lines().last().unwrap_or("it says nothing").to_owned()
    }

    /// Waits for a line at level `warn` or `error` behind the first `known` bytes of the log.
    pub(super) fn wait_for_complaint(&self, known: usize) -> Result<String, String> {
        let complaint = || {
            let log = self.log();
            let mut lines = log.get(known..)?.lines();
            let said = lines.find(|line| line.contains(" warn ") || line.contains(" error "))?;
            Some(said.to_owned())
        };
        until(PATIENCE, complaint).ok_or_else(|| "the log says nothing of it".into())
    }

    /// The end of the process that was started, if it has ended.
    pub(super) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// The processes that serve.
    pub(super) fn workers(&self) -> Vec<Process> {
        match self.processes {
            0 => vec![self.master],
            _ => self.master.children(),
        }
    }

    /// Waits until there are as many workers as it was started with, and all is as it should be.
    pub(super) fn wait_for_workers(
        &self,
        when: &str,
        is_right: impl Fn(&[Process]) -> bool,
    ) -> Result<Vec<Process>, String> {
        let right = || {
            let workers = self.workers();
            (workers.len() == self.processes.max(1) && is_right(&workers)).then_some(workers)
        };
        until(2 * PATIENCE, right).ok_or_else(|| {
            format!(
                "{when}, {} workers were wanted, and there are {:?}",
                self.processes.max(1),
                self.workers()
            )
        })
    }

    /// Waits until none of those is a worker any more, and others are.
    pub(super) fn wait_for_others(&self, old: &[Process]) -> Result<Vec<Process>, String> {
        let when = format!("in the place of {old:?}");
        self.wait_for_workers(&when, |now| now.iter().all(|worker| !old.contains(worker)))
    }

    /// One GET on a connection of its own.
    pub(super) fn get(&self, target: &str) -> Reply {
        Client::new(&self.endpoint, PATIENCE).get(target)
    }

    pub(super) fn signal(&self, signal: Signal) {
        self.master.signal(signal);
    }

    /// Waits for the end of the process that was started.
    pub(super) fn wait(&mut self, within: Duration) -> Option<ExitStatus> {
        until(within, || self.ended())
    }

    /// Tells it to stop, and finds whether it does so well and leaves nothing.
    pub(super) fn stop(mut self, findings: &mut Findings) {
        let is_child = self.master == Process(self.child.id() as i32);
        self.signal(Signal::TERM);
        let begun = Instant::now();
        let gone = until_true(2 * PATIENCE, || {
            self.ended();
            !self.master.is_alive()
        });
        findings.expect(gone, || "it does not end within 20 s of TERM".into());
        if let (true, Some(status)) = (is_child, self.wait(PATIENCE)) {
            findings.expect(status.success(), || {
                format!("after TERM it ends with {status}")
            });
        }
        if begun.elapsed() > Duration::from_secs(1) {
            findings.note(format!("it took {:.1?} to stop", begun.elapsed()));
        }
        self.broke_no_rule(findings);
        self.leaves_nothing(findings);
    }

    /// Finds what the lint has said, but of the pages that are wrong by design.
    fn broke_no_rule(&self, findings: &mut Findings) {
        let log = self.log();
        let mut said = log.lines().filter(|line| line.contains(" lint: "));
        if let Some(line) = said.find(|line| !line.contains("/fail/")) {
            findings.faults.push(line.to_owned());
        }
    }

    /// Finds what is left of a program that has ended.
    pub(super) fn leaves_nothing(&self, findings: &mut Findings) {
        let _ = until_true(Duration::from_secs(2), || self.place.processes().is_empty());
        let left = self.place.processes();
        if !left.is_empty() {
            findings.leak(format!("{} processes are left: {left:?}", left.len()));
        }
        for entry in fs::read_dir(self.place.run())
            .into_iter()
            .flatten()
            .flatten()
        {
            let name = entry.file_name();
            findings.leak(format!("the file {} is left", Path::new(&name).display()));
        }
    }

    /// The program's own file of its process id.
    pub(super) fn pid_file(&self) -> Option<Process> {
        let text = fs::read_to_string(self.place.pid_file()).ok()?;
        text.trim().parse().ok().map(Process)
    }
}

impl Drop for Testbed {
    fn drop(&mut self) {
        end(&self.place.mark);
        let _ = self.child.wait();
    }
}

/// Kills every process whose mark begins so, and those they start meanwhile.
pub(super) fn end(mark: &str) {
    until_true(PATIENCE, || {
        let left = Process::marked(mark);
        for process in &left {
            process.signal(Signal::KILL);
        }
        left.is_empty()
    });
}
