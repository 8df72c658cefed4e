//! The log: lines on standard error.

use std::fmt;
use std::io::{self, Write};
use std::time::{SystemTime, UNIX_EPOCH};

use rgi_core::server::{Level, Log};

use crate::settings::{LogLevel, one_line};

/// A log to standard error, each message on one line behind the time in UTC and its level.
pub(crate) struct Lines {
    most: Level,
}

impl Lines {
    /// Writes this level and the graver ones.
    pub(crate) fn up_to(level: LogLevel) -> Lines {
        Lines {
            most: match level {
                LogLevel::Error => Level::Error,
                LogLevel::Warn => Level::Warn,
                LogLevel::Info => Level::Info,
                LogLevel::Debug => Level::Debug,
            },
        }
    }
}

impl Log for Lines {
    fn log(&self, level: Level, message: fmt::Arguments<'_>) {
        if level > self.most {
            return;
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let line = line(
            now.map_or(0, |since| since.as_secs()),
            level,
            &message.to_string(),
        );
        // One write, so that lines of several threads and processes do not mix.
        let _ = io::stderr().lock().write_all(line.as_bytes());
    }
}

/// Messages hold what others said: escaped, they cannot pass for lines of the log's own.
fn line(seconds: u64, level: Level, message: &str) -> String {
    let level = match level {
        Level::Error => "error",
        Level::Warn => "warn ",
        Level::Info => "info ",
        Level::Debug => "debug",
    };
    format!("{} {level} {}\n", timestamp(seconds), one_line(message))
}

/// RFC 3339, from seconds since 1970.
fn timestamp(seconds: u64) -> String {
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = date(days);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Year, month and day of a day since 1970-01-01. Years are counted from March, so that a leap
/// day is a year's last, and in eras of 400 years, after which the calendar repeats.
fn date(days: u64) -> (u64, u64, u64) {
    const ERA: u64 = 146_097;
    let days = days + 719_468; // since 0000-03-01
    let day = days % ERA;
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153; // 0 is March; five months have 153 days
    let first = (153 * month + 2) / 5;
    let (month, january) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    (days / ERA * 400 + year + january, month, day - first + 1)
}

#[cfg(test)]
mod tests {
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
            assert_eq!(timestamp(seconds), text);
        }
    }

    #[test]
    fn a_year_has_its_days_in_order() {
        let mut days = 0;
        for year in 1970..2110 {
            for month in 1..=12 {
                let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
                let length = match month {
                    2 if leap => 29,
                    2 => 28,
                    4 | 6 | 9 | 11 => 30,
                    _ => 31,
                };
                for day in 1..=length {
                    assert_eq!(date(days), (year, month, day));
                    days += 1;
                }
            }
        }
    }

    #[test]
    fn a_message_is_one_line() {
        assert_eq!(
            line(0, Level::Warn, "a\nb\x1b"),
            "1970-01-01T00:00:00Z warn  a\\nb\\u{1b}\n"
        );
    }
}
