//! An RGI server on tokio tasks: hyper, HTTP/1.1 and HTTP/2.
//!
//! Each connection is a task, and so is each stream of HTTP/2. The application is made once and
//! shared by tokio's threads, so it is `Send + Sync`, and its bodies are `Send`. tokio's sockets,
//! timers and `spawn` work everywhere in it. It must not block:
//! [`blocking`](rgi_core::blocking) applications run on a bounded pool.
//!
//! ```no_run
//! use rgi_core::server::{Listener, Server, Stop};
//! use rgi_core::{Environ, Full, IntoLifespan, StartResponse, StatusCode, Worker, app_fn};
//! use rgi_coroutine::{Config, Coroutine};
//!
//! fn hello(_: Environ, start_response: StartResponse) -> Full {
//!     start_response.start(StatusCode::OK).full("Hello, World!\n")
//! }
//!
//! let listener = std::net::TcpListener::bind("127.0.0.1:8000")?;
//! let app = |_: &Worker| Ok(app_fn(hello));
//! Coroutine::new(Config::default())
//!     .serve(app.into_lifespan(), vec![Listener::Tcp(listener)], Stop::new())?;
//! # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
//! ```
//!
//! # How a request passes
//!
//! ```text
//!   socket -> stream -> io ----> hyper -> service -> (Received, Exchange) -> application
//!                        |                  |
//!                      guard              answer -> outgoing -> hyper -> io -> socket
//! ```
//!
//! `connection` drives hyper and keeps its deadlines; `line` is what the parts of one connection share.
//! What is no matter of hyper's (sockets, time, jobs) is in [`rgi_tasks`]. hyper owns the answer while it makes it, and may drop it at any time: what
//! is dropped before its end goes to a task of its own, where the application finishes its step.
//!
//! # What it does with the protocol
//!
//! HTTP/1.1, HTTP/1.0 and HTTP/2, told apart by the preface (RFC 9113 3.4). On HTTP/1.1: `100
//! Continue` on the first read of the input; interim responses; trailers both ways; upgrades and
//! CONNECT. A client that ends its side while its request is being worked on is taken to have left;
//! one that has its answer in the same breath gets it. A response that is cut ends in a reset, of the
//! connection or the stream.
//!
//! # Where it runs
//!
//! Linux. Other Unixes lack `accept4`, and the clock of coarse time.
#![deny(unsafe_code)]

mod answer;
mod connection;
mod input;
mod io;
mod line;
mod outgoing;
mod rest;
mod service;
mod streams;
mod switched;
mod turn;
mod uninit;

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use rgi_core::server::{Beat, Level, Listener, Offload, ServerInfo, Stop};
use rgi_core::{App, Error, LocalLifespan, Worker};
use rgi_tasks::{Acceptor, Census, Clock, Server, Told, pool};
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::watch;
use tokio::time::timeout;

pub use rgi_core::server::Config;

use crate::service::Site;

/// The server.
#[derive(Clone, Debug, Default)]
pub struct Coroutine {
    config: Config,
}

/// How long what was cut, and the threads of the pool, may take to end.
const PATIENCE: Duration = Duration::from_secs(1);

impl Coroutine {
    /// A server with these settings. [`threads`](Config::threads) are tokio's workers; with one, the
    /// thread that serves is it, and tokio's `block_in_place` panics as in any runtime of one thread.
    /// [`around`](Config::around) is around the threads of the pool, with tokio entered in it; tokio's
    /// own threads have no place for it.
    pub fn new(config: Config) -> Coroutine {
        Coroutine { config }
    }

    /// The facts of this server on HTTP/1.1.
    pub fn info(&self) -> ServerInfo {
        let mut info = ServerInfo::default();
        info.software = concat!("rgi-coroutine/", env!("CARGO_PKG_VERSION"));
        // Also with one worker: blocking applications are called by the threads of the pool.
        info.multithread = true;
        info.multiprocess = self.config.multiprocess;
        info.process = self.config.process;
        info.reentrant = true;
        info.may_block = false;
        info.sendfile = false;
        info.informational = true;
        info.trailers = true;
        info.upgrade = true;
        info.lazy_continue = true;
        info.told_of_disconnect = true;
        info.http2 = true;
        info
    }

    /// The facts of this server on HTTP/2: those of [`info`](Self::info), but for what hyper has no
    /// way to do there.
    pub fn info_http2(&self) -> ServerInfo {
        let mut info = self.info();
        info.informational = false;
        info.upgrade = false;
        info.lazy_continue = false;
        info
    }

