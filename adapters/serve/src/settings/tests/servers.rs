//! Which servers a program can be run on.

use super::Start;
use crate::settings::ServerKind;

/// Of a program whose application stays on its thread.
fn local() -> Start<'static> {
    Start {
        servers: &[ServerKind::Evented],
        ..Start::default()
    }
}

#[test]
fn the_first_that_can_is_the_default() {
    assert_eq!(Start::default().settings().server, ServerKind::Coroutine);
    assert_eq!(local().settings().server, ServerKind::Evented);
    let args = &["--print-config"];
    let printed = Start { args, ..local() }.printed();
    assert!(printed.contains("\nserver = \"evented\" "), "{printed}");
}

#[test]
fn one_that_can_is_chosen_by_its_name() {
    for server in ServerKind::COMPILED {
        let args = &["--server", server.name()];
        let start = Start {
            args,
            ..Start::default()
        };
        assert_eq!(start.settings().server, *server);
    }
    let args = &["--server=evented"];
    assert_eq!(
        Start { args, ..local() }.settings().server,
        ServerKind::Evented
    );
}

#[test]
fn one_that_cannot_is_refused_wherever_it_stands() {
    let end = "the server coroutine shares an application among threads, and that of this program \
        stays on one; of the servers here evented can run it";
    let args = &["--server", "coroutine"];
    let line = Start { args, ..local() };
    assert_eq!(line.refused(), format!("--server: {end}"));
    let env = &[("RGI_SERVER", "coroutine")];
    let variable = Start { env, ..local() };
    assert_eq!(variable.refused(), format!("RGI_SERVER: {end}"));
    let file = Some("server = 'coroutine'");
    let file = Start { file, ..local() };
    assert_eq!(file.refused(), format!("rgi.toml: server: {end}"));
    let mut program = local();
    program.program.set("server", ServerKind::Coroutine);
    assert_eq!(program.refused(), format!("the program: server: {end}"));
}

#[test]
fn a_server_is_a_name() {
    let args = &["--server"];
    let missing = Start {
        args,
        ..Start::default()
    };
    assert_eq!(
        missing.refused(),
        "--server: the value is missing: a server: the name of one that --help lists"
    );
    let file = Some("server = true");
    let truth = Start {
        file,
        ..Start::default()
    };
    assert_eq!(
        truth.refused(),
        "rgi.toml: server: true is no server: the name of one that --help lists"
    );
}

#[cfg(all(feature = "prefork", feature = "threaded"))]
#[test]
fn what_is_about_threads_is_refused_where_there_are_none() {
    let list = crate::settings::server::list;
    let with_threads = &*list(ServerKind::OF_THREADS);
    let with_pool = &*list(ServerKind::LIFTING);
    let refused = [
        ("prefork", "threads", with_threads),
        ("prefork", "blocking-threads", with_pool),
        ("prefork", "queue-timeout", with_threads),
        ("threaded", "blocking-threads", with_pool),
    ];
    for (server, option, can) in refused {
        let (server, flag) = (format!("--server={server}"), format!("--{option}"));
        let args = &[&*server, &flag, "1"];
        let start = Start {
            args,
            ..Start::default()
        };
        let name = &server["--server=".len()..];
        let end = format!("the server {name} cannot do this; of the servers here {can} can");
        assert_eq!(start.refused(), format!("{flag}: {end}"));
    }
}

#[cfg(feature = "threaded")]
#[test]
fn threads_that_have_a_request_each_are_more_than_cores() {
    let args = &["--server=threaded"];
    let start = Start {
        args,
        ..Start::default()
    };
    assert_eq!(start.settings().threads, 32);
}
