//! What can be set: the same names and defaults on every server.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::{Around, Host, Log, Pool, ProxyProtocol, Pulse, ServerInfo, Stderr, Stop, Timer};

/// The settings of a server. Timeouts that are `None` never end.
///
/// Each server says in its docs what it makes of [`threads`](Self::threads), and which settings
/// mean nothing to its model.
#[non_exhaustive]
#[derive(Clone)]
pub struct Config {
    /// Threads of the server, as its model has them; at least one. Default: cores.
    pub threads: usize,
    /// Threads of the pool for blocking lifts; at least one. Default: 64.
    pub blocking_threads: usize,
    /// How long a blocking lift may wait for a thread before it is answered 503. Default: 5 s.
    pub queue_timeout: Option<Duration>,
    /// Open connections above which accepting waits. Default: 16384.
    pub max_connections: Option<usize>,
    /// From a request's first byte to the end of its head. Default: 30 s.
    pub header_timeout: Option<Duration>,
    /// Between two reads of a body. Default: 30 s.
    pub body_timeout: Option<Duration>,
    /// For a client that takes nothing. Default: 30 s.
    pub write_timeout: Option<Duration>,
    /// For a connection that is idle between requests. Default: 60 s.
    pub keep_alive: Option<Duration>,
    /// From the call to the last byte: 503 before the head was sent, a cut after it. Default: none.
    pub request_timeout: Option<Duration>,
    /// For requests under way when told to stop. Default: 30 s.
    pub graceful_timeout: Option<Duration>,
    /// Whether each connection begins with a header of the PROXY protocol, version 1 or 2, which says
    /// whose it is, and who is believed in that: who is not, sends none within
    /// [`header_timeout`](Self::header_timeout), or a malformed one, is closed without an answer.
    /// Default: none does.
    pub proxy_protocol: ProxyProtocol,
    /// Bytes of a body gathered before a thread of the pool is bound, or before the call where a
    /// process serves one request at a time. Default: 64 KiB.
    pub buffer_body: usize,
    /// Bounds on what a request may cost.
    pub limits: Limits,
    /// The path prefix the application is mounted under; `""` for none.
    pub script_name: String,
    /// The deployer's name-value pairs.
    pub vars: Vec<(String, String)>,
    /// Whether other processes serve the same application.
    pub multiprocess: bool,
    /// Which of these processes this one is, for [`ServerInfo::process`]. Default: nobody says.
    pub process: Option<usize>,
    /// Where failures go. Default: standard error.
    pub log: Arc<dyn Log>,
    /// A context for the server's threads and the pool's.
    pub around: Option<Around>,
    /// Where the server gives signs of life, if somebody looks for them.
    pub pulse: Option<Arc<Pulse>>,
}

/// Blocking calls that may wait for a thread where connections are not bounded.
const MOST_WAITING: usize = 16384;

impl Config {
    /// The pool of blocking lifts, for servers that may not block.
    pub fn pool(&self) -> Pool {
        Pool::new(
            self.blocking_threads,
            self.max_connections.unwrap_or(MOST_WAITING),
            self.buffer_body as u64,
            self.queue_timeout,
        )
        .around(self.around.clone())
    }

    /// The host of a worker, without a pool and a gauge. `stop` is the one that the server obeys.
    pub fn host(&self, info: ServerInfo, timer: Arc<dyn Timer>, stop: &Stop) -> Host {
        let mut host = Host::new(info, timer);
        host.log = self.log.clone();
        host.script_name.clone_from(&self.script_name);
        host.vars.clone_from(&self.vars);
        host.stop = stop.clone();
        host
    }
}

impl Default for Config {
    fn default() -> Config {
        let seconds = |n| Some(Duration::from_secs(n));
        Config {
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            blocking_threads: 64,
            queue_timeout: seconds(5),
            max_connections: Some(16384),
            header_timeout: seconds(30),
            body_timeout: seconds(30),
            write_timeout: seconds(30),
            keep_alive: seconds(60),
            request_timeout: None,
            graceful_timeout: seconds(30),
            proxy_protocol: ProxyProtocol::Off,
            buffer_body: 64 * 1024,
            limits: Limits::default(),
            script_name: String::new(),
            vars: Vec::new(),
            multiprocess: false,
            process: None,
            log: Arc::new(Stderr),
            around: None,
            pulse: None,
        }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("threads", &self.threads)
            .field("blocking_threads", &self.blocking_threads)
            .field("max_connections", &self.max_connections)
            .field("limits", &self.limits)
            .field("script_name", &self.script_name)
            .finish_non_exhaustive()
    }
}

/// Bounds on what one request may cost, in bytes unless said otherwise.
///
/// Zero is a limit like any other number, except for [`body`](Self::body).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The request target; a longer one is refused with 414. 8 KiB.
    pub target: usize,
    /// The request line and all fields, line ends included; also the trailer section. A longer one
    /// is refused with 431. 64 KiB.
    pub head: usize,
    /// How many fields a head, or a trailer section, may have; more are refused with 431. So are
    /// more `Connection` options. 100.
    pub headers: usize,
    /// The body, without its chunk framing; a longer one is refused with 413. 1 GiB; 0 means
    /// unlimited.
    pub body: u64,
}

impl Limits {
    /// The longest body that is read, in bytes: [`body`](Self::body), with no limit as a number.
    pub fn longest_body(&self) -> u64 {
        match self.body {
            0 => u64::MAX,
            n => n,
        }
    }
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            target: 8 * 1024,
            head: 64 * 1024,
            headers: 100,
            body: 1024 * 1024 * 1024,
        }
    }
}
