//! The log and the access log of a program that serves.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::Shutdown;
use std::path::Path;
use std::process::{ChildStdout, Stdio};

use rgi_serve::ServerKind;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::program::{
    GET, Program, command, connect, example, exchange, is_of_processes, of_one_process, on, output,
    wait_until,
};
use crate::{half_a_request, refusal};

/// Asks for what becomes a line each, in turn. The line is waited for, so the order is known.
fn ask(address: &str, mut line: impl FnMut() -> String) -> Vec<String> {
    let mut lines = Vec::new();
    let agent = "Host: test.invalid\r\nUser-Agent: a \"test\"\r\nReferer: /é\r\n";
    for (request, answer) in [
        (
            format!("GET /a?b HTTP/1.1\r\n{agent}Connection: close\r\n\r\n"),
            "200",
        ),
        (GET.replace("GET", "HEAD"), "200"),
        (
            GET.replace("GET", "POST")
                .replace("\r\n\r\n", "\r\nContent-Length: 4\r\n\r\nbody"),
            "200",
        ),
        (GET.replace("/ ", "/panic "), "500"),
    ] {
        let got = exchange(connect(address), &request).unwrap();
        assert!(got.starts_with(&format!("HTTP/1.1 {answer} ")), "{got}");
        lines.push(line());
    }
    let leaving = half_a_request(address);
    leaving.shutdown(Shutdown::Both).unwrap();
    drop(leaving);
    lines.push(line());
    lines
}

/// A program that writes its access log to standard output, and what reads that.
fn logging(server: ServerKind, format: &str) -> (Program, String, BufReader<ChildStdout>) {
    let args = [
        &on(server)[..],
        &["--bind", "127.0.0.1:0", "--access-log", format],
    ]
    .concat();
    let mut command = command(example("echo"), &args);
    command.stdout(Stdio::piped());
    let mut program = Program::start(command);
    let serving = program.line_with("serving http://");
    let lines = BufReader::new(program.stdout());
    (program, Program::address(&serving).to_owned(), lines)
}

fn next(lines: &mut impl BufRead) -> String {
    let mut line = String::new();
    lines.read_line(&mut line).unwrap();
    line.strip_suffix('\n').unwrap().to_owned()
}

#[test]
fn lines_have_the_client_that_a_proxy_names() {
    for server in ServerKind::COMPILED {
        let args = [
            "--bind",
            "127.0.0.1:0",
            "--access-log",
            "combined",
            "--proxy-protocol",
        ];
        let mut command = command(example("echo"), &[&on(*server)[..], &args].concat());
        command.stdout(Stdio::piped());
        let mut program = Program::start(command);
        let serving = program.line_with("serving http://");
        let mut lines = BufReader::new(program.stdout());
        let request = format!("PROXY TCP4 192.0.2.7 192.0.2.1 4711 443\r\n{GET}");
        let answer = exchange(connect(Program::address(&serving)), &request).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        let line = next(&mut lines);
        assert!(line.starts_with("192.0.2.7 - - ["), "{line}");
        program.signal(Signal::TERM);
        assert_eq!(program.end().0, Some(0));
    }
}

#[test]
fn combined_lines_are_what_was_answered() {
    for server in ServerKind::COMPILED {
        let (program, address, mut out) = logging(*server, "combined");
        let lines = ask(&address, || next(&mut out));
        let lines: Vec<_> = lines.iter().map(|line| without_times(line)).collect();
        assert_eq!(
            lines,
            [
                "127.0.0.1 - - [] \"GET /a?b HTTP/1.1\" 200 12 \"/\\xc3\\xa9\" \"a \\\"test\\\"\" sent",
                "127.0.0.1 - - [] \"HEAD / HTTP/1.1\" 200 - \"-\" \"-\" sent",
                "127.0.0.1 - - [] \"POST / HTTP/1.1\" 200 4 \"-\" \"-\" sent",
                "127.0.0.1 - - [] \"GET /panic HTTP/1.1\" 500 26 \"-\" \"-\" refused",
                "127.0.0.1 - - [] \"POST / HTTP/1.1\" 200 4 \"-\" \"-\" disconnected",
            ],
            "{server}"
        );
        program.signal(Signal::TERM);
        assert_eq!(program.end().0, Some(0));
    }
}

