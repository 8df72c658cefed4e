//! RGI applications as actix-web services, and an RGI server on actix-http.
//!
//! # As a server
//!
//! Each worker is a thread with an application of its own, which need not be `Send`, and its
//! connections are tasks on it. tokio's sockets, timers, `spawn` and `spawn_local` work everywhere in
//! it. It must not block: [`blocking`](rgi_core::blocking) applications run on a bounded pool.
//!
//! ```no_run
//! use rgi_actix::{Actix, Config};
//! use rgi_core::server::{Listener, Server, Stop};
//! use rgi_core::{Environ, Full, IntoLifespan, StartResponse, StatusCode, Worker, app_fn};
//!
//! fn hello(_: Environ, start_response: StartResponse) -> Full {
//!     start_response.start(StatusCode::OK).full("Hello, World!\n")
//! }
//!
//! let listener = std::net::TcpListener::bind("127.0.0.1:8000")?;
//! let app = |_: &Worker| Ok(app_fn(hello));
//! Actix::new(Config::default())
//!     .serve(app.into_lifespan(), vec![Listener::Tcp(listener)], Stop::new())?;
//! # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
//! ```
#![cfg_attr(
    feature = "web",
    doc = "
# Inside an actix-web program

See [`service`]: what is before it in the path becomes `script_name`.
"
)]
//! # How a request passes
//!
//! ```text
//!   socket -> io ----> actix-http -> call -> (Received, Exchange) -> application
//!              |           |
//!            guard      answer -> outgoing -> actix-http -> io -> socket
//! ```
//!
//! `worker` is a thread's life; `connection` drives actix-http and keeps the deadlines; `line` is what
//! the parts of one connection share. What is no matter of actix-http's (sockets, time, jobs) is in
//! [`rgi_tasks`]. actix-http owns the answer while it makes it, and drops it with the connection: what
//! is dropped before its end goes to a task of its own, where the application finishes its step.
//!
//! # What it does with the protocol
//!
//! HTTP/1.1 and HTTP/1.0. actix-http is shown one request at a time, and of what it has no way to do, this
//! crate does what can be done at the socket: `100 Continue` on the first read of the input, where
//! actix-http would say so before it calls anybody; interim responses; trailers of requests; upgrades
//! and CONNECT; methods of any token. There are no trailers of responses. A client that
//! ends its side while its request is being worked on is taken to have left; one that has its answer in
//! the same breath gets it. A response that is cut ends in a reset.
//!
//! # Where it runs
//!
//! Linux, as [`rgi_tasks`].
#![deny(unsafe_code)]

mod answer;
mod call;
mod connection;
mod input;
mod io;
mod line;
mod outgoing;
mod place;
mod translated;
mod uninit;
#[cfg(feature = "web")]
mod web;
mod worker;

use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, mpsc};
use std::task::Poll;
use std::thread;
use std::time::Duration;

use rgi_core::server::{Level, Listener, Pool, ServerInfo, Stop};
use rgi_core::{App, Error, LocalLifespan, Worker};
use rgi_tasks::{Acceptor, Census, Seat, Server, Socket, Told, pool};
use tokio::runtime::Builder;
use tokio::sync::mpsc as mailbox;
use tokio::sync::watch;
use tokio::time::timeout;

pub use rgi_core::server::Config;

#[cfg(feature = "web")]
pub use crate::web::{Answering, Mounted, Serving, service};
use crate::worker::{Task, Turn};

/// The server.
#[derive(Clone, Debug, Default)]
pub struct Actix {
    config: Config,
}

/// How long what was cut, and the threads of the pool, may take to end.
const PATIENCE: Duration = Duration::from_secs(1);

/// Connections that wait for a worker before the next worker is asked.
const WAITING: usize = 16;

impl Actix {
    /// A server with these settings. [`threads`](Config::threads) are workers, beside the thread that
    /// serves, which accepts for them.
    pub fn new(config: Config) -> Actix {
        Actix { config }
    }

