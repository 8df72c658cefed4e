//! The command as its user sees it: exit codes, one line for what is wrong, and the report.

use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Output;

use crate::common::{complains, run, text};
use crate::servers::{Manner, serve};

// "PUT /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
const ACCEPT: &str = r#"{"id": "put/good", "raw": "UFVUIC94IEhUVFAvMS4xDQpIb3N0OiBhDQpDb250ZW50LUxlbmd0aDogMw0KDQphYmM=", "expect": "accept", "responses": 1, "note": "a plain body"}"#;
// "GET /x\r\n\r\n"
const REJECT: &str =
    r#"{"id": "get/bad", "raw": "R0VUIC94DQoNCg==", "expect": "reject", "responses": 0}"#;

/// A corpus in a file of its own.
fn corpus(name: &str, lines: &[&str]) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&path, lines.join("\n")).unwrap();
    path
}

fn replay(manner: Manner, name: &str, more: &[&str]) -> Output {
    let file = corpus(name, &[ACCEPT, "", REJECT]);
    let url = serve(manner).to_string();
    let arguments = [&["replay", file.to_str().unwrap(), "--url", &url], more].concat();
    run(&arguments)
}

#[test]
fn all_passed_is_code_0_and_a_table() {
    let output = replay(Manner::Good, "good.jsonl", &["--jobs", "2"]);
    let report = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{report}");
    for way in ["whole", "lines", "bytes", "random", "first-byte"] {
        assert!(
            report.contains(&format!("{way:<10}        2        0")),
            "{report}"
        );
    }
    assert!(
        report.contains(&format!("{:<10}       10        0", "all")),
        "{report}"
    );
    assert!(!report.contains("FAIL"), "{report}");
    assert_eq!(text(&output.stderr), "");
}

#[test]
fn a_failure_is_code_1_and_told_in_full() {
    let output = replay(Manner::AnswersTwice, "twice.jsonl", &["--ways", "whole"]);
    let report = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{report}");
    for part in [
        "whole             1        1",
        "FAIL put/good, sent whole",
        "an answer too many: 200",
        "accept: 1 answer with 2xx and x-rgi-app, no more",
        "a plain body",
        "200 (app), 200 (app); closed after the client closed its side",
        r"PUT /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
    ] {
        assert!(report.contains(part), "'{part}' is not in:\n{report}");
    }
}

#[test]
fn other_programs_read_what_is_printed() {
    let only = ["--ways", "whole", "--format"];
    let of = |name, format| {
        let output = replay(Manner::AnswersTwice, name, &[&only[..], &[format]].concat());
        assert_eq!(output.status.code(), Some(1));
        text(&output.stdout).to_owned()
    };
    let value: serde_json::Value = serde_json::from_str(&of("json.jsonl", "json")).unwrap();
    let counts = ["passed", "failed", "not_offered"].map(|name| value[name].as_u64().unwrap());
    assert_eq!(counts, [1, 1, 0]);
    assert_eq!(value["seed"], 1);
    let failed = &value["tests"][0];
    assert_eq!(
        (&failed["name"], &failed["place"]),
        (&"put/good".into(), &"sent whole".into())
    );
    let message = failed["message"].as_str().unwrap();
    assert!(
        message.starts_with("an answer too many: 200\n"),
        "{message}"
    );
    assert!(
        message.contains("a plain body") && message.contains("PUT /x"),
        "{message}"
    );
    let xml = of("junit.jsonl", "junit");
    assert!(
        xml.contains("<failure message=\"an answer too many: 200\">"),
        "{xml}"
    );
    let tap = of("tap.jsonl", "tap");
    assert!(
        tap.contains("\nnot ok 1 - put/good, sent whole\n  ---\n"),
        "{tap}"
    );
    assert!(tap.contains("\nok 2 - get/bad, sent whole\n"), "{tap}");
}