/// `[20/Nov/2026:20:59:59 +0000]` is always of the same length. The head of a refusal has no time.
fn without_times(line: &str) -> String {
    let (before, rest) = line.split_once('[').unwrap();
    let (date, behind) = rest.split_once(']').unwrap();
    assert!(date.len() == 26 && date.ends_with(" +0000"), "{date}");
    let (behind, times) = behind.split_once(" outcome=").unwrap();
    let (outcome, times) = times.split_once(" duration_ms=").unwrap();
    let (took, head) = times.split_once(" head_ms=").unwrap();
    assert!(took.parse::<f64>().is_ok(), "{line}");
    assert_eq!(head.parse::<f64>().is_ok(), outcome != "refused", "{line}");
    format!("{before}[]{behind} {outcome}")
}

#[test]
fn json_lines_say_how_it_ended() {
    for server in ServerKind::COMPILED {
        let (program, address, mut out) = logging(*server, "json");
        let lines = ask(&address, || next(&mut out));
        let lines: Vec<Value> = lines
            .iter()
            .map(|it| serde_json::from_str(it).unwrap())
            .collect();
        let told = lines.iter().map(|line| {
            let text = |name: &str| line[name].as_str().unwrap();
            let number = |name: &str| line[name].as_u64().unwrap();
            (
                text("method"),
                number("status"),
                number("bytes"),
                text("outcome"),
            )
        });
        assert_eq!(
            told.collect::<Vec<_>>(),
            [
                ("GET", 200, 12, "sent"),
                ("HEAD", 200, 0, "sent"),
                ("POST", 200, 4, "sent"),
                ("GET", 500, 26, "refused"),
                ("POST", 200, 4, "disconnected"),
            ],
            "{server}"
        );
        for line in &lines {
            let took = line["duration_ms"].as_f64().unwrap();
            let head = line["head_ms"].as_f64();
            assert!(head.is_none_or(|head| head <= took), "{line}");
            assert_eq!(head.is_none(), line["outcome"] == "refused", "{line}");
            let is_own = line["pid"] == program.id();
            assert_ne!(is_own, is_of_processes(server), "{line}");
            assert_eq!(line["version"], "HTTP/1.1");
        }
        assert_eq!(lines[0]["target"], "/a?b");
        assert_eq!(lines[0]["referer"], "/é");
        assert_eq!(lines[0]["user_agent"], "a \"test\"");
        assert!(lines[1]["referer"].is_null());
        program.signal(Signal::TERM);
        assert_eq!(program.end().0, Some(0));
    }
}

#[test]
fn a_renamed_log_is_opened_anew() {
    for server in of_one_process() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let (access, log) = (path("access.log"), path("log"));
        let args = [
            "--server",
            server.name(),
            "--bind",
            "127.0.0.1:0",
            "--access-log=combined",
            "--access-log-file",
            access.to_str().unwrap(),
            "--log-file",
            log.to_str().unwrap(),
        ];
        let program = Program::start(command(example("echo"), &args));
        let serving = wait_for(&log, "serving http://");
        let address = Program::address(&serving);
        exchange(connect(address), GET).unwrap();
        wait_for(&access, "GET / ");
        fs::rename(&access, path("access.log.1")).unwrap();
        fs::rename(&log, path("log.1")).unwrap();
        program.signal(Signal::USR1);
        wait_for(&log, " info  log files opened anew");
        exchange(connect(address), &GET.replace("/ ", "/second ")).unwrap();
        program.signal(Signal::TERM);
        let (code, lines) = program.end();
        assert_eq!((code, lines), (Some(0), vec![]), "{server}");
        let count = |path: &Path, text| fs::read_to_string(path).unwrap().matches(text).count();
        assert_eq!(count(&path("access.log.1"), "\n"), 1);
        assert_eq!(count(&access, "\n"), 1);
        assert_eq!(count(&access, "GET /second "), 1);
        assert_eq!(count(&path("log.1"), "stopped"), 0);
        assert_eq!(count(&log, " info  stopped"), 1);
    }
}

