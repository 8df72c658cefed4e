//! Listening sockets that another process opened and passed on by their descriptor.
//!
//! One of the crate's two places of `unsafe`, beside `logs/descriptor.rs`: a number from the command
//! line becomes a descriptor that is owned. It is taken only if it is open, was inherited, and is a
//! socket that listens.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::{BorrowedFd, FromRawFd, OwnedFd, RawFd};

use rgi_core::server::Listener;
use rustix::io::{Errno, FdFlags, fcntl_getfd, fcntl_setfd};
use rustix::net::{AddressFamily, SocketType, sockopt};

/// Takes over the listening socket `descriptor`, which is 0 or more.
///
/// # Errors
///
/// If it is none, or was not inherited.
pub(super) fn listener(descriptor: RawFd) -> io::Result<Listener> {
    // SAFETY: not -1. Whether it is open is what is asked next: F_GETFD changes nothing, and
    // nothing else is done with a descriptor that is not.
    let borrowed = unsafe { BorrowedFd::borrow_raw(descriptor) };
    let flags = fcntl_getfd(borrowed).map_err(|_| {
        io::Error::other(
            "the descriptor is not open; the parent process passes a listening socket under it",
        )
    })?;
    if flags.contains(FdFlags::CLOEXEC) {
        return Err(io::Error::other(
            "the descriptor was not inherited: this process opened it, or took it before",
        ));
    }
    let family = family(borrowed)?;
    fcntl_setfd(borrowed, flags | FdFlags::CLOEXEC)?;
    // SAFETY: open, as just seen. Nobody else in this process owns it: what Rust's standard
    // library opens or duplicates is marked close-on-exec, and this was not; from here on it is,
    // so it is taken only once.
    let owned = unsafe { OwnedFd::from_raw_fd(descriptor) };
    Ok(match family {
        Family::Inet => Listener::Tcp(owned.into()),
        Family::Unix => Listener::Unix(owned.into()),
    })
}

enum Family {
    Inet,
    Unix,
}

/// The family of a stream socket that listens.
fn family(socket: BorrowedFd<'_>) -> io::Result<Family> {
    let kind = match sockopt::socket_type(socket) {
        Err(Errno::NOTSOCK) => return Err(io::Error::other("the descriptor is no socket")),
        kind => kind?,
    };
    if kind != SocketType::STREAM || !sockopt::socket_acceptconn(socket)? {
        return Err(io::Error::other(
            "the socket does not listen; the parent process calls listen() on it, or the service \
             manager passes one that accepts",
        ));
    }
    match sockopt::socket_domain(socket)? {
        AddressFamily::INET | AddressFamily::INET6 => Ok(Family::Inet),
        AddressFamily::UNIX => Ok(Family::Unix),
        other => Err(io::Error::other(format!(
            "the socket is of address family {}, neither TCP nor Unix",
            other.as_raw()
        ))),
    }
}
