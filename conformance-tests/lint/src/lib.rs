//! A middleware that checks an application and its server while they run.
//!
//! What a type cannot hold, and a commit machine can only answer with 500 or a cut, this says in
//! words: what happened, what would be right, and the number of the rule of RGI.
//!
//! ```
//! use rgi_core::{Environ, Full, HeaderValue, StartResponse, StatusCode, app_fn, field, testing::Client};
//! use rgi_lint::{Findings, Lint};
//!
//! fn app(_: Environ, start_response: StartResponse) -> Full {
//!     let started = start_response.start(StatusCode::NOT_MODIFIED);
//!     started.header(field::CONTENT_TYPE, HeaderValue::from_static("text/plain")).empty()
//! }
//!
//! let findings = Findings::new();
//! Client::new(Lint::new(app_fn(app)).collect(&findings)).get("/").send();
//! let found = &findings.take()[0];
//! assert_eq!((found.check, found.rule), ("content-fields-where-none", 147));
//! println!("{found}");
//! ```
//!
//! Findings go to the server's log ([`Lint::new`]), end in a panic ([`Lint::panic`]), or are collected
//! ([`Lint::collect`]). The log is told of each check and rule once, by a `Lint` and all that come of
//! it. A program served by `rgi-serve` is under lint by `--lint`, and by default in debug builds.
//!
//! What passes is left as it is: the same events in the same order, nothing gathered, nothing copied.
//! The body is asked once more than by the server in one place: where no length was promised and the
//! first block is, by the body's hint, the last. Servers take that at its word, and what follows is
//! lost.
//!
//! Some of what a server may do wrong has no check, because the types leave no way to it: a hook of
//! the end is a `FnOnce`, and cannot run twice.
//!
//! [`Hostile`] plays a bad server, for an application's own tests.
#![forbid(unsafe_code)]

mod body;
mod checks;
mod exchange;
mod finding;
mod hostile;
mod input;
mod lint;
mod request;

pub use body::Linted;
pub use checks::{CHECKS, Check};
pub use finding::{Finding, Findings};
pub use hostile::{Hostile, Outcomes};
pub use lint::Lint;
pub use rgi_spec::Side;

/// The example of the README, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
