//! A client that speaks bytes.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::unix::net::UnixStream;

use super::support::PATIENCE;

enum Socket {
    Tcp(TcpStream),
    Unix(UnixStream),
}

/// A client that speaks bytes.
pub(crate) struct Client {
    socket: Socket,
    buf: Vec<u8>,
}

impl Client {
    fn new(socket: Socket) -> Client {
        match &socket {
            Socket::Tcp(tcp) => tcp.set_read_timeout(Some(PATIENCE)).unwrap(),
            Socket::Unix(unix) => unix.set_read_timeout(Some(PATIENCE)).unwrap(),
        }
        Client {
            socket,
            buf: Vec::new(),
        }
    }

    pub(crate) fn tcp_stream(stream: TcpStream) -> Client {
        Client::new(Socket::Tcp(stream))
    }

    pub(crate) fn unix(path: &std::path::Path) -> Client {
        Client::new(Socket::Unix(UnixStream::connect(path).unwrap()))
    }

    pub(crate) fn tcp(&self) -> &TcpStream {
        match &self.socket {
            Socket::Tcp(tcp) => tcp,
            Socket::Unix(_) => panic!("a TCP connection was expected"),
        }
    }

    pub(crate) fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        match &mut self.socket {
            Socket::Tcp(tcp) => tcp.write_all(bytes.as_ref()),
            Socket::Unix(unix) => unix.write_all(bytes.as_ref()),
        }
    }

    #[track_caller]
    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.try_send(bytes).unwrap();
    }

    /// Sends a GET.
    #[track_caller]
    pub(crate) fn get(&mut self, target: &str) {
        self.send(format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n"));
    }

    /// Sends a POST with a body of known length.
    #[track_caller]
    pub(crate) fn post(&mut self, target: &str, body: &[u8]) {
        let length = body.len();
        self.send(format!(
            "POST {target} HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n"
        ));
        self.send(body);
    }

    pub(crate) fn half_close(&self) {
        match &self.socket {
            Socket::Tcp(tcp) => tcp.shutdown(Shutdown::Write).unwrap(),
            Socket::Unix(unix) => unix.shutdown(Shutdown::Write).unwrap(),
        }
    }

    /// Reads more; 0 at the end.
    pub(crate) fn fill(&mut self) -> io::Result<usize> {
        let mut chunk = vec![0; 64 * 1024];
        let n = match &mut self.socket {
            Socket::Tcp(tcp) => tcp.read(&mut chunk),
            Socket::Unix(unix) => unix.read(&mut chunk),
        }?;
        self.buf.extend_from_slice(&chunk[..n]);
        Ok(n)
    }

    #[track_caller]
    fn need(&mut self) {
        let n = self.fill().expect("the connection was cut");
        assert!(
            n > 0,
            "the connection ended behind {:?}",
            String::from_utf8_lossy(&self.buf)
        );
    }

    /// Takes `n` bytes.
    #[track_caller]
    pub(crate) fn take(&mut self, n: usize) -> Vec<u8> {
        while self.buf.len() < n {
            self.need();
        }
        self.buf.drain(..n).collect()
    }

    #[track_caller]
    pub(crate) fn until(&mut self, end: &[u8]) -> Vec<u8> {
        let at = loop {
            if let Some(at) = self.buf.windows(end.len()).position(|w| w == end) {
                break at + end.len();
            }
            self.need();
        };
        self.buf.drain(..at).collect()
    }

    /// Reads a head alone.
    #[track_caller]
    pub(crate) fn head(&mut self) -> Reply {
        let text = String::from_utf8(self.until(b"\r\n\r\n")).unwrap();
        Reply {
            head: text,
            body: Vec::new(),
            trailers: String::new(),
        }
    }

    /// Reads an answer.
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
                let line = String::from_utf8(self.until(b"\r\n")).unwrap();
                if line == "\r\n" {
                    break;
                }
                reply.trailers.push_str(&line);
            }
        } else if reply.field("connection") == Some("close") {
            reply.body = self.rest().expect("a clean end");
        }
        reply
    }

    /// Reads a chunk; `None` for the last, whose trailers are left.
    #[track_caller]
    pub(crate) fn chunk(&mut self) -> Option<Vec<u8>> {
        let line = String::from_utf8(self.until(b"\r\n")).unwrap();
        let size = usize::from_str_radix(line.trim_end(), 16).unwrap();
        if size == 0 {
            return None;
        }
        let chunk = self.take(size);
        assert_eq!(self.take(2), b"\r\n");
        Some(chunk)
    }

    /// Reads to the end.
    pub(crate) fn rest(&mut self) -> io::Result<Vec<u8>> {
        while self.fill()? > 0 {}
        Ok(std::mem::take(&mut self.buf))
    }

    /// The server has closed, with nothing more to say.
    #[track_caller]
    pub(crate) fn assert_closed(&mut self) {
        let rest = self.rest().expect("a clean end");
        assert!(
            rest.is_empty(),
            "more came: {:?}",
            String::from_utf8_lossy(&rest)
        );
    }

    /// The server has cut the connection, so that no end can be taken for a whole answer's.
    #[track_caller]
    pub(crate) fn assert_reset(&mut self) {
        let end = self.rest().map_err(|error| error.kind());
        assert_eq!(end, Err(io::ErrorKind::ConnectionReset));
    }

    /// The connection ends, however; gives what came before.
    #[track_caller]
    pub(crate) fn cut(&mut self) -> Vec<u8> {
        loop {
            match self.fill() {
                Ok(0) => break,
                Ok(_) => {}
                Err(error) => {
                    let timeout = [io::ErrorKind::WouldBlock, io::ErrorKind::TimedOut];
                    assert!(
                        !timeout.contains(&error.kind()),
                        "the connection stays open"
                    );
                    break;
                }
            }
        }
        std::mem::take(&mut self.buf)
    }

    /// Nothing was sent so far, and the connection is open.
    pub(crate) fn is_silent(&mut self) -> bool {
        if !self.buf.is_empty() {
            return false;
        }
        let mut byte = [0];
        let peeked = match &self.socket {
            Socket::Tcp(tcp) => {
                tcp.set_nonblocking(true).unwrap();
                let peeked = tcp.peek(&mut byte);
                tcp.set_nonblocking(false).unwrap();
                peeked
            }
            Socket::Unix(_) => panic!("a TCP connection was expected"),
        };
        peeked.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
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
        // hyper answers HTTP/1.0 with HTTP/1.0.
        let rest = self.head.strip_prefix("HTTP/1.").unwrap();
        rest[2..5].parse().unwrap()
    }

    /// The first field of a name, in lower case.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (field, value) = line.split_once(": ")?;
            field.eq_ignore_ascii_case(name).then_some(value)
        })
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    #[track_caller]
    pub(crate) fn assert(&self, status: u16, text: &str) {
        assert_eq!(
            (self.status(), self.text()),
            (status, text),
            "{}",
            self.head
        );
    }

    pub(crate) fn closes(&self) -> bool {
        self.field("connection") == Some("close")
    }
}
