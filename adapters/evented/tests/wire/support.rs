//! A server on a thread, and a client that speaks bytes.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use rgi_core::server::{Level, Listener, Log, Server, Stop};
use rgi_core::{App, Error, IntoLifespan, LocalLifespan};
use rgi_evented::{Config, Evented};

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
        self.lines.lock().unwrap().iter().any(|line| line.contains(text))
    }
}

impl Log for Lines {
    fn log(&self, level: Level, message: fmt::Arguments<'_>) {
        self.lines.lock().unwrap().push(format!("{level:?}: {message}"));
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

/// Serves an application with the settings of most tests.
pub(crate) fn serve<A: App + Send + Sync + 'static>(app: A) -> Running
where
    A::Body: 'static,
{
    serve_with(|_| {}, app)
}

pub(crate) fn serve_with<A: App + Send + Sync + 'static>(
    set: impl FnOnce(&mut Config),
    app: A,
) -> Running
where
    A::Body: 'static,
{
    start(set, IntoLifespan::<rgi_core::marker::IsApp>::into_lifespan(app), Vec::new())
}

/// Serves a lifespan on a TCP port of its own, and on `more`.
pub(crate) fn start<L>(set: impl FnOnce(&mut Config), lifespan: L, more: Vec<Listener>) -> Running
where
    L: LocalLifespan + Send + Sync + 'static,
    L::App: 'static,
    <L::App as App>::Body: 'static,
{
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, log) = (Stop::new(), Arc::new(Lines::default()));
    let mut config = config(set);
    config.log = log.clone();
    let told = stop.clone();
    let mut listeners = vec![Listener::Tcp(listener)];
    listeners.extend(more);
    let serve = move || Evented::new(config).serve(lifespan, listeners, told);
    Running { stop, log, address, thread: Some(std::thread::spawn(serve)) }
}

impl Running {
    pub(crate) fn connect(&self) -> Client {
        Client::new(Socket::Tcp(TcpStream::connect(self.address).unwrap()))
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
        let Some(thread) = self.thread.take() else { return };
        let end = thread.join();
        if !std::thread::panicking() {
            end.expect("a loop panicked").expect("the server failed");
        }
    }
}

enum Socket {
    Tcp(TcpStream),
    Unix(UnixStream),
}

/// A client that speaks bytes.
pub(crate) struct Client {
    socket: Socket,
    buf: Vec<u8>,
}

impl Client {
    fn new(socket: Socket) -> Client {
        match &socket {
            Socket::Tcp(tcp) => tcp.set_read_timeout(Some(PATIENCE)).unwrap(),
            Socket::Unix(unix) => unix.set_read_timeout(Some(PATIENCE)).unwrap(),
        }
        Client { socket, buf: Vec::new() }
    }

    pub(crate) fn unix(path: &std::path::Path) -> Client {
        Client::new(Socket::Unix(UnixStream::connect(path).unwrap()))
    }

    pub(crate) fn tcp(&self) -> &TcpStream {
        match &self.socket {
            Socket::Tcp(tcp) => tcp,
            Socket::Unix(_) => panic!("a TCP connection was expected"),
        }
    }

