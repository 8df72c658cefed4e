//! Unix sockets, and the files that name them.

use std::cell::Cell;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::{fs, io, path, process};

use socket2::{Domain, SockAddr, Socket, Type};

/// Listens at `path`. A socket that a dead process left there is replaced.
pub(super) fn listen(path: &Path, backlog: i32) -> io::Result<(UnixListener, SocketFile)> {
    let address = SockAddr::unix(path)?;
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    match socket.bind(&address) {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            if !is_stale(path, &address)? {
                return Err(error);
            }
            fs::remove_file(path)?;
            socket.bind(&address)?;
        }
        bound => bound?,
    }
    let file = SocketFile::at(path)?;
    socket.listen(backlog)?;
    Ok((socket.into(), file))
}

/// Whether nobody listens at a socket that is there.
///
/// # Errors
///
/// If it is no socket.
fn is_stale(path: &Path, address: &SockAddr) -> io::Result<bool> {
    if !fs::symlink_metadata(path)?.file_type().is_socket() {
        return Err(io::Error::other(
            "a file is there that is no socket; remove it, or give another path with --bind",
        ));
    }
    let client = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    // Where somebody listens with a full backlog, connecting would wait.
    client.set_nonblocking(true)?;
    let tried = client.connect(address);
    Ok(tried.is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused))
}

/// The file of a socket, removed when dropped by the process that made it, unless it was left to
/// another, or another one has taken its place.
#[derive(Debug)]
pub(crate) struct SocketFile {
    path: PathBuf,
    identity: (u64, u64),
    maker: u32,
    is_left: Cell<bool>,
}

impl SocketFile {
    pub(super) fn at(path: &Path) -> io::Result<SocketFile> {
        // The program may change its directory before the end.
        let path = path::absolute(path)?;
        let identity = identity(&path)?;
        Ok(SocketFile {
            path,
            identity,
            maker: process::id(),
            is_left: Cell::new(false),
        })
    }

    /// Leaves it to whoever has taken over the socket.
    pub(super) fn leave(&self) {
        self.is_left.set(true);
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        let is_same = || identity(&self.path).is_ok_and(|now| now == self.identity);
        if self.maker == process::id() && !self.is_left.get() && is_same() {
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    let file = fs::symlink_metadata(path)?;
    Ok((file.dev(), file.ino()))
}
