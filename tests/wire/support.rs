//! A server on a thread.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::task::Poll;
use std::thread::JoinHandle;
use std::time::Duration;

use rgi_core::server::{Config, Level, Listener, Log, Stop};
use rgi_core::{App, AppExt, Error, IntoLifespan, LocalLifespan};

pub(crate) use super::client::{Client, Reply};
use crate::server;

/// Long enough for whatever must happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// The log's lines, for tests to wait on.
#[derive(Default)]
pub(crate) struct Lines {
    lines: Mutex<Vec<String>>,
    more: Condvar,
}

impl Lines {
    /// Waits for a line that contains `text`.
    #[track_caller]
    pub(crate) fn wait_for(&self, text: &str) {
        let lines = self.lines.lock().unwrap();
        let has = |lines: &mut Vec<String>| !lines.iter().any(|line| line.contains(text));
        let (lines, timeout) = self.more.wait_timeout_while(lines, PATIENCE, has).unwrap();
        assert!(!timeout.timed_out(), "no line with {text:?} in {lines:?}");
    }

    pub(crate) fn contain(&self, text: &str) -> bool {
        self.lines
            .lock()
            .unwrap()
            .iter()
            .any(|line| line.contains(text))
    }
}

impl Log for Lines {
    fn log(&self, level: Level, message: fmt::Arguments<'_>) {
        self.lines
            .lock()
            .unwrap()
            .push(format!("{level:?}: {message}"));
        self.more.notify_all();
    }
}

/// A server that runs.
pub(crate) struct Running {
    pub(crate) stop: Stop,
    pub(crate) log: Arc<Lines>,
    pub(crate) address: SocketAddr,
    thread: Option<JoinHandle<Result<(), Error>>>,
}

/// Settings of most tests: one loop, a small pool.
pub(crate) fn config(set: impl FnOnce(&mut Config)) -> Config {
    let mut config = Config::default();
    config.threads = 1;
    config.blocking_threads = 4;
    set(&mut config);
    config
}

/// Serves an application with the settings of most tests. A server is compiled for each type of
/// application: here all are of one.
pub(crate) fn serve<A: App + Send + Sync + 'static>(app: A) -> Running
where
    A::Body: Send + 'static,
{
    serve_with(|_| {}, app)
}

pub(crate) fn serve_with<A: App + Send + Sync + 'static>(
    set: impl FnOnce(&mut Config),
    app: A,
) -> Running
where
    A::Body: Send + 'static,
{
    start(
        set,
        IntoLifespan::<rgi_core::marker::IsApp>::into_lifespan(app.erased()),
        Vec::new(),
    )
}

/// Serves a lifespan on a TCP port of its own, and on `more`.
pub(crate) fn start<L>(set: impl FnOnce(&mut Config), lifespan: L, more: Vec<Listener>) -> Running
where
    L: LocalLifespan + Send + Sync + 'static,
    L::App: Send + Sync + 'static,
    <L::App as App>::Body: Send + 'static,
{
    run(set, more, |config, listeners, stop| {
        server::serve(config, lifespan, listeners, stop)
    })
}

/// Runs what serves until it is told to stop.
pub(crate) fn run(
    set: impl FnOnce(&mut Config),
    more: Vec<Listener>,
    serve: impl FnOnce(Config, Vec<Listener>, Stop) -> Result<(), Error> + Send + 'static,
) -> Running {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, log) = (Stop::new(), Arc::new(Lines::default()));
    let mut config = config(set);
    config.log = log.clone();
    let told = stop.clone();
    let mut listeners = vec![Listener::Tcp(listener)];
    listeners.extend(more);
    Running {
        stop,
        log,
        address,
        thread: Some(std::thread::spawn(move || serve(config, listeners, told))),
    }
}

impl Running {
    pub(crate) fn connect(&self) -> Client {
        Client::tcp_stream(TcpStream::connect(self.address).unwrap())
    }

    /// One request on a connection of its own.
    pub(crate) fn get(&self, target: &str) -> Reply {
        let mut client = self.connect();
        client.get(target);
        client.reply()
    }

    /// Waits for the end of the server.
    pub(crate) fn join(mut self) -> Result<(), Error> {
        self.thread.take().unwrap().join().unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.now();
        let Some(thread) = self.thread.take() else {
            return;
        };
        let end = thread.join();
        if !std::thread::panicking() {
            end.expect("a loop panicked").expect("the server failed");
        }
    }
}

/// Not before the second poll: woken by itself.
pub(crate) async fn once_pending() {
    let mut first = true;
    std::future::poll_fn(|cx| {
        if std::mem::take(&mut first) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(())
    })
    .await;
}