#[test]
fn cases_are_chosen_and_verbose_names_them() {
    let more = [
        "--only",
        "bad",
        "--only",
        "none",
        "--ways",
        "bytes,lines",
        "--verbose",
    ];
    let output = replay(Manner::AnswersTwice, "chosen.jsonl", &more);
    let report = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{report}");
    assert!(
        report.contains("ok   bytes       get/bad: 400; closed by the server"),
        "{report}"
    );
    assert!(
        !report.contains("put/good") && !report.contains("whole"),
        "{report}"
    );

    let output = replay(Manner::AnswersTwice, "skipped.jsonl", &["--skip", "put/"]);
    assert_eq!(output.status.code(), Some(0));
    let output = replay(Manner::Good, "nothing.jsonl", &["--skip", "/"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("none of the 2 cases"));
}

#[test]
fn mistakes_in_a_file_are_code_2_with_the_line() {
    let bad = r#"{"id": "x", "raw": "R0VU", "expect": "perhaps"}"#;
    for (name, lines, parts) in [
        (
            "expect.jsonl",
            [ACCEPT, bad],
            ["expect.jsonl:2: ", "perhaps"],
        ),
        (
            "twice-id.jsonl",
            [ACCEPT, ACCEPT],
            ["twice-id.jsonl:2: ", "line 1 already"],
        ),
        ("cut.jsonl", ["", "{"], ["cut.jsonl:2: ", "no JSON object"]),
        ("empty.jsonl", ["", ""], ["empty.jsonl: ", "no cases"]),
    ] {
        let file = corpus(name, &lines);
        complains(&["replay", file.to_str().unwrap()], 2, &parts);
    }
    complains(&["replay", "no-such.jsonl"], 2, &["no-such.jsonl: "]);
}

#[test]
fn wrong_usage_is_code_2() {
    complains(&[], 2, &["--help"]);
    complains(&["repeat"], 2, &["'repeat'"]);
    let both = ["replay", "--server", "evented", "--url", "http://a"];
    complains(&both, 2, &["give one of them"]);
    complains(&["replay", "a", "--wayz"], 2, &["--wayz"]);
    complains(&["replay", "a", "--timeout", "soon"], 2, &["'soon'"]);
}

#[test]
fn an_unreachable_server_is_code_3() {
    let file = corpus("unreachable.jsonl", &[ACCEPT]);
    // The port is free again once the listener is dropped, and nobody listens there.
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let url = format!("http://127.0.0.1:{port}");
    complains(
        &["replay", file.to_str().unwrap(), "--url", &url],
        3,
        &[&url],
    );
}

#[test]
fn a_server_that_goes_away_is_code_3_and_what_was_tried_is_told() {
    let file: Vec<String> = (0..20)
        .map(|number| REJECT.replace("get/bad", &format!("get/{number}")))
        .collect();
    let file: Vec<&str> = file.iter().map(String::as_str).collect();
    let file = corpus("leaves.jsonl", &file);
    let url = serve(Manner::Leaves).to_string();
    let output = run(&[
        "replay",
        file.to_str().unwrap(),
        "--url",
        &url,
        "--jobs",
        "1",
    ]);
    let report = text(&output.stdout);
    assert_eq!(output.status.code(), Some(3), "{report}");
    assert!(report.contains("FAIL get/0, sent whole"), "{report}");
    assert!(
        report.contains("not tried: the server cannot be reached"),
        "{report}"
    );
    assert!(text(&output.stderr).contains("cannot connect"));

    let url = serve(Manner::Leaves).to_string();
    let path = file.to_str().unwrap();
    let output = run(&[
        "replay", path, "--url", &url, "--jobs", "1", "--format", "tap",
    ]);
    assert_eq!(output.status.code(), Some(3));
    let tap = text(&output.stdout);
    assert!(
        tap.lines().last().unwrap().starts_with("Bail out! "),
        "{tap}"
    );
}

#[test]
fn help_teaches() {
    let output = run(&["--help"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output.stdout).contains("replay"));
    let output = run(&["replay", "--help"]);
    assert_eq!(output.status.code(), Some(0));
    for option in [
        "--url",
        "--unix",
        "--only",
        "--skip",
        "--ways",
        "--seed",
        "--timeout",
        "--jobs",
        "--verbose",
        "--format",
        "examples:",
        "exit codes:",
    ] {
        assert!(text(&output.stdout).contains(option), "{option}");
    }
}
