//! What a line says, in either form.

use std::time::Duration;

use rgi_core::{End, Environ, Outcome, StatusCode};

use super::{combined, json};
use crate::settings::AccessFormat;

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
pub(crate) enum Format {
    Combined,
    Json,
}

/// What is known when the application is called.
pub(super) struct Request<'a> {
    /// Since 1970.
    pub(super) time: Duration,
    pub(super) environ: &'a Environ,
    /// The process that serves it.
    pub(super) pid: u32,
}

/// What is known when the exchange is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) end: End,
    /// None where nothing was sent.
    pub(super) status: Option<StatusCode>,
    /// Of payload.
    pub(super) bytes: u64,
    /// From the call to the end.
    pub(super) took: Duration,
    /// From the call until the application let its head go; None where the server answered in its
    /// place, and where nobody did.
    pub(super) head: Option<Duration>,
}

impl Answer {
    /// `head`: when the application let go of one.
    pub(super) fn new(outcome: &Outcome<'_>, took: Duration, head: Option<Duration>) -> Answer {
        let head = head.filter(|_| outcome.end != End::Refused);
        // The machine makes a status of every error; this one says that nobody is there to get it.
        let has_left = outcome.error.is_some_and(|error| error.is_disconnected());
        let is_silent = head.is_none() && has_left;
        Answer {
            end: outcome.end,
            status: outcome.status.filter(|_| !is_silent),
            bytes: if is_silent { 0 } else { outcome.bytes },
            took,
            head: head.filter(|_| outcome.status.is_some()),
        }
    }
}

impl Format {
    /// None where there is no access log.
    pub(crate) fn of(setting: AccessFormat) -> Option<Format> {
        match setting {
            AccessFormat::Off => None,
            AccessFormat::Combined => Some(Format::Combined),
            AccessFormat::Json => Some(Format::Json),
        }
    }

    /// What stands before the answer.
    pub(super) fn before(self, line: &mut Vec<u8>, request: &Request<'_>) {
        match self {
            Format::Combined => combined::before(line, request),
            Format::Json => json::before(line, request),
        }
    }

    pub(super) fn answer(self, line: &mut Vec<u8>, answer: &Answer) {
        match self {
            Format::Combined => combined::answer(line, answer),
            Format::Json => json::answer(line, answer),
        }
    }

    /// What stands behind the answer, the line's end included.
    pub(super) fn behind(self, line: &mut Vec<u8>, request: &Request<'_>) {
        match self {
            Format::Combined => combined::behind(line, request),
            Format::Json => json::behind(line, request),
        }
    }
}
