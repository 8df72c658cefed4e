//! The report on standard output: a table of the ways, then each failure.

use std::fmt::Write;

use rgi_conformance::Verdict;
use serde_json::json;

use super::{Replay, Replayed, Trial, verdict};
use crate::report::{Report, Test};

/// The most bytes of a request that are shown.
const EXCERPT: usize = 160;

/// Everything there is to say about `trials`; with `verbose`, a line for each of them first.
pub(super) fn render(replay: &Replay, trials: &[Trial], verbose: bool) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = write(&mut text, replay, trials, verbose);
    text
}

fn write(
    text: &mut String,
    replay: &Replay,
    trials: &[Trial],
    verbose: bool,
) -> Result<(), std::fmt::Error> {
    if verbose {
        for trial in trials {
            let result = if trial.passed() { "ok  " } else { "FAIL" };
            let (way, id) = (trial.way(), &trial.case().id);
            writeln!(text, "{result} {way:<10}  {id}: {}", trial.came())?;
        }
        writeln!(text)?;
    }
    let (endpoint, cases, seed) = (&replay.endpoint, replay.cases.len(), replay.seed);
    writeln!(text, "{endpoint}, {cases} cases, seed {seed}\n")?;
    match replay.known.is_empty() {
        true => writeln!(text, "{:<10}  {:>7}  {:>7}", "way", "passed", "failed")?,
        false => writeln!(
            text,
            "{:<10}  {:>7}  {:>7}  {:>7}",
            "way", "passed", "failed", "differs"
        )?,
    }
    for way in &replay.ways {
        let of_way = trials.iter().filter(|trial| trial.way() == *way);
        row(text, replay, way.name(), of_way)?;
    }
    row(text, replay, "all", trials.iter())?;
    for trial in trials {
        if let Some(why) = trial.why() {
            failure(text, trial, why)?;
        }
    }
    let missing = cases * replay.ways.len() - trials.len();
    if missing > 0 {
        writeln!(text, "\n{missing} not tried: the server cannot be reached")?;
    }
    Ok(())
}

/// All of it, for other programs: a test a trial, the way it was sent as its place.
pub(super) fn all(replay: &Replay, replayed: &Replayed) -> Report {
    let tests = replayed.trials.iter().map(|trial| Test {
        name: trial.case().id.clone(),
        place: format!("sent {}", trial.way()),
        verdict: match trial.why() {
            None => Verdict::Passed,
            Some(why) => {
                let mut message = format!("{why}\n");
                // Writing to a String cannot fail.
                let _ = details(&mut message, trial);
                Verdict::Failed(message)
            }
        },
        took: None,
    });
    let mut report = Report {
        command: "replay",
        tests: tests.collect(),
        stopped: replayed.stopped.as_ref().map(ToString::to_string),
        ..Report::default()
    };
    report
        .more
        .insert("url".to_owned(), json!(replay.endpoint.to_string()));
    report.more.insert("seed".to_owned(), json!(replay.seed));
    report
}

fn row<'a>(
    text: &mut String,
    replay: &Replay,
    name: &str,
    trials: impl Iterator<Item = &'a Trial>,
) -> Result<(), std::fmt::Error> {
    let (passed, failed): (Vec<_>, Vec<_>) = trials.partition(|trial| trial.passed());
    let differ = passed.iter().filter(|trial| trial.differs()).count();
    let passed = passed.len() - differ;
    match replay.known.is_empty() {
        true => writeln!(text, "{name:<10}  {passed:>7}  {:>7}", failed.len()),
        false => writeln!(
            text,
            "{name:<10}  {passed:>7}  {:>7}  {differ:>7}",
            failed.len()
        ),
    }
}

fn failure(text: &mut String, trial: &Trial, why: &str) -> Result<(), std::fmt::Error> {
    let case = trial.case();
    writeln!(text, "\nFAIL {}, sent {}", case.id, trial.way())?;
    writeln!(text, "  wrong     {why}")?;
    details(text, trial)
}

fn details(text: &mut String, trial: &Trial) -> Result<(), std::fmt::Error> {
    let case = trial.case();
    writeln!(text, "  expected  {}", verdict::describe(case))?;
    if !case.note.is_empty() {
        writeln!(text, "  note      {}", case.note)?;
    }
    writeln!(text, "  came      {}", trial.came())?;
    writeln!(text, "  request   {}", excerpt(&case.raw))
}

/// The beginning of `raw` on one line.
fn excerpt(raw: &[u8]) -> String {
    match raw.len() {
        0..=EXCERPT => raw.escape_ascii().to_string(),
        length => format!("{}... ({length} bytes)", raw[..EXCERPT].escape_ascii()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_shown_on_one_line() {
        assert_eq!(excerpt(b"GET /\r\n\0\xe9"), r"GET /\r\n\x00\xe9");
        let long = excerpt(&[b'a'; 500]);
        assert!(
            long.len() < 200 && long.ends_with("... (500 bytes)"),
            "{long}"
        );
    }
}
