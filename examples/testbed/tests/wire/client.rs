//! A client that speaks bytes.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};

use serde_json::Value;

use super::server::PATIENCE;

/// A connection, and what was read of it and not yet taken.
pub(crate) struct Client {
    socket: TcpStream,
    buf: Vec<u8>,
}

impl Client {
    pub(crate) fn new(socket: TcpStream) -> Client {
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        Client {
            socket,
            buf: Vec::new(),
        }
    }

    #[track_caller]
    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.socket.write_all(bytes.as_ref()).unwrap();
    }

    /// Sends a request without a body. `fields` are lines, each with its end.
    #[track_caller]
    pub(crate) fn ask(&mut self, method: &str, target: &str, fields: &str) {
        self.send(format!(
            "{method} {target} HTTP/1.1\r\nHost: test.invalid\r\n{fields}\r\n"
        ));
    }

    #[track_caller]
    pub(crate) fn get(&mut self, target: &str) {
        self.ask("GET", target, "");
    }

    /// Sends a POST with a body of known length.
    #[track_caller]
    pub(crate) fn post(&mut self, target: &str, body: &str) {
        self.ask(
            "POST",
            target,
            &format!("Content-Length: {}\r\n", body.len()),
        );
        self.send(body);
    }

    /// Ends this side.
    pub(crate) fn half_close(&self) {
        self.socket.shutdown(Shutdown::Write).unwrap();
    }

    fn fill(&mut self) -> io::Result<usize> {
        let mut chunk = vec![0; 64 * 1024];
        let n = self.socket.read(&mut chunk)?;
        self.buf.extend_from_slice(&chunk[..n]);
        Ok(n)
    }

    #[track_caller]
    fn need(&mut self) {
        let n = self.fill().expect("the connection was cut");
        let there = String::from_utf8_lossy(&self.buf);
        assert!(n > 0, "the connection ended behind {there:?}");
    }

    #[track_caller]
    pub(crate) fn take(&mut self, n: usize) -> Vec<u8> {
        while self.buf.len() < n {
            self.need();
        }
        self.buf.drain(..n).collect()
    }

    #[track_caller]
    fn until(&mut self, end: &str) -> String {
        let end = end.as_bytes();
        let at = loop {
            if let Some(at) = self.buf.windows(end.len()).position(|part| part == end) {
                break at + end.len();
            }
            self.need();
        };
        String::from_utf8(self.buf.drain(..at).collect()).unwrap()
    }

    /// Reads a head, interim or not.
    #[track_caller]
    pub(crate) fn head(&mut self) -> Reply {
        Reply {
            head: self.until("\r\n\r\n"),
            body: Vec::new(),
            trailers: String::new(),
        }
    }

    /// Reads an answer, whose body has a length or comes in chunks.
    #[track_caller]
    pub(crate) fn reply(&mut self) -> Reply {
        let mut reply = self.head();
        if let Some(length) = reply.field("content-length") {
            reply.body = self.take(length.parse().unwrap());
        } else if reply.field("transfer-encoding") == Some("chunked") {
            while let Some(chunk) = self.chunk() {
                reply.body.extend(chunk);
            }
            loop {
                let line = self.until("\r\n");
                if line == "\r\n" {
                    break;
                }
                reply.trailers.push_str(&line);
            }
        }
        reply
    }

    /// Reads a chunk; `None` for the last, whose trailers are left.
    #[track_caller]
    pub(crate) fn chunk(&mut self) -> Option<Vec<u8>> {
        let size = usize::from_str_radix(self.until("\r\n").trim_end(), 16).unwrap();
        if size == 0 {
            return None;
        }
        let chunk = self.take(size);
        assert_eq!(self.take(2), b"\r\n");
        Some(chunk)
    }

    /// Reads until the connection ends, however it does.
    #[track_caller]
    pub(crate) fn rest(&mut self) -> String {
        loop {
            match self.fill() {
                Ok(0) => break,
                Ok(_) => {}
                Err(error) => {
                    let waited = [io::ErrorKind::WouldBlock, io::ErrorKind::TimedOut];
                    assert!(!waited.contains(&error.kind()), "it stays open");
                    break;
                }
            }
        }
        String::from_utf8(std::mem::take(&mut self.buf)).unwrap()
    }
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
    pub(crate) trailers: String,
}

impl Reply {
    #[track_caller]
    pub(crate) fn status(&self) -> u16 {
        let rest = self.head.strip_prefix("HTTP/1.1 ").expect("a status line");
        rest[..3].parse().unwrap()
    }

    /// The first field of a name.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (field, value) = line.split_once(": ")?;
            field.eq_ignore_ascii_case(name).then_some(value)
        })
    }

    #[track_caller]
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.status(), 200, "{}", self.head);
        serde_json::from_slice(&self.body).unwrap()
    }

    /// It is the testbed's, and this.
    #[track_caller]
    pub(crate) fn assert(&self, status: u16, text: &str) {
        let there = (self.status(), self.text());
        assert_eq!(there, (status, text), "{}", self.head);
        assert_eq!(self.field("x-rgi-app"), Some("testbed"), "{}", self.head);
    }
}
