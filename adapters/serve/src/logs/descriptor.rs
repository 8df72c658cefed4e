//! A descriptor that comes to stand for another file while others write to it.
//!
//! The other place of `unsafe` is `listen/inherited.rs`. Here the system swaps any descriptor, and
//! rustix asks for an exclusive hold of one that all threads share.
#![allow(unsafe_code)]

use std::io;
use std::mem::ManuallyDrop;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};

use rustix::io::{DupFlags, dup3};

/// Makes `descriptor` stand for what `new` is open on. A write on another thread goes to the one
/// file or the other; there is no moment between them.
pub(super) fn replace(descriptor: &OwnedFd, new: impl AsFd) -> io::Result<()> {
    // SAFETY: the number is that of an open descriptor, which `descriptor` keeps open throughout;
    // the second owner is never dropped, so it is closed once. dup3 leaves it open, on another file.
    let mut shared = ManuallyDrop::new(unsafe { OwnedFd::from_raw_fd(descriptor.as_raw_fd()) });
    Ok(dup3(new, &mut shared, DupFlags::CLOEXEC)?)
}
