//! What is printed of rows.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::{Value, json};

use super::Done;
use super::findings::Findings;
use super::row::{Row, Verdict};
use super::setup::Setup;
use crate::report::{Report, Test};

/// The rows, each with what it is about.
pub(super) fn list(rows: &[&Row]) -> String {
    let mut out = String::new();
    for row in rows {
        let short = if row.short {
            " (also in a short run)"
        } else {
            ""
        };
        let _ = writeln!(out, "{}{short}\n  {}", row.name, row.about);
    }
    out
}

/// A line a row, then why not, then each failure in full.
pub(super) fn text(setup: &Setup, done: &[Done], took: Duration) -> String {
    let mut out = String::new();
    let width = done.iter().map(|(row, ..)| row.name.len()).max();
    let width = width.unwrap_or(0).max("row".len());
    let _ = writeln!(
        out,
        "{:<width$}  {:>8}  {:>6}  {:>8}  {:>5}  verdict",
        "row", "requests", "failed", "worst", "leaks"
    );
    for (row, verdict, _) in done {
        let [requests, failed, worst, leaks] = cells(verdict.findings());
        let word = verdict.word();
        let _ = writeln!(
            out,
            "{:<width$}  {requests:>8}  {failed:>6}  {worst:>8}  {leaks:>5}  {word}",
            row.name
        );
    }
    for (row, verdict, _) in done {
        match verdict {
            Verdict::NotOffered(why) => {
                let _ = writeln!(out, "not offered by {}: {}: {why}", setup.server, row.name);
            }
            Verdict::Failed(findings) => details(&mut out, row, findings),
            Verdict::Passed(_) => {}
        }
    }
    let count = |word| done.iter().filter(|(_, it, _)| it.word() == word).count();
    let _ = writeln!(
        out,
        "{}, {}: {} rows, {} passed, {} failed, {} not offered ({:.0} s)",
        setup.server,
        match setup.processes {
            0 => "no supervisor".to_owned(),
            1 => "1 process".to_owned(),
            several => format!("{several} processes"),
        },
        done.len(),
        count("pass"),
        count("FAIL"),
        count("not offered"),
        took.as_secs_f64()
    );
    out
}

fn cells(findings: Option<&Findings>) -> [String; 4] {
    let Some(findings) = findings else {
        return ["", "", "", ""].map(str::to_owned);
    };
    let worst = match findings.worst.is_zero() {
        true => String::new(),
        false => format!("{} ms", findings.worst.as_millis()),
    };
    let (requests, failed) = (findings.requests, findings.failed());
    let leaks = findings.leaks.len();
    [
        requests.to_string(),
        failed.to_string(),
        worst,
        leaks.to_string(),
    ]
}

fn details(out: &mut String, row: &Row, findings: &Findings) {
    let _ = writeln!(out, "\nFAIL {}: {}", row.name, row.about);
    let kinds = findings.failed.iter();
    let kinds: Vec<String> = kinds
        .map(|(kind, count)| format!("{count} {kind}"))
        .collect();
    if !kinds.is_empty() {
        let (failed, requests) = (findings.failed(), findings.requests);
        let _ = writeln!(
            out,
            "  {failed} of {requests} requests failed: {}",
            kinds.join(", ")
        );
    }
    for (what, lines) in [
        ("wrong", &findings.faults),
        ("leak", &findings.leaks),
        ("seen", &findings.notes),
        ("log", &findings.log),
    ] {
        for line in lines {
            let _ = writeln!(out, "  {what:<6}{line}");
        }
    }
    out.push('\n');
}

/// The same for other programs, but for what only [`json`] has.
pub(super) fn all(setup: &Setup, done: &[Done]) -> Report {
    let tests = done.iter().map(|(row, verdict, took)| Test {
        name: row.name.to_owned(),
        place: setup.server.clone(),
        verdict: match verdict {
            Verdict::Passed(_) => rgi_conformance::Verdict::Passed,
            Verdict::NotOffered(why) => rgi_conformance::Verdict::NotOffered(why.clone()),
            Verdict::Failed(findings) => {
                let mut message = String::new();
                details(&mut message, row, findings);
                rgi_conformance::Verdict::Failed(message.trim_start().to_owned())
            }
        },
        took: Some(*took),
    });
    Report {
        command: "faults",
        tests: tests.collect(),
        ..Report::default()
    }
}

