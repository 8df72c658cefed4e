//! The servers an application can run on.

use std::fmt;
use std::str::FromStr;

use super::bad::Bad;
use super::suggest::nearest;

#[cfg(not(feature = "evented"))]
compile_error!("rgi-serve needs a server to run: switch on its feature `evented`");

/// A server of this build. Each is a cargo feature of the same name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ServerKind {
    /// Readiness loops, one a thread, without an async runtime.
    #[cfg(feature = "evented")]
    Evented,
}

impl ServerKind {
    /// The servers of this build, the preferred one first: the one with the most protocols, then
    /// those that hold the most connections, then those that are easiest to reason about.
    pub const COMPILED: &'static [ServerKind] = &[
        #[cfg(feature = "evented")]
        ServerKind::Evented,
    ];

    /// The name that `--server` takes.
    pub fn name(self) -> &'static str {
        match self {
            #[cfg(feature = "evented")]
            ServerKind::Evented => "evented",
        }
    }

    /// What it is and when to choose it, for `--help`.
    pub(super) fn summary(self) -> &'static str {
        match self {
            #[cfg(feature = "evented")]
            ServerKind::Evented => {
                "Readiness loops, one a thread, without an async runtime. For many connections at \
                 once, slow or idle ones among them. Applications that block run on a pool of \
                 threads beside the loops."
            }
        }
    }
}

/// The preferred server of this build.
impl Default for ServerKind {
    fn default() -> Self {
        Self::COMPILED[0]
    }
}

impl fmt::Display for ServerKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// From the name of a server of this build.
impl FromStr for ServerKind {
    type Err = Bad;

    fn from_str(text: &str) -> Result<Self, Bad> {
        let servers = Self::COMPILED.iter().copied();
        if let Some(server) = servers.clone().find(|server| server.name() == text) {
            return Ok(server);
        }
        let bad = format!("{text:?} is no {}", expected());
        match nearest(text, servers.map(ServerKind::name)) {
            Some(name) => Err(Bad::new(format!("{bad}; did you mean {name}?"))),
            None => Err(Bad::new(bad)),
        }
    }
}

pub(super) fn expected() -> String {
    format!("server of this build: {}", list(ServerKind::COMPILED))
}

/// The names of `servers`, separated by commas.
pub(super) fn list(servers: &[ServerKind]) -> String {
    let names: Vec<_> = servers.iter().map(|server| server.name()).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_server_is_known_by_its_name() {
        for server in ServerKind::COMPILED {
            assert_eq!(server.name().parse(), Ok(*server));
        }
    }

    #[test]
    fn a_server_that_is_not_compiled_in_is_refused() {
        let bad = "gevent".parse::<ServerKind>().unwrap_err().to_string();
        assert!(
            bad.starts_with("\"gevent\" is no server of this build: "),
            "{bad}"
        );
    }
}
