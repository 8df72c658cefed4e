//! Sockets, without blocking.

use std::io::{self, IoSlice};
use std::net::{Shutdown, TcpStream};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rgi_core::FileRegion;
use rgi_core::server::{Address, Connection, Listener};
use rustix::buffer::spare_capacity;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{RecvFlags, SendAncillaryBuffer, SendFlags, SocketFlags};

/// A connection's socket.
#[derive(Debug)]
pub(crate) struct Socket {
    stream: Stream,
    /// The system has a call wait that does not say otherwise.
    waits: AtomicBool,
}

#[derive(Debug)]
enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Socket {
    /// Reads behind what is in `buf`, as much as it has room for.
    pub(crate) fn read(&self, buf: &mut Vec<u8>) -> io::Result<usize> {
        self.receive(buf, RecvFlags::DONTWAIT)
    }

    /// As [`read`](Self::read), but waits for something to come, [`LONGEST_WAIT`] at most.
    pub(crate) fn read_waiting(&self, buf: &mut Vec<u8>) -> io::Result<usize> {
        // One thread has the socket: no exchange with other processors is paid.
        if !self.waits.load(Ordering::Relaxed) {
            self.waits.store(true, Ordering::Relaxed);
            set_socket_timeout(self, Timeout::Recv, Some(LONGEST_WAIT))?;
            rustix::io::ioctl_fionbio(self, false)?;
        }
        self.receive(buf, RecvFlags::empty())
    }

    fn receive(&self, buf: &mut Vec<u8>, flags: RecvFlags) -> io::Result<usize> {
        loop {
            match rustix::net::recv(self, spare_capacity(buf), flags) {
                Err(rustix::io::Errno::INTR) => {}
                done => return Ok(done?.0),
            }
        }
    }

    pub(crate) fn read_slice(&self, buf: &mut [u8]) -> io::Result<usize> {
        loop {
            match rustix::net::recv(self, &mut *buf, RecvFlags::DONTWAIT) {
                Err(rustix::io::Errno::INTR) => {}
                done => return Ok(done?.0),
            }
        }
    }

    pub(crate) fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            match rustix::net::send(self, bytes, SENDING) {
                Err(rustix::io::Errno::INTR) => {}
                done => return Ok(done?),
            }
        }
    }

    /// `more`: what follows is written next, so a packet that is not full waits for it.
    pub(crate) fn write_vectored(&self, slices: &[IoSlice<'_>], more: bool) -> io::Result<usize> {
        let flags = match more {
            true => SENDING | SendFlags::MORE,
            false => SENDING,
        };
        loop {
            let mut none = SendAncillaryBuffer::default();
            match rustix::net::sendmsg(self, slices, &mut none, flags) {
                Err(rustix::io::Errno::INTR) => {}
                done => return Ok(done?),
            }
        }
    }

    /// Has the system send the first `count` bytes of a part of a file, or fewer.
    pub(crate) fn sendfile(&self, region: &FileRegion, count: usize) -> io::Result<usize> {
        // The one call that cannot be told not to wait.
        if self.waits.swap(false, Ordering::Relaxed) {
            rustix::io::ioctl_fionbio(self, true)?;
        }
        loop {
            let mut offset = region.range().start;
            match rustix::fs::sendfile(self, region.file(), Some(&mut offset), count) {
                Err(rustix::io::Errno::INTR) => {}
                done => return Ok(done?),
            }
        }
    }

    /// Whether the system has room again for much of what is to be sent. If not, the socket is told of
    /// when it has.
    pub(crate) fn is_writable(&self) -> bool {
        let mut asked = [PollFd::new(self, PollFlags::OUT)];
        // Where that fails, so will writing.
        !matches!(poll(&mut asked, Some(&Timespec::default())), Ok(0))
    }

    /// Ends a direction, or both. A socket that is not connected any more is no error.
    pub(crate) fn shutdown(&self, how: Shutdown) {
        let _ = match &self.stream {
            Stream::Tcp(stream) => stream.shutdown(how),
            Stream::Unix(stream) => stream.shutdown(how),
        };
    }

    /// Ends the connection while others hold the socket: a reset where the close would be one.
    pub(crate) fn disconnect(&self) {
        if let Stream::Tcp(stream) = &self.stream
            && let Ok(Some(_)) = rustix::net::sockopt::socket_linger(stream)
        {
            let _ = rustix::net::connect_unspec(stream);
        }
        self.shutdown(Shutdown::Both);
    }

    /// Has the close be a reset: a body that ends with the connection must not look whole.
    pub(crate) fn reset_on_close(&self) {
        if let Stream::Tcp(stream) = &self.stream {
            let _ = rustix::net::sockopt::set_socket_linger(stream, Some(Duration::ZERO));
        }
    }
}

/// One on which no call waits.
impl From<TcpStream> for Socket {
    fn from(stream: TcpStream) -> Socket {
        let (stream, waits) = (Stream::Tcp(stream), AtomicBool::new(false));
        Socket { stream, waits }
    }
}

/// One on which no call waits.
impl From<UnixStream> for Socket {
    fn from(stream: UnixStream) -> Socket {
        let (stream, waits) = (Stream::Unix(stream), AtomicBool::new(false));
        Socket { stream, waits }
    }
}

/// No signal and no wait.
const SENDING: SendFlags = SendFlags::NOSIGNAL.union(SendFlags::DONTWAIT);

/// Nobody can end such a wait, so it is short.
const LONGEST_WAIT: Duration = Duration::from_millis(20);

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match &self.stream {
            Stream::Tcp(stream) => stream.as_fd(),
            Stream::Unix(stream) => stream.as_fd(),
        }
    }
}

impl AsRawFd for Socket {
    fn as_raw_fd(&self) -> RawFd {
        self.as_fd().as_raw_fd()
    }
}

/// Takes the next connection of a listener, ready for a loop.
pub(crate) fn accept(listener: &Listener) -> io::Result<(Socket, Connection)> {
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    match listener {
        Listener::Tcp(listener) => {
            let (fd, peer) = rustix::net::acceptfrom_with(listener, flags)?;
            let stream = TcpStream::from(fd);
            // Answers are written whole: nothing is gained by waiting for more.
            let _ = stream.set_nodelay(true);
            let peer = peer
                .and_then(|address| std::net::SocketAddr::try_from(address).ok())
                .map_or(Address::None, Address::Tcp);
            let local = stream.local_addr().map_or(Address::None, Address::Tcp);
            Ok((
                Socket::from(stream),
                Connection {
                    peer,
                    local,
                    tls: None,
                },
            ))
        }
        Listener::Unix(listener) => {
            let fd = rustix::net::accept_with(listener, flags)?;
            let stream = UnixStream::from(fd);
            let path = |address: io::Result<std::os::unix::net::SocketAddr>| {
                let address = address.ok();
                Address::Unix(address.and_then(|a| a.as_pathname().map(Into::into)))
            };
            let connection = Connection {
                peer: path(stream.peer_addr()),
                local: path(stream.local_addr()),
                tls: None,
            };
            Ok((Socket::from(stream), connection))
        }
    }
}
