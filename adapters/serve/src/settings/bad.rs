//! What is wrong with a setting, in one line.

use std::error::Error;
use std::fmt;

/// A setting that cannot hold: what is wrong, where it stands, and what would be right.
///
/// Displayed as exactly one line without a line end, whatever was in the value:
/// `--header-timeout: "10x" is no duration: seconds, or a number with ms, s, m or h (10s, 500ms)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bad(String);

impl Bad {
    pub(crate) fn new(line: impl AsRef<str>) -> Bad {
        Bad(one_line(line.as_ref()))
    }

    /// `shown` is not what stands in `expected`: "duration: seconds, or ...".
    pub(super) fn unfit(shown: &str, expected: &str) -> Bad {
        Bad::new(format!("{shown} is no {expected}"))
    }

    /// The same, with the place it stands in before it.
    pub(super) fn at(self, place: impl AsRef<str>) -> Bad {
        Bad(format!("{}: {}", one_line(place.as_ref()), self.0))
    }
}

impl fmt::Display for Bad {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Bad {}

/// `text` with its control characters escaped: file names and messages of others may hold line
/// ends, and neither an error line nor a comment of `--print-config` may break.
pub(crate) fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() {
            line.extend(c.escape_default());
        } else {
            line.push(c);
        }
    }
    line
}
