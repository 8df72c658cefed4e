//! The program under test.

use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};
use std::{env, thread};

use serde_json::Value;

use super::client::{Client, Reply};

/// Far more than anything here takes; the end of a test that would hang.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// The testbed on a free port. Killed when dropped.
pub(crate) struct Server {
    program: Child,
    address: String,
    facts: Value,
}

impl Server {
    /// Starts it on the server of this name, mounted under a prefix, or under `""`.
    pub(crate) fn start(name: &str, prefix: &str) -> Server {
        let mut command = Command::new(env!("CARGO_BIN_EXE_testbed"));
        command
            .args(["--server", name, "--bind", "127.0.0.1:0"])
            .args(["--script-name", prefix])
            .stdin(Stdio::null())
            .stderr(Stdio::piped());
        // Nothing set by the environment of the test.
        for (key, _) in env::vars_os() {
            if key.to_string_lossy().starts_with("RGI_") {
                command.env_remove(key);
            }
        }
        let mut program = command.spawn().unwrap();
        let log = BufReader::new(program.stderr.take().unwrap());
        // Owned from here on, so that a start that fails ends the program, too.
        let mut server = Server {
            program,
            address: String::new(),
            facts: Value::Null,
        };
        server.address = address(&lines(log));
        let environ = server.get(&format!("{prefix}/environ"));
        server.facts = environ.json()["server"].take();
        server
    }

    /// Whether the server says so of itself.
    #[track_caller]
    pub(crate) fn says(&self, fact: &str) -> bool {
        self.facts[fact].as_bool().expect("a fact")
    }

    /// Whether it answers one request while another is under way.
    pub(crate) fn answers_at_once(&self) -> bool {
        self.says("multithread") || self.says("reentrant")
    }

    pub(crate) fn connect(&self) -> Client {
        Client::new(TcpStream::connect(&self.address).unwrap())
    }

    /// One GET on a connection of its own.
    #[track_caller]
    pub(crate) fn get(&self, target: &str) -> Reply {
        let mut client = self.connect();
        client.get(target);
        client.reply()
    }

    /// Asks for the counts until they are as they should be.
    #[track_caller]
    pub(crate) fn wait_for_stats(&self, as_expected: impl Fn(&Value) -> bool) {
        let begun = Instant::now();
        let mut client = self.connect();
        loop {
            client.get("/stats");
            let stats = client.reply().json();
            if as_expected(&stats) {
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "it stays at {stats}");
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

/// The lines of the log. They are read on when nobody wants them, so that the program never waits.
fn lines(log: impl BufRead + Send + 'static) -> Receiver<String> {
    let (sender, lines) = mpsc::channel();
    thread::spawn(move || {
        for line in log.lines().map_while(Result::ok) {
            let _ = sender.send(line);
        }
    });
    lines
}

/// The address that the program says it serves at.
fn address(lines: &Receiver<String>) -> String {
    let mut before = Vec::new();
    loop {
        let Ok(line) = lines.recv_timeout(PATIENCE) else {
            panic!("the program does not serve: {before:?}");
        };
        if let Some((_, rest)) = line.split_once(" serving http://") {
            return rest.split(' ').next().unwrap_or(rest).to_owned();
        }
        before.push(line);
    }
}
