//! What the access log looks like.

use std::fmt;
use std::str::FromStr;

use super::bad::Bad;

pub(super) const EXPECTED: &str = "access log: combined, json or off";

/// What the access log looks like, if one is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum AccessFormat {
    /// There is none.
    #[default]
    Off,
    /// Apache's combined format, in UTC.
    Combined,
    /// A JSON object a line: `time`, `peer`, `method`, `target`, `version`, `status`, `bytes` (of
    /// payload), `outcome` (`sent`, `refused`, `truncated` or `disconnected`), `duration_ms` (from
    /// the call of the application to the end), `head_ms` (from the call until the application let
    /// its head go), `referer`, `user_agent`, `pid`. What there is not is `null`.
    Json,
}

impl AccessFormat {
    /// The name that `--access-log` takes.
    pub fn name(self) -> &'static str {
        match self {
            AccessFormat::Off => "off",
            AccessFormat::Combined => "combined",
            AccessFormat::Json => "json",
        }
    }
}

impl fmt::Display for AccessFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// From `off`, `combined` or `json`.
impl FromStr for AccessFormat {
    type Err = Bad;

    fn from_str(text: &str) -> Result<Self, Bad> {
        [
            AccessFormat::Off,
            AccessFormat::Combined,
            AccessFormat::Json,
        ]
        .into_iter()
        .find(|format| format.name() == text)
        .ok_or_else(|| Bad::unfit(&format!("{text:?}"), EXPECTED))
    }
}
