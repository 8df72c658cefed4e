//! The server's own log: what it does, and what goes wrong.

use std::fmt;
use std::io::{self, Write};
use std::sync::Arc;
use std::time::SystemTime;

use rgi_core::server::{Level, Log};
use rgi_middleware::access_log::Date;

use super::LogFile;
use crate::settings::{LogLevel, one_line};

/// A log whose messages stand on one line each, behind the time in UTC and their level.
pub(crate) struct Lines {
    file: Arc<LogFile>,
    most: Level,
}

impl Lines {
    /// Writes this level and the graver ones.
    pub(crate) fn new(file: Arc<LogFile>, level: LogLevel) -> Lines {
        Lines {
            file,
            most: match level {
                LogLevel::Error => Level::Error,
                LogLevel::Warn => Level::Warn,
                LogLevel::Info => Level::Info,
                LogLevel::Debug => Level::Debug,
            },
        }
    }

    pub(crate) fn file(&self) -> &Arc<LogFile> {
        &self.file
    }
}

impl Log for Lines {
    fn log(&self, level: Level, message: fmt::Arguments<'_>) {
        if level > self.most {
            return;
        }
        let text = line(SystemTime::now(), level, &message.to_string());
        self.file.append(text.as_bytes(), |error| {
            // Nobody reads the log, so whoever started the program is told.
            let name = self.file.name();
            let message = format!("cannot write to {name}: {error}; lines of the log are lost");
            let told = line(SystemTime::now(), Level::Error, &message);
            let _ = io::stderr().lock().write_all(told.as_bytes());
        });
    }
}

/// Messages hold what others said: escaped, they cannot pass for lines of the log's own.
fn line(time: SystemTime, level: Level, message: &str) -> String {
    let level = match level {
        Level::Error => "error",
        Level::Warn => "warn ",
        Level::Info => "info ",
        Level::Debug => "debug",
    };
    format!("{} {level} {}\n", timestamp(time), one_line(message))
}

/// RFC 3339.
fn timestamp(time: SystemTime) -> String {
    let Date {
        year,
        month,
        day,
        hour,
        minute,
        second,
        ..
    } = Date::new(time);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::time::Duration;

    use super::*;

    #[test]
    fn times_are_utc() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (68_169_599, "1972-02-28T23:59:59Z"),
            (68_169_600, "1972-02-29T00:00:00Z"),
            (951_868_800, "2000-03-01T00:00:00Z"),
            (1_795_208_399, "2026-11-20T20:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            let time = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
            assert_eq!(timestamp(time), text);
        }
    }

    #[test]
    fn a_message_is_one_line() {
        assert_eq!(
            line(SystemTime::UNIX_EPOCH, Level::Warn, "a\nb\x1b"),
            "1970-01-01T00:00:00Z warn  a\\nb\\u{1b}\n"
        );
    }

    #[test]
    fn the_level_decides_what_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let log = Lines::new(Arc::new(LogFile::open(&path).unwrap()), LogLevel::Warn);
        for level in [Level::Error, Level::Warn, Level::Info, Level::Debug] {
            log.log(level, format_args!("a message"));
        }
        let text = fs::read_to_string(path).unwrap();
        let levels = text.lines().map(|line| line.split(' ').nth(1).unwrap());
        assert_eq!(levels.collect::<Vec<_>>(), ["error", "warn"]);
    }
}
