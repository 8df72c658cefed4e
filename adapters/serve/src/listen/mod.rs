//! Sockets that listen, made of addresses.

mod inherited;
mod tcp;
mod unix;

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::os::fd::{AsFd, BorrowedFd, RawFd};
use std::rc::Rc;

use rgi_core::server::Listener;

use crate::settings::{Bad, Bind};
use unix::SocketFile;

/// The sockets of a run.
#[derive(Debug, Default)]
pub(crate) struct Sockets(Vec<Bound>);

/// One socket.
#[derive(Debug)]
pub(crate) struct Bound {
    /// The address it was made of, as it was given.
    pub(crate) bind: String,
    /// How a client names it.
    pub(crate) url: String,
    listener: Listener,
    /// The file of a Unix socket, removed when dropped.
    file: Option<Rc<SocketFile>>,
}

impl Sockets {
    /// Listens at every address, in order; at none if one fails. An address that `before` has is
    /// taken from there, with the connections that wait in its queue.
    ///
    /// # Errors
    ///
    /// The first address that cannot be listened at, and why.
    pub(crate) fn open(binds: &[Bind], backlog: usize, before: &Sockets) -> Result<Sockets, Bad> {
        // The system lowers what is above its own maximum.
        let backlog = i32::try_from(backlog).unwrap_or(i32::MAX);
        let mut sockets = Sockets::default();
        for bind in binds {
            sockets.add(bind, backlog, before).map_err(|error| {
                Bad::new(format!("cannot listen at {bind}: {}", explain(&error)))
            })?;
        }
        Ok(sockets)
    }

    /// The sockets that a predecessor passed on, by the addresses they were made of.
    ///
    /// # Errors
    ///
    /// What is wrong with one.
    pub(crate) fn inherit(passed: &[(String, RawFd)]) -> io::Result<Sockets> {
        let mut sockets = Sockets::default();
        for (bind, descriptor) in passed {
            let listener = inherited::listener(*descriptor)?;
            let file = match bind.parse() {
                Ok(Bind::Unix(path)) => Some(SocketFile::at(&path)?),
                _ => None,
            };
            sockets.push(bind.clone(), listener, file)?;
        }
        Ok(sockets)
    }

    /// How clients name them.
    pub(crate) fn urls(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|bound| bound.url.as_str())
    }

    /// A second handle of each.
    pub(crate) fn listeners(&self) -> io::Result<Vec<Listener>> {
        self.0.iter().map(|it| it.listener.try_clone()).collect()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Bound> {
        self.0.iter()
    }

    /// Leaves the files of Unix sockets to whoever has taken over.
    pub(crate) fn leave_files(&self) {
        let files = self.0.iter().filter_map(|bound| bound.file.as_ref());
        files.for_each(|file| file.leave());
    }

    fn add(&mut self, bind: &Bind, backlog: i32, before: &Sockets) -> io::Result<()> {
        let name = bind.to_string();
        let mut known = before
            .0
            .iter()
            .filter(|bound| bound.bind == name)
            .peekable();
        if known.peek().is_some() {
            for bound in known {
                self.0.push(bound.try_clone()?);
            }
            return Ok(());
        }
        match bind {
            Bind::Tcp(address) => self.tcp(name, &[*address], backlog),
            Bind::Host(host, port) => {
                let mut addresses: Vec<_> = (host.as_str(), *port).to_socket_addrs()?.collect();
                addresses.sort_unstable();
                addresses.dedup();
                self.tcp(name, &addresses, backlog)
            }
            Bind::Unix(path) => {
                let (listener, file) = unix::listen(path, backlog)?;
                self.push(name, listener.into(), Some(file))
            }
            Bind::Fd(descriptor) => self.push(name, inherited::listener(*descriptor)?, None),
        }
    }

    /// Listens at all of `addresses` that this machine has; at least at one.
    fn tcp(&mut self, name: String, addresses: &[SocketAddr], backlog: i32) -> io::Result<()> {
        let mut missing = Some(io::Error::other("the name has no address"));
        for address in addresses {
            match tcp::listen(*address, backlog) {
                Ok(listener) => {
                    self.push(name.clone(), listener.into(), None)?;
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

    fn push(
        &mut self,
        bind: String,
        listener: Listener,
        file: Option<SocketFile>,
    ) -> io::Result<()> {
        let mut url = url(&listener)?;
        if bind.starts_with("fd:") {
            url = format!("{url} on {bind}");
        }
        let file = file.map(Rc::new);
        self.0.push(Bound {
            bind,
            url,
            listener,
            file,
        });
        Ok(())
    }
}

impl Bound {
    fn try_clone(&self) -> io::Result<Bound> {
        Ok(Bound {
            bind: self.bind.clone(),
            url: self.url.clone(),
            listener: self.listener.try_clone()?,
            file: self.file.clone(),
        })
    }
}

impl AsFd for Bound {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match &self.listener {
            Listener::Tcp(listener) => listener.as_fd(),
            Listener::Unix(listener) => listener.as_fd(),
        }
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
