//! How much is logged.

use std::fmt;
use std::str::FromStr;

use super::bad::Bad;

pub(super) const EXPECTED: &str = "log level: error, warn, info or debug";

/// How much is logged: a level lets itself and the graver ones through. The graver one is less.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LogLevel {
    /// What went wrong on the server's side.
    Error,
    /// What may go wrong soon, or was put right.
    Warn,
    /// Start, stop and where the server listens.
    #[default]
    Info,
    /// Each connection and what became of it.
    Debug,
}

impl LogLevel {
    /// The name that `--log-level` takes.
    pub fn name(self) -> &'static str {
        match self {
            LogLevel::Error => "error",
            LogLevel::Warn => "warn",
            LogLevel::Info => "info",
            LogLevel::Debug => "debug",
        }
    }
}

impl fmt::Display for LogLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// From `error`, `warn`, `info` or `debug`.
impl FromStr for LogLevel {
    type Err = Bad;

    fn from_str(text: &str) -> Result<Self, Bad> {
        [
            LogLevel::Error,
            LogLevel::Warn,
            LogLevel::Info,
            LogLevel::Debug,
        ]
        .into_iter()
        .find(|level| level.name() == text)
        .ok_or_else(|| Bad::unfit(&format!("{text:?}"), EXPECTED))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back() {
        for level in [
            LogLevel::Error,
            LogLevel::Warn,
            LogLevel::Info,
            LogLevel::Debug,
        ] {
            assert_eq!(level.to_string().parse(), Ok(level));
        }
        assert!(LogLevel::Error < LogLevel::Debug);
    }

    #[test]
    fn other_words_are_refused() {
        for text in ["", "INFO", "trace", "warning"] {
            let bad = text.parse::<LogLevel>().unwrap_err().to_string();
            assert_eq!(
                bad,
                format!("{text:?} is no log level: error, warn, info or debug")
            );
        }
    }
}
