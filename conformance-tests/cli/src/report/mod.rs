//! What was tried and what came of it, in forms that other programs read: JUnit's XML, TAP and JSON.

mod json;
mod junit;
mod tap;

use std::time::Duration;

use lexopt::ValueExt;
use rgi_conformance::Verdict;

use crate::Error;

/// What is printed on standard output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Format {
    /// For people; each command has its own.
    #[default]
    Table,
    Json,
    Junit,
    Tap,
}

/// All that a command has tried.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// The command's name.
    pub(crate) command: &'static str,
    pub(crate) tests: Vec<Test>,
    /// Why not all was tried, where the command could not go on.
    pub(crate) stopped: Option<String>,
    /// What JSON says beside it.
    pub(crate) more: serde_json::Map<String, serde_json::Value>,
}

/// One thing that was tried, in one place.
#[derive(Debug)]
pub(crate) struct Test {
    pub(crate) name: String,
    /// Where, or how: tests of one place stand together.
    pub(crate) place: String,
    pub(crate) verdict: Verdict,
    pub(crate) took: Option<Duration>,
}

impl Format {
    /// Reads the value of `--format`.
    pub(crate) fn parse(parser: &mut lexopt::Parser) -> Result<Format, Error> {
        let name = parser.value()?.string()?;
        match name.as_str() {
            "table" => Ok(Format::Table),
            "json" => Ok(Format::Json),
            "junit" => Ok(Format::Junit),
            "tap" => Ok(Format::Tap),
            other => Err(Error::usage(format!(
                "--format: '{other}' is none of table, junit, json, tap"
            ))),
        }
    }

    /// The report in this form; `table` makes the one for people.
    pub(crate) fn text(self, report: &Report, table: impl FnOnce() -> String) -> String {
        match self {
            Format::Table => table(),
            Format::Json => json::write(report),
            Format::Junit => junit::write(report),
            Format::Tap => tap::write(report),
        }
    }
}

impl Report {
    fn failed(&self) -> usize {
        count(&self.tests, |verdict| matches!(verdict, Verdict::Failed(_)))
    }

    fn not_offered(&self) -> usize {
        count(&self.tests, |it| matches!(it, Verdict::NotOffered(_)))
    }

    fn passed(&self) -> usize {
        count(&self.tests, |verdict| *verdict == Verdict::Passed)
    }
}

fn count<'a>(tests: impl IntoIterator<Item = &'a Test>, is: fn(&Verdict) -> bool) -> usize {
    let tests = tests.into_iter();
    tests.filter(|test| is(&test.verdict)).count()
}

#[cfg(test)]
mod tests;
