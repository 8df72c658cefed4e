//! TAP, the Test Anything Protocol, version 14.

use std::fmt::Write as _;

use rgi_conformance::Verdict;

use super::Report;

/// A line a test. What failed has its message behind it, a quoted line each: YAML takes JSON's strings,
/// whatever bytes are in them.
pub(super) fn write(report: &Report) -> String {
    let mut out = format!("TAP version 14\n1..{}\n", report.tests.len());
    for (at, test) in report.tests.iter().enumerate() {
        let not = match test.verdict {
            Verdict::Failed(_) => "not ",
            Verdict::Passed | Verdict::NotOffered(_) => "",
        };
        let (number, place, name) = (at + 1, escaped(&test.place), escaped(&test.name));
        let _ = write!(out, "{not}ok {number} - {name}, {place}");
        match &test.verdict {
            Verdict::Passed => out.push('\n'),
            Verdict::NotOffered(why) => {
                let _ = writeln!(out, " # SKIP {}", escaped(why));
            }
            Verdict::Failed(message) => {
                out.push_str("\n  ---\n  message:\n");
                for line in message.lines() {
                    let _ = writeln!(out, "    - {}", serde_json::Value::from(line));
                }
                out.push_str("  ...\n");
            }
        }
    }
    if let Some(why) = &report.stopped {
        let _ = writeln!(out, "Bail out! {}", escaped(why));
    }
    out
}

/// On one line, with nothing in it that TAP reads.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for sign in text.chars() {
        match sign {
            '#' | '\\' => out.extend(['\\', sign]),
            '\n' => out.push(' '),
            sign if sign.is_control() => out.extend(sign.escape_default()),
            sign => out.push(sign),
        }
    }
    out
}
