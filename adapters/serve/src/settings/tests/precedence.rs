//! Which source holds.

use std::time::Duration;

use super::{Overrides, Start};
use crate::settings::{AccessFormat, Bind, Gathered, LogLevel, Settings};

fn binds(texts: &[&str]) -> Vec<Bind> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

fn program() -> Overrides {
    let mut program = Overrides::default();
    program.set("max-headers", 20);
    program.set("bind", "127.0.0.1:2");
    program
}

#[test]
fn each_source_is_stronger_than_the_one_before() {
    let mut start = Start::default();
    assert_eq!(start.settings().max_headers, 100);
    start.program = program();
    assert_eq!(start.settings().max_headers, 20);
    start.file = Some("max-headers = 30");
    assert_eq!(start.settings().max_headers, 30);
    start.env = &[("RGI_MAX_HEADERS", "40")];
    assert_eq!(start.settings().max_headers, 40);
    start.args = &["--max-headers", "50"];
    assert_eq!(start.settings().max_headers, 50);
}

#[test]
fn a_stronger_source_replaces_the_whole_list() {
    let mut start = Start::default();
    assert_eq!(start.settings().bind, binds(&["127.0.0.1:8000"]));
    start.program = program();
    start.program.set("bind", "fd:3");
    assert_eq!(start.settings().bind, binds(&["127.0.0.1:2", "fd:3"]));
    start.file = Some("bind = ['[::1]:3', 'unix:a,b']");
    assert_eq!(start.settings().bind, binds(&["[::1]:3", "unix:a,b"]));
    start.file = Some("bind = 'localhost:3'");
    assert_eq!(start.settings().bind, binds(&["localhost:3"]));
    start.env = &[("RGI_BIND", "127.0.0.1:4, unix:/run/app.sock")];
    assert_eq!(
        start.settings().bind,
        binds(&["127.0.0.1:4", "unix:/run/app.sock"])
    );
    start.args = &["--bind", "127.0.0.1:5", "--bind=127.0.0.1:6"];
    assert_eq!(
        start.settings().bind,
        binds(&["127.0.0.1:5", "127.0.0.1:6"])
    );
}

#[test]
fn of_a_single_value_given_twice_the_last_holds() {
    let args = &[
        "--log-level",
        "warn",
        "--keep-alive=1",
        "--log-level=debug",
        "--keep-alive",
        "2",
    ];
    let settings = Start {
        args,
        ..Start::default()
    }
    .settings();
    assert_eq!(settings.log_level, LogLevel::Debug);
    assert_eq!(settings.keep_alive, Some(Duration::from_secs(2)));
}

#[test]
fn a_wrong_value_is_reported_where_it_stands_even_under_a_right_one() {
    let args = &["--threads", "4"];
    let env = Start {
        args,
        env: &[("RGI_THREADS", "four")],
        ..Start::default()
    };
    assert_eq!(
        env.refused(),
        "RGI_THREADS: \"four\" is no whole number: from 1 to 4096"
    );
    let file = Start {
        args,
        file: Some("threads = 0.5"),
        ..Start::default()
    };
    assert_eq!(
        file.refused(),
        "rgi.toml: threads: \"0.5\" is no whole number: from 1 to 4096"
    );
    let twice = Start {
        args: &["--threads=5000", "--threads=4"],
        ..Start::default()
    };
    assert_eq!(
        twice.refused(),
        "--threads: \"5000\" is out of range: from 1 to 4096"
    );
    let mut program = Start {
        args,
        ..Start::default()
    };
    program.program.set("threads", 0);
    assert_eq!(
        program.refused(),
        "the program: threads: \"0\" would switch it off, and no server can do without: from 1 to 4096"
    );
}