    pub(crate) fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        match &mut self.socket {
            Socket::Tcp(tcp) => tcp.write_all(bytes.as_ref()),
            Socket::Unix(unix) => unix.write_all(bytes.as_ref()),
        }
    }

    #[track_caller]
    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.try_send(bytes).unwrap();
    }

    /// Sends a GET.
    #[track_caller]
    pub(crate) fn get(&mut self, target: &str) {
        self.send(format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n"));
    }

    /// Sends a POST with a body of known length.
    #[track_caller]
    pub(crate) fn post(&mut self, target: &str, body: &[u8]) {
        let length = body.len();
        self.send(format!("POST {target} HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n"));
        self.send(body);
    }

    pub(crate) fn half_close(&self) {
        match &self.socket {
            Socket::Tcp(tcp) => tcp.shutdown(Shutdown::Write).unwrap(),
            Socket::Unix(unix) => unix.shutdown(Shutdown::Write).unwrap(),
        }
    }

    /// Reads more; 0 at the end.
    pub(crate) fn fill(&mut self) -> io::Result<usize> {
        let mut chunk = vec![0; 64 * 1024];
        let n = match &mut self.socket {
            Socket::Tcp(tcp) => tcp.read(&mut chunk),
            Socket::Unix(unix) => unix.read(&mut chunk),
        }?;
        self.buf.extend_from_slice(&chunk[..n]);
        Ok(n)
    }

    #[track_caller]
    fn need(&mut self) {
        let n = self.fill().expect("the connection was cut");
        assert!(n > 0, "the connection ended behind {:?}", String::from_utf8_lossy(&self.buf));
    }

    /// Takes `n` bytes.
    #[track_caller]
    pub(crate) fn take(&mut self, n: usize) -> Vec<u8> {
        while self.buf.len() < n {
            self.need();
        }
        self.buf.drain(..n).collect()
    }

    #[track_caller]
    pub(crate) fn until(&mut self, end: &[u8]) -> Vec<u8> {
        let at = loop {
            if let Some(at) = self.buf.windows(end.len()).position(|w| w == end) {
                break at + end.len();
            }
            self.need();
        };
        self.buf.drain(..at).collect()
    }

    /// Reads a head alone.
    #[track_caller]
    pub(crate) fn head(&mut self) -> Reply {
        let text = String::from_utf8(self.until(b"\r\n\r\n")).unwrap();
        Reply { head: text, body: Vec::new(), trailers: String::new() }
    }

    /// Reads an answer.
    #[track_caller]
    pub(crate) fn reply(&mut self) -> Reply {
        let mut reply = self.head();
        if let Some(length) = reply.field("content-length") {
            reply.body = self.take(length.parse().unwrap());
        } else if reply.field("transfer-encoding") == Some("chunked") {
            while let Some(chunk) = self.chunk() {
                reply.body.extend(chunk);
            }
            loop {
                let line = String::from_utf8(self.until(b"\r\n")).unwrap();
                if line == "\r\n" {
                    break;
                }
                reply.trailers.push_str(&line);
            }
        } else if reply.field("connection") == Some("close") {
            reply.body = self.rest().expect("a clean end");
        }
        reply
    }

    /// Reads a chunk; `None` for the last, whose trailers are left.
    #[track_caller]
    pub(crate) fn chunk(&mut self) -> Option<Vec<u8>> {
        let line = String::from_utf8(self.until(b"\r\n")).unwrap();
        let size = usize::from_str_radix(line.trim_end(), 16).unwrap();
        if size == 0 {
            return None;
        }
        let chunk = self.take(size);
        assert_eq!(self.take(2), b"\r\n");
        Some(chunk)
    }

    /// Reads to the end.
    pub(crate) fn rest(&mut self) -> io::Result<Vec<u8>> {
        while self.fill()? > 0 {}
        Ok(std::mem::take(&mut self.buf))
    }

    /// The server has closed, with nothing more to say.
    #[track_caller]
    pub(crate) fn assert_closed(&mut self) {
        let rest = self.rest().expect("a clean end");
        assert!(rest.is_empty(), "more came: {:?}", String::from_utf8_lossy(&rest));
    }

    /// The connection ends, however; gives what came before.
    #[track_caller]
    pub(crate) fn cut(&mut self) -> Vec<u8> {
        loop {
            match self.fill() {
                Ok(0) => break,
                Ok(_) => {}
                Err(error) => {
                    let timeout = [io::ErrorKind::WouldBlock, io::ErrorKind::TimedOut];
                    assert!(!timeout.contains(&error.kind()), "the connection stays open");
                    break;
                }
            }
        }
        std::mem::take(&mut self.buf)
    }

    /// Nothing was sent so far, and the connection is open.
    pub(crate) fn is_silent(&mut self) -> bool {
        if !self.buf.is_empty() {
            return false;
        }
        let mut byte = [0];
        let peeked = match &self.socket {
            Socket::Tcp(tcp) => {
                tcp.set_nonblocking(true).unwrap();
                let peeked = tcp.peek(&mut byte);
                tcp.set_nonblocking(false).unwrap();
                peeked
            }
            Socket::Unix(_) => panic!("a TCP connection was expected"),
        };
        peeked.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
    }
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
    pub(crate) trailers: String,
}

impl Reply {
    #[track_caller]
    pub(crate) fn status(&self) -> u16 {
        self.head.strip_prefix("HTTP/1.1 ").unwrap()[..3].parse().unwrap()
    }

    /// The first field of a name, in lower case.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (field, value) = line.split_once(": ")?;
            field.eq_ignore_ascii_case(name).then_some(value)
        })
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    #[track_caller]
    pub(crate) fn assert(&self, status: u16, text: &str) {
        assert_eq!((self.status(), self.text()), (status, text), "{}", self.head);
    }

    pub(crate) fn closes(&self) -> bool {
        self.field("connection") == Some("close")
    }
}
