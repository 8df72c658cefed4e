//! Taking connections.

use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use rgi_core::App;
use rgi_core::server::{Level, Listener};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::sync::watch;

use crate::connection;
use crate::line::Line;
use crate::server::{Server, Told};
use crate::stream::Stream;

/// Between tries when there are no descriptors left.
const RETRY: Duration = Duration::from_millis(100);

/// A listening socket in tokio's hands.
pub(crate) enum Acceptor {
    Tcp(TcpListener),
    Unix(UnixListener),
}

impl Acceptor {
    pub(crate) fn new(listener: Listener) -> io::Result<Acceptor> {
        Ok(match listener {
            Listener::Tcp(listener) => {
                listener.set_nonblocking(true)?;
                Acceptor::Tcp(TcpListener::from_std(listener)?)
            }
            Listener::Unix(listener) => {
                listener.set_nonblocking(true)?;
                Acceptor::Unix(UnixListener::from_std(listener)?)
            }
        })
    }

    fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<Stream>> {
        match self {
            Acceptor::Tcp(listener) => listener.poll_accept(cx).map_ok(|(stream, _)| tcp(stream)),
            Acceptor::Unix(listener) => listener
                .poll_accept(cx)
                .map_ok(|(stream, _)| Stream::Unix(stream)),
        }
    }

    /// Takes one that stands in the queue, as the system has it now: readiness may be yet to come.
    fn take(&self) -> io::Result<Stream> {
        use rustix::net::{SocketFlags, accept_with};
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        Ok(match self {
            Acceptor::Tcp(listener) => {
                let stream = std::net::TcpStream::from(accept_with(listener, flags)?);
                tcp(TcpStream::from_std(stream)?)
            }
            Acceptor::Unix(listener) => {
                let stream = std::os::unix::net::UnixStream::from(accept_with(listener, flags)?);
                Stream::Unix(UnixStream::from_std(stream)?)
            }
        })
    }
}

/// Accepts until told to stop, and then what stands in the queues: who does has been promised an
/// answer by the system.
pub(crate) async fn accept<A>(
    listeners: Vec<Acceptor>,
    app: Arc<A>,
    server: Arc<Server>,
    mut told: watch::Receiver<Told>,
) where
    A: App + Send + Sync + 'static,
    A::Body: Send + 'static,
{
    // Out of descriptors: said once, until accepting works again.
    let mut exhausted = false;
    loop {
        let seat = server.census.enter().await;
        let stopping = told.borrow_and_update().is_told();
        let accepted = match stopping {
            true => take(&listeners),
            false => {
                let mut changed = pin!(told.changed());
                let next = poll_fn(|cx| {
                    let mut accepted = listeners.iter().map(|listener| listener.poll_accept(cx));
                    match accepted.find(Poll::is_ready) {
                        Some(accepted) => accepted.map(Some),
                        None => changed.as_mut().poll(cx).map(|_| None),
                    }
                });
                match next.await {
                    Some(accepted) => accepted,
                    None => continue,
                }
            }
        };
        match accepted {
            Ok(stream) => {
                exhausted = false;
                let line = Line::new(stream, server.clone(), seat);
                server.clock.spawn(connection::serve(app.clone(), line));
                if server.config.multiprocess {
                    // Other processes have their share of a burst.
                    tokio::task::yield_now().await;
                }
            }
            Err(error) if stopping && error.kind() == io::ErrorKind::WouldBlock => return,
            // The client has left before it was taken.
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::ConnectionAborted | io::ErrorKind::Interrupted
                ) => {}
            Err(error) => {
                if !std::mem::replace(&mut exhausted, true) {
                    server.log(
                        Level::Error,
                        format_args!("cannot accept connections: {error}; trying on"),
                    );
                }
                tokio::time::sleep(RETRY).await;
            }
        }
    }
}

/// Takes one that stands in a queue; `WouldBlock` if none does.
fn take(listeners: &[Acceptor]) -> io::Result<Stream> {
    let mut taken = listeners.iter().map(Acceptor::take);
    let next = taken.find(|taken| match taken {
        Ok(_) => true,
        Err(error) => error.kind() != io::ErrorKind::WouldBlock,
    });
    next.unwrap_or_else(|| Err(io::ErrorKind::WouldBlock.into()))
}

fn tcp(stream: TcpStream) -> Stream {
    // Answers are written whole: nothing is gained by waiting for more.
    let _ = stream.set_nodelay(true);
    Stream::Tcp(stream)
}
