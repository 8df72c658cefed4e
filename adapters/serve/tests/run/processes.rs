//! Worker processes under a master: what the log, the processes and the clients show.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use rgi_serve::ServerKind;
use rustix::process::{Pid, Signal, kill_process};

use crate::program::{GET, Program, command, connect, example, exchange, on, output, read_until};
use crate::{half_a_request, refusal};

/// `echo` on two processes of this server, the address, and the ids of the workers.
fn two(server: ServerKind, args: &[&str]) -> (Program, String, Vec<u32>) {
    let args = [
        &on(server)[..],
        &["--processes", "2", "--bind", "127.0.0.1:0"],
        args,
    ];
    serving(Program::start(command(example("echo"), &args.concat())))
}

fn serving(program: Program) -> (Program, String, Vec<u32>) {
    let workers = program.lines_with(" started", 2);
    let workers = workers.iter().map(|line| started(line)).collect();
    let address = Program::address(&program.line_with("serving http://")).to_owned();
    (program, address, workers)
}

/// The id in `worker 7 started`.
fn started(line: &str) -> u32 {
    let words: Vec<_> = line.split(' ').collect();
    words[words.len() - 2].parse().unwrap()
}

fn kill(pid: u32, signal: Signal) {
    let pid = Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    kill_process(pid, signal).unwrap();
}

fn is_there(pid: u32) -> bool {
    Path::new(&format!("/proc/{pid}")).exists()
}

/// Waits for a process to be gone, also from the list of the dead.
fn gone(pid: u32) {
    let patience = Instant::now() + Duration::from_secs(20);
    while is_there(pid) {
        assert!(Instant::now() < patience, "process {pid} goes on");
        std::thread::yield_now();
    }
}

fn get(address: &str) -> String {
    exchange(connect(address), GET).unwrap()
}

#[test]
fn workers_serve_and_end_with_their_master() {
    for server in ServerKind::COMPILED {
        let (program, address, workers) = two(*server, &[]);
        for _ in 0..20 {
            assert!(get(&address).ends_with("Hello, you!\n"));
        }
        let mut open = half_a_request(&address);
        program.signal(Signal::TERM);
        program.line_with("stopping: waiting up to 30s for open requests; once more ");
        let rest = exchange(&mut open, "done").unwrap();
        assert!(rest.contains("done"), "{rest}");
        assert_eq!(program.end().0, Some(0));
        workers.into_iter().for_each(gone);
    }
}

/// Asks which worker answers: its number and its id.
fn who(address: &str) -> (usize, u32) {
    let answer = exchange(connect(address), &GET.replacen('/', "/process", 1)).unwrap();
    let (_, line) = answer.trim_end().rsplit_once('\n').unwrap();
    let (number, pid) = line.rsplit_once(' ').unwrap();
    let number = number.strip_prefix("Some(").unwrap();
    let number = number.strip_suffix(')').unwrap();
    (number.parse().unwrap(), pid.parse().unwrap())
}

#[test]
fn each_worker_knows_its_number() {
    for server in ServerKind::COMPILED {
        let (program, address, old) = two(*server, &[]);
        let ask = |workers: &[u32]| {
            for _ in 0..4 {
                let (number, pid) = who(&address);
                assert_eq!(workers.get(number), Some(&pid));
            }
        };
        ask(&old);
        program.signal(Signal::HUP);
        let new = program.lines_with(" started", 2);
        program.line_with("reloaded");
        old.into_iter().for_each(gone);
        ask(&new.iter().map(|line| started(line)).collect::<Vec<_>>());
        program.signal(Signal::TERM);
        assert_eq!(program.end().0, Some(0));
    }
}

#[test]
fn a_worker_that_replaces_another_has_its_number() {
    let (program, address, first) = two(ServerKind::default(), &["--max-requests", "5"]);
    let mut numbers: HashMap<u32, usize> = first.into_iter().zip(0..).collect();
    // Each serves so few that others have to come.
    while numbers.len() < 6 {
        let (number, pid) = who(&address);
        assert!(number < 2, "worker {pid} is number {number} of two");
        assert_eq!(*numbers.entry(pid).or_insert(number), number);
    }
    program.signal(Signal::TERM);
    let (code, lines) = program.end();
    assert_eq!(code, Some(0));
    // One at a time is replaced: who goes next is whom the last that started replaces.
    let (mut new, mut seen) = (None, 0);
    for line in lines {
        if line.ends_with(" started") {
            new = numbers.get(&started(&line));
        } else if let Some((who, _)) = line.split_once(" has served its requests: stopping it") {
            let (_, old) = who.rsplit_once(' ').unwrap();
            let Some(new) = new.take() else { continue };
            assert_eq!(numbers.get(&old.parse().unwrap()), Some(new), "{line}");
            seen += 1;
        }
    }
    assert!(seen >= 3, "{seen} were seen replaced");
}

