//! The program under a server, and a client that reads each answer to its end.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

/// The program, on a port of its own; ended with the test.
pub(crate) struct Program {
    child: Child,
    address: SocketAddr,
}

impl Program {
    pub(crate) fn serve(server: &str) -> Program {
        // Its count is each process's own.
        let processes: &[&str] = match server {
            "prefork" => &["--processes", "1"],
            _ => &[],
        };
        let mut child = Command::new(env!("CARGO_BIN_EXE_axum-anywhere"))
            .args(["--server", server, "--bind", "127.0.0.1:0"])
            // So that a thread, too, sends a block back before the next has come.
            .args(["--buffer-body", "0"])
            .args(processes)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        let address = loop {
            line.clear();
            assert_ne!(log.read_line(&mut line).unwrap(), 0, "it ended");
            if let Some((_, rest)) = line.split_once("http://") {
                let end = rest.find([' ', '\n', '/']).unwrap();
                break rest[..end].parse().unwrap();
            }
        };
        // What it says later has to go somewhere.
        std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        Program { child, address }
    }

    /// Sends one request, whose connection ends with it, and gives the whole answer.
    pub(crate) fn ask(&self, line: &str, fields: &str, body: &[u8]) -> Answer {
        let mut stream = self.connect(line, fields, body.len());
        stream.write_all(body).unwrap();
        let mut all = Vec::new();
        stream.read_to_end(&mut all).unwrap();
        Answer::parse(&all)
    }

    pub(crate) fn get(&self, target: &str) -> Answer {
        self.ask(&format!("GET {target}"), "", b"")
    }

    /// A connection whose reads and writes have a bound.
    pub(crate) fn stream(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        let patience = Some(Duration::from_secs(60));
        stream.set_read_timeout(patience).unwrap();
        stream.set_write_timeout(patience).unwrap();
        stream
    }

    pub(crate) fn connect(&self, line: &str, fields: &str, length: usize) -> TcpStream {
        let mut stream = self.stream();
        let close = "Host: test.invalid\r\nConnection: close\r\n";
        let head = format!("{line} HTTP/1.1\r\n{close}{fields}Content-Length: {length}\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        stream
    }

    /// Tells it to stop when open requests have ended.
    pub(crate) fn terminate(&self) {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, Signal::TERM).unwrap();
    }

    /// Whether it ends well.
    pub(crate) fn ends_well(mut self) -> bool {
        self.child.wait().unwrap().success()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn parse(all: &[u8]) -> Answer {
        let end = all.windows(4).position(|four| four == b"\r\n\r\n");
        let end = end.expect("an answer with a head");
        let head = String::from_utf8(all[..end].to_vec()).unwrap();
        let head = head.to_ascii_lowercase();
        let body = match head.contains("transfer-encoding: chunked") {
            true => chunks(&all[end + 4..]),
            false => all[end + 4..].to_vec(),
        };
        Answer {
            status: head[9..12].parse().unwrap(),
            head,
            body,
        }
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn has(&self, field: &str) -> bool {
        self.head.lines().any(|line| line == field)
    }
}

/// The bytes of a chunked body, which has to end as one.
fn chunks(mut rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    loop {
        let end = rest.windows(2).position(|two| two == b"\r\n").unwrap();
        let size = std::str::from_utf8(&rest[..end]).unwrap();
        let size = usize::from_str_radix(size, 16).unwrap();
        rest = &rest[end + 2..];
        if size == 0 {
            assert_eq!(rest, b"\r\n");
            return body;
        }
        body.extend_from_slice(&rest[..size]);
        assert_eq!(&rest[size..size + 2], b"\r\n");
        rest = &rest[size + 2..];
    }
}
