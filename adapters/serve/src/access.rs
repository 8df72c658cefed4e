//! Where the lines of the access log go: `rgi-middleware` says what stands in them.
//!
//! There is one for each request that the application was called with. What the server refused before
//! that (a malformed or late head, a target outside `--script-name`) is no exchange of the
//! application's: the server's own log has it, at its level `debug`.

use std::io;
use std::sync::Arc;

use rgi_core::server::{Level, Log};
use rgi_middleware::AccessLog;
use rgi_middleware::access_log::WriteLine;

use crate::logs::{Lines, LogFile};
use crate::settings::AccessFormat;

/// The file of the access log.
pub(crate) struct AccessFile {
    file: LogFile,
    log: Arc<Lines>,
}

impl AccessFile {
    /// The access log in this file; `log` is told if it cannot be written to. None where there is no
    /// access log.
    pub(crate) fn open<E>(
        format: AccessFormat,
        file: impl FnOnce() -> Result<LogFile, E>,
        log: &Arc<Lines>,
    ) -> Result<Option<AccessLog<AccessFile>>, E> {
        let make = match format {
            AccessFormat::Off => return Ok(None),
            AccessFormat::Combined => AccessLog::combined,
            AccessFormat::Json => AccessLog::json,
        };
        let (file, log) = (file()?, log.clone());
        Ok(Some(make(AccessFile { file, log })))
    }

    pub(crate) fn file(&self) -> &LogFile {
        &self.file
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

impl WriteLine for AccessFile {
    fn write_line(&self, line: &[u8]) {
        self.file.append(line, |error| self.complain(&error));
    }
}