#[test]
fn int_stops_at_once() {
    for server in ServerKind::COMPILED {
        let (program, address, workers) = two(*server, &["--graceful-timeout", "0"]);
        let _open = half_a_request(&address);
        program.signal(Signal::INT);
        program.line_with("stopping at once");
        assert_eq!(program.end().0, Some(0));
        workers.into_iter().for_each(gone);
    }
}

#[test]
fn a_worker_that_dies_is_replaced() {
    let (program, address, workers) = two(ServerKind::default(), &[]);
    kill(workers[0], Signal::KILL);
    program.line_with(&format!("worker {} has died: SIGKILL", workers[0]));
    program.line_with(" started");
    assert!(get(&address).ends_with("Hello, you!\n"));
    program.signal(Signal::TERM);
    assert_eq!(program.end().0, Some(0));
}

#[test]
fn a_worker_that_gives_no_sign_of_life_is_replaced() {
    for server in ServerKind::COMPILED {
        let (program, _, workers) = two(*server, &["--worker-timeout", "500ms"]);
        kill(workers[1], Signal::STOP);
        program.line_with(&format!("worker {} is stuck: killed", workers[1]));
        program.line_with(" started");
        program.signal(Signal::TERM);
        assert_eq!(program.end().0, Some(0));
    }
}

#[test]
fn workers_without_a_master_end() {
    for server in ServerKind::COMPILED {
        let (program, _, workers) = two(*server, &[]);
        program.signal(Signal::KILL);
        workers.into_iter().for_each(gone);
        drop(program);
    }
}

#[test]
fn a_reload_brings_new_workers_and_new_settings() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("rgi.toml");
    fs::write(&config, "processes = 2").unwrap();
    let args = [
        "--bind",
        "127.0.0.1:0",
        "--config",
        config.to_str().unwrap(),
    ];
    let (program, address, old) = serving(Program::start(command(example("echo"), &args)));
    let mut idle = connect(&address);
    idle.write_all(b"GET / HTTP/1.1\r\nHost: test.invalid\r\n\r\n")
        .unwrap();
    read_until(&mut idle, "Hello, you!\n");

    fs::write(&config, "processes = 3").unwrap();
    program.signal(Signal::HUP);
    program.line_with("reloading");
    program.lines_with(" started", 3);
    program.line_with("reloaded");
    // Who was there before the reload is served on, until told.
    let mut answer = String::new();
    while !answer.contains("connection: close\r\n") {
        idle.write_all(b"GET / HTTP/1.1\r\nHost: test.invalid\r\n\r\n")
            .unwrap();
        answer = read_until(&mut idle, "Hello, you!\n").to_ascii_lowercase();
    }
    assert_eq!(idle.read(&mut [0]).unwrap(), 0);
    old.into_iter().for_each(gone);

    // What does not hold changes nothing.
    fs::write(&config, "processes = \"many\"").unwrap();
    program.signal(Signal::HUP);
    let line = program.line_with("not reloaded, what was goes on: ");
    assert!(
        line.contains("processes: \"many\" is no whole number"),
        "{line}"
    );
    assert!(get(&address).ends_with("Hello, you!\n"));
    program.signal(Signal::TERM);
    assert_eq!(program.end().0, Some(0));
}

#[test]
fn a_generation_that_does_not_start_replaces_none() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("rgi.toml");
    fs::write(&config, "max-requests = 0").unwrap();
    let mut start = command(
        example("echo"),
        &[
            "--bind",
            "127.0.0.1:0",
            "--processes",
            "2",
            "--config",
            config.to_str().unwrap(),
        ],
    );
    let refuses = folder.path().join("refuses");
    start.env("REFUSES", &refuses);
    let (program, address, workers) = serving(Program::start(start));
    fs::write(&refuses, "").unwrap();
    program.signal(Signal::HUP);
    program.line_with("the file of REFUSES is there");
    program.line_with("not reloaded: a new worker does not start; the old ones go on");
    assert!(get(&address).ends_with("Hello, you!\n"));
    assert!(workers.into_iter().all(is_there));
    program.signal(Signal::TERM);
    assert_eq!(program.end().0, Some(0));
}

#[test]
fn an_application_that_does_not_start_ends_the_master() {
    let mut start = command(
        example("echo"),
        &["--processes", "2", "--bind", "127.0.0.1:0"],
    );
    start.env("GREETING", "");
    let (code, lines) = Program::start(start).end();
    assert_eq!(code, Some(1), "{lines:?}");
    assert!(
        lines.iter().any(|line| line.contains("GREETING is empty")),
        "{lines:?}"
    );
    assert!(
        !lines.iter().any(|line| line.contains("serving")),
        "{lines:?}"
    );
}