/// The same as one object.
pub(super) fn json(setup: &Setup, done: &[Done], took: Duration) -> String {
    let rows: Vec<Value> = done.iter().map(row_json).collect();
    let value = json!({
        "server": setup.server,
        "processes": setup.processes,
        "short": setup.short,
        "bound_ms": setup.bound.as_millis() as u64,
        "rate": setup.rate,
        "seconds": took.as_secs_f64(),
        "rows": rows,
    });
    format!("{value:#}\n")
}

fn row_json((row, verdict, took): &Done) -> Value {
    let mut value = json!({
        "name": row.name,
        "about": row.about,
        "verdict": verdict.word().to_lowercase(),
        "seconds": took.as_secs_f64(),
    });
    if let Verdict::NotOffered(why) = verdict {
        value["why"] = json!(why);
    }
    if let Some(findings) = verdict.findings() {
        value["requests"] = json!(findings.requests);
        value["failed"] = json!(findings.failed);
        value["worst_ms"] = json!(findings.worst.as_secs_f64() * 1000.0);
        value["leaks"] = json!(findings.leaks);
        value["faults"] = json!(findings.faults);
        value["notes"] = json!(findings.notes);
        value["log"] = json!(findings.log);
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faults::row::anywhere;
    use crate::report::Format;

    const ROW: &Row = &Row {
        name: "stop_fast",
        about: "It stops.",
        short: true,
        offered: anywhere,
        run: |_, _| Ok(()),
    };

    fn done() -> Vec<Done> {
        let mut bad = Findings {
            requests: 12,
            worst: Duration::from_millis(34),
            ..Findings::default()
        };
        bad.failed.insert("reset", 2);
        bad.leaks.push("the file server.sock is left".into());
        bad.log.push("info stopped".into());
        let took = Duration::from_secs(1);
        vec![
            (ROW, Verdict::Passed(Findings::default()), took),
            (ROW, Verdict::Failed(bad), took),
            (ROW, Verdict::NotOffered("it wants root".into()), took),
        ]
    }

    fn setup() -> Setup {
        Setup::new("testbed".into(), "evented".into(), 2).unwrap()
    }

    #[test]
    fn a_table_and_then_what_failed() {
        let text = text(&setup(), &done(), Duration::from_secs(3));
        for line in [
            "row        requests  failed     worst  leaks  verdict\n",
            "stop_fast         0       0                0  pass\n",
            "stop_fast        12       2     34 ms      1  FAIL\n",
            "not offered by evented: stop_fast: it wants root\n",
            "FAIL stop_fast: It stops.\n",
            "  2 of 12 requests failed: 2 reset\n",
            "  leak  the file server.sock is left\n",
            "  log   info stopped\n",
            "evented, 2 processes: 3 rows, 1 passed, 1 failed, 1 not offered (3 s)\n",
        ] {
            assert!(text.contains(line), "{line:?} is not in:\n{text}");
        }
    }

    #[test]
    fn the_same_for_other_programs() {
        let report = all(&setup(), &done());
        let places: Vec<&str> = report.tests.iter().map(|it| it.place.as_str()).collect();
        assert_eq!(places, ["evented"; 3]);
        let rgi_conformance::Verdict::Failed(message) = &report.tests[1].verdict else {
            panic!("{:?}", report.tests[1]);
        };
        assert!(
            message.starts_with("FAIL stop_fast: It stops.\n"),
            "{message}"
        );
        assert!(
            message.contains("  leak  the file server.sock is left\n"),
            "{message}"
        );
        let xml = Format::Junit.text(&report, || unreachable!("no table is asked for"));
        assert!(
            xml.contains("<skipped message=\"it wants root\"/>"),
            "{xml}"
        );
        assert!(xml.contains("name=\"stop_fast\" time=\"1.000\"/>"), "{xml}");
    }

    #[test]
    fn the_same_as_json() {
        let text = json(&setup(), &done(), Duration::from_secs(3));
        let value: Value = serde_json::from_str(&text).unwrap();
        let rows = value["rows"].as_array().unwrap();
        let words: Vec<&str> = rows
            .iter()
            .map(|row| row["verdict"].as_str().unwrap())
            .collect();
        assert_eq!(words, ["pass", "fail", "not offered"]);
        assert_eq!(rows[1]["failed"]["reset"], 2);
        assert_eq!(rows[2]["why"], "it wants root");
    }
}
