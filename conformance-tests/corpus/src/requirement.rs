//! What an RFC asks of a server that reads requests.

use std::fmt;

use serde::Deserialize;

use crate::Case;

/// A requirement.
#[non_exhaustive]
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requirement {
    /// Where it comes from, as in `RFC 9112 5.1`.
    pub section: String,
    /// What it asks, in a sentence of ours.
    pub text: String,
    /// How strongly.
    pub level: Level,
    /// Its cases. Empty where requests alone cannot show it; then others prove it.
    #[serde(default, rename = "case")]
    pub cases: Vec<Case>,
    /// Cases of the conformance suite that prove it, by name.
    #[serde(default)]
    pub suite: Vec<String>,
    /// Tests that prove it: `path::function`, the path from the root of the repository.
    #[serde(default)]
    pub unit: Vec<String>,
    /// Why its cases are all on one side of the line.
    pub one_sided: Option<String>,
    /// Why nothing tries it: it asks nothing that a server could do wrong.
    pub untried: Option<String>,
}

/// How strongly a requirement binds (RFC 2119).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
pub enum Level {
    /// MUST, MUST NOT, REQUIRED.
    #[serde(rename = "MUST")]
    Must,
    /// SHOULD, SHOULD NOT, RECOMMENDED.
    #[serde(rename = "SHOULD")]
    Should,
    /// MAY, OPTIONAL.
    #[serde(rename = "MAY")]
    May,
    /// The grammar, or a statement without a key word: it is read as binding.
    #[serde(rename = "grammar")]
    Grammar,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Level::Must => "MUST",
            Level::Should => "SHOULD",
            Level::May => "MAY",
            Level::Grammar => "grammar",
        })
    }
}