    /// The facts of this server.
    pub fn info(&self) -> ServerInfo {
        let mut info = ServerInfo::default();
        info.software = concat!("rgi-actix/", env!("CARGO_PKG_VERSION"));
        // Also with one worker: blocking applications are called by the threads of the pool.
        info.multithread = true;
        info.multiprocess = self.config.multiprocess;
        info.process = self.config.process;
        info.reentrant = true;
        info.may_block = false;
        info.sendfile = false;
        info.informational = true;
        // actix-http has none.
        info.trailers = false;
        info.upgrade = true;
        info.lazy_continue = true;
        info.told_of_disconnect = true;
        info
    }
}

impl<L> rgi_core::server::Server<L> for Actix
where
    L: LocalLifespan + Send + Sync + 'static,
    L::App: 'static,
    <L::App as App>::Body: 'static,
{
    fn serve(self, lifespan: L, listeners: Vec<Listener>, stop: Stop) -> Result<(), Error> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let config = self.config.clone();
        let census = Census::new(config.max_connections);
        let (tell, told) = watch::channel(Told::Nothing);
        let acceptor = {
            let _entered = runtime.enter();
            Acceptor::new(listeners, config.clone(), census.clone(), told.clone())?
        };
        let pool = pool(&config, runtime.handle());
        let mut crew = Crew::start(&self, lifespan, &pool, &census, &stop)?;
        let servers = match crew.started() {
            Ok(servers) => servers,
            Err(error) => {
                // Those that have started end their applications; one that panics says so there.
                return crew.end().and(Err(error));
            }
        };
        let (order, ordered) = (stop.clone(), servers.clone());
        stop.on_change(move || {
            // Whoever is served from here on is told that the connection ends.
            ordered.iter().for_each(|server| server.stop());
            tell.send_replace(Told::by(&order));
        });
        crew.turn.send_replace(Turn::Serve);
        let crowd = Crowd {
            census,
            servers,
            config: config.clone(),
        };
        runtime.block_on(crowd.serve(acceptor, std::mem::take(&mut crew.mailboxes), told));
        // The last steps of blocking applications come before their shutdown.
        if !pool.close(PATIENCE) {
            let text = format_args!("left blocking steps running");
            config.log.log(Level::Warn, text);
        }
        crew.turn.send_replace(Turn::End);
        crew.end()
    }
}

/// The workers.
struct Crew {
    turn: watch::Sender<Turn>,
    ready: mpsc::Receiver<Result<Arc<Server>, Error>>,
    workers: Vec<thread::JoinHandle<Result<(), Error>>>,
    mailboxes: Vec<mailbox::Sender<(Socket, Seat)>>,
}

impl Crew {
    /// Starts the threads, each of which makes its application.
    fn start<L>(
        server: &Actix,
        lifespan: L,
        pool: &Pool,
        census: &Arc<Census>,
        stop: &Stop,
    ) -> Result<Crew, Error>
    where
        L: LocalLifespan + Send + Sync + 'static,
        L::App: 'static,
        <L::App as App>::Body: 'static,
    {
        let lifespan = Arc::new(lifespan);
        let (ready, readies) = mpsc::channel();
        let mut crew = Crew {
            turn: watch::channel(Turn::Wait).0,
            ready: readies,
            workers: Vec::new(),
            mailboxes: Vec::new(),
        };
        for index in 0..server.config.threads.max(1) {
            let (mailbox, accepted) = mailbox::channel(WAITING);
            let task = Task {
                lifespan: lifespan.clone(),
                worker: Worker::new(server.info(), index),
                config: server.config.clone(),
                pool: pool.clone(),
                census: census.clone(),
                stop: stop.clone(),
                accepted,
                ready: ready.clone(),
                turn: crew.turn.subscribe(),
            };
            let around = server.config.around.clone();
            let stop = StopOnExit(stop.clone());
            let thread = thread::Builder::new().name(format!("rgi-actix-{index}"));
            let thread = thread.spawn(move || {
                let _stop = stop;
                let mut task = Some(task);
                let mut end = Ok(());
                let mut run = || {
                    if let Some(task) = task.take() {
                        end = task.run();
                    }
                };
                match around {
                    Some(around) => around(&mut run),
                    None => run(),
                }
                end
            })?;
            crew.workers.push(thread);
            crew.mailboxes.push(mailbox);
        }
        Ok(crew)
    }

