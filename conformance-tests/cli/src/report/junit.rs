//! JUnit's XML, as CI systems read it: a suite a place, a case a test.

use std::fmt::Write as _;
use std::time::Duration;

use rgi_conformance::Verdict;

use super::{Report, Test, count};

/// The report as a document.
pub(super) fn write(report: &Report) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let errors = usize::from(report.stopped.is_some());
    let _ = writeln!(
        out,
        "<testsuites name=\"rgi-conformance {}\" tests=\"{}\" failures=\"{}\" errors=\"{errors}\">",
        report.command,
        report.tests.len() + errors,
        report.failed()
    );
    let mut places: Vec<&str> = Vec::new();
    for test in &report.tests {
        if !places.contains(&test.place.as_str()) {
            places.push(&test.place);
        }
    }
    for place in places {
        let tests: Vec<&Test> = report.tests.iter().filter(|it| it.place == place).collect();
        suite(&mut out, place, &tests);
    }
    if let Some(why) = &report.stopped {
        let why = escaped(why);
        out.push_str("  <testsuite name=\"rgi-conformance\" tests=\"1\" errors=\"1\">\n");
        let _ = writeln!(
            out,
            "    <testcase classname=\"rgi-conformance\" name=\"all is tried\"><error message=\"{why}\"/></testcase>"
        );
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}

fn suite(out: &mut String, place: &str, tests: &[&Test]) {
    let of = |is| count(tests.iter().copied(), is);
    let _ = writeln!(
        out,
        "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\"{}>",
        escaped(place),
        tests.len(),
        of(|verdict| matches!(verdict, Verdict::Failed(_))),
        of(|verdict| matches!(verdict, Verdict::NotOffered(_))),
        time(
            tests
                .iter()
                .filter_map(|test| test.took)
                .reduce(|a, b| a + b)
        )
    );
    for test in tests {
        let (place, name) = (escaped(place), escaped(&test.name));
        let time = time(test.took);
        let _ = write!(
            out,
            "    <testcase classname=\"{place}\" name=\"{name}\"{time}"
        );
        let _ = match &test.verdict {
            Verdict::Passed => writeln!(out, "/>"),
            Verdict::NotOffered(why) => {
                writeln!(out, "><skipped message=\"{}\"/></testcase>", escaped(why))
            }
            Verdict::Failed(message) => {
                let first = escaped(message.lines().next().unwrap_or_default());
                let all = escaped(message).replace("&#10;", "\n");
                writeln!(
                    out,
                    "><failure message=\"{first}\">{all}</failure></testcase>"
                )
            }
        };
    }
    out.push_str("  </testsuite>\n");
}

fn time(took: Option<Duration>) -> String {
    took.map_or_else(String::new, |took| {
        format!(" time=\"{:.3}\"", took.as_secs_f64())
    })
}

/// As text of an attribute. What XML has no way to hold (XML 1.0 2.2) is written as Rust writes it.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for sign in text.chars() {
        match sign {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' | '\r' => {
                let _ = write!(out, "&#{};", u32::from(sign));
            }
            '\0'..=' ' if sign != ' ' => out.extend(sign.escape_default()),
            '\u{FFFE}' | '\u{FFFF}' => out.extend(sign.escape_unicode()),
            sign => out.push(sign),
        }
    }
    out
}
