//! `replay` against small servers on loopback.

mod command;
#[path = "../common/mod.rs"]
mod common;
mod servers;
mod shipped;
mod verdicts;
