//! What is printed of cases.

use std::fmt::Write as _;
use std::time::Duration;

use rgi_conformance::{Case, Verdict};
use serde_json::json;

use super::{Column, Place, levels};
use crate::report::{Report, Test};

/// A case, run in one place.
pub(super) struct Trial {
    pub(super) place: Place,
    pub(super) verdict: Verdict,
    pub(super) took: Duration,
}

/// What came of a case, column by column.
pub(super) struct Row {
    pub(super) case: &'static Case,
    pub(super) cells: Vec<Vec<Trial>>,
}

impl Row {
    pub(super) fn is_good(&self) -> bool {
        let mut trials = self.cells.iter().flatten();
        trials.all(|trial| trial.verdict.is_good())
    }
}

/// The worst of what came of a case in its places, in a word.
fn word(cell: &[Trial]) -> &'static str {
    let has = |is: fn(&Verdict) -> bool| cell.iter().any(|trial| is(&trial.verdict));
    if has(|verdict| matches!(verdict, Verdict::Failed(_))) {
        "FAIL"
    } else if has(|verdict| matches!(verdict, Verdict::NotOffered(_))) {
        "not offered"
    } else {
        "pass"
    }
}

/// A line a case, for one server: those that did not pass, or all.
pub(super) fn list(column: &Column, rows: &[Row], verbose: bool) -> String {
    let mut out = String::new();
    for row in rows {
        let word = word(&row.cells[0]);
        if verbose || word != "pass" {
            let _ = writeln!(out, "{word:<13}{}", row.case.name);
        }
    }
    details(&mut out, std::slice::from_ref(column), rows);
    out.push_str("levels:\n");
    for claim in levels::claims(column, rows, 0) {
        let _ = writeln!(out, "  {claim}");
    }
    counts(&mut out, std::slice::from_ref(column), rows);
    out
}

/// Cases by servers.
pub(super) fn table(columns: &[Column], rows: &[Row]) -> String {
    let mut out = String::new();
    let width = rows
        .iter()
        .map(|row| row.case.name.len())
        .max()
        .unwrap_or(0);
    let _ = write!(out, "{:<width$}", "case");
    for column in columns {
        let _ = write!(out, "  {:<11}", column.name());
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    for row in rows {
        let mut line = format!("{:<width$}", row.case.name);
        for cell in &row.cells {
            let _ = write!(line, "  {:<11}", word(cell));
        }
        let _ = writeln!(out, "{}", line.trim_end());
    }
    details(&mut out, columns, rows);
    counts(&mut out, columns, rows);
    out
}

/// Why not, and what failed in full.
fn details(out: &mut String, columns: &[Column], rows: &[Row]) {
    for row in rows {
        for (column, cell) in columns.iter().zip(&row.cells) {
            let mut told = Vec::new();
            for trial in cell {
                match &trial.verdict {
                    Verdict::Passed => {}
                    Verdict::NotOffered(why) if !told.contains(why) => {
                        let (name, server) = (row.case.name, column.name());
                        let _ = writeln!(out, "not offered by {server}: {name}: {why}");
                        told.push(why.clone());
                    }
                    Verdict::NotOffered(_) => {}
                    Verdict::Failed(report) => {
                        let _ = write!(
                            out,
                            "\nFAIL on {}, {}: {report}",
                            column.name(),
                            trial.place.name()
                        );
                    }
                }
            }
        }
    }
}

/// All of it, for other programs.
pub(super) fn all(command: &'static str, columns: &[Column], rows: &[Row]) -> Report {
    let mut report = Report {
        command,
        ..Report::default()
    };
    for row in rows {
        for (column, cell) in columns.iter().zip(&row.cells) {
            report.tests.extend(cell.iter().map(|trial| Test {
                name: row.case.name.to_owned(),
                place: format!("{}, {}", column.name(), trial.place.name()),
                verdict: trial.verdict.clone(),
                took: Some(trial.took),
            }));
        }
    }
    for (at, column) in columns.iter().enumerate() {
        let claims = levels::claims(column, rows, at);
        let claims = claims.iter().map(|claim| {
            let why = claim.why.as_deref();
            (
                claim.level.name().to_owned(),
                json!({"claim": why.is_none(), "why": why}),
            )
        });
        let of_column: serde_json::Map<_, _> = claims.collect();
        let all = report.more.entry("levels").or_insert_with(|| json!({}));
        all[column.name()] = of_column.into();
    }
    report
}

fn counts(out: &mut String, columns: &[Column], rows: &[Row]) {
    for (at, column) in columns.iter().enumerate() {
        let words = rows.iter().map(|row| word(&row.cells[at]));
        let words: Vec<&str> = words.collect();
        let count = |of: &str| words.iter().filter(|word| **word == of).count();
        let _ = writeln!(
            out,
            "{}: {} cases, {} passed, {} failed, {} not offered",
            column.name(),
            words.len(),
            count("pass"),
            count("FAIL"),
            count("not offered")
        );
    }
}
