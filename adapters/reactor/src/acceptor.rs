//! Taking connections, and handing them to the loops.
//!
//! One loop accepts for all: connections are spread evenly, and none waits in the queue of a loop
//! that is busy.

use std::collections::VecDeque;
use std::io;
use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use mio::unix::SourceFd;
use mio::{Interest, Registry, Token};
use rgi_core::Connection;
use rgi_core::server::{Config, Level, Listener, Log};

use crate::notify::{ATTEND, LISTENERS, Notify};
use crate::socket::{Socket, accept};

/// The connections of all loops together.
#[derive(Debug, Default)]
pub(crate) struct Census {
    open: AtomicUsize,
    /// Accepting waits for one to close.
    waiting: AtomicBool,
    /// No more will come.
    complete: AtomicBool,
}

impl Census {
    /// A connection was closed. Says whether accepting waits for that.
    pub(crate) fn leave(&self) -> bool {
        self.open.fetch_sub(1, Ordering::SeqCst);
        self.waiting.swap(false, Ordering::SeqCst)
    }

    /// How many are open.
    pub(crate) fn open(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    /// Whether all connections there will be are in the mailboxes.
    pub(crate) fn is_complete(&self) -> bool {
        self.complete.load(Ordering::SeqCst)
    }
}

/// Where a loop gets its connections from.
#[derive(Debug)]
pub(crate) struct Mailbox {
    pub(crate) notify: Arc<Notify>,
    arrived: Mutex<VecDeque<(Socket, Connection)>>,
}

impl Mailbox {
    pub(crate) fn new(notify: Arc<Notify>) -> Mailbox {
        Mailbox {
            notify,
            arrived: Mutex::default(),
        }
    }

    pub(crate) fn take(&self) -> VecDeque<(Socket, Connection)> {
        std::mem::take(&mut *self.arrived.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.arrived
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_empty()
    }

    fn put(&self, socket: Socket, connection: Connection) {
        let mut arrived = self.arrived.lock().unwrap_or_else(PoisonError::into_inner);
        arrived.push_back((socket, connection));
        if arrived.len() == 1 {
            self.notify.push(ATTEND);
        }
    }
}

/// The accepting side.
pub(crate) struct Acceptor {
    listeners: Vec<Listener>,
    /// The listener that is looked at first.
    at: usize,
    mailboxes: Vec<Arc<Mailbox>>,
    next: usize,
    census: Arc<Census>,
    most: usize,
    log: Arc<dyn Log>,
    /// Out of descriptors: said once, until accepting works again.
    exhausted: bool,
}

/// How accepting ended for now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Accepted {
    /// The queues are empty.
    All,
    /// As many as were asked for: there may be more.
    More,
    /// There are as many connections as there may be.
    Full,
    /// The system has no more descriptors or memory: try again a little later.
    Exhausted,
}

impl Acceptor {
    pub(crate) fn new(
        listeners: Vec<Listener>,
        mailboxes: Vec<Arc<Mailbox>>,
        census: Arc<Census>,
        config: &Config,
    ) -> Acceptor {
        Acceptor {
            listeners,
            at: 0,
            mailboxes,
            next: 0,
            census,
            most: config.max_connections.unwrap_or(usize::MAX),
            log: config.log.clone(),
            exhausted: false,
        }
    }

    pub(crate) fn register(&self, registry: &Registry) -> io::Result<()> {
        for (i, listener) in self.listeners.iter().enumerate() {
            let fd = match listener {
                Listener::Tcp(listener) => {
                    listener.set_nonblocking(true)?;
                    listener.as_raw_fd()
                }
                Listener::Unix(listener) => {
                    listener.set_nonblocking(true)?;
                    listener.as_raw_fd()
                }
            };
            registry.register(&mut SourceFd(&fd), Token(LISTENERS - i), Interest::READABLE)?;
        }
        Ok(())
    }

    /// Takes what stands in the queues, `most` connections at most, and hands it round.
    pub(crate) fn accept(&mut self, most: usize) -> Accepted {
        for _ in 0..most {
            match self.take() {
                Ok((socket, connection)) => {
                    self.mailboxes[self.next].put(socket, connection);
                    self.next = (self.next + 1) % self.mailboxes.len();
                }
                Err(accepted) => return accepted,
            }
        }
        // Where there are several, none is kept waiting by another's rush.
        self.pass_on();
        Accepted::More
    }

    /// Takes one connection, for whoever asks.
    pub(crate) fn accept_one(&mut self) -> Result<(Socket, Connection), Accepted> {
        let taken = self.take();
        self.pass_on();
        taken
    }

    /// Has the next listener be looked at first.
    fn pass_on(&mut self) {
        self.at = (self.at + 1) % self.listeners.len().max(1);
    }

    fn take(&mut self) -> Result<(Socket, Connection), Accepted> {
        let mut empty = 0;
        while empty < self.listeners.len() {
            // Said before it is looked at, so that no close in between is missed.
            self.census.waiting.store(true, Ordering::SeqCst);
            if self.census.open.load(Ordering::SeqCst) >= self.most {
                return Err(Accepted::Full);
            }
            self.census.waiting.store(false, Ordering::SeqCst);
            match accept(&self.listeners[self.at]) {
                Ok(taken) => {
                    self.exhausted = false;
                    self.census.open.fetch_add(1, Ordering::SeqCst);
                    return Ok(taken);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    empty += 1;
                    self.pass_on();
                }
                // The client has left before it was taken.
                Err(error)
                    if matches!(
                        error.kind(),
                        io::ErrorKind::ConnectionAborted | io::ErrorKind::Interrupted
                    ) => {}
                Err(error) => {
                    if !std::mem::replace(&mut self.exhausted, true) {
                        self.log.log(
                            Level::Error,
                            format_args!("cannot accept connections: {error}; trying on"),
                        );
                    }
                    return Err(Accepted::Exhausted);
                }
            }
        }
        Err(Accepted::All)
    }
}

impl Drop for Acceptor {
    /// Loops wait with their end for the connections they may still be given.
    fn drop(&mut self) {
        self.census.complete.store(true, Ordering::SeqCst);
        for mailbox in &self.mailboxes {
            mailbox.notify.push(ATTEND);
        }
    }
}
