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
//! ([`Lint::collect`]). Each is told once a process where it goes to the log.
//!
//! What passes is left as it is: the same events in the same order, nothing gathered, nothing copied.
//! One thing is looked at earlier than the server would: whether something follows a block behind which
//! a body of unknown length says there is nothing.
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
