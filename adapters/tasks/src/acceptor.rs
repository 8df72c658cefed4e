//! Taking connections.

use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use rgi_core::server::{Config, Level, Listener};
use rustix::net::{SocketFlags, accept_with};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::watch;

use crate::census::{Census, Seat};
use crate::server::Told;
use crate::stream::{Socket, Stream};

/// Between tries when there are no descriptors left.
const RETRY: Duration = Duration::from_millis(100);

/// A listening socket in tokio's hands.
enum Listening {
    Tcp(TcpListener),
    Unix(UnixListener),
}

impl Listening {
    fn new(listener: Listener) -> io::Result<Listening> {
        Ok(match listener {
            Listener::Tcp(listener) => {
                listener.set_nonblocking(true)?;
                Listening::Tcp(TcpListener::from_std(listener)?)
            }
            Listener::Unix(listener) => {
                listener.set_nonblocking(true)?;
                Listening::Unix(UnixListener::from_std(listener)?)
            }
        })
    }

    fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<Stream>> {
        match self {
            Listening::Tcp(listener) => listener
                .poll_accept(cx)
                .map_ok(|(stream, _)| Stream::tcp(stream)),
            Listening::Unix(listener) => listener
                .poll_accept(cx)
                .map_ok(|(stream, _)| Stream::Unix(stream)),
        }
    }

    /// Takes one that stands in the queue, as the system has it now: readiness may be yet to come.
    fn take(&self) -> io::Result<Stream> {
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        Stream::new(match self {
            Listening::Tcp(listener) => Socket::Tcp(accept_with(listener, flags)?.into()),
            Listening::Unix(listener) => Socket::Unix(accept_with(listener, flags)?.into()),
        })
    }
}

/// Accepts until told to stop, and then what stands in the queues: who does has been promised an
/// answer by the system.
pub struct Acceptor {
    listeners: Vec<Listening>,
    census: Arc<Census>,
    config: Config,
    told: watch::Receiver<Told>,
    /// Out of descriptors: said once, until accepting works again.
    exhausted: bool,
    /// One was taken just now.
    taken: bool,
}

impl Acceptor {
    /// Of these sockets, within tokio's context.
    ///
    /// # Errors
    ///
    /// What the system says of them.
    pub fn new(
        listeners: Vec<Listener>,
        config: Config,
        census: Arc<Census>,
        told: watch::Receiver<Told>,
    ) -> io::Result<Acceptor> {
        let listeners = listeners.into_iter().map(Listening::new);
        Ok(Acceptor {
            listeners: listeners.collect::<Result<_, _>>()?,
            census,
            config,
            told,
            exhausted: false,
            taken: false,
        })
    }

    /// The next connection, with its place; `None` when there will be no more.
    pub async fn next(&mut self) -> Option<(Stream, Seat)> {
        if std::mem::take(&mut self.taken) && self.config.multiprocess {
            // Other processes have their share of a burst.
            tokio::task::yield_now().await;
        }
        loop {
            let mut seat = self.census.enter().await;
            let stopping = self.told.borrow_and_update().is_told();
            let accepted = match stopping {
                true => self.take(),
                false => match self.accept().await {
                    Some(accepted) => accepted,
                    None => continue,
                },
            };
            match accepted {
                Ok(stream) => {
                    self.exhausted = false;
                    self.taken = true;
                    seat.take();
                    return Some((stream, seat));
                }
                Err(error) if stopping && error.kind() == io::ErrorKind::WouldBlock => return None,
                // The client has left before it was taken.
                Err(error)
                    if matches!(
                        error.kind(),
                        io::ErrorKind::ConnectionAborted | io::ErrorKind::Interrupted
                    ) => {}
                Err(error) => {
                    if !std::mem::replace(&mut self.exhausted, true) {
                        self.config.log.log(
                            Level::Error,
                            format_args!("cannot accept connections: {error}; trying on"),
                        );
                    }
                    tokio::time::sleep(RETRY).await;
                }
            }
        }
    }

    /// Waits for one, or for news: `None`.
    async fn accept(&mut self) -> Option<io::Result<Stream>> {
        let mut changed = pin!(self.told.changed());
        let listeners = &self.listeners;
        poll_fn(|cx| {
            let mut accepted = listeners.iter().map(|listener| listener.poll_accept(cx));
            match accepted.find(Poll::is_ready) {
                Some(accepted) => accepted.map(Some),
                None => changed.as_mut().poll(cx).map(|_| None),
            }
        })
        .await
    }

    /// Takes one that stands in a queue; `WouldBlock` if none does.
    fn take(&self) -> io::Result<Stream> {
        let mut taken = self.listeners.iter().map(Listening::take);
        let next = taken.find(|taken| match taken {
            Ok(_) => true,
            Err(error) => error.kind() != io::ErrorKind::WouldBlock,
        });
        next.unwrap_or_else(|| Err(io::ErrorKind::WouldBlock.into()))
    }
}
