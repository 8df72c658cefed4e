//! The limits that SECURITY.md names are those in force.

use std::process::Command;

const SECURITY: &str = include_str!("../../../SECURITY.md");

/// The table's rows: an option, and its default.
fn rows() -> Vec<(&'static str, &'static str)> {
    let rows = SECURITY.lines().filter_map(|line| {
        let (name, rest) = line.strip_prefix("| `--")?.split_once("` | `")?;
        let (default, _) = rest.split_once("` | ")?;
        Some((name, default))
    });
    rows.collect()
}

/// What a server has, by name.
fn in_force(server: &str) -> Vec<(String, String)> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hello"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("RGI_") {
            command.env_remove(name);
        }
    }
    let output = command
        .args(["--print-config", "--server", server])
        .output();
    let output = output.unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let settings = text.lines().filter_map(|line| {
        let (name, rest) = line.split_once(" = ")?;
        let value = rest.split('#').next()?.trim().trim_matches('"');
        Some((name.to_owned(), value.to_owned()))
    });
    settings.collect()
}

#[test]
fn the_limits_have_the_defaults_that_are_promised() {
    let rows = rows();
    assert_eq!(rows.len(), 14, "{rows:?}");
    for server in ["coroutine", "evented", "threaded", "prefork", "actix"] {
        let settings = in_force(server);
        for (name, default) in &rows {
            let setting = settings.iter().find(|(it, _)| it == name);
            match setting {
                Some((_, value)) => assert_eq!(value, default, "--{name} on {server}"),
                // The server that blocks wherever it is has no queue for threads.
                None => assert_eq!((server, *name), ("prefork", "queue-timeout")),
            }
        }
    }
}

/// Every option of time and size is in the table: one that is new is a promise, too.
#[test]
fn no_limit_is_missing() {
    let rows = rows();
    for (name, _) in in_force("threaded") {
        let bounds = name.ends_with("-timeout") || name.starts_with("max-");
        assert!(
            !bounds || rows.iter().any(|(it, _)| *it == name),
            "SECURITY.md says nothing of --{name}"
        );
    }
}
