//! The server that a program runs on, and the applications that not every server can run.

use rgi_serve::ServerKind;

use crate::program::{Program, command, example};

#[test]
fn the_preferred_server_is_the_default() {
    let program = Program::start(command(example("echo"), &["--bind", "127.0.0.1:0"]));
    program.line_with(&format!(" ({}", ServerKind::default()));
}

/// A program whose application stays on its thread.
#[cfg(feature = "evented")]
mod local {
    use rustix::process::Signal;

    use super::*;
    use crate::out;
    use crate::program::{GET, connect, exchange};

    #[test]
    fn it_is_served_by_a_server_that_keeps_it() {
        let args = ["--bind", "127.0.0.1:0", "--threads", "1"];
        let program = Program::start(command(example("local"), &args));
        let serving = program.line_with(" (evented, 1 loop)");
        let address = Program::address(&serving);
        for count in 1..=2 {
            let answer = exchange(connect(address), GET).unwrap();
            assert!(answer.ends_with(&format!("request {count}\n")), "{answer}");
        }
        program.signal(Signal::TERM);
        assert_eq!(program.end().0, Some(0));
    }

    /// Its answers say no type.
    #[cfg(feature = "lint")]
    #[test]
    fn the_lint_tells_the_log_once_for_all_workers() {
        for (lint, times) in [("--lint", 1), ("--lint=off", 0)] {
            let args = ["--bind", "127.0.0.1:0", "--threads", "4", lint];
            let program = Program::start(command(example("local"), &args));
            let serving = program.line_with("serving http://");
            let address = Program::address(&serving);
            for _ in 0..20 {
                let answer = exchange(connect(address), GET).unwrap();
                assert!(answer.contains("request "), "{answer}");
            }
            program.signal(Signal::TERM);
            let (code, lines) = program.end();
            let told = lines.iter().filter(|line| line.ends_with("(RGI 146)"));
            assert_eq!(told.count(), times, "{lint}: {lines:#?}");
            assert_eq!(code, Some(0));
        }
    }

    #[test]
    fn its_help_is_about_the_servers_that_can() {
        let help = command(example("local"), &["--help"]).output().unwrap();
        assert_eq!(help.status.code(), Some(0));
        assert!(out(&help).contains("[default: evented]"), "{}", out(&help));
        assert!(!out(&help).contains("coroutine"), "{}", out(&help));
    }

    #[cfg(all(feature = "coroutine", feature = "prefork"))]
    #[test]
    fn a_server_that_cannot_is_refused() {
        let more = if cfg!(feature = "actix") {
            ", actix"
        } else {
            ""
        };
        let end = format!(
            "the server coroutine shares an application among threads, and that of this program \
             stays on one; of the servers here evented, prefork{more} can run it"
        );
        let refused = command(example("local"), &["--server", "coroutine"]).output();
        let line = format!("local: --server: {end}");
        assert_eq!(crate::refusal(&refused.unwrap()), line);
        let mut command = command(example("local"), &["--bind", "127.0.0.1:0"]);
        let refused = command.env("RGI_SERVER", "coroutine").output();
        let line = format!("local: RGI_SERVER: {end}");
        assert_eq!(crate::refusal(&refused.unwrap()), line);
    }
}

#[cfg(feature = "tokio")]
#[test]
fn tokio_works_on_every_server() {
    use crate::program::{GET, connect, exchange};
    use rustix::process::Signal;

    for server in ServerKind::COMPILED {
        let (program, address) = Program::serving("nap", &["--server", server.name()]);
        let answer = exchange(connect(&address), GET).unwrap();
        assert!(answer.ends_with("rested\n"), "{server}: {answer}");
        program.signal(Signal::TERM);
        assert_eq!(program.end().0, Some(0));
    }
}
