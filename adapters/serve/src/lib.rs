//! Runs an RGI application on any RGI server: command line, configuration, signals

#![forbid(unsafe_code)]

#[cfg_attr(
    not(test),
    expect(dead_code, unused_macros, reason = "read by the runner's builder")
)]
mod settings;

pub use settings::{Bad, Bind, LogLevel, ServerKind, Settings};
