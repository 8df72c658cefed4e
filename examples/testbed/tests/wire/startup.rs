//! A start that is kept from succeeding.

use std::fs;
use std::process::{Command, Output, Stdio};

use super::SERVERS;

fn start(server: &str, text: &str) -> Output {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(&file, text).unwrap();
    Command::new(env!("CARGO_BIN_EXE_testbed"))
        .args(["--server", server, "--bind", "127.0.0.1:0"])
        .env("TESTBED_FAIL_START", file.path())
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

#[test]
fn it_fails_with_the_text_in_the_file() {
    for server in SERVERS {
        let output = start(server, "no database\n");
        let log = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{log}");
        assert!(log.contains("says: no database"), "{log}");
        assert!(!log.contains("serving"), "{log}");
    }
}

#[test]
fn or_the_process_aborts() {
    for server in SERVERS {
        let output = start(server, "abort\n");
        let log = String::from_utf8_lossy(&output.stderr);
        // A signal ends it, or the worker of a master, who says so.
        let code = output.status.code();
        assert!(code.is_none() || log.contains("SIGABRT"), "{log}");
        assert!(
            !output.status.success() && !log.contains("serving"),
            "{log}"
        );
    }
}