#[test]
fn zero_switches_off() {
    let names = [
        "queue-timeout",
        "max-connections",
        "header-timeout",
        "body-timeout",
        "write-timeout",
        "keep-alive",
        "request-timeout",
        "graceful-timeout",
        "max-body",
    ];
    let args: Vec<String> = names.iter().map(|name| format!("--{name}=0")).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let settings = Start {
        args: &args,
        ..Start::default()
    }
    .settings();
    let off = Settings {
        queue_timeout: None,
        max_connections: None,
        header_timeout: None,
        body_timeout: None,
        write_timeout: None,
        keep_alive: None,
        request_timeout: None,
        graceful_timeout: None,
        max_body: None,
        ..Settings::default()
    };
    assert_eq!(settings, off);
}

#[test]
fn nothing_else_can_be_off() {
    for name in [
        "threads",
        "blocking-threads",
        "backlog",
        "max-target",
        "max-head",
        "max-headers",
    ] {
        let bad = Start {
            args: &[&format!("--{name}"), "0"],
            ..Start::default()
        }
        .refused();
        let start = format!("--{name}: \"0\" would switch it off, and no server can do without: ");
        assert!(bad.starts_with(&start), "{bad}");
    }
}

#[test]
fn the_environment_names_a_file_unless_the_command_line_does() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("env.toml");
    std::fs::write(&path, "threads = 3").unwrap();
    let env = &[("RGI_CONFIG", path.to_str().unwrap())];
    assert_eq!(
        Start {
            env,
            ..Start::default()
        }
        .settings()
        .threads,
        3
    );
    let both = Start {
        env,
        file: Some("threads = 2"),
        ..Start::default()
    };
    assert_eq!(both.settings().threads, 2);
}

#[test]
fn a_target_fits_into_the_head() {
    let small = Start {
        args: &["--max-head", "4k"],
        ..Start::default()
    }
    .settings();
    assert_eq!((small.max_head, small.max_target), (4096, 4096));
    let equal = Start {
        args: &["--max-target=64k"],
        ..Start::default()
    }
    .settings();
    assert_eq!((equal.max_head, equal.max_target), (65_536, 65_536));
    let file = Start {
        file: Some("max-target = '8k'"),
        args: &["--max-head=4k"],
        ..Start::default()
    };
    assert_eq!(
        file.refused(),
        "rgi.toml: max-target: 8k is more than the whole head may have: at most 4k (--max-head)"
    );
    let default = Start {
        args: &["--max-target", "65537"],
        ..Start::default()
    };
    assert_eq!(
        default.refused(),
        "--max-target: 65537 is more than the whole head may have: at most 64k (the default of --max-head)"
    );
}

#[test]
fn strangers_in_the_environment_do_not_stop_a_run() {
    let env = &[("RGI_THRAEDS", "4"), ("HOME", "/"), ("RGI_THREADS", "2")];
    let Ok(Gathered::Run(settings, warnings)) = (Start {
        env,
        ..Start::default()
    })
    .gather() else {
        panic!("no run");
    };
    assert_eq!(settings.threads, 2);
    assert_eq!(
        warnings,
        ["RGI_THRAEDS: has no effect, there is no such option; did you mean RGI_THREADS?"]
    );
}

#[test]
fn a_file_for_an_access_log_wants_one() {
    let args = &["--access-log-file", "access.log"];
    let mut start = Start {
        args,
        ..Start::default()
    };
    let end = "there is no access log to write there: set access-log to combined or json";
    assert_eq!(start.refused(), format!("--access-log-file: {end}"));
    start.env = &[("RGI_ACCESS_LOG", "off")];
    assert_eq!(start.settings().access_log, AccessFormat::Off);
    start.env = &[];
    start.file = Some("access-log = 'combined'");
    assert_eq!(start.settings().access_log, AccessFormat::Combined);
    // A program may name the file for those who ask for the log.
    let mut program = Start::default();
    program.program.set("access-log-file", "access.log");
    assert_eq!(program.settings().access_log, AccessFormat::Off);
    program.args = &["--access-log-file="];
    assert_eq!(program.settings().access_log_file, None);
}
