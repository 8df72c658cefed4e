//! Raw HTTP/1.1 requests with verdicts: what RFC 9110, 9112 and 3986 ask of a server that reads
//! requests, section by section, and at least one request on each side of every line they draw.
//!
//! [`requirements`] has what is asked, in the order of the sections, each with its [`Case`]s or with
//! what else proves it. The command `rgi-conformance` sends them (`replay`) and prints them
//! (`corpus`); `COVERAGE.md` is the table.
//!
//! ```
//! use rgi_corpus::{Expect, cases};
//!
//! let case = cases().find(|case| case.id == "rfc9112-5.1/space-before-colon").unwrap();
//! assert!(case.raw.starts_with(b"GET / HTTP/1.1\r\n"));
//! assert_eq!(case.expect, Expect::Reject);
//! assert_eq!(case.status, [400]);
//! ```
#![forbid(unsafe_code)]

mod case;
mod coverage;
mod files;
mod raw;
mod requirement;

pub use case::{Case, Expect};
pub use coverage::coverage;
pub use requirement::{Level, Requirement};

use std::sync::LazyLock;

/// A file of the corpus: a section of an RFC, or a class of attacks.
#[non_exhaustive]
#[derive(Clone, Debug)]
pub struct Part {
    /// Its path in this package, as in `rfc9112/05-fields.toml`.
    pub path: &'static str,
    /// What it holds, in a line.
    pub title: String,
    /// Its requirements.
    pub requirements: Vec<Requirement>,
}

/// All parts, the sections of the RFCs in their order first.
///
/// # Panics
///
/// Never with the files of this package: a test reads them.
pub fn parts() -> &'static [Part] {
    static PARTS: LazyLock<Vec<Part>> = LazyLock::new(|| {
        let read = |(path, text): &(&'static str, &str)| match files::read(path, text) {
            Ok(part) => part,
            Err(wrong) => panic!("{path}: {wrong}"),
        };
        files::FILES.iter().map(read).collect()
    });
    &PARTS
}

/// All requirements, in the order of the parts.
pub fn requirements() -> impl Iterator<Item = &'static Requirement> {
    parts().iter().flat_map(|part| &part.requirements)
}

/// All cases, in the order of the requirements.
pub fn cases() -> impl Iterator<Item = &'static Case> {
    requirements().flat_map(|requirement| &requirement.cases)
}

/// The example of the README, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
