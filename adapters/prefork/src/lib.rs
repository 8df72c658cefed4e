//! Processes for RGI: a supervisor that forks workers and watches over them.
#![deny(unsafe_code)]

mod supervisor;

pub use self::supervisor::*;
