//! An RGI server with a pool of threads: one request a thread, which may block.
//!
//! A readiness loop (epoll on Linux, by mio) holds the connections. When a request is there, with up
//! to [`buffer_body`](Config::buffer_body) bytes of its body, a thread of the pool calls the
//! application, drives its body and writes the answer. What the client does not take at once goes
//! back to the loop. So a thread is bound to work, and not to a client that idles, or is slow to send
//! or to read. The application is made once, and shared by all threads.
//!
//! ```no_run
//! use rgi_core::server::{Listener, Server, Stop};
//! use rgi_core::{Environ, Error, Full, IntoLifespan, StartResponse, StatusCode, Worker, blocking};
//! use rgi_threaded::{Config, Threaded};
//! use std::io::Read;
//!
//! fn shout(mut environ: Environ, start_response: StartResponse) -> Result<Full, Error> {
//!     let mut text = String::new();
//!     environ.input().reader().read_to_string(&mut text)?;
//!     Ok(start_response.start(StatusCode::OK).full(text.to_uppercase()))
//! }
//!
//! let mut config = Config::default();
//! config.threads = 32;
//! let listener = std::net::TcpListener::bind("127.0.0.1:8000")?;
//! let app = |_: &Worker| Ok(blocking(shout));
//! Threaded::new(config).serve(app.into_lifespan(), vec![Listener::Tcp(listener)], Stop::new())?;
//! # Ok::<(), Error>(())
//! ```
//!
//! # What it does with the protocol
//!
//! HTTP/1.1 and HTTP/1.0, by [`rgi_reactor`]. Interim responses; trailers both ways; upgrades and
//! CONNECT, whose thread is theirs as long as they last; files by `sendfile`. A client that waits for
//! `100 Continue` is told to go on when its head is found good, not when its body is read; where
//! `buffer_body` is 0 nothing is gathered, and it is told when its body is read.
//!
//! # Where it runs
//!
//! Linux. Other Unixes lack `accept4` or `sendfile` as Linux has them, and it does not build there
//! yet.
#![forbid(unsafe_code)]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rgi_core::server::{Host, Listener, Server, ServerInfo, Stop};
use rgi_core::{App, Error, LocalLifespan, Worker, rt};
use rgi_reactor::{PoolThread, Reactor};

pub use rgi_core::server::Config;

/// The server.
///
/// [`Config::threads`] are those of the pool. A request that is there takes the next that is free, in
/// the order in which they came, whether its connection is new or kept; a connection's next request
/// stands behind those of others. What no thread is free for is answered 503, with Retry-After,
/// after [`queue_timeout`](Config::queue_timeout).
///
/// An asynchronous application is served as well: while its body is pending, its thread waits.
///
/// [`Config::request_timeout`] ends a wait for a body, for a client and for an asynchronous
/// application; it cannot end what else blocks, whose thread is lost as long as it does.
/// [`Config::blocking_threads`] means nothing to it: what blocks does so in place.
#[derive(Clone, Debug, Default)]
pub struct Threaded {
    config: Config,
}

/// How long threads may take to end when the server has stopped.
const PATIENCE: Duration = Duration::from_secs(1);

impl Threaded {
    /// A server with these settings.
    pub fn new(config: Config) -> Threaded {
        Threaded { config }
    }

    /// The facts of this server.
    pub fn info(&self) -> ServerInfo {
        let mut info = ServerInfo::default();
        info.software = concat!("rgi-threaded/", env!("CARGO_PKG_VERSION"));
        info.multithread = self.config.threads > 1;
        info.multiprocess = self.config.multiprocess;
        info.process = self.config.process;
        info.reentrant = false;
        info.may_block = true;
        info.sendfile = true;
        info.informational = true;
        info.trailers = true;
        info.upgrade = true;
        // To gather a body is to read it before the application does.
        info.lazy_continue = self.config.buffer_body == 0;
        info.told_of_disconnect = true;
        info
    }
}

impl<L> Server<L> for Threaded
where
    L: LocalLifespan,
    L::App: Send + Sync + 'static,
{
    fn serve(self, lifespan: L, listeners: Vec<Listener>, stop: Stop) -> Result<(), Error> {
        let info = self.info();
        let config = Arc::new(self.config);
        let (reactor, threads) = Reactor::pooled(config.threads, listeners, &config, &stop)?;
        let mut host = config.host(info.clone(), reactor.timer(), &stop);
        host.gauge = Some(reactor.gauge());
        let worker = Worker::new(info, 0);
        let mut task = Some(|| {
            reactor.enter();
            let app = Arc::new(rt::block_on(lifespan.startup(&worker))?);
            let pool = Pool::start(threads, &app, &host, &config, &stop)?;
            let ended = reactor.run(app.clone(), host);
            pool.join();
            rt::block_on(lifespan.shutdown(&app));
            ended.map(drop).map_err(Error::from)
        });
        let mut end = Ok(());
        let mut run = || {
            if let Some(task) = task.take() {
                let task = catch_unwind(AssertUnwindSafe(task));
                end = task.unwrap_or_else(|payload| Err(Error::panic(payload)));
            }
        };
        match &config.around {
            Some(around) => around(&mut run),
            None => run(),
        }
        end
    }
}

/// The threads that run.
struct Pool {
    /// Nothing is ever sent: that all senders are gone says that all threads have ended.
    ran: mpsc::Receiver<()>,
}

impl Pool {
    fn start<A: App + Send + Sync + 'static>(
        threads: Vec<PoolThread>,
        app: &Arc<A>,
        host: &Host,
        config: &Config,
        stop: &Stop,
    ) -> Result<Pool, Error> {
        let (running, ran) = mpsc::channel();
        for (index, thread) in threads.into_iter().enumerate() {
            let (app, host, around) = (app.clone(), host.clone(), config.around.clone());
            let alive = (StopOnExit(stop.clone()), running.clone());
            thread::Builder::new()
                .name(format!("rgi-thread-{index}"))
                .spawn(move || {
                    let _alive = alive;
                    let mut task = Some(move || thread.run(app, host));
                    let mut run = || {
                        if let Some(task) = task.take() {
                            task();
                        }
                    };
                    match around {
                        Some(around) => around(&mut run),
                        None => run(),
                    }
                })?;
        }
        Ok(Pool { ran })
    }

    /// Waits for the end of the threads. One that is stuck in the application is left behind.
    fn join(self) {
        let _ = self.ran.recv_timeout(PATIENCE);
    }
}

/// A thread that has ended before the server stops it: what it had would be waited for in vain.
struct StopOnExit(Stop);

impl Drop for StopOnExit {
    fn drop(&mut self) {
        self.0.graceful();
    }
}