    /// Every application is there before the first connection is taken, or none is.
    fn started(&self) -> Result<Vec<Arc<Server>>, Error> {
        let mut servers = Vec::new();
        for ready in self.ready.iter().take(self.workers.len()) {
            servers.push(ready?);
        }
        match servers.len() == self.workers.len() {
            true => Ok(servers),
            false => Err(Error::new("a worker has not started")),
        }
    }

    /// Waits for the workers, which are told nothing more.
    fn end(self) -> Result<(), Error> {
        drop((self.turn, self.mailboxes));
        let mut end = Ok(());
        for worker in self.workers {
            let done = worker.join();
            end = end.and(done.unwrap_or_else(|payload| Err(Error::panic(payload))));
        }
        end
    }
}

/// A worker that has ended ends the others: connections that it was given would wait for ever.
struct StopOnExit(Stop);

impl Drop for StopOnExit {
    fn drop(&mut self) {
        self.0.graceful();
    }
}

/// The connections of all workers together.
struct Crowd {
    census: Arc<Census>,
    servers: Vec<Arc<Server>>,
    config: Config,
}

impl Crowd {
    /// Accepts for the workers, and waits until their connections are closed, or cuts them.
    async fn serve(
        &self,
        acceptor: Acceptor,
        mailboxes: Vec<mailbox::Sender<(Socket, Seat)>>,
        mut told: watch::Receiver<Told>,
    ) {
        {
            let ended = async {
                self.spread(acceptor, mailboxes).await;
                self.census.empty().await;
            };
            if self.outlast(ended, &mut told).await {
                return;
            }
        }
        let open = self.census.open();
        let text = format_args!("cut {open} connections that were still open");
        self.config.log.log(Level::Warn, text);
        self.servers.iter().for_each(|server| server.cut());
        let _ = timeout(PATIENCE, self.census.empty()).await;
    }

    /// Gives each worker its share of the connections.
    async fn spread(
        &self,
        mut acceptor: Acceptor,
        mailboxes: Vec<mailbox::Sender<(Socket, Seat)>>,
    ) {
        let mut turns = (0..mailboxes.len()).cycle();
        while let Some((stream, seat)) = acceptor.next().await {
            let mut accepted = match stream.detach() {
                Ok(socket) => (socket, seat),
                Err(error) => {
                    let text = format_args!("cannot serve a connection: {error}");
                    self.config.log.log(Level::Error, text);
                    continue;
                }
            };
            // One that is busy is passed over; if all are, the next in turn is waited for.
            for (passed, index) in turns.by_ref().enumerate() {
                let mailbox = &mailboxes[index];
                if passed == mailboxes.len() {
                    // A worker that is gone takes none, and the server stops.
                    let _ = mailbox.send(accepted).await;
                    break;
                }
                match mailbox.try_send(accepted) {
                    Ok(()) => break,
                    Err(back) => accepted = back.into_inner(),
                }
            }
        }
    }

    /// Waits for the end; from the order to stop on as long as the settings and the order allow. Says
    /// whether it came.
    async fn outlast(
        &self,
        ended: impl Future<Output = ()>,
        told: &mut watch::Receiver<Told>,
    ) -> bool {
        let mut ended = pin!(ended);
        if race(ended.as_mut(), told.wait_for(|told| told.is_told())).await {
            return true;
        }
        let both = race(ended, told.wait_for(|told| *told == Told::StopNow));
        match self.config.graceful_timeout {
            Some(graceful) => timeout(graceful, both).await.unwrap_or(false),
            None => both.await,
        }
    }
}

/// Waits for the first of two. Says whether it was `this`.
async fn race(this: impl Future<Output = ()>, that: impl Future) -> bool {
    let (mut this, mut that) = (pin!(this), pin!(that));
    poll_fn(|cx| match this.as_mut().poll(cx) {
        Poll::Ready(()) => Poll::Ready(true),
        Poll::Pending => that.as_mut().poll(cx).map(|_| false),
    })
    .await
}

/// The example of the README, compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
