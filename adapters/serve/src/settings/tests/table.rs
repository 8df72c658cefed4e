//! What holds for every row of the table.

use std::collections::BTreeSet;
use std::time::Duration;

use super::{Overrides, Start};
use crate::settings::option::nearest;
use crate::settings::overrides::option_methods;
use crate::settings::table::OPTIONS;
use crate::settings::{AccessFormat, Bind, LogLevel, ServerKind, Settings};

#[derive(Default)]
struct Builder {
    overrides: Overrides,
}

#[expect(
    unreachable_pub,
    reason = "the builder of a test is not public, its methods are"
)]
impl Builder {
    option_methods!(overrides);
}

/// Not the default, where there are two.
const SERVER: &str = if cfg!(feature = "evented") {
    "evented"
} else {
    "coroutine"
};

/// Not the default of this build.
#[cfg(feature = "lint")]
const NOT_LINT: &str = if cfg!(debug_assertions) { "off" } else { "on" };

/// A right value for each setting, unlike its default, and a wrong one.
const VALUES: &[(&str, &str, &str)] = &[
    ("server", SERVER, "gevent"),
    ("bind", "127.0.0.1:1", "127.0.0.1"),
    ("processes", "3", "1025"),
    ("threads", "4096", "4097"),
    ("blocking-threads", "5", "0"),
    ("queue-timeout", "1s", "1d"),
    ("backlog", "5", "1000001"),
    ("max-connections", "5", "16777217"),
    ("header-timeout", "10", "10x"),
    ("body-timeout", "1500ms", "9000h"),
    ("write-timeout", "0", "-1"),
    ("keep-alive", "2m", "never"),
    ("request-timeout", "1h", ""),
    ("graceful-timeout", "0.5", "0.5.5"),
    ("buffer-body", "0", "2g"),
    ("worker-timeout", "5s", "5x"),
    ("max-requests", "1000", "1e3"),
    ("max-requests-jitter", "50", "-50"),
    ("max-worker-lifetime", "24h", "1w"),
    ("max-worker-memory", "512m", "1k"),
    ("pid-file", "/run/shop.pid", "shop\npid"),
    ("user", "shop", "shop:shop"),
    ("group", "33", "the group"),
    ("max-target", "64", "63"),
    ("max-head", "16m", "16777217"),
    ("max-headers", "10000", "10001"),
    ("max-body", "0", "1gb"),
    ("script-name", "/shop", "shop"),
    ("proxy-protocol", "10.0.0.0/8,::1", "10.0.0.1/8"),
    #[cfg(feature = "lint")]
    ("lint", NOT_LINT, "maybe"),
    ("access-log", "combined", "common"),
    ("access-log-file", "access.log", "/var/log/"),
    ("log-file", "/var/log/shop.log", "a\tb"),
    ("log-level", "debug", "trace"),
];

#[test]
fn values_here_are_for_every_setting() {
    let here: BTreeSet<_> = VALUES.iter().map(|(name, ..)| *name).collect();
    let there = OPTIONS
        .iter()
        .filter(|spec| spec.kind.is_setting())
        .map(|spec| spec.name);
    assert_eq!(here, there.collect());
}

#[test]
fn names_are_unlike_and_found() {
    let names: BTreeSet<_> = OPTIONS.iter().map(|spec| spec.name).collect();
    assert_eq!(names.len(), OPTIONS.len());
    for spec in OPTIONS {
        assert_eq!(nearest(spec.name).map(|spec| spec.name), Some(spec.name));
        assert!(spec.help.ends_with('.'), "{}", spec.name);
        assert_eq!(
            spec.default
                .text(ServerKind::default(), ServerKind::COMPILED)
                .is_some(),
            spec.kind.is_setting(),
            "{}",
            spec.name
        );
    }
    assert_eq!(OPTIONS[0].name, "server");
}

/// A start at which the option `name` has a meaning.
fn start(name: &str) -> Start<'static> {
    let mut start = Start::default();
    start.program.set("access-log", "json");
    if OPTIONS
        .iter()
        .any(|spec| spec.name == name && spec.of_processes)
    {
        start.program.set("processes", 1);
    }
    start
}

#[test]
fn every_source_sets_every_option() {
    for (name, right, _) in VALUES {
        let variable = format!("RGI_{}", name.to_uppercase().replace('-', "_"));
        let toml = format!("{name} = {right:?}");
        let line = Start {
            args: &[&format!("--{name}"), right],
            ..start(name)
        }
        .settings();
        let env = Start {
            env: &[(&variable, right)],
            ..start(name)
        }
        .settings();
        let file = Start {
            file: Some(&toml),
            ..start(name)
        }
        .settings();
        let mut program = start(name);
        program.program.set(name, right);
        assert_eq!(
            (&env, &file, &program.settings()),
            (&line, &line, &line),
            "{name}"
        );
        let only = *name == "server" && ServerKind::COMPILED.len() == 1;
        assert!(line != start(name).settings() || only, "{name}");
    }
}

