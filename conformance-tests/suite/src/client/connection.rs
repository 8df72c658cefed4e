//! Connections, and what they lead to.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use rgi_core::{BoxApp, testing};
use socket2::SockRef;

use crate::Case;

/// One connection. All methods take it shared, so that one thread reads while another writes.
pub trait Connection: Send + Sync {
    /// Reads some bytes; 0 at the server's end.
    ///
    /// # Errors
    ///
    /// `ConnectionReset` where it was cut; `WouldBlock` or `TimedOut` if nothing comes for `patience`.
    fn read(&self, buf: &mut [u8], patience: Duration) -> io::Result<usize>;

    /// Writes all bytes.
    ///
    /// # Errors
    ///
    /// Where the server takes no more.
    fn write_all(&self, bytes: &[u8]) -> io::Result<()>;

    /// Writes some bytes.
    ///
    /// # Errors
    ///
    /// `WouldBlock` or `TimedOut` if none are taken for `patience`.
    fn write(&self, bytes: &[u8], patience: Duration) -> io::Result<usize>;

    /// Ends the client's side.
    fn half_close(&self);

    /// Has the connection be reset when it is dropped.
    fn reset_on_drop(&self);
}

/// What a case runs on.
pub trait Target: Sync {
    /// Opens a connection.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn connect(&self) -> io::Result<Box<dyn Connection>>;

    /// The prefix under which the site stands; `""` at the root.
    fn root(&self) -> &str;

    /// Whether its connections are of TCP, and can be reset: as `tcp` among the facts.
    fn is_tcp(&self) -> bool {
        true
    }

    /// The test client of the core crate, where it stands for a server in this case.
    fn in_memory(&self, case: &Case) -> Option<&testing::Client<BoxApp>> {
        let _ = case;
        None
    }
}

/// How long a server may take to take some bytes.
const PATIENCE: Duration = Duration::from_secs(10);

/// Connects over TCP.
pub(crate) fn tcp(address: SocketAddr) -> io::Result<Box<dyn Connection>> {
    let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_nodelay(true)?;
    Ok(Box::new(stream))
}

/// Connects over a Unix socket.
pub(crate) fn unix(path: &std::path::Path) -> io::Result<Box<dyn Connection>> {
    Ok(Box::new(UnixStream::connect(path)?))
}

macro_rules! socket {
    ($stream:ty) => {
        impl Connection for $stream {
            fn read(&self, buf: &mut [u8], patience: Duration) -> io::Result<usize> {
                self.set_read_timeout(Some(patience))?;
                (&mut &*self).read(buf)
            }

            fn write_all(&self, bytes: &[u8]) -> io::Result<()> {
                self.set_write_timeout(Some(PATIENCE))?;
                (&mut &*self).write_all(bytes)
            }

            fn write(&self, bytes: &[u8], patience: Duration) -> io::Result<usize> {
                self.set_write_timeout(Some(patience))?;
                (&mut &*self).write(bytes)
            }

            fn half_close(&self) {
                // The server may be gone already; that is seen by reading.
                let _ = self.shutdown(Shutdown::Write);
            }

            fn reset_on_drop(&self) {
                let _ = SockRef::from(self).set_linger(Some(Duration::ZERO));
            }
        }
    };
}

socket!(TcpStream);
socket!(UnixStream);
