//! What master and worker say to each other: a pair of sockets for each worker.
//!
//! The worker says a byte at a time how it is. The master says nothing; that its end is closed,
//! which the system does whatever has killed it, tells the worker that it is an orphan.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::io::Errno;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType};
use rustix::net::{recv, send, socketpair};

/// What a worker says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    /// Its application is there.
    Ready,
    /// It is alive.
    Beat,
    /// It has served its time.
    Retire,
    /// A request holds it for longer than any may.
    Stuck,
}

const WORDS: [(u8, Word); 4] = [
    (b'r', Word::Ready),
    (b'b', Word::Beat),
    (b'o', Word::Retire),
    (b's', Word::Stuck),
];

/// The master's end.
#[derive(Debug)]
pub(super) struct Link(OwnedFd);

/// The worker's end.
#[derive(Debug)]
pub(super) struct Lifeline(OwnedFd);

pub(super) fn pair() -> io::Result<(Link, Lifeline)> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let (link, lifeline) = socketpair(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    Ok((Link(link), Lifeline(lifeline)))
}

impl Link {
    /// What was said since; an empty list says that the worker has hung up.
    pub(super) fn hear(&self) -> Option<Vec<Word>> {
        let mut bytes = [0; 256];
        match recv(&self.0, &mut bytes, RecvFlags::empty()) {
            Ok((n, _)) => {
                let word = |byte: &u8| WORDS.iter().find(|(it, _)| it == byte);
                let words = bytes[..n].iter().filter_map(word);
                Some(words.map(|(_, word)| *word).collect())
            }
            Err(_) => None,
        }
    }
}

impl AsFd for Link {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl Lifeline {
    /// Says something. A master that is gone, or that has not listened for long, does not hear it.
    pub(super) fn say(&self, word: Word) {
        if let Some((byte, _)) = WORDS.iter().find(|(_, it)| *it == word) {
            let _ = send(&self.0, &[*byte], SendFlags::NOSIGNAL);
        }
    }

    /// Whether the master is gone.
    pub(super) fn is_cut(&self) -> bool {
        let mut byte = [0];
        match recv(&self.0, &mut byte, RecvFlags::empty()) {
            Ok((n, _)) => n == 0,
            Err(error) => !matches!(error, Errno::AGAIN | Errno::INTR),
        }
    }
}

impl AsFd for Lifeline {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
