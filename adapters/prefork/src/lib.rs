//! Processes for RGI: a server of one request at a time, and the supervisor of worker processes.
//!
//! [`Prefork`] is what runs in each process of the prefork model: it serves on the thread it is called on, and calls the
//! application for one request after the other. So an application may block where it stands, needs
//! no pool, and no thread safety at all: what it keeps is its own.
//!
//! ```no_run
//! use rgi_core::server::{Listener, Server, Stop};
//! use rgi_core::{Environ, Error, Full, IntoLifespan, StartResponse, StatusCode, Worker, blocking_local};
//! use rgi_prefork::{Config, Prefork};
//! use std::io::Read;
//!
//! fn shout(mut environ: Environ, start_response: StartResponse) -> Result<Full, Error> {
//!     let mut text = String::new();
//!     environ.input().reader().read_to_string(&mut text)?;
//!     Ok(start_response.start(StatusCode::OK).full(text.to_uppercase()))
//! }
//!
//! let listener = std::net::TcpListener::bind("127.0.0.1:8000")?;
//! let app = |_: &Worker| Ok(blocking_local(shout));
//! Prefork::new(Config::default())
//!     .serve(app.into_lifespan(), vec![Listener::Tcp(listener)], Stop::new())?;
//! # Ok::<(), Error>(())
//! ```
//!
//! # Supervision
//!
//! [`Supervisor`] forks workers of a [`Program`], which may run any server in them, and has them
//! follow each other without a gap: when one dies, at a reload, when one has served its time, and
//! when a new binary takes the place of the old. `rgi-serve` runs it for `--processes`.
//!
//! The server is the feature `server`, on by default; the supervisor is there without it.
#![deny(unsafe_code)]

#[cfg(feature = "server")]
mod server;
mod supervisor;

pub use rgi_core::server::Config;

#[cfg(feature = "server")]
pub use crate::server::Prefork;
pub use crate::supervisor::{
    Ended, Hooks, Identity, Inheritance, News, Options, Program, Succession, Supervisor, WorkerEnd,
    WorkerProcess,
};
