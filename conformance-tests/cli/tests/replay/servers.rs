//! Small servers on loopback that do well, or wrong in one known way.
//!
//! Every behaviour serves `/` well, so that only the cases show what is wrong. Each connection has a
//! thread that ends with it.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use rgi_conformance_cli::Endpoint;

/// What a server does with targets other than `/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// All as it should be.
    Good,
    /// Two answers to each request.
    AnswersTwice,
    /// 500 to everything.
    Fails,
    /// Never answers, never closes.
    Hangs,
    /// 200 to everything, malformed or not.
    AcceptsAll,
    /// Refuses, but leaves the connection open.
    RefusesWithoutClosing,
    /// Answers 200 when the client closes in the middle of a request.
    AcceptsHalves,
    /// A server's own 200, without the application.
    AnswersItself,
    /// Announces a longer body than it sends.
    CutsShort,
    /// Answers in something that is not quite HTTP.
    SpeaksLoosely,
    /// After a bad request, `/` is answered 503 for ever.
    Breaks,
    /// After a bad request, nobody listens any more.
    Leaves,
}

/// Starts a server; it lives as long as the test's process.
pub(crate) fn serve(manner: Manner) -> Endpoint {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let broken = Arc::new(AtomicBool::new(false));
    thread::spawn(move || {
        for stream in listener.incoming() {
            if manner == Manner::Leaves && broken.load(Ordering::SeqCst) {
                return;
            }
            let broken = Arc::clone(&broken);
            thread::spawn(move || {
                // A client that leaves is not the server's mistake.
                let _ = Session::new(stream?, manner, &broken).run();
                std::io::Result::Ok(())
            });
        }
    });
    Endpoint::from_url(&format!("http://127.0.0.1:{port}")).unwrap()
}

struct Session<'a> {
    stream: TcpStream,
    buffer: Vec<u8>,
    manner: Manner,
    broken: &'a AtomicBool,
}

impl<'a> Session<'a> {
    fn new(stream: TcpStream, manner: Manner, broken: &'a AtomicBool) -> Self {
        Session {
            stream,
            buffer: Vec::new(),
            manner,
            broken,
        }
    }

    fn run(&mut self) -> std::io::Result<()> {
        loop {
            let Some(head) = self.take_head()? else {
                if !self.buffer.is_empty() && self.manner == Manner::AcceptsHalves {
                    self.answer(200, true)?;
                }
                return Ok(());
            };
            if head.starts_with("GET / HTTP/1.1") {
                let broken = self.broken.load(Ordering::SeqCst);
                self.answer(if broken { 503 } else { 200 }, true)?;
                return Ok(());
            }
            if self.manner == Manner::Hangs {
                return self.drain();
            }
            let bad = head.contains("Bad") || !head.contains(" HTTP/1.");
            if bad && matches!(self.manner, Manner::Breaks | Manner::Leaves) {
                self.broken.store(true, Ordering::SeqCst);
            }
            if bad && !matches!(self.manner, Manner::AcceptsAll | Manner::Fails) {
                self.answer(400, false)?;
                if self.manner != Manner::RefusesWithoutClosing {
                    self.stream.shutdown(Shutdown::Write)?;
                }
                return self.drain();
            }
            if !self.take_body(&head)? {
                return Ok(());
            }
            self.answer_well_or_not(head.starts_with("HEAD "))?;
            if head.contains("Connection: close") {
                return Ok(());
            }
        }
    }

    fn answer_well_or_not(&mut self, head: bool) -> std::io::Result<()> {
        match self.manner {
            Manner::AnswersTwice => {
                self.answer(200, true)?;
                self.answer(200, true)
            }
            Manner::Fails => self.answer(500, true),
            Manner::AnswersItself => self.answer(200, false),
            Manner::CutsShort => {
                self.stream
                    .write_all(b"HTTP/1.1 200 OK\r\nx-rgi-app: t\r\nContent-Length: 9\r\n\r\nab")?;
                self.stream.shutdown(Shutdown::Write)
            }
            Manner::SpeaksLoosely => self.stream.write_all(b"HTTP/1.1 200 OK\nx-rgi-app: t\n\n"),
            _ if head => self
                .stream
                .write_all(b"HTTP/1.1 200 OK\r\nx-rgi-app: t\r\nContent-Length: 9\r\n\r\n"),
            _ => self.answer(200, true),
        }
    }

    fn answer(&mut self, status: u16, app: bool) -> std::io::Result<()> {
        let app = if app { "X-RGI-App: t\r\n" } else { "" };
        let text = format!("HTTP/1.1 {status} \r\n{app}Content-Length: 2\r\n\r\nok");
        self.stream.write_all(text.as_bytes())
    }

    /// The next head up to its empty line, or `None` where the client closed before.
    fn take_head(&mut self) -> std::io::Result<Option<String>> {
        loop {
            if let Some(end) = self.buffer.windows(4).position(|w| w == b"\r\n\r\n") {
                let head: Vec<u8> = self.buffer.drain(..end + 4).collect();
                return Ok(Some(String::from_utf8_lossy(&head).into_owned()));
            }
            if !self.fill()? {
                return Ok(None);
            }
        }
    }

    /// Reads the body past; false where the client closed before its end.
    fn take_body(&mut self, head: &str) -> std::io::Result<bool> {
        let mut lines = head.lines();
        let length = lines.find_map(|line| line.strip_prefix("Content-Length: "));
        let length = length.and_then(|length| length.parse().ok()).unwrap_or(0);
        while self.buffer.len() < length {
            if !self.fill()? {
                return Ok(false);
            }
        }
        self.buffer.drain(..length);
        Ok(true)
    }

    fn fill(&mut self) -> std::io::Result<bool> {
        let mut bytes = [0; 4096];
        let count = self.stream.read(&mut bytes)?;
        self.buffer.extend_from_slice(&bytes[..count]);
        Ok(count > 0)
    }

    /// Reads until the client closes.
    fn drain(&mut self) -> std::io::Result<()> {
        while self.fill()? {
            self.buffer.clear();
        }
        Ok(())
    }
}
