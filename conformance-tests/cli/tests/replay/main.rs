//! `replay` against small servers on loopback.

mod command;
mod servers;
mod verdicts;
