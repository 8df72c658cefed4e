//! What a line says, in either form.

use std::time::SystemTime;

use rgi_core::Environ;

use super::{combined, json};
use crate::observed::Ending;

/// Bytes of a line, at most: what a pipe takes as a whole from one of several writers.
#[cfg(test)]
pub(super) const LONGEST: usize = 4096;

/// Bytes of what a client chose, at most, escaped; what is longer ends in three dots.
pub(super) const METHOD: usize = 64;
pub(super) const TARGET: usize = 2048;
pub(super) const FIELD: usize = 768;
/// Of the path of a Unix socket.
pub(super) const PATH: usize = 128;

/// The form of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Combined,
    Json,
}

/// What is known when the application is called.
pub(super) struct Request<'a> {
    pub(super) time: SystemTime,
    pub(super) environ: &'a Environ,
    /// The process that serves it.
    pub(super) pid: u32,
}

impl Format {
    /// What stands before the answer.
    pub(super) fn before(self, line: &mut Vec<u8>, request: &Request<'_>) {
        match self {
            Format::Combined => combined::before(line, request),
            Format::Json => json::before(line, request),
        }
    }

    pub(super) fn answer(self, line: &mut Vec<u8>, ending: &Ending) {
        match self {
            Format::Combined => combined::answer(line, ending),
            Format::Json => json::answer(line, ending),
        }
    }

    /// What stands behind the answer.
    pub(super) fn behind(self, line: &mut Vec<u8>, request: &Request<'_>) {
        match self {
            Format::Combined => combined::behind(line, request),
            Format::Json => json::behind(line, request),
        }
    }

    /// What ends the line.
    pub(super) fn end(self, line: &mut Vec<u8>, ending: &Ending) {
        match self {
            Format::Combined => combined::end(line, ending),
            Format::Json => json::end(line),
        }
    }
}