#[test]
fn workers_are_replaced_after_their_requests() {
    let args = ["--max-requests", "5", "--max-requests-jitter", "2"];
    let (program, address, first) = two(ServerKind::default(), &args);
    for _ in 0..60 {
        assert!(get(&address).ends_with("Hello, you!\n"));
    }
    program.lines_with("has served its requests: stopping it", 3);
    first.into_iter().for_each(gone);
    program.signal(Signal::TERM);
    assert_eq!(program.end().0, Some(0));
}

#[test]
fn workers_are_replaced_at_an_age_and_a_size() {
    for (args, why) in [
        (["--max-worker-lifetime", "300ms"], "has reached its age"),
        (["--max-worker-memory", "1m"], "has grown too big"),
    ] {
        let (program, _, first) = two(ServerKind::default(), &args);
        program.lines_with(why, 2);
        first.into_iter().for_each(gone);
        program.signal(Signal::TERM);
        assert_eq!(program.end().0, Some(0));
    }
}

#[test]
fn workers_are_added_and_taken() {
    let (program, _, _) = two(ServerKind::default(), &[]);
    program.signal(Signal::TTIN);
    program.line_with("workers wanted: 3");
    let third = started(&program.line_with(" started"));
    program.signal(Signal::TTOU);
    program.line_with("workers wanted: 2");
    program.line_with(&format!("worker {third} is one too many: stopping it"));
    gone(third);
    for _ in 0..2 {
        // The last one stays.
        program.signal(Signal::TTOU);
        program.line_with("workers wanted: 1");
    }
    program.signal(Signal::TERM);
    assert_eq!(program.end().0, Some(0));
}

#[test]
fn a_successor_takes_over() {
    let folder = tempfile::tempdir().unwrap();
    let (socket, pid_file) = (
        folder.path().join("echo.sock"),
        folder.path().join("echo.pid"),
    );
    let bind = format!("unix:{}", socket.display());
    let file = pid_file.to_str().unwrap();
    let args = [
        "--processes",
        "2",
        "--bind",
        "127.0.0.1:0",
        "--bind",
        &bind,
        "--pid-file",
        file,
    ];
    let (program, address, workers) = serving(Program::start(command(example("echo"), &args)));
    let master = || {
        fs::read_to_string(&pid_file)
            .unwrap()
            .trim()
            .parse::<u32>()
            .unwrap()
    };
    assert_eq!(master(), program.id());
    program.signal(Signal::USR2);
    program.line_with("started the successor, process ");
    program.line_with("the successor serves: stopping");
    workers.into_iter().for_each(gone);
    let successor = master();
    assert_ne!(successor, program.id());
    assert!(get(&address).ends_with("Hello, you!\n"));
    let answer = exchange(UnixStream::connect(&socket).unwrap(), GET).unwrap();
    assert!(answer.ends_with("Hello, you!\n"), "{answer}");
    kill(successor, Signal::TERM);
    gone(successor);
    assert!(!pid_file.exists());
    assert!(!socket.exists());
    assert_eq!(program.end().0, Some(0));
}

#[test]
fn a_successor_that_does_not_start_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("echo");
    fs::copy(example("echo"), &copy).unwrap();
    let args = ["--processes", "2", "--bind", "127.0.0.1:0"];
    let (program, address, workers) = serving(Program::start(command(&copy, &args)));
    fs::remove_file(&copy).unwrap();
    fs::write(&copy, "#!/bin/sh\nexit 3\n").unwrap();
    fs::set_permissions(&copy, PermissionsExt::from_mode(0o755)).unwrap();
    program.signal(Signal::USR2);
    program.line_with("the successor did not start (exit code 3): what was goes on");
    fs::remove_file(&copy).unwrap();
    program.signal(Signal::USR2);
    program.line_with("no successor, what was goes on: ");
    assert!(get(&address).ends_with("Hello, you!\n"));
    assert!(workers.into_iter().all(is_there));
    program.signal(Signal::TERM);
    assert_eq!(program.end().0, Some(0));
}

#[test]
fn the_pid_file_of_another_is_respected() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("echo.pid");
    fs::write(&file, "1\n").unwrap();
    let args = ["--processes", "1", "--bind", "127.0.0.1:0", "--pid-file"];
    let args = [&args[..], &[file.to_str().unwrap()]].concat();
    let (code, lines) = Program::start(command(example("echo"), &args)).end();
    assert_eq!(code, Some(1), "{lines:?}");
    assert!(
        lines.iter().any(|line| line.contains("process 1 lives; ")),
        "{lines:?}"
    );
    assert_eq!(fs::read_to_string(&file).unwrap(), "1\n");
}

