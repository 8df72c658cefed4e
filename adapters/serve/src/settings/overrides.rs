//! What the program's builder sets: stronger than the defaults, weaker than all the user says.

use std::time::Duration;

use super::duration;
use super::layer::{Layer, Origin};
use super::{option, values};

/// The settings a program comes with, and its version.
///
/// A builder keeps one and has its methods from [`option_methods`].
#[derive(Clone, Debug)]
pub(crate) struct Overrides {
    layer: Layer,
    version: Option<String>,
}

impl Overrides {
    /// The version of the program, for `--version`.
    pub(crate) fn set_version(&mut self, version: impl Into<String>) {
        self.version = Some(version.into());
    }

    /// Sets the option `name` to `value`; for an option that repeats, adds it. A wrong value is
    /// reported by [`Settings::gather`](super::Settings::gather).
    ///
    /// # Panics
    ///
    /// If the table has no such option.
    pub(crate) fn set(&mut self, name: &'static str, value: impl ToString) {
        match option::find(name) {
            Some(spec) => self.layer.add(spec, value.to_string()),
            None => unreachable!("option_methods names an option that the table has not: {name}"),
        }
    }

    /// Switches something on or off, where this build has it.
    pub(crate) fn set_switch(&mut self, name: &'static str, value: bool) {
        if option::find(name).is_some() {
            self.set(name, values::switch_text(value));
        }
    }

    /// Sets a timeout; None and zero switch it off.
    pub(crate) fn set_duration(&mut self, name: &'static str, value: impl Into<Option<Duration>>) {
        self.set(name, duration::text(value.into()));
    }

    /// Sets a limit; None and zero switch it off.
    pub(crate) fn set_limit<N: Default + ToString>(
        &mut self,
        name: &'static str,
        value: impl Into<Option<N>>,
    ) {
        self.set(name, value.into().unwrap_or_default());
    }

    pub(super) fn layer(&self) -> &Layer {
        &self.layer
    }

    pub(super) fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }
}

impl Default for Overrides {
    fn default() -> Self {
        Overrides {
            layer: Layer::new(Origin::Program),
            version: None,
        }
    }
}

/// The methods of a builder, one an option: `impl Builder { option_methods!(overrides); }`, where
/// `overrides` is its field of type [`Overrides`].
macro_rules! option_methods {
    ($overrides:ident) => {
        $crate::settings::option_methods! { $overrides:
            /// The server to run on, unless the user chooses another.
            server($crate::ServerKind) = "server", set;
            /// Adds an address to listen at, in the form of [`Bind`](crate::Bind):
            /// `127.0.0.1:8000`, `unix:PATH`, `fd:N`.
            bind(impl ToString) = "bind", set;
            /// Threads of the server, 1 to 4096.
            threads(usize) = "threads", set;
            /// Threads of the pool on which blocking applications run, 1 to 4096.
            blocking_threads(usize) = "blocking-threads", set;
            /// How long work waits for a free blocking thread before it is answered 503.
            queue_timeout(impl Into<Option<std::time::Duration>>) = "queue-timeout", set_duration;
            /// Connections that the system holds until they are accepted.
            backlog(usize) = "backlog", set;
            /// Connections open at once; above it, accepting waits.
            max_connections(impl Into<Option<usize>>) = "max-connections", set_limit;
            /// Worker processes; 0: none, the server runs in this process.
            processes(usize) = "processes", set;
            /// How long a worker process may give no sign of life before it is replaced.
            worker_timeout(impl Into<Option<std::time::Duration>>) = "worker-timeout", set_duration;
            /// Requests after which a worker process is replaced.
            max_requests(impl Into<Option<usize>>) = "max-requests", set_limit;
            /// Requests that are added to these, at most, at random for each worker.
            max_requests_jitter(usize) = "max-requests-jitter", set;
            /// How old a worker process gets before it is replaced.
            max_worker_lifetime(impl Into<Option<std::time::Duration>>) = "max-worker-lifetime", set_duration;
            /// Bytes of memory of a worker process above which it is replaced.
            max_worker_memory(impl Into<Option<u64>>) = "max-worker-memory", set_limit;
            /// The file that the process id of the master stands in.
            pid_file(&str) = "pid-file", set;
            /// Whom worker processes run as.
            user(&str) = "user", set;
            /// The group that worker processes are in.
            group(&str) = "group", set;
            /// From the first byte of a request to the end of its head.
            header_timeout(impl Into<Option<std::time::Duration>>) = "header-timeout", set_duration;
            /// Between two reads of a request's body.
            body_timeout(impl Into<Option<std::time::Duration>>) = "body-timeout", set_duration;
            /// How long a client may take nothing of a response.
            write_timeout(impl Into<Option<std::time::Duration>>) = "write-timeout", set_duration;
            /// How long a connection may idle between requests.
            keep_alive(impl Into<Option<std::time::Duration>>) = "keep-alive", set_duration;
            /// From the call of the application to the last byte of its response.
            request_timeout(impl Into<Option<std::time::Duration>>) = "request-timeout", set_duration;
            /// How long requests in flight may go on after the server was told to stop.
            graceful_timeout(impl Into<Option<std::time::Duration>>) = "graceful-timeout", set_duration;
            /// Bytes of a request's body gathered before a blocking thread is bound to it.
            buffer_body(usize) = "buffer-body", set;
            /// Bytes of a request target, at most.
            max_target(usize) = "max-target", set;
            /// Bytes of a request's head, at most.
            max_head(usize) = "max-head", set;
            /// Header fields of a request, at most.
            max_headers(usize) = "max-headers", set;
            /// Bytes of a request's body, at most.
            max_body(impl Into<Option<u64>>) = "max-body", set_limit;
            /// The prefix that the application is mounted under, such as `/shop`.
            script_name(&str) = "script-name", set;
            /// Whether each connection begins with a header of the PROXY protocol, and whose is
            /// believed: `on`, `off`, or networks such as `10.0.0.0/8,::1`.
            proxy_protocol(&str) = "proxy-protocol", set;
            /// Whether application and server are checked while they run, by `rgi_lint`: on by
            /// default in debug builds, and never without the feature `lint`.
            lint(bool) = "lint", set_switch;
            /// What the access log looks like, if one is kept: one line for each request that the
            /// application was called with, when its exchange is over.
            access_log($crate::AccessFormat) = "access-log", set;
            /// The file that the access log is appended to, instead of standard output.
            access_log_file(&str) = "access-log-file", set;
            /// The file that the log is appended to, instead of standard error.
            log_file(&str) = "log-file", set;
            /// How much is logged.
            log_level($crate::LogLevel) = "log-level", set;
        }
    };
    ($overrides:ident: $($(#[$doc:meta])* $method:ident($type:ty) = $name:literal, $set:ident;)+) => {
        $(
            $(#[$doc])*
            #[must_use]
            pub fn $method(mut self, value: $type) -> Self {
                self.$overrides.$set($name, value);
                self
            }
        )+
    };
}

pub(crate) use option_methods;
