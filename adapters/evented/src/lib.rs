//! An RGI server on readiness loops: one thread a loop, no runtime.
//!
//! Each loop is a thread that waits for readiness (epoll on Linux, by mio) and drives the state
//! machines of its connections. An idle connection costs a few hundred bytes, a slow client costs no
//! thread, and a request that is answered at once costs one read and one write. The application is
//! made once in each loop and never leaves it, so it needs neither `Send` nor `Sync`.
//!
//! It must not block: [`blocking`](rgi_core::blocking) applications run on a bounded pool.
//!
//! ```no_run
//! use rgi_core::server::{Listener, Server, Stop};
//! use rgi_core::{Environ, Full, IntoLifespan, StartResponse, StatusCode, Worker, app_fn};
//! use rgi_evented::{Config, Evented};
//!
//! fn hello(_: Environ, start_response: StartResponse) -> Full {
//!     start_response.start(StatusCode::OK).full("Hello, World!\n")
//! }
//!
//! let listener = std::net::TcpListener::bind("127.0.0.1:8000")?;
//! let app = |_: &Worker| Ok(app_fn(hello));
//! Evented::new(Config::default())
//!     .serve(app.into_lifespan(), vec![Listener::Tcp(listener)], Stop::new())?;
//! # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
//! ```
//!
//! # What it does with the protocol
//!
//! HTTP/1.1 and HTTP/1.0 by [`rgi_http1`]. `100 Continue` on the first read of the input; interim
//! responses; trailers both ways; upgrades and CONNECT; files by `sendfile`. A client that ends its
//! side while its request is being worked on is taken to have left, as by nginx; one that has its
//! answer in the same breath gets it. A body that is cut ends in a reset; on a Unix socket, which has
//! none, an HTTP/1.0 client cannot tell a cut body without a length from a whole one.
//!
//! # Where it runs
//!
//! Linux. Other Unixes lack `accept4` or `sendfile` as Linux has them, and it does not build there
//! yet.
#![forbid(unsafe_code)]

mod acceptor;
mod connection;
mod core;
mod event_loop;
mod job;
mod line;
mod notify;
mod socket;
mod timer;
mod wheel;

use std::sync::Arc;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rgi_core::server::{Host, Level, Listener, Offload, Server, ServerInfo, Stop};
use rgi_core::{App, Error, LocalLifespan, Worker, rt};

pub use rgi_core::server::Config;

use crate::acceptor::{Acceptor, Census, Mailbox};
use crate::core::Core;
use crate::event_loop::{EventLoop, Parts};
use crate::notify::{ATTEND, Notify};
use crate::timer::Clock;

/// The server.
#[derive(Clone, Debug, Default)]
pub struct Evented {
    config: Config,
}

/// How long threads of the pool may take to end when the server has stopped.
const POOL_PATIENCE: Duration = Duration::from_secs(1);

impl Evented {
    /// A server with these settings.
    pub fn new(config: Config) -> Evented {
        Evented { config }
    }

    /// The facts of this server.
    pub fn info(&self) -> ServerInfo {
        let mut info = ServerInfo::default();
        info.software = concat!("rgi-evented/", env!("CARGO_PKG_VERSION"));
        // Also with one loop: blocking applications are called by the threads of the pool.
        info.multithread = true;
        info.multiprocess = self.config.multiprocess;
        info.reentrant = true;
        info.may_block = false;
        info.sendfile = true;
        info.informational = true;
        info.trailers = true;
        info.upgrade = true;
        info.lazy_continue = true;
        info.told_of_disconnect = true;
        info
    }
}

