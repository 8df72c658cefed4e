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
//! HTTP/1.1 and HTTP/1.0, by [`rgi_reactor`]. `100 Continue` on the first read of the input; interim
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

use std::sync::Arc;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rgi_core::server::{Host, Level, Listener, Offload, Server, ServerInfo, Stop};
use rgi_core::{App, Error, LocalLifespan, Worker, rt};
use rgi_reactor::Reactor;

pub use rgi_core::server::Config;

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
        info.process = self.config.process;
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
        let reactors = Reactor::group(config.threads, listeners, &config, &stop)?;

        let lifespan = Arc::new(lifespan);
        let (ready, readies) = mpsc::channel();
        // Nothing is ever sent: that all senders are gone says that all loops have ended.
        let (running, ran) = mpsc::channel::<()>();
        let mut workers = Vec::new();
        for (index, reactor) in reactors.into_iter().enumerate() {
            let mut host = config.host(info.clone(), reactor.timer(), &stop);
            host.offload = Some(Arc::new(pool.clone()) as Arc<dyn Offload>);
            host.gauge = Some(reactor.gauge());
            let task = Task {
                reactor,
                host,
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
    reactor: Reactor,
    host: Host,
    lifespan: Arc<L>,
    worker: Worker,
    ready: mpsc::Sender<Result<(), Error>>,
    running: mpsc::Sender<()>,
}

impl<L: LocalLifespan> Task<L> {
    /// Makes the application, waits for the others, runs the loop, ends the application.
    fn run(self, go: &mpsc::Receiver<()>) -> Result<(), Error> {
        let Task {
            reactor,
            host,
            lifespan,
            worker,
            ready,
            running,
        } = self;
        reactor.enter();
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
        let app = rt::parking(false, || reactor.run(app, host))?;
        // The pool is emptied when all loops are here.
        drop(running);
        let _ = go.recv();
        rt::block_on(lifespan.shutdown(&app));
        Ok(())
    }
}
