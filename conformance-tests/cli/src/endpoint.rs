//! Where the server listens, and connections to it.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream, ToSocketAddrs};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

use rgi_conformance::Remote;

use crate::Error;

/// A server's address: a host and port over TCP, or a Unix socket.
#[derive(Clone, Debug)]
pub struct Endpoint {
    host: String,
    port: u16,
    unix: Option<PathBuf>,
}

impl Endpoint {
    /// The server at `url`, as in `http://127.0.0.1:8000` or `http://[::1]:8000`; port 80 where
    /// none is named.
    ///
    /// # Errors
    ///
    /// A usage error where `url` is not http, or names a path, query or user: the requests name
    /// their targets themselves.
    pub fn from_url(url: &str) -> Result<Self, Error> {
        let wrong = |why: &str| {
            Error::usage(format!(
                "the URL '{url}' {why}; right would be http://127.0.0.1:8000"
            ))
        };
        let authority = url
            .strip_prefix("http://")
            .ok_or_else(|| wrong("does not begin with http://"))?;
        let authority = authority.strip_suffix('/').unwrap_or(authority);
        if authority.contains(['/', '?', '#', '@']) {
            return Err(wrong("holds more than a host and a port"));
        }
        let after_host = authority.rfind(']').map_or(0, |at| at + 1);
        let (host, port) = match authority[after_host..].rfind(':') {
            Some(colon) => {
                let colon = after_host + colon;
                let port = authority[colon + 1..].parse().ok().filter(|port| *port > 0);
                let port =
                    port.ok_or_else(|| wrong("has no port from 1 to 65535 after its ':'"))?;
                (&authority[..colon], port)
            }
            None => (authority, 80),
        };
        if host.is_empty() || (host.contains(':') && !host.starts_with('[')) {
            return Err(wrong("names no host"));
        }
        Ok(Endpoint {
            host: host.to_owned(),
            port,
            unix: None,
        })
    }

    /// The same server, reached through the Unix socket at `path`; the URL then only names the host
    /// in the requests the tool makes itself.
    #[must_use]
    pub fn through_unix(mut self, path: impl Into<PathBuf>) -> Self {
        self.unix = Some(path.into());
        self
    }

    /// The same server, for cases of the suite, the application under `prefix`.
    pub(crate) fn remote(&self, prefix: &str) -> Result<Remote, Error> {
        let host = self.host.trim_matches(['[', ']']);
        let remote = Remote::tcp((host, self.port), prefix);
        remote.map_err(|error| Error::unreachable(format!("cannot resolve {self}: {error}")))
    }

    /// The value of a Host field for this server.
    pub(crate) fn host_field(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// Opens a connection, waiting no longer than `timeout` for each TCP address.
    pub(crate) fn connect(&self, timeout: Duration) -> Result<Connection, Error> {
        self.open(timeout)
            .map_err(|error| Error::unreachable(format!("cannot connect to {self}: {error}")))
    }

    fn open(&self, timeout: Duration) -> io::Result<Connection> {
        if let Some(path) = &self.unix {
            let stream = UnixStream::connect(path)?;
            stream.set_write_timeout(Some(timeout))?;
            return Ok(Connection::Unix(stream));
        }
        let host = self.host.trim_matches(['[', ']']);
        let mut last = io::Error::new(io::ErrorKind::NotFound, "the host has no address");
        for address in (host, self.port).to_socket_addrs()? {
            match TcpStream::connect_timeout(&address, timeout) {
                Ok(stream) => {
                    stream.set_nodelay(true)?;
                    stream.set_write_timeout(Some(timeout))?;
                    return Ok(Connection::Tcp(stream));
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.unix {
            Some(path) => write!(f, "unix:{}", path.display()),
            None => write!(f, "http://{}:{}", self.host, self.port),
        }
    }
}

/// One connection. All methods take `&self`, so that one thread reads while another writes.
#[derive(Debug)]
pub(crate) enum Connection {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Connection {
    pub(crate) fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Connection::Tcp(stream) => (&mut &*stream).read(buffer),
            Connection::Unix(stream) => (&mut &*stream).read(buffer),
        }
    }

    /// Reads, and waits no longer than `left`, which is more than zero.
    pub(crate) fn read_within(&self, buffer: &mut [u8], left: Duration) -> io::Result<usize> {
        match self {
            Connection::Tcp(stream) => stream.set_read_timeout(Some(left))?,
            Connection::Unix(stream) => stream.set_read_timeout(Some(left))?,
        }
        self.read(buffer)
    }

    pub(crate) fn write_all(&self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Connection::Tcp(stream) => (&mut &*stream).write_all(bytes),
            Connection::Unix(stream) => (&mut &*stream).write_all(bytes),
        }
    }

    /// Says that no more bytes will come. The other side may be gone already; that is seen by reading.
    pub(crate) fn finish_writing(&self) {
        self.shutdown(Shutdown::Write);
    }

    /// Ends both directions, which also wakes a reader on another thread.
    pub(crate) fn end(&self) {
        self.shutdown(Shutdown::Both);
    }

    fn shutdown(&self, how: Shutdown) {
        let _ = match self {
            Connection::Tcp(stream) => stream.shutdown(how),
            Connection::Unix(stream) => stream.shutdown(how),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_name_a_host_and_a_port() {
        let of = |url| Endpoint::from_url(url).unwrap().host_field();
        assert_eq!(of("http://127.0.0.1:8000"), "127.0.0.1:8000");
        assert_eq!(of("http://[::1]:8000/"), "[::1]:8000");
        assert_eq!(of("http://[::1]"), "[::1]:80");
        assert_eq!(of("http://localhost"), "localhost:80");
    }

    #[test]
    fn other_urls_are_refused() {
        for url in [
            "127.0.0.1:8000",
            "https://a:1",
            "http://",
            "http://a:0",
            "http://a:x",
            "http://a:1/path",
            "http://u@a:1",
            "http://::1:80",
        ] {
            let error = Endpoint::from_url(url).unwrap_err();
            assert!(error.is_usage() && error.to_string().contains(url), "{url}");
        }
    }
}