#[test]
fn users_that_nobody_knows_are_refused() {
    let args = [
        "--processes",
        "1",
        "--bind",
        "127.0.0.1:0",
        "--user",
        "no-such-user",
    ];
    let refused = output(&args);
    assert_eq!(
        refusal(&refused),
        "echo: this system has no user \"no-such-user\""
    );
}

#[test]
fn workers_run_as_the_user_that_is_named() {
    if !rustix::process::geteuid().is_root() {
        eprintln!("only root can see this");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("access.log");
    // In its folder workers must be able to make files, as in that of any log they rotate.
    fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o777)).unwrap();
    let file = log.to_str().unwrap();
    let args = [
        "--user",
        "nobody",
        "--access-log",
        "combined",
        "--access-log-file",
        file,
    ];
    let (program, address, workers) = two(ServerKind::default(), &args);
    for worker in workers {
        let status = fs::read_to_string(format!("/proc/{worker}/status")).unwrap();
        let ids = |name: &str| -> HashSet<u32> {
            let line = status
                .lines()
                .find_map(|line| line.strip_prefix(name))
                .unwrap();
            line.split_whitespace()
                .map(|id| id.parse().unwrap())
                .collect()
        };
        assert_eq!(ids("Uid:").len(), 1);
        assert!(!ids("Uid:").contains(&0), "{status}");
        assert!(!ids("Gid:").contains(&0), "{status}");
        assert!(!ids("Groups:").contains(&0), "{status}");
    }
    assert!(get(&address).ends_with("Hello, you!\n"));
    fs::rename(&log, folder.path().join("access.log.1")).unwrap();
    program.signal(Signal::USR1);
    program.line_with("log files opened anew");
    // A worker writes to the new file as soon as it has heard of it.
    let patience = Instant::now() + Duration::from_secs(20);
    while fs::read_to_string(&log).unwrap().is_empty() {
        assert!(
            Instant::now() < patience,
            "nothing is written to the new file"
        );
        assert!(get(&address).ends_with("Hello, you!\n"));
    }
    program.signal(Signal::TERM);
    let (code, lines) = program.end();
    assert_eq!(code, Some(0));
    assert!(
        !lines.iter().any(|line| line.contains("cannot")),
        "{lines:?}"
    );
}

#[test]
fn hooks_are_called_at_their_turns() {
    let args = ["--processes", "1", "--bind", "127.0.0.1:0"];
    let mut start = command(example("echo"), &args);
    let program = Program::start({
        start.env("CHATTY", "");
        start
    });
    program.line_with("pre_fork 0");
    program.line_with("post_fork 0");
    program.line_with("serving");
    program.signal(Signal::TERM);
    program.line_with("worker_exit 0: exit code 0");
    assert_eq!(program.end().0, Some(0));
}

#[test]
fn a_service_manager_is_told_and_its_sockets_are_taken() {
    let folder = tempfile::tempdir().unwrap();
    let manager = UnixDatagram::bind(folder.path().join("notify")).unwrap();
    manager
        .set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let hear = || {
        let mut bytes = [0; 512];
        let n = manager.recv(&mut bytes).unwrap();
        String::from_utf8_lossy(&bytes[..n]).into_owned()
    };
    let until = |text: &str| {
        let mut said = hear();
        while !said.contains(text) {
            said = hear();
        }
    };
    for processes in ["0", "2"] {
        let script = "LISTEN_PID=$$ LISTEN_FDS=1 exec \"$0\" --processes $1 3<&0 0</dev/null";
        let echo = example("echo");
        let mut start = command("sh", &["-c", script, echo.to_str().unwrap(), processes]);
        start
            .stdin(Stdio::from(OwnedFd::from(listener.try_clone().unwrap())))
            .env("NOTIFY_SOCKET", folder.path().join("notify"))
            .env("WATCHDOG_USEC", "200000");
        let program = Program::start(start);
        program.line_with(&format!("serving http://{address} on fd:3 "));
        until("READY=1");
        until("WATCHDOG=1");
        until("WATCHDOG=1");
        assert!(get(&address).ends_with("Hello, you!\n"));
        if processes != "0" {
            program.signal(Signal::HUP);
            until("RELOADING=1");
            until("READY=1");
            program.signal(Signal::USR2);
            let line = program.line_with("started the successor, process ");
            let successor = line.rsplit(' ').next().unwrap().parse().unwrap();
            program.line_with("the successor serves: stopping");
            until(&format!("MAINPID={successor}"));
            assert!(get(&address).ends_with("Hello, you!\n"));
            kill(successor, Signal::TERM);
            until("STOPPING=1");
            gone(successor);
        } else {
            program.signal(Signal::TERM);
            until("STOPPING=1");
            assert_eq!(program.end().0, Some(0));
        }
    }
}
