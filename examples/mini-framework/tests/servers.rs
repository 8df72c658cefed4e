//! The notes over the wire, on each server.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// The program, on a port of its own; ended with the test.
struct Program {
    child: Child,
    address: String,
}

impl Program {
    fn serve(server: &str, prefix: &str) -> Program {
        let mut command = Command::new(env!("CARGO_BIN_EXE_notes"));
        command.args(["--server", server, "--bind", "127.0.0.1:0"]);
        command.args(["--script-name", prefix]);
        if server == "prefork" {
            // Each process has notes of its own.
            command.args(["--processes", "1"]);
        }
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        let address = loop {
            line.clear();
            assert_ne!(log.read_line(&mut line).unwrap(), 0, "it ended");
            if let Some((_, rest)) = line.split_once("http://") {
                let end = rest.find([' ', '\n', '/']).unwrap();
                break rest[..end].to_owned();
            }
        };
        // What it says later has to go somewhere.
        std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        Program { child, address }
    }

    /// One request; the status and the body of its answer.
    fn ask(&self, line: &str, body: &str) -> (String, String) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let patience = Some(Duration::from_secs(60));
        stream.set_read_timeout(patience).unwrap();
        let length = body.len();
        let fields = "Host: a\r\nConnection: close\r\nContent-Type: application/json\r\n";
        let request = format!("{line} HTTP/1.1\r\n{fields}Content-Length: {length}\r\n\r\n{body}");
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head[9..12].to_owned(), body.to_owned())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn notes_are_kept(server: &str) {
    let program = Program::serve(server, "");
    let ask = |line, body| {
        let (status, body) = program.ask(line, body);
        format!("{status} {body}")
    };
    let note = r#"{"text":"milk"}"#;
    assert_eq!(ask("GET /notes", ""), "200 []");
    assert_eq!(ask("POST /notes", note), "201 /notes/1\n");
    assert_eq!(ask("GET /notes/1", ""), format!("200 {note}"));
    assert_eq!(ask("HEAD /notes/1", ""), "200 ");
    assert_eq!(ask("GET /notes?with=il", ""), format!("200 [{note}]"));
    assert_eq!(ask("GET /notes?with=x", ""), "200 []");
    for (line, status) in [
        ("GET /notes/2", "404 "),
        ("GET /notes/0", "404 "),
        ("POST /notes", "400 "),
        ("PUT /notes", "405 "),
    ] {
        let answer = ask(line, "no JSON");
        assert!(answer.starts_with(status), "{line}: {answer}");
        assert!(answer.contains("<h1>"), "{line}: {answer}");
    }
}

#[test]
fn links_lead_to_where_it_is_mounted() {
    let program = Program::serve("evented", "/shop");
    let note = r#"{"text":"milk"}"#;
    let (status, link) = program.ask("POST /shop/notes", note);
    assert_eq!((&*status, &*link), ("201", "/shop/notes/1\n"));
    let (_, there) = program.ask(&format!("GET {}", link.trim_end()), "");
    assert_eq!(there, note);
}

#[test]
fn evented() {
    notes_are_kept("evented");
}

#[test]
fn threaded() {
    notes_are_kept("threaded");
}

#[test]
fn prefork() {
    notes_are_kept("prefork");
}

#[test]
fn coroutine() {
    notes_are_kept("coroutine");
}

#[test]
fn actix() {
    notes_are_kept("actix");
}
