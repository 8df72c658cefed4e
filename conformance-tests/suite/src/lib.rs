//! The conformance suite of RGI: what every server does, as its clients and applications see it.
//!
//! A server's author adds two lines to the server's tests, and gets one test a case, at the root and
//! under a prefix:
//!
//! ```
//! // tests/conformance.rs
//! # mod rgi_evented { pub struct Evented; impl Evented { pub fn new<T>(_: T) -> Evented { Evented }
//! #   pub fn serve<A, B, C>(self, _: A, _: B, _: C) -> Result<(), rgi_core::Error> { Ok(()) } } }
//! use rgi_evented::Evented;
//! rgi_conformance::suite!(|config, site, listeners, stop| Evented::new(config).serve(site, listeners, stop));
//! # fn main() {}
//! ```
//!
//! # How it works
//!
//! A [`Case`] is a name, the rules of RGI it proves, an application, what a client does, and what is
//! seen then. All cases' applications stand behind one, the [`Site`]: a request names its case in a
//! field. What the client gets, and what the application noted of its side, is written down in the
//! order it is seen, in a normal form ([`Client`] says which), and compared with what the case expects.
//! A server that says of itself that it has not got what a case needs is not held to it.
//!
//! A case runs on any [`Target`]: a server of this process ([`Local`]), one at an address
//! ([`Remote`]), or none at all ([`Memory`]): there the test client of the core crate calls the
//! application, and what is about bytes goes through a pipe in memory to the engine of HTTP/1.1.
//!
//! # Levels
//!
//! A server claims a [`Level`] of conformance: [`Core`](Level::Core) if none of its cases fails, others if
//! all of their cases pass, too. Which level a case is of follows from the facts it needs.
//!
//! # Applications
//!
//! [`check_app`] is for authors of frameworks, middleware and applications: it makes requests of an
//! application in memory, in ten ways, and finds what the lint finds, panics, failures, and answers that
//! depend on the way.
#![forbid(unsafe_code)]

mod applications;
mod case;
mod cases;
mod client;
mod gaps;
pub mod http2;
mod level;
mod local;
mod memory;
mod names;
mod notes;
mod remote;
mod site;
mod verdict;

pub use applications::{Checked, Fault, FaultKind, check_app};
pub use case::{Case, Kind, cases};
pub use client::{Ask, Client, Connection, Target, pattern};
pub use gaps::gaps;
pub use level::Level;
pub use local::{Local, Serve, settings};
pub use memory::Memory;
pub use notes::{Notes, Signal};
pub use remote::Remote;
pub use site::{Site, SiteLifespan, X_RGI_CASE, X_RGI_RUN};
pub use verdict::{Verdict, check, facts, records, run, run_each};

/// The examples of the README, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
