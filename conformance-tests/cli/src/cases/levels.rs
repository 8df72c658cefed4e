//! `rgi-conformance levels`, and which levels a server may claim.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use rgi_conformance::{Case, Level, Verdict};

use super::columns::Column;
use super::report::Row;
use crate::{Error, Exit, exit};

const HELP: &str = "\
rgi-conformance levels: the levels a server can claim, and the cases each demands

usage: rgi-conformance levels [LEVEL ...]

A server claims core if none of its cases fails, and another level if all of its cases pass as well.
Which it may claim is said at the end of 'rgi-conformance run'. Behind a case stand the facts
(ServerInfo) it needs: on a server without them it is passed over, which a claim of core bears and one
of another level does not.

exit codes: 0, 2 wrong usage
";

/// Runs the subcommand with what is left of the command line.
pub(crate) fn command(mut parser: lexopt::Parser) -> Result<Exit, Error> {
    use lexopt::Arg::{Long, Short, Value};
    let mut levels = Vec::new();
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => {
                exit::print(HELP);
                return Ok(Exit::Passed);
            }
            Value(name) => {
                let level = name.to_string_lossy().parse();
                levels.push(level.map_err(|why: String| Error::usage(format!("levels: {why}")))?);
            }
            other => return Err(other.unexpected().into()),
        }
    }
    let mut out = String::new();
    let wanted = |level: &Level| levels.is_empty() || levels.contains(level);
    for level in Level::ALL.into_iter().filter(wanted) {
        let cases: Vec<&Case> = level.cases().collect();
        let _ = writeln!(out, "{level}, {} cases: {}", cases.len(), level.about());
        for case in cases {
            let _ = writeln!(out, "{}", line(case));
        }
        out.push('\n');
    }
    exit::print(&out);
    Ok(Exit::Passed)
}

fn line(case: &Case) -> String {
    let needs = match case.needs {
        [] => String::new(),
        needs => format!("  needs {}", needs.join(", ")),
    };
    format!("  {:<58}{needs}", case.name).trim_end().to_owned()
}

/// A level, and why a server may not claim it if so.
pub(super) struct Claim {
    pub(super) level: Level,
    pub(super) why: Option<String>,
    /// What has to be known about a claim that holds.
    note: String,
}

impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = self.level;
        match &self.why {
            None => write!(f, "{level:<10} yes: {}", self.note),
            Some(why) => write!(f, "{level:<10} no: {why}"),
        }
    }
}

/// What the server of the column `at` may claim, a line for each level that has cases.
pub(super) fn claims(column: &Column, rows: &[Row], at: usize) -> Vec<Claim> {
    let mut claims: Vec<Claim> = Vec::new();
    for level in Level::ALL {
        let demanded = level.cases().count();
        if demanded == 0 {
            continue;
        }
        let seen = Seen::of(level, column, rows, at);
        let core = claims.first().filter(|core| core.why.is_some());
        let why = seen.why_not(level, demanded).or_else(|| {
            let core = core.map(|core| core.level);
            core.map(|core| format!("it may not claim {core}"))
        });
        claims.push(Claim {
            level,
            why,
            note: seen.note(),
        });
    }
    claims
}

/// What came of the cases of a level.
#[derive(Default)]
struct Seen {
    passed: usize,
    failed: usize,
    /// How many want what is not so of the server, by what that is.
    missing: BTreeMap<String, usize>,
    /// Those that a server that runs already cannot be held to.
    left_out: usize,
}

impl Seen {
    fn of(level: Level, column: &Column, rows: &[Row], at: usize) -> Seen {
        let mut seen = Seen::default();
        for row in rows.iter().filter(|row| row.case.level() == level) {
            let verdicts = || row.cells[at].iter().map(|trial| &trial.verdict);
            let lacks = verdicts().find_map(|verdict| match verdict {
                Verdict::NotOffered(why) => Some(why.clone()),
                _ => None,
            });
            if verdicts().any(|verdict| !verdict.is_good()) {
                seen.failed += 1;
            } else if !column.tries(row.case) {
                seen.left_out += 1;
            } else if let Some(why) = lacks {
                *seen.missing.entry(why).or_default() += 1;
            } else {
                seen.passed += 1;
            }
        }
        seen
    }

    fn tried(&self) -> usize {
        self.passed + self.failed + self.left_out + self.missing.values().sum::<usize>()
    }

    fn why_not(&self, level: Level, demanded: usize) -> Option<String> {
        if self.failed > 0 {
            return Some(format!("{} of {demanded} cases failed", self.failed));
        }
        if self.tried() < demanded {
            return Some(format!("{} of {demanded} cases were run", self.tried()));
        }
        (level != Level::Core && !self.missing.is_empty()).then(|| self.lacks())
    }

    fn lacks(&self) -> String {
        let missing = self.missing.iter();
        let missing = missing.map(|(why, count)| format!("{count} not offered: {why}"));
        missing.collect::<Vec<_>>().join("; ")
    }

    fn note(&self) -> String {
        let mut note = format!("{} cases passed", self.passed);
        let missing: usize = self.missing.values().sum();
        if missing > 0 {
            let _ = write!(note, ", {missing} not offered");
        }
        if self.left_out > 0 {
            let left_out = self.left_out;
            let _ = write!(
                note,
                ", {left_out} left out that want settings of their own"
            );
        }
        note
    }
}