    async fn run<L>(
        self,
        lifespan: L,
        listeners: Vec<Listener>,
        stop: Stop,
        handle: Handle,
    ) -> Result<(), Error>
    where
        L: LocalLifespan,
        L::App: Send + Sync + 'static,
        <L::App as App>::Body: Send + 'static,
    {
        let census = Census::new(self.config.max_connections);
        let (tell, mut told) = watch::channel(Told::Nothing);
        let config = self.config.clone();
        let acceptor = Acceptor::new(listeners, config, census.clone(), told.clone())?;
        let app = lifespan.startup(&Worker::new(self.info(), 0)).await?;
        if let Some(pulse) = &self.config.pulse {
            tokio::spawn(live(pulse.join()));
        }
        let pool = pool(&self.config, &handle);
        let clock = Clock::new(handle);
        let host = |info| {
            let mut host = self.config.host(info, Arc::new(clock.clone()), &stop);
            host.offload = Some(Arc::new(pool.clone()) as Arc<dyn Offload>);
            host.gauge = Some(census.clone());
            Arc::new(host)
        };
        let site = Arc::new(Site {
            http1: host(self.info()),
            http2: host(self.info_http2()),
            app,
        });
        let server = Server::new(self.config.clone(), clock, census);
        let (order, ordered) = (stop.clone(), server.clone());
        stop.on_change(move || {
            // Whoever is served from here on is told that the connection ends.
            ordered.stop();
            tell.send_replace(Told::by(&order));
        });
        let mut accepting = tokio::spawn(accept(acceptor, site.clone(), server.clone()));
        // The sender lives as long as `stop`.
        let _ = told.wait_for(|told| told.is_told()).await;
        let ended = async {
            let _ = (&mut accepting).await;
            server.census.empty().await;
        };
        if !self.outlast(ended, &mut told).await {
            let open = server.census.open();
            server.log(
                Level::Warn,
                format_args!("cut {open} connections that were still open"),
            );
            accepting.abort();
            server.cut();
            let _ = timeout(PATIENCE, server.census.empty()).await;
        }
        // The last steps of blocking applications come before its shutdown.
        let closed = tokio::task::spawn_blocking(move || pool.close(PATIENCE)).await;
        if !closed.unwrap_or(false) {
            server.log(Level::Warn, format_args!("left blocking steps running"));
        }
        lifespan.shutdown(&site.app).await;
        Ok(())
    }

    /// Waits for the end, as long as the settings and the order to stop allow. Says whether it came.
    async fn outlast(
        &self,
        ended: impl Future<Output = ()>,
        told: &mut watch::Receiver<Told>,
    ) -> bool {
        let mut ended = pin!(ended);
        let mut now = pin!(told.wait_for(|told| *told == Told::StopNow));
        let both = poll_fn(|cx| match ended.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(true),
            Poll::Pending => now.as_mut().poll(cx).map(|_| false),
        });
        match self.config.graceful_timeout {
            Some(graceful) => timeout(graceful, both).await.unwrap_or(false),
            None => both.await,
        }
    }
}

/// Gives each connection a task.
async fn accept<A>(mut acceptor: Acceptor, site: Arc<Site<A>>, server: Arc<Server>)
where
    A: App + Send + Sync + 'static,
    A::Body: Send + 'static,
{
    while let Some((stream, seat)) = acceptor.next().await {
        let served = connection::serve(site.clone(), server.clone(), stream, seat);
        server.clock.spawn(served);
    }
}

/// Gives signs of life: tokio has a thread for whoever is to run.
async fn live(beat: Beat) {
    let mut ticks = tokio::time::interval(beat.interval() / 2);
    loop {
        ticks.tick().await;
        beat.beat();
    }
}

impl<L> rgi_core::server::Server<L> for Coroutine
where
    L: LocalLifespan,
    L::App: Send + Sync + 'static,
    <L::App as App>::Body: Send + 'static,
{
    fn serve(self, lifespan: L, listeners: Vec<Listener>, stop: Stop) -> Result<(), Error> {
        let runtime = runtime(self.config.threads)?;
        let handle = runtime.handle().clone();
        // A lifespan's panic is its failure, and no reason to leave tokio's threads behind.
        let served = catch_unwind(AssertUnwindSafe(|| {
            runtime.block_on(self.run(lifespan, listeners, stop, handle))
        }));
        runtime.shutdown_timeout(PATIENCE);
        served.unwrap_or_else(|payload| Err(Error::panic(payload)))
    }
}

/// One worker needs no other to share its tasks with, and costs less alone.
fn runtime(threads: usize) -> std::io::Result<Runtime> {
    let mut builder = match threads {
        0 | 1 => Builder::new_current_thread(),
        _ => Builder::new_multi_thread(),
    };
    if threads > 1 {
        builder.worker_threads(threads);
    }
    builder.thread_name("rgi-tokio").enable_all().build()
}

/// The example of the README, compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
