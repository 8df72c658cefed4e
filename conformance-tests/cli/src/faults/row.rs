//! A row: one thing that is done to a server.

use super::findings::Findings;
use super::setup::Setup;

/// One thing that is done to a server, and what has to come of it.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) name: &'static str,
    /// What is done and what has to come of it, in a sentence.
    pub(super) about: &'static str,
    /// Whether a short run has it.
    pub(super) short: bool,
    pub(super) offered: fn(&Setup) -> Result<(), String>,
    pub(super) run: fn(&Setup, &mut Findings) -> Result<(), String>,
}

impl Row {
    /// Runs it. What kept it from its end is a fault as well.
    pub(super) fn judge(&self, setup: &Setup) -> Verdict {
        if let Err(why) = (self.offered)(setup) {
            return Verdict::NotOffered(why);
        }
        let mut findings = Findings::default();
        if let Err(why) = (self.run)(setup, &mut findings) {
            findings.faults.push(why);
        }
        match findings.is_good() {
            true => Verdict::Passed(findings),
            false => {
                findings.log = setup.last_words();
                Verdict::Failed(findings)
            }
        }
    }
}

/// What came of a row.
#[derive(Debug)]
pub(super) enum Verdict {
    Passed(Findings),
    Failed(Findings),
    /// And why not.
    NotOffered(String),
}

impl Verdict {
    pub(super) fn word(&self) -> &'static str {
        match self {
            Verdict::Passed(_) => "pass",
            Verdict::Failed(_) => "FAIL",
            Verdict::NotOffered(_) => "not offered",
        }
    }

    pub(super) fn is_good(&self) -> bool {
        !matches!(self, Verdict::Failed(_))
    }

    pub(super) fn findings(&self) -> Option<&Findings> {
        match self {
            Verdict::Passed(findings) | Verdict::Failed(findings) => Some(findings),
            Verdict::NotOffered(_) => None,
        }
    }
}

/// Every server has it.
pub(super) fn anywhere(_: &Setup) -> Result<(), String> {
    Ok(())
}

/// There is a supervisor.
pub(super) fn supervised(setup: &Setup) -> Result<(), String> {
    at_least(setup, 1)
}

/// There is one, and when a worker is gone another still serves.
pub(super) fn several(setup: &Setup) -> Result<(), String> {
    supervised(setup)?;
    at_least(setup, 2)
}

fn at_least(setup: &Setup, processes: usize) -> Result<(), String> {
    match setup.processes {
        0 if processes > 0 => Err("without --processes nobody supervises".into()),
        few if few < processes => Err(format!("it wants --processes {processes} or more")),
        _ => Ok(()),
    }
}

/// There is one, and whoever runs this is root.
pub(super) fn as_root(setup: &Setup) -> Result<(), String> {
    supervised(setup)?;
    match rustix::process::geteuid().is_root() {
        true => Ok(()),
        false => Err("it wants root".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setup(processes: usize) -> Setup {
        Setup::new("testbed".into(), "evented".into(), processes).unwrap()
    }

    fn judged(run: fn(&Setup, &mut Findings) -> Result<(), String>) -> Verdict {
        let row = Row {
            name: "row",
            about: "",
            short: true,
            offered: anywhere,
            run,
        };
        row.judge(&setup(0))
    }

    #[test]
    fn what_is_found_and_what_stops_a_row_are_failures() {
        assert_eq!(judged(|_, _| Ok(())).word(), "pass");
        let verdict = judged(|_, findings| {
            findings.leak("a file");
            Ok(())
        });
        assert_eq!((verdict.word(), verdict.is_good()), ("FAIL", false));
        let verdict = judged(|_, _| Err("it does not serve".into()));
        assert_eq!(verdict.findings().unwrap().faults, ["it does not serve"]);
    }

    #[test]
    fn who_has_no_supervisor_is_not_asked_for_one() {
        assert!(anywhere(&setup(0)).is_ok());
        assert!(supervised(&setup(0)).unwrap_err().contains("supervises"));
        assert!(supervised(&setup(1)).is_ok());
        assert!(several(&setup(1)).unwrap_err().contains("--processes 2"));
        assert!(several(&setup(2)).is_ok());
    }
}
