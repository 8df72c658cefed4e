//! RGI 1.0, the Rust Gateway Interface: its rules as data.
//!
//! Today: the 121 rules of PEP 3333, and what became of each in RGI. See [`pep3333`].
//!
//! ```
//! use rgi_spec::pep3333::{self, Class};
//!
//! let second_start = pep3333::rule(69).unwrap();
//! assert_eq!(second_start.class, Class::ReadyMade);
//! ```
#![forbid(unsafe_code)]

pub mod pep3333;
