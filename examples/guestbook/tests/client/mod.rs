//! A program under test, and who visits it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

const PATIENCE: Option<Duration> = Some(Duration::from_secs(60));

/// The program in two processes, on a port and with a database of its own; ended with the test.
pub(crate) struct Program {
    child: Child,
    pub(crate) address: SocketAddr,
    log: Option<JoinHandle<String>>,
    _folder: TempDir,
}

impl Program {
    pub(crate) fn serve(server: &str) -> Program {
        let folder = TempDir::new().unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_guestbook"))
            .args([
                "--server",
                server,
                "--bind",
                "127.0.0.1:0",
                "--processes",
                "2",
                "--lint",
            ])
            .env("GUESTBOOK_DB", folder.path().join("guestbook.db"))
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut said = String::new();
        let address = loop {
            let from = said.len();
            assert_ne!(log.read_line(&mut said).unwrap(), 0, "it ended:\n{said}");
            if let Some((_, rest)) = said[from..].split_once("serving http://") {
                let end = rest.find([' ', '\n', '/']).unwrap();
                break rest[..end].parse().unwrap();
            }
        };
        let log = std::thread::spawn(move || {
            let mut rest = String::new();
            let _ = log.read_to_string(&mut rest);
            rest
        });
        Program {
            child,
            address,
            log: Some(log),
            _folder: folder,
        }
    }

    /// Asks it to end, which it does in time and well, and the lint has nothing to say.
    pub(crate) fn stop(mut self) {
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
        let status = self.child.wait().unwrap();
        let log = self.log.take().unwrap().join().unwrap();
        assert!(
            status.success() && !log.contains(" lint: "),
            "{status}\n{log}"
        );
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A client that keeps its cookie.
pub(crate) struct Visitor {
    address: SocketAddr,
    cookie: std::cell::RefCell<Option<String>>,
}

impl Visitor {
    pub(crate) fn new(program: &Program) -> Visitor {
        Visitor {
            address: program.address,
            cookie: None.into(),
        }
    }

    pub(crate) fn get(&self, target: &str) -> Answer {
        self.ask("GET", target, "", "")
    }

    pub(crate) fn post(&self, target: &str, fields: &str, form: &str) -> Answer {
        let kind = "content-type: application/x-www-form-urlencoded\r\n";
        self.ask("POST", target, &format!("{kind}{fields}"), form)
    }

    /// The form that it is shown, filled in.
    pub(crate) fn fill(&self, name: &str, message: &str) -> String {
        let page = self.get("/sign").text;
        let hidden = |field: &str| {
            let (_, rest) = page
                .split_once(&format!("name=\"{field}\" value=\""))
                .unwrap();
            rest.split('"').next().unwrap()
        };
        let (token, number) = (hidden("token"), hidden("number"));
        let (name, message) = (encoded(name), encoded(message));
        format!("token={token}&number={number}&name={name}&message={message}")
    }

    /// Fills the form in and sends it.
    pub(crate) fn sign(&self, name: &str, message: &str) -> Answer {
        self.post("/sign", "", &self.fill(name, message))
    }

    /// Sends one request, on a connection of its own.
    pub(crate) fn ask(&self, method: &str, target: &str, fields: &str, body: &str) -> Answer {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(PATIENCE).unwrap();
        stream.set_write_timeout(PATIENCE).unwrap();
        let cookie = self.cookie.borrow().clone();
        let cookie = cookie.map_or(String::new(), |it| format!("cookie: {it}\r\n"));
        let head = format!(
            "{method} {target} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\
             {cookie}{fields}content-length: {}\r\n\r\n",
            self.address,
            body.len()
        );
        // A server that refuses a body may close before it has all of it.
        let _ = stream.write_all(format!("{head}{body}").as_bytes());
        let mut all = Vec::new();
        stream.read_to_end(&mut all).unwrap();
        let answer = Answer::parse(&all);
        if let Some(set) = answer.field("set-cookie") {
            *self.cookie.borrow_mut() = set.split(';').next().map(str::to_owned);
        }
        answer
    }
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
    pub(crate) text: String,
}

impl Answer {
    fn parse(all: &[u8]) -> Answer {
        let end = all.windows(4).position(|four| four == b"\r\n\r\n");
        let end = end.expect("an answer with a head");
        let head = String::from_utf8(all[..end].to_vec()).unwrap();
        Answer {
            status: head[9..12].parse().unwrap(),
            head,
            text: String::from_utf8_lossy(&all[end + 4..]).into_owned(),
        }
    }

    /// A field's first value.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let mut fields = self.head.lines().filter_map(|line| line.split_once(": "));
        let (_, value) = fields.find(|(known, _)| known.eq_ignore_ascii_case(name))?;
        Some(value)
    }

    /// Where a link of this relation goes.
    pub(crate) fn link(&self, relation: &str) -> Option<String> {
        let (_, rest) = self
            .text
            .split_once(&format!("rel=\"{relation}\" href=\""))?;
        rest.split('"').next().map(str::to_owned)
    }
}
