//! What a server may claim to do.

use std::fmt;
use std::str::FromStr;

use crate::case::{Case, Kind, cases};

/// A level of conformance: a set of cases under a name that a server can claim.
///
/// Every case belongs to one level, which follows from the facts it needs ([`Case::needs`]). A server
/// claims [`Core`](Level::Core) if none of its cases fails, and another if all of its cases pass as
/// well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// What every application relies on: requests as they were sent, answers as they were made, bodies
    /// in full, connections kept and closed, refusals, limits, hooks. A case that speaks of one model
    /// of servers, such as lifts, is passed over on others.
    Core,
    /// What happens while a request or its answer is under way: bodies in both directions as they come,
    /// slow readers, several requests at once, `100 Continue`, interim responses, trailers, clients that
    /// leave.
    Streaming,
    /// Connections that are handed over to another protocol.
    Upgrade,
    /// HTTP/2.
    H2,
}

/// The facts whose cases make up the level of streaming.
const OF_STREAMING: [&str; 5] = [
    "informational",
    "trailers",
    "lazy_continue",
    "told_of_disconnect",
    crate::cases::AT_ONCE,
];

impl Level {
    /// Every level, [`Core`](Level::Core) first.
    pub const ALL: [Level; 4] = [Level::Core, Level::Streaming, Level::Upgrade, Level::H2];

    /// Its name, as the command has it.
    pub fn name(self) -> &'static str {
        match self {
            Level::Core => "core",
            Level::Streaming => "streaming",
            Level::Upgrade => "upgrade",
            Level::H2 => "h2",
        }
    }

    /// What it is about, in a sentence.
    pub fn about(self) -> &'static str {
        match self {
            Level::Core => {
                "What every application relies on: requests as they were sent, answers as they \
                 were made, bodies in full, connections kept and closed, refusals, limits, hooks."
            }
            Level::Streaming => {
                "What happens while a request or its answer is under way: bodies as they come, \
                 several requests at once, interim responses, trailers, clients that leave."
            }
            Level::Upgrade => "Connections that are handed over to another protocol.",
            Level::H2 => "HTTP/2.",
        }
    }

    /// The cases it demands, in the order of their topics.
    pub fn cases(self) -> impl Iterator<Item = &'static Case> {
        cases().filter(move |case| case.level() == self)
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Level {
    type Err = String;

    fn from_str(name: &str) -> Result<Level, String> {
        let found = Level::ALL.into_iter().find(|level| level.name() == name);
        found.ok_or_else(|| {
            let names = Level::ALL.map(Level::name).join(", ");
            format!("'{name}' is no level; the levels are {names}")
        })
    }
}

impl Case {
    /// The level it belongs to.
    pub fn level(&self) -> Level {
        // What is so of one model of servers alone is no part of a level above.
        if self.needs.iter().any(|need| need.starts_with('!')) {
            return Level::Core;
        }
        match self.kind {
            Kind::Http2 => Level::H2,
            Kind::App | Kind::Wire if self.needs.contains(&"upgrade") => Level::Upgrade,
            Kind::App | Kind::Wire => match self.needs.iter().any(|it| OF_STREAMING.contains(it)) {
                true => Level::Streaming,
                false => Level::Core,
            },
        }
    }
}
