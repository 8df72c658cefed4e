//! What was found.

use std::fmt;

/// What [`check_app`](crate::check_app) found.
#[derive(Clone, Debug, Default)]
#[must_use = "call `assert`, or look at the faults"]
pub struct Checked {
    /// In the order of the requests, and of the ways each was made in.
    pub faults: Vec<Fault>,
}

/// A fault of an application.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The request: its method and target.
    pub request: String,
    /// In which way it was made.
    pub way: &'static str,
    /// What sort of fault it is.
    pub kind: FaultKind,
    /// The rule of RGI that was broken, by number.
    pub rule: Option<u16>,
    /// What happened, and what would be right.
    pub happened: String,
}

/// What sort of fault.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// A rule was broken.
    Rule,
    /// The application panicked.
    Panic,
    /// The application gave an error that ends in a 500 or in a cut.
    Failure,
    /// The answer is not the one of the first time.
    Difference,
}

impl Checked {
    /// Whether there are no faults.
    pub fn is_clean(&self) -> bool {
        self.faults.is_empty()
    }

    /// For tests.
    ///
    /// # Panics
    ///
    /// If there are faults, with a line each.
    #[track_caller]
    pub fn assert(&self) {
        assert!(self.is_clean(), "\n{self}");
    }
}

impl fmt::Display for Checked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.faults.iter().try_for_each(|it| writeln!(f, "{it}"))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (request, way, happened) = (&self.request, self.way, &self.happened);
        let kind = match self.kind {
            FaultKind::Rule => "breaks a rule",
            FaultKind::Panic => "panics",
            FaultKind::Failure => "fails",
            FaultKind::Difference => "answers otherwise",
        };
        write!(f, "{request}, {way}, {kind}: {happened}")?;
        match self.rule {
            Some(rule) => {
                let text = rgi_spec::rule(rule).map_or("", |rule| rule.text.as_str());
                write!(f, ". {text} (RGI {rule})")
            }
            None => Ok(()),
        }
    }
}
