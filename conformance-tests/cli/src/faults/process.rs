//! Other processes, as `/proc` shows them.
//!
//! All that a row starts has a mark in its environment, which those that are forked and executed
//! from it inherit. So a worker is found when its master is gone, and a master that a successor
//! has replaced.

use std::fs;
use std::path::PathBuf;

use rustix::process::{Pid, Signal, kill_process};

/// The variable with the mark.
pub(super) const MARK: &str = "FAULTS_MARK";

/// A process by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Process(pub(super) i32);

impl Process {
    /// Those that run and whose mark begins with `mark`.
    pub(super) fn marked(mark: &str) -> Vec<Process> {
        let text = format!("{MARK}={mark}");
        let has = |process: &Process| {
            let environ = fs::read(process.path("environ")).unwrap_or_default();
            let mut variables = environ.split(|byte| *byte == 0);
            variables.any(|variable| variable.starts_with(text.as_bytes()))
        };
        let mut marked = Process::all();
        marked.retain(|process| has(process) && process.is_alive());
        marked
    }

    fn all() -> Vec<Process> {
        let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
        let number = |entry: fs::DirEntry| entry.file_name().to_str()?.parse().ok();
        let mut all: Vec<Process> = entries.filter_map(number).map(Process).collect();
        all.sort_unstable();
        all
    }

    /// Its children that have not ended.
    pub(super) fn children(self) -> Vec<Process> {
        self.offspring(false)
    }

    /// Its children that have ended and that it has not waited for.
    pub(super) fn zombies(self) -> Vec<Process> {
        self.offspring(true)
    }

    fn offspring(self, ended: bool) -> Vec<Process> {
        let mut all = Process::all();
        let is_wanted = |stat: Stat| stat.parent == self.0 && stat.ended == ended;
        all.retain(|process| process.stat().is_some_and(is_wanted));
        all
    }

    /// Whether it is there and has not ended.
    pub(super) fn is_alive(self) -> bool {
        self.stat().is_some_and(|stat| !stat.ended)
    }

    /// How many descriptors it has open.
    pub(super) fn descriptors(self) -> Option<usize> {
        Some(fs::read_dir(self.path("fd")).ok()?.count())
    }

    /// Bytes it has in memory.
    pub(super) fn resident(self) -> Option<u64> {
        let kib: u64 = self.status("VmRSS")?.parse().ok()?;
        Some(kib << 10)
    }

    /// The time it has computed, in the system's ticks of 10 ms.
    pub(super) fn ticks(self) -> Option<u64> {
        Some(self.stat()?.ticks)
    }

    /// The user and the group it acts as.
    pub(super) fn identity(self) -> Option<(u32, u32)> {
        let user = self.status("Uid")?.parse().ok()?;
        Some((user, self.status("Gid")?.parse().ok()?))
    }

    /// The first word of a line of its status, unless that is the real one of several ids.
    fn status(self, name: &str) -> Option<String> {
        let status = fs::read_to_string(self.path("status")).ok()?;
        let mut lines = status.lines().filter_map(|line| line.split_once(':'));
        let (_, value) = lines.find(|(known, _)| *known == name)?;
        // Real, effective, saved: who it acts as is the second.
        let at = usize::from(matches!(name, "Uid" | "Gid"));
        value.split_whitespace().nth(at).map(str::to_owned)
    }

    /// Sends a signal. That it is gone already is seen by looking.
    pub(super) fn signal(self, signal: Signal) {
        if let Some(pid) = Pid::from_raw(self.0) {
            let _ = kill_process(pid, signal);
        }
    }

    fn path(self, of: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/{of}", self.0))
    }

    fn stat(self) -> Option<Stat> {
        Stat::parse(&fs::read_to_string(self.path("stat")).ok()?)
    }
}

struct Stat {
    ended: bool,
    parent: i32,
    ticks: u64,
}

impl Stat {
    /// Reads `/proc/PID/stat` (proc(5)): the name, in parentheses, may hold anything.
    fn parse(text: &str) -> Option<Stat> {
        let (_, rest) = text.rsplit_once(')')?;
        let words: Vec<&str> = rest.split_whitespace().collect();
        let number = |at: usize| words.get(at)?.parse::<u64>().ok();
        Some(Stat {
            ended: matches!(*words.first()?, "Z" | "X"),
            parent: words.get(1)?.parse().ok()?,
            ticks: number(11)? + number(12)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;
    use crate::faults::wait::until_true;
    use std::time::Duration;

    #[test]
    fn a_process_is_found_by_its_mark_until_it_has_ended() {
        let mark = format!("test-{}", std::process::id());
        let mut child = Command::new("sleep")
            .arg("60")
            .env(MARK, format!("{mark}.1"))
            .spawn()
            .unwrap();
        let process = Process(child.id().try_into().unwrap());
        // Until it is executed, its environment is this process's.
        let found = || Process::marked(&mark) == [process];
        assert!(until_true(Duration::from_secs(10), found));
        assert!(process.descriptors().is_some() && process.resident() > Some(0));
        process.signal(Signal::KILL);
        let us = Process(std::process::id().try_into().unwrap());
        assert!(until_true(Duration::from_secs(10), || us
            .zombies()
            .contains(&process)));
        assert!(!process.is_alive() && Process::marked(&mark).is_empty());
        child.wait().unwrap();
    }

    #[test]
    fn a_name_may_hold_anything() {
        let stat = Stat::parse("7 (a) b) S 3 7 7 0 -1 4194304 1 0 0 0 20 22 0 0 20").unwrap();
        assert_eq!((stat.ended, stat.parent, stat.ticks), (false, 3, 42));
        assert!(
            Stat::parse("7 (a) Z 3 7 7 0 -1 0 1 0 0 0 0 0")
                .unwrap()
                .ended
        );
        assert!(Stat::parse("").is_none());
    }
}
