//! JSON: one object.

use rgi_conformance::Verdict;
use serde_json::{Value, json};

use super::{Report, Test};

/// The report as an object; README.md says what its fields hold.
pub(super) fn write(report: &Report) -> String {
    let mut value = json!({
        "command": report.command,
        "passed": report.passed(),
        "failed": report.failed(),
        "not_offered": report.not_offered(),
        "tests": report.tests.iter().map(test).collect::<Vec<_>>(),
    });
    if let Some(why) = &report.stopped {
        value["stopped"] = json!(why);
    }
    for (name, more) in &report.more {
        value[name] = more.clone();
    }
    format!("{value:#}\n")
}

fn test(test: &Test) -> Value {
    let (word, message) = match &test.verdict {
        Verdict::Passed => ("pass", None),
        Verdict::Failed(message) => ("fail", Some(message)),
        Verdict::NotOffered(message) => ("not offered", Some(message)),
    };
    let mut value = json!({"name": test.name, "place": test.place, "verdict": word});
    if let Some(message) = message {
        value["message"] = json!(message);
    }
    if let Some(took) = test.took {
        value["seconds"] = json!(took.as_secs_f64());
    }
    value
}
