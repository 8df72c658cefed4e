//! A program under test, as a process.

use std::env;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use rgi_serve::ServerKind;
use rustix::process::{Pid, Signal, kill_process};

/// Far more than anything here takes; the end of a test that would hang.
const PATIENCE: Duration = Duration::from_secs(30);

/// The path of an example of this package, which stands beside the folder of its tests.
pub(crate) fn example(name: &str) -> PathBuf {
    let test = env::current_exe().unwrap();
    let built = test.ancestors().nth(2).unwrap();
    let path = built.join("examples").join(name);
    assert!(
        path.exists(),
        "{path:?} is missing: `cargo test -p rgi-serve` builds it, and so does `cargo build --examples`"
    );
    path
}

/// A command with nothing set by the environment of the test.
pub(crate) fn command(program: impl Into<PathBuf>, args: &[&str]) -> Command {
    let mut command = Command::new(program.into());
    command.args(args).stdin(Stdio::null());
    for (key, _) in env::vars_os() {
        if key.to_string_lossy().starts_with("RGI_") {
            command.env_remove(key);
        }
    }
    command
}

/// The options for a server: with one worker, where it is made of processes, and with bodies that
/// the application gets as they come.
pub(crate) fn on(server: ServerKind) -> Vec<&'static str> {
    let usual = ["--server", server.name(), "--buffer-body", "0"];
    match is_of_processes(&server) {
        true => [&usual[..], &["--processes", "1"]].concat(),
        false => usual.to_vec(),
    }
}

/// Whether a server has a master, so that signals and logs are more than one process's.
pub(crate) fn is_of_processes(server: &ServerKind) -> bool {
    server.name() == "prefork"
}

/// The servers that run in the process that is started.
pub(crate) fn of_one_process() -> impl Iterator<Item = ServerKind> {
    let all = ServerKind::COMPILED.iter().copied();
    all.filter(|server| !is_of_processes(server))
}

/// Runs `echo` to its end, which it reaches without a signal.
pub(crate) fn output(args: &[&str]) -> Output {
    command(example("echo"), args).output().unwrap()
}

/// A program that serves. Killed when dropped.
pub(crate) struct Program {
    child: Child,
    lines: Receiver<String>,
}

impl Program {
    pub(crate) fn start(mut command: Command) -> Program {
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        Program { child, lines }
    }

    /// `echo` on this server and a free port, and its address. It sends back what has come of a body
    /// that is under way.
    pub(crate) fn echo(server: ServerKind, args: &[&str]) -> (Program, String) {
        Program::serving("echo", &[&on(server), args].concat())
    }

    /// An example on a free port, and its address.
    pub(crate) fn serving(name: &str, args: &[&str]) -> (Program, String) {
        let args = [&["--bind", "127.0.0.1:0"], args].concat();
        let program = Program::start(command(example(name), &args));
        let serving = program.line_with("serving http://");
        let address = Program::address(&serving).to_owned();
        (program, address)
    }

    /// The address in the line of the log that says where it serves.
    pub(crate) fn address(serving: &str) -> &str {
        let address = serving.split("http://").nth(1).unwrap();
        address.split(' ').next().unwrap()
    }

    /// Waits for a line of the log with this text.
    pub(crate) fn line_with(&self, text: &str) -> String {
        let mut before = Vec::new();
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) if line.contains(text) => return line,
                Ok(line) => before.push(line),
                Err(_) => panic!("no line with {text:?} in {before:?}"),
            }
        }
    }

    /// Waits for so many lines of the log with this text.
    pub(crate) fn lines_with(&self, text: &str, count: usize) -> Vec<String> {
        (0..count).map(|_| self.line_with(text)).collect()
    }

    /// What it writes to standard output, which its command has piped.
    pub(crate) fn stdout(&mut self) -> ChildStdout {
        self.child.stdout.take().unwrap()
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits for the end: the exit code, and the lines of the log that nobody has read.
    pub(crate) fn end(mut self) -> (Option<i32>, Vec<String>) {
        let mut lines = Vec::new();
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) => lines.push(line),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => panic!("it does not end: {lines:?}"),
            }
        }
        (self.child.wait().unwrap().code(), lines)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Asks again and again until there is an answer.
pub(crate) fn wait_until<T>(mut ask: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < end, "nothing came of it");
        thread::yield_now();
    }
}

pub(crate) fn connect(address: &str) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

pub(crate) const GET: &str = "GET / HTTP/1.1\r\nHost: test.invalid\r\nConnection: close\r\n\r\n";

/// Sends one request and reads all there is to its answer.
pub(crate) fn exchange(mut stream: impl Read + Write, request: &str) -> io::Result<String> {
    stream.write_all(request.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

/// Reads until what was read ends with `text`.
pub(crate) fn read_until(stream: &mut impl Read, text: &str) -> String {
    let mut read = Vec::new();
    let mut byte = [0];
    while !read.ends_with(text.as_bytes()) {
        let n = stream.read(&mut byte).unwrap();
        assert_eq!(n, 1, "the end, after {:?}", String::from_utf8_lossy(&read));
        read.push(byte[0]);
    }
    String::from_utf8(read).unwrap()
}
