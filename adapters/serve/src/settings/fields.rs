//! The settings of a run, typed.

use std::path::PathBuf;
use std::time::Duration;

use rgi_core::server::ProxyProtocol;

use super::access::AccessFormat;
use super::bind::Bind;
use super::layer;
use super::level::LogLevel;
use super::server::ServerKind;

/// The settings of a run, every one of them: what nobody set has its default.
///
/// Each field is the option of the same name (`max_head`: `--max-head`). Timeouts and limits that
/// are switched off are `None`, never zero.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Settings {
    /// The server to run on.
    pub server: ServerKind,
    /// Where to listen; never empty.
    pub bind: Vec<Bind>,
    /// Worker processes; 0: none, the server runs in this process.
    pub processes: usize,
    /// Threads of the server, 1 or more. Coroutine: tokio's workers; evented: its loops; threaded:
    /// its pool; actix: its workers; prefork has none.
    pub threads: usize,
    /// Threads of the pool on which blocking applications run, 1 or more. Threaded and prefork have
    /// none beside their own.
    pub blocking_threads: usize,
    /// How long work waits for a free thread that may block before it is answered 503.
    pub queue_timeout: Option<Duration>,
    /// Connections that the system holds until they are accepted, 1 or more.
    pub backlog: usize,
    /// Connections open at once; above it, accepting waits.
    pub max_connections: Option<usize>,
    /// From the first byte of a request to the end of its head.
    pub header_timeout: Option<Duration>,
    /// Between two reads of a request's body.
    pub body_timeout: Option<Duration>,
    /// How long a client may take nothing of a response.
    pub write_timeout: Option<Duration>,
    /// How long a connection may idle between requests.
    pub keep_alive: Option<Duration>,
    /// From the call of the application to the last byte of its response.
    pub request_timeout: Option<Duration>,
    /// How long requests in flight may go on after the server was told to stop.
    pub graceful_timeout: Option<Duration>,
    /// Bytes of a request's body that are gathered before a blocking thread is bound to it.
    pub buffer_body: usize,
    /// How long a worker process may give no sign of life before it is replaced.
    pub worker_timeout: Option<Duration>,
    /// Requests after which a worker process is replaced.
    pub max_requests: Option<usize>,
    /// Requests that `max_requests` is increased by, at most, at random for each worker.
    pub max_requests_jitter: usize,
    /// How old a worker process gets before it is replaced.
    pub max_worker_lifetime: Option<Duration>,
    /// Bytes of memory of a worker process above which it is replaced.
    pub max_worker_memory: Option<u64>,
    /// The file that the process id of the master stands in.
    pub pid_file: Option<PathBuf>,
    /// Whom worker processes run as.
    pub user: Option<String>,
    /// The group that worker processes are in.
    pub group: Option<String>,
    /// Bytes of a request target, at most; no more than `max_head`.
    pub max_target: usize,
    /// Bytes of a request's head, at most.
    pub max_head: usize,
    /// Header fields of a request, at most.
    pub max_headers: usize,
    /// Bytes of a request's body, at most.
    pub max_body: Option<u64>,
    /// The prefix that the application is mounted under, percent-encoded as in a request target;
    /// empty, or it begins with `/` and does not end with one.
    pub script_name: String,
    /// Whether each connection begins with a header of the PROXY protocol, and whose is believed.
    pub proxy_protocol: ProxyProtocol,
    /// Whether application and server are checked while they run, by `rgi_lint`; never without
    /// the feature `lint`.
    pub lint: bool,
    /// What the access log looks like, if one is kept.
    pub access_log: AccessFormat,
    /// Where the access log is appended to; None for standard output.
    pub access_log_file: Option<PathBuf>,
    /// Where the log is appended to; None for standard error.
    pub log_file: Option<PathBuf>,
    /// How much is logged.
    pub log_level: LogLevel,
}

impl Settings {
    /// Nothing set yet, not even the defaults: those are laid over it first.
    pub(super) fn blank() -> Settings {
        Settings {
            server: ServerKind::default(),
            bind: Vec::new(),
            processes: 0,
            threads: 0,
            blocking_threads: 0,
            queue_timeout: None,
            backlog: 0,
            max_connections: None,
            header_timeout: None,
            body_timeout: None,
            write_timeout: None,
            keep_alive: None,
            request_timeout: None,
            graceful_timeout: None,
            buffer_body: 0,
            worker_timeout: None,
            max_requests: None,
            max_requests_jitter: 0,
            max_worker_lifetime: None,
            max_worker_memory: None,
            pid_file: None,
            user: None,
            group: None,
            max_target: 0,
            max_head: 0,
            max_headers: 0,
            max_body: None,
            script_name: String::new(),
            proxy_protocol: ProxyProtocol::Off,
            lint: false,
            access_log: AccessFormat::default(),
            access_log_file: None,
            log_file: None,
            log_level: LogLevel::default(),
        }
    }
}

/// What holds if nobody sets anything.
impl Default for Settings {
    fn default() -> Self {
        layer::lay(ServerKind::COMPILED, &[])
            .expect("the defaults of the table fit its own kinds")
            .settings
    }
}
