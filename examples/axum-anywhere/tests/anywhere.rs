//! The same checks over the wire on each server.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use axum_anywhere::LONGEST_UPLOAD;

/// The program, on a port of its own; ended with the test.
struct Program {
    child: Child,
    address: SocketAddr,
}

impl Program {
    fn serve(server: &str) -> Program {
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
    fn ask(&self, line: &str, fields: &str, body: &[u8]) -> Answer {
        let mut stream = self.connect(line, fields, body.len());
        stream.write_all(body).unwrap();
        let mut all = Vec::new();
        stream.read_to_end(&mut all).unwrap();
        Answer::parse(&all)
    }

    fn get(&self, target: &str) -> Answer {
        self.ask(&format!("GET {target}"), "", b"")
    }

    fn connect(&self, line: &str, fields: &str, length: usize) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).unwrap();
        let patience = Some(Duration::from_secs(60));
        stream.set_read_timeout(patience).unwrap();
        stream.set_write_timeout(patience).unwrap();
        let close = "Host: test.invalid\r\nConnection: close\r\n";
        let head = format!("{line} HTTP/1.1\r\n{close}{fields}Content-Length: {length}\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        stream
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

struct Answer {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Answer {
    fn parse(all: &[u8]) -> Answer {
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

    fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    fn has(&self, field: &str) -> bool {
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

fn check(server: &str) {
    let program = Program::serve(server);
    extractors(&program);
    layers(&program);
    uploads(&program);
    events(&program);
}

fn extractors(program: &Program) {
    let greeting = program.get("/greet/you%20all?loud=true");
    assert_eq!(
        (greeting.status, greeting.text()),
        (200, "HELLO, YOU ALL!\n")
    );
    assert!(greeting.has("content-length: 16"), "{}", greeting.head);
    assert_eq!(program.get("/greet/you?loud=perhaps").status, 400);
    let json = "Content-Type: application/json\r\n";
    let sum = program.ask("POST /sum", json, br#"{"numbers": [1, 2, 39]}"#);
    assert_eq!((sum.status, sum.text()), (200, r#"{"sum":42}"#));
    assert_eq!(program.ask("POST /sum", json, b"{").status, 400);
    assert_eq!(program.ask("POST /sum", "", b"{}").status, 415);
    assert_eq!(program.get("/count").text(), "1\n");
    assert_eq!(program.get("/count").text(), "2\n");
    assert_eq!(program.get("/nowhere").status, 404);
    assert_eq!(program.ask("DELETE /count", "", b"").status, 405);
    let head = program.ask("HEAD /greet/you", "", b"");
    assert_eq!((head.status, head.text()), (200, ""));
    assert!(head.has("content-length: 12"), "{}", head.head);
}

fn layers(program: &Program) {
    let named = program.ask("GET /greet/you", "X-Request-Id: Seven\r\n", b"");
    assert!(named.has("x-request-id: seven"), "{}", named.head);
    assert!(
        named.has("access-control-allow-origin: *"),
        "{}",
        named.head
    );
    assert!(named.has("x-served-by: axum"), "{}", named.head);
    let numbered = program.get("/greet/you");
    assert!(
        numbered.head.contains("\r\nx-request-id: "),
        "{}",
        numbered.head
    );
    // By tokio's clock.
    assert_eq!(program.get("/never").status, 503);
}

fn uploads(program: &Program) {
    let bytes: Vec<u8> = (0..600_000_u32).map(|n| (n % 251) as u8).collect();
    let kind = "Content-Type: test/bytes\r\n";
    let taken = program.ask("POST /upload", kind, &bytes);
    assert_eq!(taken.text(), "600000 bytes of test/bytes\n");
    // Refused by what is announced; nothing of it is sent.
    let mut stream = program.connect("POST /upload", kind, LONGEST_UPLOAD + 1);
    let mut all = Vec::new();
    stream.read_to_end(&mut all).unwrap();
    assert_eq!(Answer::parse(&all).status, 413);
    // A block comes back before the next is sent.
    let mut stream = program.connect("POST /echo", "", 10);
    stream.write_all(b"first").unwrap();
    let mut all = Vec::new();
    while !all.windows(5).any(|five| five == b"first") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        all.push(byte[0]);
    }
    stream.write_all(b"other").unwrap();
    stream.read_to_end(&mut all).unwrap();
    assert_eq!(Answer::parse(&all).text(), "firstother");
}

fn events(program: &Program) {
    let events = program.get("/events");
    assert!(
        events.has("content-type: text/event-stream"),
        "{}",
        events.head
    );
    let tick = |n: u32| format!("event: tick\ndata: {n}\n\n");
    assert_eq!(events.text(), [tick(1), tick(2), tick(3)].concat());
}

#[test]
fn coroutine() {
    check("coroutine");
}

#[test]
fn evented() {
    check("evented");
}

#[test]
fn threaded() {
    check("threaded");
}

#[test]
fn prefork() {
    check("prefork");
}

#[test]
fn actix() {
    check("actix");
}
