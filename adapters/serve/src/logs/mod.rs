//! The logs of a run: the server's own, and the access log.

mod descriptor;
mod file;
mod lines;

use std::path::Path;
use std::sync::Arc;

use rgi_core::server::{Level, Log};
use rgi_middleware::AccessLog;

use crate::access::AccessFile;
use crate::settings::{Bad, Settings};

pub(crate) use file::LogFile;
pub(crate) use lines::Lines;

/// Both logs, to be shared by all that write to them.
#[derive(Clone)]
pub(crate) struct Logs {
    lines: Arc<Lines>,
    access: Option<AccessLog<AccessFile>>,
}

impl Logs {
    /// Opens what the settings name.
    ///
    /// # Errors
    ///
    /// A file that cannot be written to.
    pub(crate) fn open(settings: &Settings) -> Result<Logs, Bad> {
        let file = match &settings.log_file {
            Some(path) => open(path, "--log-file")?,
            None => LogFile::stderr(),
        };
        Logs::with(Arc::new(file), settings)
    }

    /// For other settings that name the same file of the log.
    pub(crate) fn again(&self, settings: &Settings) -> Result<Logs, Bad> {
        Logs::with(self.lines.file().clone(), settings)
    }

    fn with(file: Arc<LogFile>, settings: &Settings) -> Result<Logs, Bad> {
        let lines = Arc::new(Lines::new(file, settings.log_level));
        let file = || match &settings.access_log_file {
            Some(path) => open(path, "--access-log-file"),
            None => Ok(LogFile::stdout()),
        };
        let access = AccessFile::open(settings.access_log, file, &lines)?;
        Ok(Logs { lines, access })
    }

    /// The server's own log.
    pub(crate) fn log(&self) -> Arc<dyn Log> {
        self.lines.clone()
    }

    /// The access log, where one is kept.
    pub(crate) fn access(&self) -> Option<AccessLog<AccessFile>> {
        self.access.clone()
    }

    /// Opens the files anew at their paths, where a log rotation has moved them away. One that
    /// cannot be opened goes on as it was, and the log says so.
    pub(crate) fn reopen(&self) {
        for file in self.files() {
            if let Err(error) = file.reopen() {
                let name = file.name();
                self.lines.log(
                    Level::Error,
                    format_args!("cannot reopen {name}: {error}; the file that was open goes on"),
                );
            }
        }
    }

    /// Makes the files those of the user and the group that workers run as, who open them anew.
    pub(crate) fn give_to(&self, user: Option<u32>, group: Option<u32>) {
        if user.or(group).is_none() {
            return;
        }
        for file in self.files() {
            if let Err(error) = file.give_to(user, group) {
                let name = file.name();
                self.lines.log(
                    Level::Warn,
                    format_args!("workers cannot be given {name}, to open it anew: {error}"),
                );
            }
        }
    }

    fn files(&self) -> impl Iterator<Item = &LogFile> {
        let access = self.access.as_ref().map(|access| access.lines().file());
        let lines: Option<&LogFile> = Some(self.lines.file());
        [lines, access].into_iter().flatten()
    }
}

fn open(path: &Path, option: &str) -> Result<LogFile, Bad> {
    LogFile::open(path).map_err(|error| {
        let path = path.display();
        Bad::new(format!("{option}: cannot open {path} to write to: {error}"))
    })
}
