//! Servers that run already.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::PathBuf;

use crate::client::{Connection, Target, tcp, unix};

/// A server that runs the site somewhere, alone or within the testbed.
#[derive(Clone, Debug)]
pub struct Remote {
    at: At,
    root: String,
}

#[derive(Clone, Debug)]
enum At {
    Tcp(SocketAddr),
    Unix(PathBuf),
}

impl Remote {
    /// At a host and port, the site under the prefix `root` (`""` for none).
    ///
    /// # Errors
    ///
    /// If the name of the host cannot be resolved.
    pub fn tcp(address: impl ToSocketAddrs, root: &str) -> io::Result<Remote> {
        let address = address.to_socket_addrs()?.next();
        let none = || io::Error::new(io::ErrorKind::NotFound, "the host has no address");
        Ok(Remote {
            at: At::Tcp(address.ok_or_else(none)?),
            root: root.to_owned(),
        })
    }

    /// Behind a Unix socket.
    pub fn unix(path: impl Into<PathBuf>, root: &str) -> Remote {
        Remote {
            at: At::Unix(path.into()),
            root: root.to_owned(),
        }
    }
}

impl Remote {
    /// Where it listens, if that is over TCP.
    pub fn address(&self) -> Option<SocketAddr> {
        match &self.at {
            At::Tcp(address) => Some(*address),
            At::Unix(_) => None,
        }
    }
}

impl Target for Remote {
    fn connect(&self) -> io::Result<Box<dyn Connection>> {
        match &self.at {
            At::Tcp(address) => tcp(*address),
            At::Unix(path) => unix(path),
        }
    }

    fn root(&self) -> &str {
        &self.root
    }

    fn is_tcp(&self) -> bool {
        matches!(self.at, At::Tcp(_))
    }
}
