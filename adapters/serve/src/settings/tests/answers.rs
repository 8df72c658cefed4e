//! What a program prints instead of serving.

use super::{Overrides, Start};
use crate::settings::{Gathered, ServerKind, Settings};

fn help(servers: &[ServerKind]) -> String {
    let start = Start {
        servers,
        args: &["-h"],
        ..Start::default()
    };
    match start.gather() {
        Ok(Gathered::Help(text)) => text,
        other => panic!("no help: {other:?}"),
    }
}

#[cfg(all(
    feature = "coroutine",
    feature = "evented",
    feature = "actix",
    feature = "lint"
))]
#[test]
fn help_teaches() {
    insta::assert_snapshot!(help(ServerKind::COMPILED));
}

#[test]
fn help_fits_a_terminal() {
    let text = help(ServerKind::COMPILED);
    assert!(
        text.lines()
            .all(|line| line.chars().count() <= 100 && line.trim_end() == line)
    );
}

#[test]
fn help_tells_of_the_servers_that_can_run_the_program() {
    for server in ServerKind::COMPILED {
        let text = help(&[*server]);
        for line in ["\n  {} ", "[default: {}]"] {
            assert!(text.contains(&line.replace("{}", server.name())), "{text}");
        }
        let threads = text.contains(&format!(" server. {server}: "));
        assert_eq!(threads, ServerKind::OF_THREADS.contains(server), "{text}");
        for other in ServerKind::COMPILED.iter().filter(|it| *it != server) {
            assert!(!text.contains(other.name()), "{other}: {text}");
        }
        assert_eq!(text.matches(" The default.").count(), 1, "{text}");
    }
}

#[test]
fn help_needs_nothing_to_be_right() {
    let env = &[("RGI_THREADS", "x"), ("RGI_CONFIG", "/nowhere")];
    let start = Start {
        args: &["--help"],
        env,
        ..Start::default()
    };
    assert!(matches!(start.gather(), Ok(Gathered::Help(_))));
}

#[test]
fn the_version_is_the_programs_and_the_runners() {
    let runner = env!("CARGO_PKG_VERSION");
    let mut start = Start {
        args: &["-V"],
        ..Start::default()
    };
    assert_eq!(
        start.gather(),
        Ok(Gathered::Version(format!("shop (rgi-serve {runner})\n")))
    );
    start.program.set_version("2.1");
    assert_eq!(
        start.gather(),
        Ok(Gathered::Version(format!(
            "shop 2.1 (rgi-serve {runner})\n"
        )))
    );
}

#[test]
fn a_program_without_a_name_still_answers() {
    let none = Settings::gather(&Overrides::default(), ServerKind::COMPILED, [], [], &[]);
    assert!(matches!(none, Ok(Gathered::Run(settings, _)) if settings == Settings::default()));
}

fn everything() -> Start<'static> {
    let mut start = Start {
        args: &[
            "--bind=unix:/run/a \"b\" \\c.sock",
            "--bind=localhost:80",
            "--bind=[::1]:0",
            "--bind=fd:3",
            "--header-timeout=0.0015",
            "--body-timeout=1.5h",
            "--request-timeout=500ms",
            "--max-body=0",
        ],
        env: &[("RGI_THREADS", "3"), ("RGI_SCRIPT_NAME", "/%C3%A9t'")],
        file: Some("max-head = 5000\nmax-connections = 0\nkeep-alive = 2.25\nlog-level = 'warn'"),
        ..Start::default()
    };
    start.program.set("max-headers", 20);
    start
}

#[cfg(all(feature = "coroutine", feature = "evented", feature = "lint"))]
#[test]
fn the_configuration_says_where_each_setting_comes_from() {
    let mut start = everything();
    let env = [start.env, &[("RGI_FROBNICATE", "1")]].concat();
    start.env = &env;
    let args = [start.args, &["--print-config"]].concat();
    start.args = &args;
    insta::assert_snapshot!(start.printed());
}

#[test]
fn the_printed_configuration_gives_the_same_settings() {
    for start in [
        everything(),
        Start {
            args: &["--threads=2", "--bind=127.0.0.1:1"],
            ..Start::default()
        },
    ] {
        let settings = start.settings();
        let args = [start.args, &["--print-config"]].concat();
        let printed = Start {
            args: &args,
            ..start
        }
        .printed();
        let again = Start {
            file: Some(&printed),
            ..Start::default()
        };
        assert_eq!(again.settings(), settings, "{printed}");
        let twice = Start {
            args: &["--print-config"],
            ..again
        }
        .printed();
        let values = |text: &str| -> Vec<String> {
            let lines = text
                .lines()
                .map(|line| line.split("  # ").next().unwrap_or(line));
            lines.map(|line| line.trim_end().to_owned()).collect()
        };
        assert_eq!(values(&twice), values(&printed));
    }
}

#[test]
fn a_configuration_that_cannot_hold_is_not_printed() {
    let start = Start {
        args: &["--print-config", "--threads=x"],
        ..Start::default()
    };
    assert_eq!(
        start.refused(),
        "--threads: \"x\" is no whole number: from 1 to 4096"
    );
}
