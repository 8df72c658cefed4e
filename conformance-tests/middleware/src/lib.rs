//! Cases that hold RGI's middleware to what it says, on any server.
//!
//! ```
//! use rgi_conformance::{Local, Site, Verdict, run};
//! # mod rgi_evented { pub struct Evented; impl Evented { pub fn new<T>(_: T) -> Evented { Evented }
//! #   pub fn serve<A, B, C>(self, _: A, _: B, _: C) -> Result<(), rgi_core::Error> { Ok(()) } } }
//! use rgi_evented::Evented;
//!
//! # fn try_it() {
//! for case in rgi_middleware_cases::cases() {
//!     let server = Local::with(
//!         |config, site, listeners, stop| Evented::new(config).serve(site, listeners, stop),
//!         Site::new().with(rgi_middleware_cases::TOPICS),
//!         case.config(""),
//!     );
//!     println!("{}: {}", case.name, run(case, &server));
//! }
//! # }
//! ```
#![forbid(unsafe_code)]

mod cases;
mod spans;

use rgi_conformance::Case;

pub use cases::TOPICS;

/// All cases, in the order of their topics.
pub fn cases() -> impl Iterator<Item = &'static Case> {
    TOPICS.iter().flat_map(|topic| topic.iter())
}
