//! The engine of HTTP/1.1 on a pipe: one thread a connection, blocking reads and writes.

use std::future::poll_fn;
use std::io::{self, Read, Write};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::BytesMut;
use http::{HeaderMap, StatusCode};
use rgi_core::rt::ThreadClock;
use rgi_core::server::{
    Address, Config, Connection, Exchange, Host, Informer, Level, Log, Payload, ServerInfo, Stop,
    Transport,
};
use rgi_core::{App, End as Ending, Error};
use rgi_http1::{Incoming, Output, PulledBody, Stamp, Turn};

use super::pipe::End;

/// Serves an application on pipes.
pub(super) struct Worker<A> {
    app: A,
    host: Arc<Host>,
    config: Config,
    clock: ThreadClock,
}

/// How often the clock is looked at while a client says nothing.
const LOOK: Duration = Duration::from_millis(20);

/// What is open behind a request.
enum Next {
    Request,
    Close,
}

impl<A: App> Worker<A> {
    pub(super) fn new(app: A, config: Config) -> Worker<A> {
        let clock = ThreadClock::new();
        let mut info = ServerInfo::default();
        info.software = concat!("rgi-conformance/", env!("CARGO_PKG_VERSION"));
        info.multithread = true;
        info.may_block = true;
        info.informational = true;
        info.trailers = true;
        info.upgrade = true;
        info.lazy_continue = true;
        Worker {
            app,
            host: Arc::new(config.host(info, Arc::new(clock.clone()), &Stop::new())),
            config,
            clock,
        }
    }

    /// Serves one connection to its end.
    pub(super) fn serve(&self, end: &Arc<End>) {
        let mut line = Line::new(end.clone(), &self.config);
        // What fails on the connection ends it: the client sees as much.
        while let Ok(Next::Request) = self.turn(&mut line) {}
    }

    /// One request and its answer.
    fn turn(&self, line: &mut Line) -> io::Result<Next> {
        let limits = &self.config.limits;
        let mut pipe = line.pipe(Some(LOOK));
        let head = match line.incoming.receive(&mut pipe, &self.config, |_| false)? {
            Ok(Some(head)) => head,
            Ok(None) => return Ok(Next::Close),
            Err(refusal) => return line.refuse(refusal.status()),
        };
        let pipe = line.pipe(self.config.body_timeout);
        let offer = line.incoming.offer(&head);
        let (request, body) = line.incoming.take(&head, limits, pipe);
        let input = body.input();
        let mut exchange =
            Exchange::new(request, input, self.host.clone(), line.connection.clone());
        let mut turn = Turn::new(&head);
        let hints = Arc::new(Hints {
            end: line.end.clone(),
            open: AtomicBool::new(turn.takes_interim()),
        });
        exchange = exchange.informer(hints.clone());
        if let Some(offer) = offer {
            exchange = exchange.offer(offer);
        }
        self.clock
            .block_on(answer(&self.app, exchange, &mut turn, line, &hints, &body))?;
        if !turn.keep_alive() {
            return Ok(Next::Close);
        }
        Ok(match line.incoming.resume(&body) {
            true => Next::Request,
            false => Next::Close,
        })
    }
}

impl<A> std::fmt::Debug for Worker<A> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Worker")
    }
}

