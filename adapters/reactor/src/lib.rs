//! HTTP/1.1 connections of an RGI server on a readiness loop.
//!
//! For server authors. A [`Reactor`] runs on one thread: it waits for readiness (epoll on Linux, by
//! mio), accepts connections, reads heads and bodies, calls the application, drives its bodies by
//! the commit machine of `rgi-core`, writes what [`rgi_http1`] makes of it, and keeps the deadlines
//! of [`Config`]. What is around it is the server's: threads or processes, how the application is
//! made and ended, what the server says of itself.
//!
//! ```no_run
//! use std::sync::Arc;
//!
//! use rgi_core::server::{Config, Listener, ServerInfo, Stop};
//! use rgi_core::{App, Error, rt};
//! use rgi_reactor::Reactor;
//!
//! /// Serves on this thread, which must not block.
//! fn serve<A: App>(app: A, listener: Listener, stop: Stop) -> Result<(), Error> {
//!     let config = Arc::new(Config::default());
//!     for reactor in Reactor::group(1, vec![listener], &config, &stop)? {
//!         reactor.enter();
//!         let host = config.host(ServerInfo::default(), reactor.timer(), &stop);
//!         rt::parking(false, || reactor.run(&app, host))?;
//!     }
//!     Ok(())
//! }
//! ```
//!
//! [`Reactor::group`] makes reactors with many exchanges at once, [`Reactor::exclusive`] one that serves
//! one exchange at a time and whose application may block, [`Reactor::pooled`] one whose application
//! is called by the threads of a pool, and may block them.
//!
//! # Where it runs
//!
//! Linux. Other Unixes lack `accept4` or `sendfile` as Linux has them, and it does not build there
//! yet.
#![forbid(unsafe_code)]

mod acceptor;
mod bell;
mod connection;
mod core;
mod event_loop;
mod exclusive;
mod hall;
mod job;
mod line;
mod notify;
mod pooled;
mod reactor;
mod socket;
mod timer;
mod watch;
mod wheel;

pub use rgi_core::server::Config;

pub use crate::pooled::PoolThread;
pub use crate::reactor::Reactor;
