//! RGI 1.0, the Rust Gateway Interface: its rules as data.
//!
//! Today: the 121 rules of PEP 3333, and what became of each in RGI ([`pep3333`]); and where servers
//! differ from what is said of all of them ([`differences`]).
//!
//! ```
//! use rgi_spec::pep3333::{self, Class};
//!
//! let second_start = pep3333::rule(69).unwrap();
//! assert_eq!(second_start.class, Class::ReadyMade);
//! ```
#![forbid(unsafe_code)]

pub mod differences;
pub mod pep3333;
