//! `faults` as its users see it.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

fn run(arguments: &[&str]) -> Output {
    let command = Command::new(env!("CARGO_BIN_EXE_rgi-conformance"))
        .arg("faults")
        .args(arguments)
        .stdin(Stdio::null())
        .output();
    command.unwrap()
}

/// The path of an example of this package, which stands beside the folder of its tests.
fn example(name: &str) -> String {
    let test = std::env::current_exe().unwrap();
    let built = test.ancestors().nth(2).unwrap();
    let path: PathBuf = built.join("examples").join(name);
    assert!(
        path.exists(),
        "{path:?} is missing: `cargo test -p rgi-conformance-cli` builds it, and so does `cargo \
         build --examples`"
    );
    path.to_str().unwrap().to_owned()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// Nothing on standard output, one line on standard error.
#[track_caller]
fn complains(arguments: &[&str], code: i32, parts: &[&str]) {
    let output = run(arguments);
    let line = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{line}");
    assert_eq!(text(&output.stdout), "");
    assert_eq!(line.lines().count(), 1, "{line}");
    for part in parts {
        assert!(line.contains(part), "'{part}' is not in: {line}");
    }
}

#[test]
fn help_teaches() {
    let output = run(&["--help"]);
    assert_eq!(output.status.code(), Some(0));
    insta::assert_snapshot!("help", text(&output.stdout));
    let output = run(&["--list"]);
    assert_eq!(output.status.code(), Some(0));
    insta::assert_snapshot!("rows", text(&output.stdout));
}

#[test]
fn wrong_usage_is_code_2() {
    complains(&[], 2, &["--server NAME"]);
    let only = ["--server", "evented", "--only", "no_such_row"];
    complains(&only, 2, &["'no_such_row'", "--list"]);
    let program = ["--server", "evented", "--program", "no-such-program"];
    complains(&program, 2, &["no-such-program", "cargo build -p testbed"]);
}

#[test]
fn a_server_that_does_not_start_is_code_3() {
    let program = example("testbed");
    let arguments = ["--server", "none", "--program", &program];
    complains(&arguments, 3, &["testbed: it ended with ", "\"none\""]);
}

#[test]
fn a_good_server_passes_the_short_run() {
    // On a machine that is busy with other tests, 100 ms is no time.
    let output = run(&[
        "--server",
        "evented",
        "--program",
        &example("testbed"),
        "--short",
        "--bound",
        "2000",
    ]);
    let (out, progress) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{out}");
    let passed = out.lines().filter(|line| line.ends_with("  pass")).count();
    assert_eq!(passed, 9, "{out}");
    let last = out.lines().last().unwrap();
    let counts = "evented, 2 processes: 9 rows, 9 passed, 0 failed, 0 not offered (";
    assert!(last.starts_with(counts), "{last}");
    assert!(
        progress.contains("reload_keep_alive ... pass ("),
        "{progress}"
    );
}

#[test]
fn a_bad_server_fails_and_all_it_started_is_ended() {
    let command = Command::new(env!("CARGO_BIN_EXE_rgi-conformance"))
        .args(["faults", "--server", "evented", "--processes", "0"])
        .args([
            "--only",
            "stop_answers",
            "--only",
            "stop_leaves",
            "--only",
            "pid_1",
            "--short",
        ])
        .args(["--program", &example("careless"), "--format", "json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mark = format!("FAULTS_MARK={}-", command.id());
    let output = command.wait_with_output().unwrap();
    let out: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{out:#}");
    let rows = out["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 2, "{out:#}");
    for row in rows {
        assert_eq!(row["verdict"], "fail", "{out:#}");
        let leaks = row["leaks"].to_string();
        assert!(leaks.contains("1 processes are left"), "{leaks}");
        assert!(leaks.contains("server.sock is left"), "{leaks}");
        assert!(row["faults"].to_string().contains("signal: 15"), "{row:#}");
    }
    let stop = &rows[0];
    let failed = stop["failed"].as_object().unwrap().values();
    let failed: u64 = failed.map(|count| count.as_u64().unwrap()).sum();
    assert!((6..=10).contains(&failed), "{stop:#}");
    assert_eq!(marked(&mark), 0);
}

/// How many processes have this in their environment.
fn marked(mark: &str) -> usize {
    let entries = fs::read_dir("/proc").unwrap().flatten();
    let environs = entries.filter_map(|entry| fs::read(entry.path().join("environ")).ok());
    let has = |environ: &Vec<u8>| {
        let mut variables = environ.split(|byte| *byte == 0);
        variables.any(|variable| variable.starts_with(mark.as_bytes()))
    };
    environs.filter(has).count()
}
