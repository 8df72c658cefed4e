//! Sockets, as tokio's readiness has them.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use http::StatusCode;
use rgi_core::server::{Address, Connection};
use rgi_http1::{Output, Stamp};
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::net::{RecvFlags, SendFlags, Shutdown};
use tokio::io::Interest;
use tokio::net::{TcpStream, UnixStream, unix};

use crate::Server;

/// Bytes of a client that lingers which are thrown away before it is cut, and how long it may.
const MOST_LINGERED: usize = 1 << 20;
const LINGER: Duration = Duration::from_secs(2);

/// Bytes up to which pieces are put together before they are written.
const SMALL: usize = 4096;

thread_local! {
    static JOINED: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// A connection's socket while no runtime has it.
#[derive(Debug)]
pub enum Socket {
    /// TCP
    Tcp(std::net::TcpStream),
    /// A Unix socket
    Unix(std::os::unix::net::UnixStream),
}

/// A connection's socket. All of its methods take it shared: the protocol reads and writes, and the
/// connection's task looks whether the client is still there.
#[derive(Debug)]
pub enum Stream {
    /// TCP
    Tcp(TcpStream),
    /// A Unix socket
    Unix(UnixStream),
}

impl Stream {
    /// Takes a socket, which does not block, into the hands of the runtime that is entered.
    ///
    /// # Errors
    ///
    /// What the system says of it.
    pub fn new(socket: Socket) -> io::Result<Stream> {
        Ok(match socket {
            Socket::Tcp(socket) => Stream::tcp(TcpStream::from_std(socket)?),
            Socket::Unix(socket) => Stream::Unix(UnixStream::from_std(socket)?),
        })
    }

    pub(crate) fn tcp(stream: TcpStream) -> Stream {
        // Answers are written whole: nothing is gained by waiting for more.
        let _ = stream.set_nodelay(true);
        Stream::Tcp(stream)
    }

    /// Takes the socket out of the runtime's hands, for another.
    ///
    /// # Errors
    ///
    /// What the system says of it.
    pub fn detach(self) -> io::Result<Socket> {
        Ok(match self {
            Stream::Tcp(stream) => Socket::Tcp(stream.into_std()?),
            Stream::Unix(stream) => Socket::Unix(stream.into_std()?),
        })
    }

    /// Its two ends.
    pub fn connection(&self) -> Connection {
        let path = |address: io::Result<unix::SocketAddr>| {
            let address = address.ok();
            Address::Unix(address.and_then(|a| a.as_pathname().map(Into::into)))
        };
        let (peer, local) = match self {
            Stream::Tcp(stream) => {
                let ends = (stream.peer_addr(), stream.local_addr());
                (
                    ends.0.map_or(Address::None, Address::Tcp),
                    ends.1.map_or(Address::None, Address::Tcp),
                )
            }
            Stream::Unix(stream) => (path(stream.peer_addr()), path(stream.local_addr())),
        };
        Connection {
            peer,
            local,
            tls: None,
        }
    }

    /// Whether there may be something to read.
    ///
    /// # Errors
    ///
    /// What the system says of the socket.
    pub fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Stream::Tcp(stream) => stream.poll_read_ready(cx),
            Stream::Unix(stream) => stream.poll_read_ready(cx),
        }
    }

    fn poll_write_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Stream::Tcp(stream) => stream.poll_write_ready(cx),
            Stream::Unix(stream) => stream.poll_write_ready(cx),
        }
    }

    fn try_read<T>(&self, read: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        match self {
            Stream::Tcp(stream) => stream.try_io(Interest::READABLE, read),
            Stream::Unix(stream) => stream.try_io(Interest::READABLE, read),
        }
    }

    /// Reads some bytes into the front of `buf`; 0 at the client's end.
    ///
    /// # Errors
    ///
    /// What the system says, a reset first of all.
    pub fn poll_read(&self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        self.poll_recv(cx, buf.len(), || {
            Ok(rustix::net::recv(self, &mut *buf, RecvFlags::empty())?.1)
        })
    }

    /// As [`poll_read`](Self::poll_read), into memory that nobody has written yet: `look` is given
    /// the part that is written now, which is the front.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn poll_read_uninit<T>(
        &self,
        cx: &mut Context<'_>,
        buf: &mut [MaybeUninit<u8>],
        look: impl Fn(&[u8]) -> T,
    ) -> Poll<io::Result<T>> {
        let mut seen = None;
        let polled = self.poll_recv(cx, buf.len(), || {
            let ((bytes, _), n) = rustix::net::recv(self, &mut *buf, RecvFlags::empty())?;
            seen = Some(look(bytes));
            Ok(n)
        });
        polled.map_ok(|_| seen.unwrap_or_else(|| look(&[])))
    }

    fn poll_recv(
        &self,
        cx: &mut Context<'_>,
        room: usize,
        mut recv: impl FnMut() -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.poll_read_ready(cx))?;
            let mut received = None;
            let tried = self.try_read(|| {
                let n = recv()?;
                received = Some(n);
                match n {
                    // A short read has emptied the socket: said as if the next had been tried, this
                    // forgets the readiness and saves the try. An end is not forgotten.
                    n if n > 0 && n < room => Err(io::ErrorKind::WouldBlock.into()),
                    _ => Ok(()),
                }
            });
            match (received, tried) {
                (Some(n), _) => return Poll::Ready(Ok(n)),
                (None, Err(error)) if again(&error) => {}
                (None, tried) => return Poll::Ready(tried.map(|()| 0)),
            }
        }
    }

    /// Writes some bytes.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn poll_write(
        &self,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.poll_write_ready(cx))?;
            let written = match bufs {
                [one] => self.try_write(one),
                bufs => self.try_write_all(bufs),
            };
            match written {
                Err(error) if again(&error) => {}
                written => return Poll::Ready(written),
            }
        }
    }

    fn try_write(&self, buf: &[u8]) -> io::Result<usize> {
        let send = || Ok(rustix::net::send(self, buf, SendFlags::NOSIGNAL)?);
        match self {
            Stream::Tcp(stream) => stream.try_io(Interest::WRITABLE, send),
            Stream::Unix(stream) => stream.try_io(Interest::WRITABLE, send),
        }
    }

    /// A head and a small body are put together: the copy costs less than the system's work with
    /// two pieces.
    fn try_write_all(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        if bufs.iter().map(|buf| buf.len()).sum::<usize>() <= SMALL {
            return JOINED.with_borrow_mut(|joined| {
                joined.clear();
                bufs.iter().for_each(|buf| joined.extend_from_slice(buf));
                self.try_write(joined)
            });
        }
        match self {
            Stream::Tcp(stream) => stream.try_write_vectored(bufs),
            Stream::Unix(stream) => stream.try_write_vectored(bufs),
        }
    }

    /// Ends the sending side. A socket that is not connected any more is no error.
    pub fn shutdown(&self) {
        let _ = rustix::net::shutdown(self, Shutdown::Write);
    }

    /// Whether both sides have ended: where the client's has, that it has closed its Unix socket, and
    /// takes nothing more. Over TCP that is a reset, which a read tells.
    pub fn is_hung_up(&self) -> bool {
        let mut one = [PollFd::new(self, PollFlags::empty())];
        let polled = rustix::event::poll(&mut one, Some(&Timespec::default()));
        polled.is_ok() && one[0].revents().contains(PollFlags::HUP)
    }

    /// Has the close be a reset: a body that ends with the connection must not look whole.
    pub fn reset_on_close(&self) {
        if let Stream::Tcp(stream) = self {
            let _ = rustix::net::sockopt::set_socket_linger(stream, Some(Duration::ZERO));
        }
    }
}

