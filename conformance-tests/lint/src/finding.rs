//! What was found.

use std::collections::HashSet;
use std::fmt;
use std::io::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rgi_core::Errors;
use rgi_spec::Side;

use crate::CHECKS;

/// A rule that was broken.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The name of the check: one of [`CHECKS`].
    pub check: &'static str,
    /// The number of the rule.
    pub rule: u16,
    /// Whose fault it is.
    pub side: Side,
    /// The request: its method and target.
    pub request: String,
    /// What happened.
    pub happened: String,
    /// What would be right.
    pub right: &'static str,
}

impl Finding {
    /// The rule, in words.
    pub fn rule_text(&self) -> &'static str {
        rgi_spec::rule(self.rule).map_or("", |rule| rule.text.as_str())
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Finding {
            check,
            rule,
            side,
            request,
            happened,
            right,
        } = self;
        let text = self.rule_text();
        write!(
            f,
            "lint: {check}: {side}: {request}: {happened}; {right}. {text} (RGI {rule})"
        )
    }
}

/// Findings that are collected. Clones are the same.
#[derive(Clone, Debug, Default)]
pub struct Findings(Arc<Mutex<Vec<Finding>>>);

impl Findings {
    /// None yet.
    pub fn new() -> Findings {
        Findings::default()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Finding>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes all that were found so far.
    pub fn take(&self) -> Vec<Finding> {
        std::mem::take(&mut self.lock())
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }
}

/// Where findings go.
#[derive(Clone, Debug)]
pub(crate) enum Report {
    /// To the server's log, each kind once: what was told, by check and rule.
    Log(Arc<Mutex<HashSet<(&'static str, u16)>>>),
    Panic,
    Collect(Findings),
}

impl Report {
    /// Reports a finding of `request`. `errors` is the server's log.
    ///
    /// # Panics
    ///
    /// If that is what was asked for, and the thread is not panicking already.
    pub(crate) fn report(&self, finding: Finding, errors: &mut Errors) {
        match self {
            Report::Log(told) => {
                let kind = (finding.check, finding.rule);
                if told
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .insert(kind)
                {
                    // Nobody is left to be told that the log cannot be written.
                    let _ = writeln!(errors, "{finding}");
                }
            }
            Report::Panic if std::thread::panicking() => {}
            Report::Panic => panic!("{finding}"),
            Report::Collect(findings) => findings.lock().push(finding),
        }
    }
}

/// A finding of a check.
pub(crate) fn finding(
    check: &'static str,
    rule: u16,
    request: &str,
    happened: impl Into<String>,
    right: &'static str,
) -> Finding {
    let known = CHECKS.iter().find(|known| known.name == check);
    debug_assert!(
        known.is_some_and(|known| known.rules.contains(&rule)),
        "{check} {rule}"
    );
    Finding {
        check,
        rule,
        side: known.map_or(Side::Application, |known| known.side),
        request: request.to_owned(),
        happened: happened.into(),
        right,
    }
}