#[test]
fn every_source_is_named_with_what_is_wrong_in_it() {
    for (name, _, wrong) in VALUES {
        let variable = format!("RGI_{}", name.to_uppercase().replace('-', "_"));
        let toml = format!("{name} = {wrong:?}");
        let line = Start {
            args: &[&format!("--{name}"), wrong],
            ..Start::default()
        }
        .refused();
        let what = line
            .strip_prefix(&format!("--{name}: {wrong:?} "))
            .unwrap()
            .to_owned();
        let env = Start {
            env: &[(&variable, wrong)],
            ..Start::default()
        }
        .refused();
        assert_eq!(env, format!("{variable}: {wrong:?} {what}"));
        let file = Start {
            file: Some(&toml),
            ..Start::default()
        }
        .refused();
        assert_eq!(file, format!("rgi.toml: {name}: {wrong:?} {what}"));
        let mut program = Start::default();
        program.program.set(name, wrong);
        assert_eq!(
            program.refused(),
            format!("the program: {name}: {wrong:?} {what}")
        );
    }
}

#[test]
fn what_is_about_processes_needs_some() {
    let end = "this is about worker processes, and there are none: add --processes 1, or more";
    let refused = Start {
        args: &["--max-requests", "10"],
        ..Start::default()
    }
    .refused();
    assert_eq!(refused, format!("--max-requests: {end}"));
    let refused = Start {
        args: &["--processes", "0"],
        file: Some("user = \"shop\""),
        ..start("user")
    }
    .refused();
    assert_eq!(refused, format!("rgi.toml: user: {end}"));
    // What the program presets is not in the way of a run without.
    let mut program = start("user");
    program.program.set("user", "shop");
    program.args = &["--processes", "0"];
    assert_eq!(program.settings().processes, 0);
}

#[test]
fn numbers_in_a_file_need_no_quotes() {
    let file =
        "threads = 2\nheader-timeout = 10\nbody-timeout = 2.5\nmax-body = 4096\nbacklog = 0x10";
    let settings = Start {
        file: Some(file),
        ..Start::default()
    }
    .settings();
    let expected = Settings {
        threads: 2,
        header_timeout: Some(Duration::from_secs(10)),
        body_timeout: Some(Duration::from_millis(2500)),
        max_body: Some(4096),
        backlog: 16,
        ..Settings::default()
    };
    assert_eq!(settings, expected);
}

#[test]
fn a_builder_sets_every_option() {
    let second = Duration::from_secs(1);
    let builder = Builder::default()
        .server(ServerKind::default())
        .bind("unix:app.sock")
        .bind(Bind::Fd(3))
        .processes(6)
        .worker_timeout(second)
        .max_requests(7)
        .max_requests_jitter(8)
        .max_worker_lifetime(second)
        .max_worker_memory(1 << 20)
        .pid_file("shop.pid")
        .user("shop")
        .group("crowd")
        .threads(2)
        .blocking_threads(3)
        .queue_timeout(second)
        .backlog(4)
        .max_connections(5)
        .header_timeout(second)
        .body_timeout(Duration::from_nanos(1))
        .write_timeout(second)
        .keep_alive(None)
        .request_timeout(second)
        .graceful_timeout(Duration::ZERO)
        .buffer_body(6)
        .max_target(700)
        .max_head(8000)
        .max_headers(9)
        .max_body(None)
        .script_name("/shop")
        .proxy_protocol("10.0.0.0/8, ::1")
        .lint(!cfg!(debug_assertions))
        .access_log(AccessFormat::Json)
        .access_log_file("access.log")
        .log_file("shop.log")
        .log_level(LogLevel::Error);
    let expected = Settings {
        server: ServerKind::default(),
        bind: vec![Bind::Unix("app.sock".into()), Bind::Fd(3)],
        processes: 6,
        worker_timeout: Some(second),
        max_requests: Some(7),
        max_requests_jitter: 8,
        max_worker_lifetime: Some(second),
        max_worker_memory: Some(1 << 20),
        pid_file: Some("shop.pid".into()),
        user: Some("shop".into()),
        group: Some("crowd".into()),
        threads: 2,
        blocking_threads: 3,
        queue_timeout: Some(second),
        backlog: 4,
        max_connections: Some(5),
        header_timeout: Some(second),
        body_timeout: Some(Duration::from_nanos(1)),
        write_timeout: Some(second),
        keep_alive: None,
        request_timeout: Some(second),
        graceful_timeout: None,
        buffer_body: 6,
        max_target: 700,
        max_head: 8000,
        max_headers: 9,
        max_body: None,
        script_name: "/shop".into(),
        proxy_protocol: "10.0.0.0/8,::1".parse().unwrap(),
        lint: cfg!(feature = "lint") && !cfg!(debug_assertions),
        access_log: AccessFormat::Json,
        access_log_file: Some("access.log".into()),
        log_file: Some("shop.log".into()),
        log_level: LogLevel::Error,
    };
    assert_eq!(
        Start {
            program: builder.overrides,
            ..Start::default()
        }
        .settings(),
        expected
    );
}
