//! What stands around every exchange of a server: the host, the connection, the log.

use std::fmt;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use http::StatusCode;

use super::{Gauge, Offload, ServerInfo, Stop, Timer};
use crate::Error;

/// What all exchanges of a worker have in common.
#[derive(Clone)]
pub struct Host {
    /// The server's facts.
    pub info: ServerInfo,
    /// The clock behind `environ.timer()`.
    pub timer: Arc<dyn Timer>,
    /// The pool of blocking lifts, where the server may not block.
    pub offload: Option<Arc<dyn Offload>>,
    /// What `environ.load()` is read from, where the server says it.
    pub gauge: Option<Arc<dyn Gauge>>,
    /// Where failures and `environ.errors()` go.
    pub log: Arc<dyn Log>,
    /// The path prefix the server is mounted under, `""` for none. A request outside gets 404.
    pub script_name: String,
    /// The deployer's name-value pairs.
    pub vars: Vec<(String, String)>,
    /// The server's order to stop, behind `environ.is_stopping()`.
    pub stop: Stop,
}

impl Host {
    /// A host with these facts and this clock, no pool, no gauge, a log to standard error, and a stop
    /// that nobody else has.
    pub fn new(info: ServerInfo, timer: Arc<dyn Timer>) -> Host {
        Host {
            info,
            timer,
            offload: None,
            gauge: None,
            log: Arc::new(Stderr),
            script_name: String::new(),
            vars: Vec::new(),
            stop: Stop::new(),
        }
    }

    pub(crate) fn var(&self, name: &str) -> Option<&str> {
        let var = self.vars.iter().find(|(key, _)| key == name);
        var.map(|(_, value)| value.as_str())
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host")
            .field("info", &self.info)
            .field("script_name", &self.script_name)
            .field("vars", &self.vars)
            .field("stop", &self.stop)
            .finish_non_exhaustive()
    }
}

/// One connection: its two ends, and what is known of its TLS.
#[derive(Clone, Debug, Default)]
pub struct Connection {
    /// The client's end.
    pub peer: Address,
    /// The server's end.
    pub local: Address,
    /// Facts of the TLS session, if there is one.
    pub tls: Option<Tls>,
}

/// One end of a connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Address {
    /// An IP address and port.
    Tcp(SocketAddr),
    /// A Unix socket; clients mostly have no path.
    Unix(Option<PathBuf>),
    /// None: in memory.
    #[default]
    None,
}

impl Address {
    /// The IP address and port, of a TCP connection.
    pub fn tcp(&self) -> Option<SocketAddr> {
        match self {
            Address::Tcp(address) => Some(*address),
            _ => None,
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Tcp(address) => address.fmt(f),
            Address::Unix(Some(path)) => write!(f, "unix:{}", path.display()),
            Address::Unix(None) => f.write_str("unix:"),
            Address::None => f.write_str("-"),
        }
    }
}

/// Facts of a TLS session, as in ASGI's TLS extension.
#[non_exhaustive]
#[derive(Clone, Debug, Default)]
pub struct Tls {
    /// The protocol version's number, such as 0x0304 for TLS 1.3.
    pub version: Option<u16>,
    /// The cipher suite's IANA number.
    pub cipher_suite: Option<u16>,
    /// The server name the client asked for (SNI).
    pub server_name: Option<String>,
    /// The protocol agreed on by ALPN.
    pub alpn: Option<Bytes>,
    /// The client's certificates in DER, its own first.
    pub client_certificates: Vec<Bytes>,
}

/// How the client reached the server's last hop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// `http`
    #[default]
    Http,
    /// `https`
    Https,
}

impl Scheme {
    /// `"http"` or `"https"`.
    pub fn as_str(self) -> &'static str {
        match self {
            Scheme::Http => "http",
            Scheme::Https => "https",
        }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How much a line of the log matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Something failed that should not.
    Error,
    /// Something is odd.
    Warn,
    /// Something a person wants to know.
    Info,
    /// Something a person who looks for a fault wants to know.
    Debug,
}

impl Level {
    /// How grave a failure is that was answered with this status: 503 passes by itself, other 5xx do
    /// not, and the rest is the client's.
    pub fn of_failure(status: StatusCode) -> Level {
        match status {
            StatusCode::SERVICE_UNAVAILABLE => Level::Warn,
            status if status.is_server_error() => Level::Error,
            _ => Level::Debug,
        }
    }

    /// How grave it is that an answer was cut for this error, behind its head: always, but where it is the
    /// client's.
    pub fn of_cut(error: &Error) -> Level {
        match error.status().is_client_error() || error.is_disconnected() {
            true => Level::Debug,
            false => Level::Error,
        }
    }
}

/// A server's log.
pub trait Log: Send + Sync {
    /// Writes one line. Must not panic.
    fn log(&self, level: Level, message: fmt::Arguments<'_>);
}

/// A log to standard error: errors, warnings and what applications write.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stderr;

impl Log for Stderr {
    fn log(&self, level: Level, message: fmt::Arguments<'_>) {
        if level <= Level::Info {
            let _ = writeln!(io::stderr().lock(), "{message}");
        }
    }
}

/// PEP 3333's `wsgi.errors`: text for the server's log. Each line becomes one of the log's; text
/// without a line end is kept until one comes, [`flush`](io::Write::flush), or the drop.
pub struct Errors {
    log: Arc<dyn Log>,
    line: Vec<u8>,
}

impl Errors {
    pub(crate) fn new(log: Arc<dyn Log>) -> Errors {
        Errors {
            log,
            line: Vec::new(),
        }
    }

    fn emit(&mut self) {
        let line = std::mem::take(&mut self.line);
        self.log.log(
            Level::Error,
            format_args!("{}", String::from_utf8_lossy(&line)),
        );
    }
}

/// Bytes of a line before it is broken.
const LONGEST_LINE: usize = 16 * 1024;

impl io::Write for Errors {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        for piece in buf.split_inclusive(|b| *b == b'\n') {
            let (mut text, ended) = match piece.strip_suffix(b"\n") {
                Some(text) => (text, true),
                None => (piece, false),
            };
            while self.line.len() + text.len() > LONGEST_LINE {
                let (head, tail) = text.split_at(LONGEST_LINE - self.line.len());
                self.line.extend_from_slice(head);
                self.emit();
                text = tail;
            }
            self.line.extend_from_slice(text);
            if ended {
                self.emit();
            }
        }
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if !self.line.is_empty() {
            self.emit();
        }
        Ok(())
    }
}

impl Drop for Errors {
    fn drop(&mut self) {
        let _ = io::Write::flush(self);
    }
}

impl fmt::Debug for Errors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Errors")
    }
}