/// Under a master: the worker that is there opens the file anew, and so has the master, from which
/// the next worker inherits it.
#[test]
fn workers_open_the_access_log_anew() {
    for server in ServerKind::COMPILED {
        let folder = tempfile::tempdir().unwrap();
        let access = folder.path().join("access.log");
        let moved = |n: u32| folder.path().join(format!("access.log.{n}"));
        let file = access.to_str().unwrap();
        let args = [
            "--processes=1",
            "--access-log=json",
            "--access-log-file",
            file,
        ];
        let (program, address) = Program::echo(*server, &args);
        exchange(connect(&address), GET).unwrap();
        let first = pid(&wait_for(&access, "pid"));
        assert_ne!(first, program.id());
        fs::rename(&access, moved(1)).unwrap();
        program.signal(Signal::USR1);
        program.line_with("log files opened anew");
        // The master tells of itself; the worker is about to.
        let line = wait_until(|| {
            exchange(connect(&address), GET).unwrap();
            fs::read_to_string(&access)
                .ok()
                .filter(|text| text.ends_with('\n'))
        });
        assert_eq!(pid(&line), first);
        fs::rename(&access, moved(2)).unwrap();
        program.signal(Signal::USR1);
        program.line_with("log files opened anew");
        kill_process(Pid::from_raw(first as i32).unwrap(), Signal::KILL).unwrap();
        program.line_with("has died");
        program.line_with(" started");
        exchange(connect(&address), GET).unwrap();
        assert_ne!(pid(&wait_for(&access, "pid")), first);
        program.signal(Signal::TERM);
        assert_eq!(program.end().0, Some(0));
    }
}

/// Of the last of some lines.
fn pid(text: &str) -> u32 {
    let line: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    u32::try_from(line["pid"].as_u64().unwrap()).unwrap()
}

/// The line of a file with this text, once it is there.
fn wait_for(path: &Path, text: &str) -> String {
    wait_until(|| {
        let read = fs::read_to_string(path).unwrap_or_default();
        let lines = read
            .split_inclusive('\n')
            .filter(|line| line.ends_with('\n'));
        lines
            .map(str::trim_end)
            .find(|line| line.contains(text))
            .map(str::to_owned)
    })
}

#[test]
fn a_log_that_cannot_be_reopened_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let access = folder.path().join("access.log");
    let moved = folder.path().join("access.log.1");
    let file = access.to_str().unwrap();
    let args = ["--access-log=json", "--access-log-file", file];
    let (program, address) = Program::echo(ServerKind::default(), &args);
    fs::rename(&access, &moved).unwrap();
    fs::create_dir(&access).unwrap();
    program.signal(Signal::USR1);
    let line = program.line_with("cannot reopen ");
    assert!(line.contains(" error ") && line.contains(file), "{line}");
    assert!(line.ends_with("the file that was open goes on"), "{line}");
    exchange(connect(&address), GET).unwrap();
    wait_for(&moved, "\"target\":\"/\"");
}

#[test]
fn lines_that_cannot_be_written_are_no_ones_failure_but_the_logs() {
    for server in ServerKind::COMPILED {
        let args = ["--access-log=json", "--access-log-file=/dev/full"];
        let (program, address) = Program::echo(*server, &args);
        for _ in 0..3 {
            let answer = exchange(connect(&address), GET).unwrap();
            assert!(answer.ends_with("Hello, you!\n"), "{answer}");
        }
        program.signal(Signal::TERM);
        let (code, lines) = program.end();
        assert_eq!(code, Some(0));
        let lost = lines
            .iter()
            .filter(|line| line.contains("cannot write to /dev/full: "));
        assert_eq!(lost.count(), 1, "{lines:?}");
    }
}

/// What was refused before the application was called is in the log, not in the access log.
#[test]
fn a_request_that_was_no_request_is_in_the_log() {
    for server in ServerKind::COMPILED {
        let folder = tempfile::tempdir().unwrap();
        let access = folder.path().join("access.log");
        let file = access.to_str().unwrap();
        let args = [
            "--access-log=combined",
            "--access-log-file",
            file,
            "--log-level=debug",
        ];
        let (program, address) = Program::echo(*server, &args);
        let mut stream = connect(&address);
        stream
            .write_all(b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")
            .unwrap();
        let answer = exchange(&mut stream, "").unwrap();
        assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
        let line = program.line_with("400");
        assert!(line.contains(" debug "), "{line}");
        program.signal(Signal::TERM);
        assert_eq!(program.end().0, Some(0));
        assert_eq!(fs::read_to_string(&access).unwrap(), "");
    }
}

#[test]
fn a_file_that_cannot_be_written_to_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing/log");
    let missing = missing.to_str().unwrap();
    for (option, args) in [
        ("--log-file", &[][..]),
        ("--access-log-file", &["--access-log=json"]),
    ] {
        let refused = output(&[args, &[option, missing]].concat());
        let line = refusal(&refused);
        let expected = format!("echo: {option}: cannot open {missing} to write to: ");
        assert!(line.starts_with(&expected), "{line}");
    }
}
