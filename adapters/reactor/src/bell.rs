//! A descriptor that wakes a loop whose application has parked it.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::event::{EventfdFlags, eventfd};

/// Wakes a thread that waits for it by `poll`.
#[derive(Debug)]
pub(crate) struct Bell {
    fd: OwnedFd,
    /// Somebody waits, or is about to.
    heard: AtomicBool,
}

impl Bell {
    pub(crate) fn new() -> io::Result<Bell> {
        let flags = EventfdFlags::NONBLOCK | EventfdFlags::CLOEXEC;
        Ok(Bell {
            fd: eventfd(0, flags)?,
            heard: AtomicBool::new(false),
        })
    }

    /// Says that somebody is about to wait.
    pub(crate) fn hear(&self) -> Hearing<'_> {
        self.heard.store(true, Ordering::SeqCst);
        Hearing(self)
    }

    pub(crate) fn is_heard(&self) -> bool {
        self.heard.load(Ordering::SeqCst)
    }

    pub(crate) fn ring(&self) {
        // It cannot fail but for being full, which wakes, too.
        let _ = rustix::io::write(&self.fd, &1u64.to_ne_bytes());
    }

    pub(crate) fn silence(&self) {
        let _ = rustix::io::read(&self.fd, &mut [0; 8]);
    }
}

impl AsFd for Bell {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// As long as it lives somebody waits.
pub(crate) struct Hearing<'a>(&'a Bell);

impl Drop for Hearing<'_> {
    fn drop(&mut self) {
        self.0.heard.store(false, Ordering::SeqCst);
    }
}