/// Whether to wait for readiness and try once more.
fn again(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
    )
}

/// The end of a connection of HTTP/1.1.
impl Stream {
    /// Answers a head that the engine has not seen the end of, as far as there is room.
    pub async fn refuse(&self, status: StatusCode) {
        let mut output = Output::new();
        rgi_http1::refuse(status, &Stamp::new(""), &mut output);
        let whole = [IoSlice::new(output.single().unwrap_or_default())];
        // It fits into the socket's buffer, or nobody reads there.
        poll_fn(|cx| Poll::Ready(self.poll_write(cx, &whole).is_ready())).await;
    }

    /// Ends this side, and throws away what the client still sends, so that a reset does not destroy
    /// what it has not read yet (RFC 9112 9.6).
    pub async fn linger(&self, server: &Server) {
        self.shutdown();
        let mut thrown = 0;
        let ended = poll_fn(|cx| {
            while thrown <= MOST_LINGERED && !server.is_over() {
                let mut room = [0; 4096];
                match ready!(self.poll_read(cx, &mut room)) {
                    Ok(n) if n > 0 => thrown += n,
                    _ => break,
                }
            }
            Poll::Ready(())
        });
        let _ = tokio::time::timeout(LINGER, ended).await;
    }
}

impl AsFd for Stream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Stream::Tcp(stream) => stream.as_fd(),
            Stream::Unix(stream) => stream.as_fd(),
        }
    }
}
