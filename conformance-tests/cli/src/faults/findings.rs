//! What was found while a row ran.

use std::collections::BTreeMap;
use std::time::Duration;

use super::tally::Tally;

/// So many failures are told in words.
const TOLD: usize = 4;

/// What was measured, and what is wrong.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) requests: usize,
    pub(super) failed: BTreeMap<&'static str, usize>,
    pub(super) worst: Duration,
    /// What stays that should not: descriptors, memory, processes, files.
    pub(super) leaks: Vec<String>,
    /// What else is not as it should be.
    pub(super) faults: Vec<String>,
    /// What is worth knowing.
    pub(super) notes: Vec<String>,
    /// The end of the server's log.
    pub(super) log: Vec<String>,
}

impl Findings {
    pub(super) fn is_good(&self) -> bool {
        self.failed.is_empty() && self.leaks.is_empty() && self.faults.is_empty()
    }

    pub(super) fn failed(&self) -> usize {
        self.failed.values().sum()
    }

    /// Adds requests, each failure of which is wrong.
    pub(super) fn count(&mut self, tally: &Tally) {
        self.requests += tally.sent;
        self.worst = self.worst.max(tally.worst());
        for failure in &tally.failures {
            *self.failed.entry(failure.trouble.name()).or_default() += 1;
        }
        for failure in tally.failures.iter().take(TOLD) {
            let text = format!("a request was {}: {}", failure.trouble.name(), failure.why);
            if !self.notes.contains(&text) {
                self.notes.push(text);
            }
        }
    }

    pub(super) fn expect(&mut self, is_so: bool, otherwise: impl FnOnce() -> String) {
        if !is_so {
            self.faults.push(otherwise());
        }
    }

    pub(super) fn note(&mut self, text: impl Into<String>) {
        self.notes.push(text.into());
    }

    pub(super) fn leak(&mut self, text: impl Into<String>) {
        self.leaks.push(text.into());
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::faults::request::{Reply, Trouble};

    #[test]
    fn one_failure_one_leak_or_one_fault_is_bad() {
        assert!(Findings::default().is_good());
        let mut findings = Findings::default();
        findings.note("it took its time");
        findings.expect(true, || unreachable!());
        assert!(findings.is_good());
        findings.expect(false, || "no answer".into());
        assert!(!findings.is_good());
        let mut findings = Findings::default();
        findings.leak("a process");
        assert!(!findings.is_good());
        let mut tally = Tally::default();
        let reply = Reply {
            begun: Instant::now(),
            took: Duration::ZERO,
            status: None,
            body: Vec::new(),
            closes: false,
            trouble: Some((Trouble::Reset, "reset after 0 bytes".into())),
        };
        tally.count(&reply, false);
        let mut findings = Findings::default();
        findings.count(&tally);
        assert!(!findings.is_good());
        assert_eq!((findings.requests, findings.failed()), (1, 1));
        assert!(findings.notes[0].contains("reset after 0 bytes"));
    }
}
