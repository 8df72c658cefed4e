//! The command as its user runs it.

use std::process::{Command, Output};

pub(crate) fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_rgi-conformance"))
        .args(arguments)
        .output()
        .unwrap()
}

pub(crate) fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// A code-2 or code-3 end: nothing on standard output, one line on standard error.
#[track_caller]
pub(crate) fn complains(arguments: &[&str], code: i32, parts: &[&str]) {
    let output = run(arguments);
    let line = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{line}");
    assert_eq!(text(&output.stdout), "");
    assert_eq!(line.lines().count(), 1, "{line}");
    for part in parts {
        assert!(line.contains(part), "'{part}' is not in: {line}");
    }
}
