//! One connection's worth of bytes, and how a server must take them.

use std::fmt;

use serde::Deserialize;

use crate::raw::Raw;

/// A case.
#[non_exhaustive]
#[derive(Clone, Debug, Deserialize)]
#[serde(from = "Written")]
pub struct Case {
    /// Its name, unique in the corpus: the section or the class, a slash, and what it is.
    pub id: String,
    /// The bytes to send, exactly: a request, several, or part of one.
    pub raw: Vec<u8>,
    /// The verdict.
    pub expect: Expect,
    /// Final answers of an accepted case; elsewhere it means nothing.
    pub responses: usize,
    /// The statuses that a refusal may have, where a rule says which; else empty.
    pub status: Vec<u16>,
    /// Why the verdict is what it is; may be empty.
    pub note: String,
}

/// How a server must take a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Expect {
    /// Every request reaches the application.
    Accept,
    /// The last request is refused and the connection closed.
    Reject,
    /// The last request never ends: it is refused early or waited for.
    Incomplete,
    /// Accepted or refused, as the server likes: the rule leaves it open.
    Either,
}

impl fmt::Display for Expect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Expect::Accept => "accept",
            Expect::Reject => "reject",
            Expect::Incomplete => "incomplete",
            Expect::Either => "either",
        })
    }
}

/// A case as it stands in a file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    id: String,
    raw: Raw,
    expect: Expect,
    responses: Option<usize>,
    #[serde(default)]
    status: Vec<u16>,
    #[serde(default)]
    note: String,
}

impl From<Written> for Case {
    fn from(written: Written) -> Case {
        let one = usize::from(written.expect == Expect::Accept);
        Case {
            id: written.id,
            raw: written.raw.into_bytes(),
            expect: written.expect,
            responses: written.responses.unwrap_or(one),
            status: written.status,
            note: written.note,
        }
    }
}
