//! A case run on a target, and what came of it.

use std::fmt;

use crate::client::Client;
use crate::{Case, Kind, Target};

/// What came of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// What was seen is what was expected.
    Passed,
    /// It is not; the report says where.
    Failed(String),
    /// The server says that it has not got what the case needs.
    NotOffered(String),
}

impl Verdict {
    /// Whether the server does what it should.
    pub fn is_good(&self) -> bool {
        !matches!(self, Verdict::Failed(_))
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Verdict::Passed => f.write_str("pass"),
            Verdict::Failed(report) => write!(f, "FAIL\n{report}"),
            Verdict::NotOffered(why) => write!(f, "not offered: {why}"),
        }
    }
}

/// Runs a case.
pub fn run(case: &Case, target: &dyn Target) -> Verdict {
    let mut client = Client::new(case, target);
    if !case.needs.is_empty() {
        match client.facts() {
            Ok(facts) => {
                let facts = format!("{facts}tcp {}\n", target.is_tcp());
                if let Some(fact) = missing(case, &facts) {
                    return Verdict::NotOffered(format!("`{fact}` is not so of this server"));
                }
            }
            Err(wrong) => return Verdict::Failed(format!("{}: {wrong}\n", case.name)),
        }
    }
    (case.client)(&mut client);
    let forgotten = client.forget();
    let root = client.root().to_owned();
    let (sent, mut seen) = client.into_records();
    match forgotten {
        Err(wrong) => seen.push_str(&format!("! behind the case: {wrong}\n")),
        Ok(findings) => seen.extend(findings.lines().filter_map(|line| unexpected(case, line))),
    }
    let expect = case.expect.replace("{root}", &root);
    match matches(&expect, &seen) {
        true => Verdict::Passed,
        false => Verdict::Failed(report(case, &sent, &expect, &seen)),
    }
}

/// Runs cases on targets that are started for them: one for all that any server can be held to, and one for
/// each other. Gives what came of each, as it comes.
pub fn run_each<T: Target>(
    cases: impl Iterator<Item = &'static Case>,
    start: impl Fn(&Case) -> T,
) -> impl Iterator<Item = (&'static Case, Verdict)> {
    let shared = start(&Case::APP);
    cases.map(move |case| {
        // In memory bytes are for another server than requests.
        let verdict = match case.runs_anywhere() && case.kind == Kind::App {
            true => run(case, &shared),
            false => run(case, &start(case)),
        };
        (case, verdict)
    })
}

/// A finding of the lint's that the case does not ask for, as a line of what was seen.
fn unexpected(case: &Case, line: &str) -> Option<String> {
    let (check, finding) = line.split_once(' ')?;
    (!case.breaks.contains(&check)).then(|| format!("! {finding}\n"))
}

/// The facts of a target's server, a line each: a name, and its value.
///
/// # Errors
///
/// With a line that says why the site does not answer.
pub fn facts(target: &dyn Target) -> Result<String, String> {
    Client::new(&Case::APP, target).facts()
}

/// What a case sends and sees on a target, whatever it expects.
pub fn records(case: &Case, target: &dyn Target) -> (Vec<u8>, String) {
    let mut client = Client::new(case, target);
    (case.client)(&mut client);
    client.into_records()
}

/// Runs a case as a test does.
///
/// # Panics
///
/// If it fails.
#[track_caller]
pub fn check(case: &str, target: &dyn Target) {
    let case = crate::case::case(case).unwrap_or_else(|| panic!("no case is called {case}"));
    match run(case, target) {
        Verdict::Passed => {}
        Verdict::NotOffered(why) => println!("{}: not offered: {why}", case.name),
        Verdict::Failed(report) => panic!("{report}"),
    }
}

/// The first fact a case needs and the server has not got.
fn missing(case: &Case, facts: &str) -> Option<&'static str> {
    let is = |fact: &str| {
        let (fact, wanted) = match fact.strip_prefix('!') {
            Some(fact) => (fact, "false"),
            None => (fact, "true"),
        };
        facts
            .lines()
            .any(|line| line.split_once(' ') == Some((fact, wanted)))
    };
    let mut needs = case.needs.iter().copied();
    needs.find(|need| !need.split('|').any(is))
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty())
}

fn matches(expect: &str, seen: &str) -> bool {
    let mut seen = lines(seen).peekable();
    lines(expect).all(|line| match line.strip_prefix('?') {
        Some(line) => {
            seen.next_if(|seen| agrees(line, seen));
            true
        }
        None => seen.next().is_some_and(|seen| agrees(line, seen)),
    }) && seen.next().is_none()
}

/// Whether a line is one of those that are expected: a status may be one of several, and a number
/// any.
fn agrees(expect: &str, seen: &str) -> bool {
    let split = |line| str::split_once(line, ' ').map_or((line, ""), |(word, rest)| (word, rest));
    let ((statuses, expect), (status, seen)) = (split(expect), split(seen));
    let is_number = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit());
    let mut words = expect.split(' ').zip(seen.split(' '));
    let same = expect.split(' ').count() == seen.split(' ').count()
        && words.all(|(expect, seen)| expect == seen || expect == "_" && is_number(seen));
    same && (statuses == status || statuses.split('|').any(|one| one == status))
}

/// Bytes of what was sent that a report shows.
const SHOWN: usize = 1000;

/// What was sent and seen, with a mark at the first line that is not as expected.
fn report(case: &Case, sent: &[u8], expect: &str, seen: &str) -> String {
    let mut report = format!("{}: {}\n", case.name, case.says);
    let rules: Vec<String> = case
        .rules
        .iter()
        .map(|rule| format!("RGI {rule}"))
        .collect();
    report.push_str(&format!("rules: {}\n", rules.join(", ")));
    report.push_str("sent:\n");
    let shown = &sent[..sent.len().min(SHOWN)];
    for line in shown.split_inclusive(|byte| *byte == b'\n') {
        report.push_str(&format!("  {}\n", line.escape_ascii()));
    }
    if sent.len() > SHOWN {
        report.push_str(&format!("  ... {} bytes in all\n", sent.len()));
    }
    let (expect, seen): (Vec<_>, Vec<_>) = (lines(expect).collect(), lines(seen).collect());
    report.push_str("expected:                                 seen:\n");
    for at in 0..expect.len().max(seen.len()) {
        let (left, right) = (expect.get(at), seen.get(at));
        let same = matches!((left, right), (Some(left), Some(right)) if agrees(left, right));
        let mark = if same { ' ' } else { '>' };
        let (left, right) = (left.unwrap_or(&""), right.unwrap_or(&""));
        report.push_str(&format!("{mark} {left:<40}{right}\n"));
    }
    report
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_agree_in_all_but_white_space_and_what_may_be_one_of_several() {
        assert!(matches("\n  200\n  a: b\n", "200\na: b\n"));
        assert!(matches("400|505 by the server", "505 by the server\n"));
        assert!(!matches("400|505 by the server", "404 by the server\n"));
        assert!(!matches("400|505 by the server", "505\n"));
        assert!(matches("sent 200 _ bytes", "sent 200 17 bytes\n"));
        assert!(!matches("sent 200 _ bytes", "sent 200 - bytes\n"));
        assert!(!matches("200", "200\nclosed\n"));
        assert!(!matches("200\nclosed", "200\n"));
        assert!(matches("?100\n200", "200\n") && matches("?100\n200", "100\n200\n"));
        assert!(!matches("?100\n200", "100\n100\n200\n"));
    }
}
