//! RGI 1.0, the Rust Gateway Interface: its rules as data.
//!
//! [`rules`] has every rule of the text (`RGI-1.0.md`) by its number, with what it says, whom it
//! binds, and what holds it; [`differences`] has where servers differ from what is said of all of
//! them.
//!
//! ```
//! use rgi_spec::{Strength, rule};
//!
//! let second_start = rule(69).unwrap();
//! assert_eq!(second_start.strength, Some(Strength::ReadyMade));
//! ```
#![forbid(unsafe_code)]

pub mod differences;
mod rules;

pub use rules::{Class, Kind, Level, Owner, PEP_3333, Rule, Side, Strength, rule, rules};

/// The examples of the text, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../RGI-1.0.md")]
struct Document;

/// The example of the README, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
