//! The access log: one line for each request that the application was called with, written when its
//! exchange is over.
//!
//! What the server refused before that (a malformed or late head, a target outside
//! `--script-name`) is no exchange of the application's: the server's own log has it, at its level
//! `debug`.

mod combined;
mod draft;
mod format;
mod json;
mod logged;
#[cfg(test)]
mod tests;
mod text;

use std::io;
use std::sync::Arc;

use rgi_core::server::{Level, Log};

use crate::logs::{Lines, LogFile};

pub(crate) use format::Format;
pub(crate) use logged::Logged;

/// Where the lines go, and what they look like.
pub(crate) struct AccessLog {
    format: Format,
    file: LogFile,
    log: Arc<Lines>,
}

impl AccessLog {
    /// `log` is told if `file` cannot be written to.
    pub(crate) fn new(format: Format, file: LogFile, log: Arc<Lines>) -> AccessLog {
        AccessLog { format, file, log }
    }

    pub(crate) fn file(&self) -> &LogFile {
        &self.file
    }

    fn write(&self, line: &[u8]) {
        self.file.append(line, |error| self.complain(&error));
    }

    #[cold]
    fn complain(&self, error: &io::Error) {
        let name = self.file.name();
        self.log.log(
            Level::Error,
            format_args!("cannot write to {name}: {error}; lines of the access log are lost"),
        );
    }
}
