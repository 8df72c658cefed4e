//! Programs that serve, as whoever deploys them meets them: processes, signals, sockets, exit
//! codes.

mod logs;
mod processes;
mod program;
mod servers;

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::Output;

use program::{
    GET, Program, command, connect, example, exchange, of_one_process, output, read_until,
};
use rgi_serve::ServerKind;
use rustix::process::Signal;

/// What a program says on standard output.
fn out(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

/// The one line of a refusal.
fn refusal(output: &Output) -> &str {
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert_eq!(out(output), "");
    let text = std::str::from_utf8(&output.stderr).unwrap();
    let line = text.strip_suffix('\n').unwrap();
    assert!(!line.contains('\n'), "{text}");
    line
}

/// A request whose body is half there, and so far answered.
fn half_a_request(address: &str) -> TcpStream {
    let mut stream = connect(address);
    let head = "POST / HTTP/1.1\r\nHost: test.invalid\r\nContent-Length: 8\r\n\r\nhalf";
    stream.write_all(head.as_bytes()).unwrap();
    let answer = read_until(&mut stream, "half");
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    stream
}

#[test]
fn questions_are_answered_on_standard_output() {
    let help = output(&["--help"]);
    assert_eq!(help.status.code(), Some(0));
    assert!(out(&help).starts_with("Usage: echo "), "{help:?}");
    let version = output(&["--version"]);
    assert_eq!(version.status.code(), Some(0));
    let ours = env!("CARGO_PKG_VERSION");
    assert_eq!(out(&version), format!("echo {ours} (rgi-serve {ours})\n"));
}

#[test]
fn the_settings_in_force_are_printed() {
    let config = output(&["--print-config", "--max-body", "1m"]);
    assert_eq!(config.status.code(), Some(0));
    let value = |name: &str| {
        let line = out(&config).lines().find(|line| line.starts_with(name));
        let (value, origin) = line.unwrap().split_once('#').unwrap();
        (value.trim().to_owned(), origin.trim().to_owned())
    };
    assert_eq!(value("threads"), ("threads = 2".into(), "program".into()));
    let line = "command line: --max-body".to_owned();
    assert_eq!(value("max-body"), ("max-body = \"1m\"".into(), line));
}

#[test]
fn a_bad_value_is_refused() {
    let refused = output(&["--threads", "none"]);
    let line = refusal(&refused);
    assert!(
        line.starts_with("echo: --threads: \"none\" is no "),
        "{line}"
    );
}

#[test]
fn a_port_in_use_is_refused() {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = other.local_addr().unwrap().to_string();
    let refused = output(&["--bind", &address]);
    let line = refusal(&refused);
    let expected = format!("echo: cannot listen at {address}: the address is in use; ");
    assert!(line.starts_with(&expected), "{line}");
}

#[test]
fn an_application_that_does_not_start_stops_the_server() {
    for server in of_one_process() {
        let args = ["--bind", "127.0.0.1:0", "--server", server.name()];
        let mut command = command(example("echo"), &args);
        command.env("GREETING", "");
        let (code, lines) = Program::start(command).end();
        assert_eq!(code, Some(1), "{server}");
        assert!(
            !lines.iter().any(|line| line.contains("serving")),
            "{lines:?}"
        );
        let last = lines.last().unwrap();
        assert!(last.contains(" error failed: "), "{last}");
        assert!(last.contains("GREETING is empty"), "{last}");
    }
}

#[test]
fn the_application_is_served() {
    for server in ServerKind::COMPILED {
        let (_program, address) = Program::echo(*server, &[]);
        let answer = exchange(connect(&address), GET).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        assert!(answer.ends_with("\r\n\r\nHello, you!\n"), "{answer}");
    }
}

#[test]
fn an_open_request_ends_before_the_program() {
    let each = |server| [Signal::TERM, Signal::INT, Signal::HUP].map(|signal| (server, signal));
    for (server, signal) in of_one_process().flat_map(each) {
        let (program, address) = Program::echo(server, &[]);
        let mut open = half_a_request(&address);
        program.signal(signal);
        let line = program.line_with("stopping");
        let wait = "waiting up to 30s for open requests; once more to stop at once";
        assert!(line.ends_with(wait), "{line}");
        let rest = exchange(&mut open, "done").unwrap();
        assert!(rest.contains("done"), "{rest}");
        let (code, lines) = program.end();
        assert_eq!(code, Some(0), "{lines:?}");
        assert!(
            lines.last().unwrap().ends_with(" info  stopped"),
            "{lines:?}"
        );
    }
}

#[test]
fn a_second_signal_stops_at_once() {
    for server in ServerKind::COMPILED {
        let (program, address) = Program::echo(*server, &["--graceful-timeout", "0"]);
        let _open = half_a_request(&address);
        program.signal(Signal::TERM);
        let line = program.line_with("stopping");
        assert!(line.contains("waiting for open requests"), "{line}");
        program.signal(Signal::TERM);
        program.line_with("stopping at once");
        assert_eq!(program.end().0, Some(0));
    }
}

#[test]
fn open_requests_are_waited_for_so_long() {
    for server in ServerKind::COMPILED {
        let (program, address) = Program::echo(*server, &["--graceful-timeout", "10ms"]);
        let _open = half_a_request(&address);
        program.signal(Signal::TERM);
        assert_eq!(program.end().0, Some(0));
    }
}

#[test]
fn a_program_under_nohup_outlives_its_terminal() {
    let echo = example("echo");
    let script = "trap '' HUP; exec \"$0\" --bind 127.0.0.1:0";
    let program = Program::start(command("sh", &["-c", script, echo.to_str().unwrap()]));
    program.line_with("serving");
    program.signal(Signal::HUP);
    program.signal(Signal::TERM);
    program.line_with("stopping: ");
    let (code, lines) = program.end();
    assert_eq!(code, Some(0));
    assert!(
        !lines.iter().any(|line| line.contains("at once")),
        "{lines:?}"
    );
}

#[test]
fn a_unix_socket_goes_with_its_program() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("echo.sock");
    let bind = format!("unix:{}", path.display());
    for server in ServerKind::COMPILED {
        let args = ["--bind", &bind, "--server", server.name()];
        let program = Program::start(command(example("echo"), &args));
        program.line_with(&format!("serving {bind} ({server}"));
        let answer = exchange(UnixStream::connect(&path).unwrap(), GET).unwrap();
        assert!(answer.ends_with("Hello, you!\n"), "{answer}");
        program.signal(Signal::TERM);
        assert_eq!(program.end().0, Some(0));
        assert!(!path.exists());
    }
}

