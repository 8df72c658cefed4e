//! What can be set.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use rgi_core::server::{Around, Log, Stderr};
use rgi_http1::Limits;

/// The settings of an [`Evented`](crate::Evented) server. Timeouts that are `None` never end.
#[non_exhaustive]
#[derive(Clone)]
pub struct Config {
    /// Loops, each on a thread of its own; at least one. Default: cores.
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
    /// Bytes of a body gathered before a thread of the pool is bound. Default: 64 KiB.
    pub buffer_body: usize,
    /// Bounds on what a request may cost.
    pub limits: Limits,
    /// The path prefix the application is mounted under; `""` for none.
    pub script_name: String,
    /// The deployer's name-value pairs.
    pub vars: Vec<(String, String)>,
    /// Whether other processes serve the same application.
    pub multiprocess: bool,
    /// Where failures go. Default: standard error.
    pub log: Arc<dyn Log>,
    /// A context for the loops' threads and the pool's.
    pub around: Option<Around>,
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
            buffer_body: 64 * 1024,
            limits: Limits::default(),
            script_name: String::new(),
            vars: Vec::new(),
            multiprocess: false,
            log: Arc::new(Stderr),
            around: None,
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
