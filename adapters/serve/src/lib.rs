//! Runs an RGI application on any RGI server: command line, configuration, signals, logs.
//!
//! ```no_run
//! use rgi_core::{Environ, Full, StartResponse, StatusCode, app_fn, field, media};
//!
//! fn hello(_: Environ, start_response: StartResponse) -> Full {
//!     start_response
//!         .start(StatusCode::OK)
//!         .header(field::CONTENT_TYPE, media::TEXT_PLAIN)
//!         .full("Hello, World!\n")
//! }
//!
//! fn main() -> rgi_serve::Exit {
//!     rgi_serve::main(app_fn(hello))
//! }
//! ```
//!
//! The program takes `--bind 0.0.0.0:8000 --threads 2` and so on; `--help` shows all there is, and
//! `--print-config` what is in force and where it was set. A program has presets of its own by
//! [`Runner`].
//!
//! # What is served
//!
//! An application, a factory `|worker: &Worker| -> Result<App, Error>` that is called once in each
//! worker, or a lifespan (see [`rgi_core::launch`]). [`main()`] takes those whose applications and
//! bodies may go to another thread and offers every server of this build; [`main_local()`] takes
//! any, and offers the servers that keep an application on its thread: `evented`, `prefork` and
//! `actix`. The
//! first that is offered, in the order of [`ServerKind::COMPILED`], is the default, and one that is not is
//! refused.
//!
//! ```no_run
//! use rgi_core::{StartResponse, StatusCode, Worker, app_fn};
//!
//! # #[cfg(not(any(feature = "evented", feature = "prefork", feature = "actix")))]
//! # fn main() {}
//! # #[cfg(any(feature = "evented", feature = "prefork", feature = "actix"))]
//! fn main() -> rgi_serve::Exit {
//!     rgi_serve::main_local(|worker: &Worker| {
//!         let name = std::rc::Rc::<str>::from(format!("worker {}\n", worker.index));
//!         Ok(app_fn(move |_, start_response: StartResponse| {
//!             start_response.start(StatusCode::OK).full(name.to_string())
//!         }))
//!     })
//! }
//! ```
//!
//! # How it ends
//!
//! TERM, INT or HUP let open requests end within `--graceful-timeout`; the second one stops at
//! once, and the third kills. HUP is left alone if the process was started to ignore it (`nohup`).
//! [`Exit`] is the exit code.
//!
//! # Processes
//!
//! With `--processes` the server runs in worker processes, under a master that watches and replaces
//! them: TERM stops gracefully, INT at once, HUP reloads, TTIN and TTOU change the number of workers,
//! USR1 opens log files anew, USR2 starts a successor on the same sockets. [`Hooks`] add to their
//! turns. [`rgi_prefork`] says how it works.
//!
//! # Logs
//!
//! The log is what the server says: to standard error, or `--log-file`. `--access-log` adds a line
//! for each request, to standard output or `--access-log-file`; [`AccessFormat`] says what stands in
//! it. Files are appended to; USR1 opens them anew at their paths, for log rotation by renaming. One
//! that cannot be opened then goes on as it was.
//!
//! # Features
//!
//! Each server is a feature, and at least one has to be on. `coroutine` (on by default): tasks on
//! tokio, over HTTP/1.1 and HTTP/2. `evented` (on by default): readiness loops without a runtime,
//! over HTTP/1.1; it builds on Linux alone. `threaded` (on by default): a pool of threads, one
//! request each, for applications that block, over HTTP/1.1; on Linux alone. `prefork` (on by
//! default): one request at a time, for applications that block, over HTTP/1.1; on Linux alone.
//! `actix`: tasks on tokio, by actix-http, over HTTP/1.1. `lint` (on by default): the option
//! `--lint`, by which
//! application and server are checked while they run; on by default in debug builds. `tokio`: the
//! method `Runner::tokio`.
#![deny(unsafe_code)]

mod access;
mod announce;
mod config;
mod exit;
mod limit;
mod listen;
mod logs;
mod manager;
mod quota;
mod runner;
#[cfg(feature = "tokio")]
mod runtime;
mod server;
mod settings;
mod signals;
mod site;
mod source;
mod supervised;
mod watched;

use rgi_core::{App, IntoLifespan, LocalLifespan};

pub use exit::Exit;
pub use rgi_prefork::{Hooks, WorkerEnd};
pub use runner::Runner;
pub use settings::{AccessFormat, Bad, Bind, LogLevel, ServerKind, Settings};

/// Serves `app` until a signal ends it, with the settings of the command line, the environment and
/// the configuration file. `Marker` is inferred.
pub fn main<Marker, T>(app: T) -> Exit
where
    T: IntoLifespan<Marker>,
    T::Lifespan: Send + Sync + 'static,
    <T::Lifespan as LocalLifespan>::App: Send + Sync + 'static,
    <<T::Lifespan as LocalLifespan>::App as App>::Body: Send + 'static,
{
    Runner::new().run(app)
}

/// As [`main()`], of a factory or a lifespan whose applications need not leave their thread, on a
/// server that keeps them there.
///
/// A program that calls it does not compile without the feature of such a server: `evented`, `prefork`
/// or `actix`.
pub fn main_local<Marker, T>(app: T) -> Exit
where
    T: IntoLifespan<Marker>,
    T::Lifespan: Send + Sync + 'static,
    <T::Lifespan as LocalLifespan>::App: 'static,
    <<T::Lifespan as LocalLifespan>::App as App>::Body: 'static,
{
    Runner::new().run_local(app)
}
