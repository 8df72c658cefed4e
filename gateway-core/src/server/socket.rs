//! Connections' sockets, for servers whose threads wait.

use std::io::{self, IoSlice, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

/// A connection's socket: what [`Listener::accept`](super::Listener::accept) gives.
#[derive(Debug)]
pub enum Socket {
    /// TCP
    Tcp(TcpStream),
    /// A Unix socket
    Unix(UnixStream),
}

impl Socket {
    /// A second handle of the same socket.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn try_clone(&self) -> io::Result<Socket> {
        Ok(match self {
            Socket::Tcp(socket) => Socket::Tcp(socket.try_clone()?),
            Socket::Unix(socket) => Socket::Unix(socket.try_clone()?),
        })
    }

    /// How long each read may wait from now on, on all handles; `None` for ever. Then it fails with
    /// `WouldBlock`. No time at all counts as a millisecond.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn set_read_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        let timeout = timeout.map(|timeout| timeout.max(Duration::from_millis(1)));
        match self {
            Socket::Tcp(socket) => socket.set_read_timeout(timeout),
            Socket::Unix(socket) => socket.set_read_timeout(timeout),
        }
    }

    /// The same of each write.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn set_write_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        let timeout = timeout.map(|timeout| timeout.max(Duration::from_millis(1)));
        match self {
            Socket::Tcp(socket) => socket.set_write_timeout(timeout),
            Socket::Unix(socket) => socket.set_write_timeout(timeout),
        }
    }

    /// Ends the connection of a client that may still be sending: says the end, and throws away what
    /// comes for a second at most. Closed at once, unread bytes would have the client lose what it was
    /// told last (RFC 9112 9.6). That it is gone already is no error.
    pub fn linger(mut self) {
        let _ = self.shutdown(Shutdown::Write);
        let (since, mut room) = (Instant::now(), [0; 16 * 1024]);
        while let Some(left) = Duration::from_secs(1).checked_sub(since.elapsed()) {
            let _ = self.set_read_timeout(Some(left));
            match self.read(&mut room) {
                Ok(0) | Err(_) => break,
                Ok(_) => {}
            }
        }
    }

    /// Ends a direction, or both.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        match self {
            Socket::Tcp(socket) => socket.shutdown(how),
            Socket::Unix(socket) => socket.shutdown(how),
        }
    }
}

impl Read for Socket {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self {
            Socket::Tcp(socket) => socket.read(buf),
            Socket::Unix(socket) => socket.read(buf),
        }
    }
}

impl Write for Socket {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        match self {
            Socket::Tcp(socket) => socket.write(buf),
            Socket::Unix(socket) => socket.write(buf),
        }
    }

    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        match self {
            Socket::Tcp(socket) => socket.write_vectored(bufs),
            Socket::Unix(socket) => socket.write_vectored(bufs),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
