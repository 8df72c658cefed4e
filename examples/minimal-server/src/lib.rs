#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

use std::{future::poll_fn, io, pin::pin, sync::Arc, thread, time::Duration};

use rgi_core::rt::ThreadClock;
use rgi_core::server::{Config, Connection, Exchange, Host, Level, Listener};
use rgi_core::server::{Server, ServerInfo, Socket, Stop};
use rgi_core::{App, End, Error, LocalLifespan, Worker};
use rgi_http1::{Incoming, Output, PulledBody, Stamp, Turn};

/// A server of one client at a time, with these settings.
#[derive(Clone, Debug, Default)]
pub struct MinimalServer(pub Config);

/// The facts: what is not said here is not offered.
fn info(config: &Config) -> ServerInfo {
    let mut info = ServerInfo::default();
    info.software = concat!("rgi-minimal-server/", env!("CARGO_PKG_VERSION"));
    info.multiprocess = config.multiprocess;
    info.process = config.process;
    info.may_block = true;
    info.trailers = true;
    info.lazy_continue = true;
    info
}

impl<L: LocalLifespan> Server<L> for MinimalServer {
    fn serve(self, lifespan: L, mut listeners: Vec<Listener>, stop: Stop) -> Result<(), Error> {
        let listener = listeners.pop().filter(|_| listeners.is_empty());
        let listener = listener.ok_or_else(|| Error::new("it serves one listener"))?;
        let (info, clock) = (info(&self.0), ThreadClock::new());
        let app = clock.block_on(lifespan.startup(&Worker::new(info.clone(), 0)))?;
        let host = Arc::new(self.0.host(info, Arc::new(clock.clone()), &stop));
        stop.on_change(listener.rouser()?);
        let (mut next, config) = (None, self.0);
        let line = Line {
            app,
            host,
            config,
            stop,
        };
        while !line.stop.is_told() || !line.stop.is_now() && waits(&listener, &mut next) {
            let served = clock.block_on(line.serve(&listener, &mut next));
            // A client has left; or there are no descriptors, which takes time to pass.
            served.unwrap_or_else(|_| thread::sleep(Duration::from_millis(1)));
        }
        clock.block_on(lifespan.shutdown(&line.app));
        Ok(())
    }
}

/// Whether another client waits, who is kept for the next turn.
fn waits(listener: &Listener, next: &mut Option<Client>) -> bool {
    *next = next.take().or_else(|| listener.try_accept().ok().flatten());
    next.is_some()
}

type Client = (Socket, Connection);
type Body = PulledBody<Socket>;

/// What serves one connection after the other.
struct Line<A> {
    app: A,
    host: Arc<Host>,
    config: Config,
    stop: Stop,
}

impl<A: App> Line<A> {
    /// Serves a connection to its end: who was found waiting, or the next. An error means that the
    /// client is gone.
    async fn serve(&self, listener: &Listener, next: &mut Option<Client>) -> io::Result<()> {
        let (mut socket, connection) = next.take().map_or_else(|| listener.accept(), Ok)?;
        let (mut input, connection) = (Incoming::new(), Arc::new(connection));
        socket.set_write_timeout(self.config.write_timeout)?;
        loop {
            // After so long without a byte it is looked who else waits.
            socket.set_read_timeout(Some(Duration::from_millis(20)))?;
            let head = match input.receive(&mut socket, &self.config, |begun| {
                self.stop.is_now() || !begun && (self.stop.is_told() || waits(listener, next))
            })? {
                Ok(Some(head)) => head,
                Ok(None) => return Ok(()),
                Err(refusal) => return refusal.write_to(&mut socket).map(|()| socket.linger()),
            };
            socket.set_read_timeout(self.config.body_timeout)?;
            let (request, body) = input.take(&head, &self.config.limits, socket.try_clone()?);
            let (host, connection) = (self.host.clone(), connection.clone());
            let exchange = Exchange::new(request, body.input(), host, connection);
            let mut turn = Turn::new(&head);
            let end = self.answer(exchange, &mut turn, &body, &mut socket).await;
            if end != End::Sent || !turn.keep_alive() || !input.resume(&body) {
                break;
            }
        }
        socket.linger();
        Ok(())
    }

    /// Answers a request; says how that ended.
    async fn answer(&self, ask: Exchange, turn: &mut Turn, body: &Body, to: &mut Socket) -> End {
        let log = |level, error: &Error| self.host.log.log(level, format_args!("{error}"));
        let mut response = pin!(ask.call(&self.app));
        let commit = poll_fn(|cx| response.as_mut().poll_head(cx)).await;
        if let Some(error) = response.error() {
            if error.is_disconnected() {
                return End::Disconnected;
            }
            log(Level::of_failure(commit.head.status), error);
        }
        body.settle(turn);
        if self.stop.is_told() {
            turn.close();
        }
        let mut output = Output::new();
        turn.head(&commit, &Stamp::new(""), &mut output);
        let mut written = output.write_to(to);
        while written.is_ok()
            && let Some(payload) = poll_fn(|cx| response.as_mut().poll_payload(cx)).await
        {
            written = payload
                .map_err(|_cut| io::ErrorKind::UnexpectedEof.into())
                .and_then(|payload| {
                    turn.payload(payload, &mut output);
                    output.write_to(to)
                });
        }
        if written.is_ok() {
            turn.end(None, &mut output);
            written = output.write_to(to);
        }
        let end = match written.map_err(|error| error.kind()) {
            Ok(()) => End::Sent,
            // It was cut, or a file has become shorter.
            Err(io::ErrorKind::UnexpectedEof) => End::Truncated,
            Err(_) => {
                response.hang_up().iter().for_each(|app| app.now());
                poll_fn(|cx| response.as_mut().poll_drain(cx)).await;
                End::Disconnected
            }
        };
        if let Some(error) = response.error().filter(|_| response.is_cut()) {
            log(Level::of_cut(error), error);
        }
        response.as_mut().finish(Some(end));
        end
    }
}