#[test]
fn a_socket_of_the_parent_is_taken_over() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let echo = example("echo");
    let script = "exec \"$0\" --bind fd:3 3<&0 0</dev/null";
    let mut command = command("sh", &["-c", script, echo.to_str().unwrap()]);
    command.stdin(OwnedFd::from(listener));
    let program = Program::start(command);
    program.line_with(&format!("serving http://{address} on fd:3 "));
    let answer = exchange(connect(&address), GET).unwrap();
    assert!(answer.ends_with("Hello, you!\n"), "{answer}");
}

#[test]
fn so_is_a_unix_socket() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("parent.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let mut command = command(example("echo"), &["--bind", "fd:0"]);
    command.stdin(OwnedFd::from(listener));
    let program = Program::start(command);
    program.line_with("on fd:0 ");
    let answer = exchange(UnixStream::connect(&path).unwrap(), GET).unwrap();
    assert!(answer.ends_with("Hello, you!\n"), "{answer}");
    program.signal(Signal::TERM);
    assert_eq!(program.end().0, Some(0));
    assert!(path.exists(), "the parent made it, and may need it again");
}

#[test]
fn a_descriptor_that_does_not_listen_is_refused() {
    let refused = output(&["--bind", "fd:0"]);
    assert_eq!(
        refusal(&refused),
        "echo: cannot listen at fd:0: the descriptor is no socket"
    );
    let (ours, _theirs) = UnixStream::pair().unwrap();
    let mut command = command(example("echo"), &["--bind", "fd:0"]);
    let refused = command.stdin(OwnedFd::from(ours)).output().unwrap();
    let line = refusal(&refused);
    assert!(line.contains("the socket does not listen"), "{line}");
}
