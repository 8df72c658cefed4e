//! The one system call that has no safe face.
#![allow(unsafe_code)]

use std::fs;
use std::io;

use nix::unistd::{ForkResult, Pid};

/// Copies this process. Gives the child's id to the parent, and nothing to the child.
///
/// # Errors
///
/// What the system says, and that this process has more threads than one: they would be missing in
/// the child, with all the locks they held.
pub(super) fn fork() -> io::Result<Option<Pid>> {
    if threads()? > 1 {
        return Err(io::Error::other(
            "the supervising process has threads of its own: start them in the workers",
        ));
    }
    // SAFETY: this process has one thread, as just seen, so nothing is amiss in the child.
    match unsafe { nix::unistd::fork() }? {
        ForkResult::Parent { child } => Ok(Some(child)),
        ForkResult::Child => Ok(None),
    }
}

fn threads() -> io::Result<usize> {
    Ok(fs::read_dir("/proc/self/task")?.count())
}