impl<L> Server<L> for Evented
where
    L: LocalLifespan + Send + Sync + 'static,
    L::App: 'static,
    <L::App as App>::Body: 'static,
{
    fn serve(self, lifespan: L, listeners: Vec<Listener>, stop: Stop) -> Result<(), Error> {
        let info = self.info();
        let config = Arc::new(self.config);
        let pool = config.pool();
        let census = Arc::new(Census::default());
        let mut loops = Vec::new();
        for _ in 0..config.threads.max(1) {
            let poll = mio::Poll::new()?;
            let notify = Arc::new(Notify::new(poll.registry())?);
            let told = notify.clone();
            stop.on_change(move || told.push(ATTEND));
            loops.push((poll, notify.clone(), Arc::new(Mailbox::new(notify))));
        }
        let mailboxes: Vec<_> = loops
            .iter()
            .map(|(_, _, mailbox)| mailbox.clone())
            .collect();
        let accepting = mailboxes[0].notify.clone();
        let most = config.max_connections.unwrap_or(usize::MAX);
        let mut acceptor = Some(Acceptor::new(
            listeners,
            mailboxes,
            census.clone(),
            most,
            config.log.clone(),
        ));

        let lifespan = Arc::new(lifespan);
        let (ready, readies) = mpsc::channel();
        // Nothing is ever sent: that all senders are gone says that all loops have ended.
        let (running, ran) = mpsc::channel::<()>();
        let mut workers = Vec::new();
        for (index, (poll, notify, mailbox)) in loops.into_iter().enumerate() {
            let clock = Clock::new(notify.clone());
            let mut host = config.host(info.clone(), Arc::new(clock.clone()));
            host.offload = Some(Arc::new(pool.clone()) as Arc<dyn Offload>);
            let parts = Parts {
                poll,
                notify,
                clock,
                mailbox,
                accepting: accepting.clone(),
                census: census.clone(),
                stop: stop.clone(),
            };
            let task = Task {
                parts,
                host,
                acceptor: acceptor.take(),
                config: config.clone(),
                lifespan: lifespan.clone(),
                worker: Worker::new(info.clone(), index),
                ready: ready.clone(),
                running: running.clone(),
            };
            let (go, gone) = mpsc::channel();
            let around = config.around.clone();
            let stop = StopOnExit(stop.clone());
            let thread = thread::Builder::new()
                .name(format!("rgi-loop-{index}"))
                .spawn(move || {
                    let _stop = stop;
                    let mut task = Some((task, gone));
                    let mut end = Ok(());
                    let mut run = || {
                        if let Some((task, gone)) = task.take() {
                            end = task.run(&gone);
                        }
                    };
                    match around {
                        Some(around) => around(&mut run),
                        None => run(),
                    }
                    end
                })?;
            workers.push((go, thread));
        }
        drop((ready, running));
        // Every application is there before the first connection is taken, or none is.
        let mut started = 0;
        let failed = readies.iter().find_map(|ready| {
            started += usize::from(ready.is_ok());
            ready.err()
        });
        let all = started == workers.len();
        let (goes, threads): (Vec<_>, Vec<_>) = workers.into_iter().unzip();
        if all {
            for go in &goes {
                let _ = go.send(());
            }
            // The last steps of blocking applications come before their shutdown.
            let _ = ran.recv();
            if !pool.close(POOL_PATIENCE) {
                config
                    .log
                    .log(Level::Warn, format_args!("left blocking steps running"));
            }
        }
        drop(goes);
        let mut end = failed.map_or(Ok(()), Err);
        for thread in threads {
            let done = thread
                .join()
                .unwrap_or_else(|payload| Err(Error::panic(payload)));
            end = end.and(done);
        }
        end
    }
}

/// A loop that has ended ends the others: connections that it was given would wait for ever.
struct StopOnExit(Stop);

impl Drop for StopOnExit {
    fn drop(&mut self) {
        self.0.graceful();
    }
}

/// What a worker's thread is given.
struct Task<L> {
    parts: Parts,
    host: Host,
    acceptor: Option<Acceptor>,
    config: Arc<Config>,
    lifespan: Arc<L>,
    worker: Worker,
    ready: mpsc::Sender<Result<(), Error>>,
    running: mpsc::Sender<()>,
}

impl<L: LocalLifespan> Task<L> {
    /// Makes the application, waits for the others, runs the loop, ends the application.
    fn run(self, go: &mpsc::Receiver<()>) -> Result<(), Error> {
        let Task {
            parts,
            host,
            acceptor,
            config,
            lifespan,
            worker,
            ready,
            running,
        } = self;
        parts.notify.enter();
        let app = match rt::block_on(lifespan.startup(&worker)) {
            Ok(app) => app,
            Err(error) => {
                let _ = ready.send(Err(error));
                return Ok(());
            }
        };
        let _ = ready.send(Ok(()));
        // One that panics says nothing, and must not be waited for.
        drop(ready);
        if go.recv().is_err() {
            rt::block_on(lifespan.shutdown(&app));
            return Ok(());
        }
        let core = Core::new(app, config, Arc::new(host));
        let app = rt::parking(false, || EventLoop::new(parts, acceptor, core).run())?;
        // The pool is emptied when all loops are here.
        drop(running);
        let _ = go.recv();
        rt::block_on(lifespan.shutdown(&app));
        Ok(())
    }
}