/// Calls the application, and writes what its body gives.
async fn answer<A: App>(
    app: &A,
    exchange: Exchange,
    turn: &mut Turn,
    line: &mut Line,
    hints: &Hints,
    body: &PulledBody<Pipe>,
) -> io::Result<()> {
    let mut response = pin!(exchange.call(app));
    let commit = poll_fn(|cx| response.as_mut().poll_head(cx)).await;
    hints.open.store(false, Ordering::Release);
    // A peer that is gone gets silence.
    if response.error().is_some_and(Error::is_disconnected) {
        response.as_mut().finish(Some(Ending::Disconnected));
        return Err(io::ErrorKind::ConnectionReset.into());
    }
    if let Some(error) = response.error() {
        line.log(Level::of_failure(commit.head.status), &error.to_string());
    }
    body.settle(turn);
    turn.head(&commit, &line.stamp, &mut line.output);
    let mut written = line.flush();
    let end = loop {
        if let Err(error) = &written {
            if error.kind() == io::ErrorKind::UnexpectedEof {
                break Some(Ending::Truncated);
            }
            if let Some(hang_up) = response.hang_up() {
                hang_up.now();
            }
            poll_fn(|cx| response.as_mut().poll_drain(cx)).await;
            break Some(Ending::Disconnected);
        }
        match poll_fn(|cx| response.as_mut().poll_payload(cx)).await {
            None => {
                turn.end(None, &mut line.output);
                written = line.flush();
                break written.is_err().then_some(Ending::Disconnected);
            }
            Some(Err(_)) => {
                if let Some(error) = response.error() {
                    line.log(Level::of_cut(error), &format!("cut: {error}"));
                }
                line.end.reset();
                written = Err(io::ErrorKind::ConnectionReset.into());
                break None;
            }
            Some(Ok(Payload::Upgrade(demand))) => demand.fulfil(Switched {
                end: line.end.clone(),
                behind: body.finish().unwrap_or_default(),
            }),
            Some(Ok(payload)) => turn.payload(payload, &mut line.output),
        }
        written = line.flush();
    };
    response.as_mut().finish(end);
    written
}

/// One connection's reading and writing.
struct Line {
    end: Arc<End>,
    incoming: Incoming,
    stamp: Stamp,
    output: Output,
    /// For a client that takes nothing.
    patience: Option<Duration>,
    log: Arc<dyn Log>,
    connection: Arc<Connection>,
}

impl Line {
    fn new(end: Arc<End>, config: &Config) -> Line {
        Line {
            end,
            incoming: Incoming::new(),
            stamp: Stamp::new(""),
            output: Output::new(),
            patience: config.write_timeout,
            log: config.log.clone(),
            // A pipe is most like a Unix socket without a name.
            connection: Arc::new(Connection {
                peer: Address::Unix(None),
                local: Address::Unix(None),
                tls: None,
            }),
        }
    }

    fn refuse(&mut self, status: StatusCode) -> io::Result<Next> {
        rgi_http1::refuse(status, &self.stamp, &mut self.output);
        self.flush()?;
        Ok(Next::Close)
    }

    fn log(&self, level: Level, line: &str) {
        self.log.log(level, format_args!("{line}"));
    }

    fn pipe(&self, patience: Option<Duration>) -> Pipe {
        Pipe {
            end: self.end.clone(),
            patience,
        }
    }

    /// Writes all there is.
    fn flush(&mut self) -> io::Result<()> {
        let mut pipe = self.pipe(self.patience);
        let written = self.output.write_to(&mut pipe);
        if let Err(error) = &written
            && error.kind() == io::ErrorKind::UnexpectedEof
        {
            // The file has become shorter than was promised.
            self.end.reset();
        }
        written
    }
}

/// A pipe's end, with the time that its other side has.
struct Pipe {
    end: Arc<End>,
    patience: Option<Duration>,
}

impl Read for Pipe {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.end.read(buf, self.patience)
    }
}

impl Write for Pipe {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.end.write_all(buf, self.patience)?;
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Interim responses, up to the head.
struct Hints {
    end: Arc<End>,
    open: AtomicBool,
}

impl Informer for Hints {
    fn inform(&self, status: StatusCode, headers: &HeaderMap) {
        if self.open.load(Ordering::Acquire) {
            let mut bytes = Vec::new();
            rgi_http1::interim(status, headers, &mut bytes);
            let _ = self.end.write_all(&bytes, None);
        }
    }
}

/// The connection behind a switch of protocols.
struct Switched {
    end: Arc<End>,
    behind: BytesMut,
}

impl Transport for Switched {
    fn poll_read(&mut self, _: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        if self.behind.is_empty() {
            return Poll::Ready(self.end.read(buf, None));
        }
        let n = buf.len().min(self.behind.len());
        buf[..n].copy_from_slice(&self.behind.split_to(n));
        Poll::Ready(Ok(n))
    }

    fn poll_write(&mut self, _: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(self.end.write_all(buf, None).map(|()| buf.len()))
    }

    fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.end.end();
        Poll::Ready(Ok(()))
    }
}
