//! Servers as values: what the runner and the supervisor start.

use std::io;
use std::net::{self, Ipv4Addr, Ipv6Addr, TcpListener, TcpStream};
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use std::path::Path;
use std::time::Duration;

use super::{Address, Connection, Socket, Stop};
use crate::{Error, LocalLifespan};

/// A server that runs an application until it is told to stop. Each server's `impl` says in its
/// bounds what its model asks of the application.
pub trait Server<L: LocalLifespan> {
    /// Serves `listeners` until `stop` says so and the connections are closed, or a worker fails.
    ///
    /// # Errors
    ///
    /// What the system says of the sockets, and the message of a lifespan that did not start.
    fn serve(self, lifespan: L, listeners: Vec<Listener>, stop: Stop) -> Result<(), Error>;
}

/// A socket that is bound and listens.
#[derive(Debug)]
pub enum Listener {
    /// TCP
    Tcp(TcpListener),
    /// A Unix socket
    Unix(UnixListener),
}

impl Listener {
    /// A second handle of the same socket.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn try_clone(&self) -> io::Result<Listener> {
        Ok(match self {
            Listener::Tcp(listener) => Listener::Tcp(listener.try_clone()?),
            Listener::Unix(listener) => Listener::Unix(listener.try_clone()?),
        })
    }
}

/// For servers whose threads wait, and whose listeners are their own: whether a wait is one is a property
/// of the socket, also of those who share it.
impl Listener {
    /// Waits for a client, and gives its socket, which waits as well and sends without delay.
    ///
    /// # Errors
    ///
    /// What the system says: of a client that has left again, or that there are no descriptors. The
    /// listener goes on.
    pub fn accept(&self) -> io::Result<(Socket, Connection)> {
        self.set_nonblocking(false)?;
        self.accept_one()
    }

    fn accept_one(&self) -> io::Result<(Socket, Connection)> {
        let mut connection = Connection::default();
        let socket = match self {
            Listener::Tcp(listener) => {
                let (socket, peer) = listener.accept()?;
                connection.peer = Address::Tcp(peer);
                connection.local = Address::Tcp(socket.local_addr()?);
                socket.set_nodelay(true)?;
                Socket::Tcp(socket)
            }
            Listener::Unix(listener) => {
                let (socket, peer) = listener.accept()?;
                let path = |address: SocketAddr| address.as_pathname().map(Path::to_owned);
                connection.peer = Address::Unix(path(peer));
                connection.local = Address::Unix(path(socket.local_addr()?));
                Socket::Unix(socket)
            }
        };
        Ok((socket, connection))
    }

    /// As [`accept`](Self::accept), of a client that is there already; `None` if nobody is.
    ///
    /// # Errors
    ///
    /// Those of [`accept`](Self::accept).
    pub fn try_accept(&self) -> io::Result<Option<(Socket, Connection)>> {
        self.set_nonblocking(true)?;
        match self.accept_one() {
            Ok(accepted) => Ok(Some(accepted)),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
        match self {
            Listener::Tcp(listener) => listener.set_nonblocking(nonblocking),
            Listener::Unix(listener) => listener.set_nonblocking(nonblocking),
        }
    }

    /// What ends a wait in [`accept`](Self::accept), from another thread: a connection that says
    /// nothing. It does not keep the listener open.
    ///
    /// It takes a second at most; on a Unix socket whose queue is full, where nobody waits in `accept`,
    /// until there is room or the listener is closed.
    ///
    /// # Errors
    ///
    /// What the system says of the listener's address.
    pub fn rouser(&self) -> io::Result<impl Fn() + Send + Sync + 'static> {
        enum At {
            Tcp(net::SocketAddr),
            Unix(SocketAddr),
        }
        let at = match self {
            Listener::Tcp(listener) => {
                let mut address = listener.local_addr()?;
                if address.ip().is_unspecified() {
                    address.set_ip(match address {
                        net::SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
                        net::SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
                    });
                }
                At::Tcp(address)
            }
            Listener::Unix(listener) => At::Unix(listener.local_addr()?),
        };
        Ok(move || {
            // Whoever is gone needs none.
            let _ = match &at {
                At::Tcp(at) => TcpStream::connect_timeout(at, Duration::from_secs(1)).map(drop),
                At::Unix(at) => UnixStream::connect_addr(at).map(drop),
            };
        })
    }
}

impl From<TcpListener> for Listener {
    fn from(listener: TcpListener) -> Listener {
        Listener::Tcp(listener)
    }
}

impl From<UnixListener> for Listener {
    fn from(listener: UnixListener) -> Listener {
        Listener::Unix(listener)
    }
}
