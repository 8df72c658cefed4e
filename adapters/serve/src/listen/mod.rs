//! Sockets that listen, made of addresses.

mod inherited;
mod tcp;
mod unix;

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};

use rgi_core::server::Listener;

use crate::settings::{Bad, Bind};
use unix::SocketFile;

/// The sockets of a run.
pub(crate) struct Sockets {
    pub(crate) listeners: Vec<Listener>,
    /// How a client names each.
    pub(crate) urls: Vec<String>,
    /// The files of Unix sockets, removed when dropped.
    pub(crate) files: Vec<SocketFile>,
}

impl Sockets {
    /// Listens at every address, in order; at none if one fails.
    ///
    /// # Errors
    ///
    /// The first address that cannot be listened at, and why.
    pub(crate) fn open(binds: &[Bind], backlog: usize) -> Result<Sockets, Bad> {
        let mut sockets = Sockets {
            listeners: Vec::new(),
            urls: Vec::new(),
            files: Vec::new(),
        };
        // The system lowers what is above its own maximum.
        let backlog = i32::try_from(backlog).unwrap_or(i32::MAX);
        for bind in binds {
            let opened = match bind {
                Bind::Tcp(address) => sockets.tcp(&[*address], backlog),
                Bind::Host(name, port) => sockets.host(name, *port, backlog),
                Bind::Unix(path) => unix::listen(path, backlog).map(|(listener, file)| {
                    sockets.urls.push(bind.to_string());
                    sockets.listeners.push(listener.into());
                    sockets.files.push(file);
                }),
                Bind::Fd(descriptor) => inherited::listener(*descriptor).and_then(|listener| {
                    let url = url(&listener)?;
                    sockets.urls.push(format!("{url} on {bind}"));
                    sockets.listeners.push(listener);
                    Ok(())
                }),
            };
            opened.map_err(|error| {
                Bad::new(format!("cannot listen at {bind}: {}", explain(&error)))
            })?;
        }
        Ok(sockets)
    }

    /// Listens at every address of a name that this machine has.
    fn host(&mut self, name: &str, port: u16, backlog: i32) -> io::Result<()> {
        let mut addresses: Vec<SocketAddr> = (name, port).to_socket_addrs()?.collect();
        addresses.sort_unstable();
        addresses.dedup();
        self.tcp(&addresses, backlog)
    }

    /// Listens at all of `addresses` that this machine has; at least at one.
    fn tcp(&mut self, addresses: &[SocketAddr], backlog: i32) -> io::Result<()> {
        let mut missing = Some(io::Error::other("the name has no address"));
        for address in addresses {
            match tcp::listen(*address, backlog) {
                Ok(listener) => {
                    let listener = listener.into();
                    self.urls.push(url(&listener)?);
                    self.listeners.push(listener);
                    missing = None;
                }
                // A machine without IPv6 may still have `::1` for localhost among its names.
                Err(error) if tcp::is_elsewhere(&error) => {
                    missing = missing.and(Some(error));
                }
                Err(error) => return Err(error),
            }
        }
        missing.map_or(Ok(()), Err)
    }
}

fn url(listener: &Listener) -> io::Result<String> {
    Ok(match listener {
        Listener::Tcp(listener) => format!("http://{}", listener.local_addr()?),
        Listener::Unix(listener) => match listener.local_addr()?.as_pathname() {
            Some(path) => format!("unix:{}", path.display()),
            None => "a Unix socket without a path".to_owned(),
        },
    })
}

/// What the system said, and what to do about it.
fn explain(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            "the address is in use; stop who listens there, or give another with --bind".to_owned()
        }
        io::ErrorKind::AddrNotAvailable => {
            "this machine has no such address; 0.0.0.0 and [::] stand for all it has".to_owned()
        }
        io::ErrorKind::PermissionDenied => {
            "permission denied; ports below 1024 and paths in others' folders need more rights"
                .to_owned()
        }
        io::ErrorKind::NotFound => "the folder of this path does not exist; make it".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests;
