//! The servers an application can run on.

use std::fmt;
use std::str::FromStr;

use super::bad::Bad;
use super::suggest::nearest;

#[cfg(not(any(
    feature = "coroutine",
    feature = "evented",
    feature = "threaded",
    feature = "prefork",
    feature = "actix"
)))]
compile_error!(
    "rgi-serve needs a server: switch on its feature `coroutine`, `evented`, `threaded`, `prefork` \
     or `actix`"
);

/// What `--server` is, where nobody can say which servers there are.
pub(super) const EXPECTED: &str = "server: the name of one that --help lists";

/// A server of this build. Each is a cargo feature of the same name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ServerKind {
    /// Tasks on tokio, over HTTP/1.1 and HTTP/2.
    #[cfg(feature = "coroutine")]
    Coroutine,
    /// Readiness loops, one a thread, without an async runtime, over HTTP/1.1.
    #[cfg(feature = "evented")]
    Evented,
    /// A pool of threads, one request each, and a loop for connections that wait, over HTTP/1.1.
    #[cfg(feature = "threaded")]
    Threaded,
    /// One request at a time, on the thread of the process, over HTTP/1.1.
    #[cfg(feature = "prefork")]
    Prefork,
    /// Tasks on tokio, each on its worker's thread, by actix-http, over HTTP/1.1.
    #[cfg(feature = "actix")]
    Actix,
}

/// What the options and their help say of a server.
struct Facts {
    name: &'static str,
    /// What it is and when to choose it.
    summary: &'static str,
    /// What `--threads` counts; nothing where it is refused.
    threads: &'static str,
}

impl ServerKind {
    /// The servers of this build, the preferred one first: the one with the most protocols, then
    /// those that hold the most connections, then those that are easiest to reason about.
    pub const COMPILED: &'static [ServerKind] = &[
        #[cfg(feature = "coroutine")]
        ServerKind::Coroutine,
        #[cfg(feature = "evented")]
        ServerKind::Evented,
        #[cfg(feature = "threaded")]
        ServerKind::Threaded,
        #[cfg(feature = "prefork")]
        ServerKind::Prefork,
        #[cfg(feature = "actix")]
        ServerKind::Actix,
    ];

    /// Those that have threads.
    pub(super) const OF_THREADS: &'static [ServerKind] = &[
        #[cfg(feature = "coroutine")]
        ServerKind::Coroutine,
        #[cfg(feature = "evented")]
        ServerKind::Evented,
        #[cfg(feature = "threaded")]
        ServerKind::Threaded,
        #[cfg(feature = "actix")]
        ServerKind::Actix,
    ];

    /// Those that have a pool beside their threads, for applications that block.
    pub(super) const LIFTING: &'static [ServerKind] = &[
        #[cfg(feature = "coroutine")]
        ServerKind::Coroutine,
        #[cfg(feature = "evented")]
        ServerKind::Evented,
        #[cfg(feature = "actix")]
        ServerKind::Actix,
    ];

    fn facts(self) -> Facts {
        match self {
            #[cfg(feature = "coroutine")]
            ServerKind::Coroutine => Facts {
                name: "coroutine",
                summary: "Tasks on tokio, by hyper. HTTP/1.1 and HTTP/2. For asynchronous \
                    applications, those that use tokio among them. Applications that block run on \
                    a pool of threads beside the tasks.",
                threads: "tokio's workers",
            },
            #[cfg(feature = "evented")]
            ServerKind::Evented => Facts {
                name: "evented",
                summary: "Readiness loops, one a thread, without an async runtime. HTTP/1.1. For \
                    many connections at once, slow or idle ones among them, and for applications \
                    that stay on their thread. Applications that block run on a pool of threads \
                    beside the loops.",
                threads: "its loops",
            },
            #[cfg(feature = "threaded")]
            ServerKind::Threaded => Facts {
                name: "threaded",
                summary: "A pool of threads, one request each, and a loop for connections that \
                    wait. HTTP/1.1. For applications that block, which they may do anywhere, and \
                    that share their state among threads. Slow and idle clients hold no thread.",
                threads: "its pool",
            },
            #[cfg(feature = "prefork")]
            ServerKind::Prefork => Facts {
                name: "prefork",
                summary: "One request at a time, on one thread. HTTP/1.1. For applications that \
                    block, which they may do anywhere, and for those that are not thread-safe. \
                    Slow and idle clients keep nobody waiting; a slow application does.",
                threads: "",
            },
            #[cfg(feature = "actix")]
            ServerKind::Actix => Facts {
                name: "actix",
                summary: "Tasks on tokio that stay on their thread, by actix-http, the engine of \
                    actix-web. HTTP/1.1. For applications that go into an actix-web program, and \
                    asynchronous ones that stay on their thread. Applications that block run on a \
                    pool of threads beside the tasks.",
                threads: "its workers",
            },
        }
    }

    /// The name that `--server` takes.
    pub fn name(self) -> &'static str {
        self.facts().name
    }

    /// Whether it serves in worker processes alone.
    pub(crate) fn is_of_processes(self) -> bool {
        match self {
            #[cfg(feature = "coroutine")]
            ServerKind::Coroutine => false,
            #[cfg(feature = "evented")]
            ServerKind::Evented => false,
            #[cfg(feature = "threaded")]
            ServerKind::Threaded => false,
            #[cfg(feature = "prefork")]
            ServerKind::Prefork => true,
            #[cfg(feature = "actix")]
            ServerKind::Actix => false,
        }
    }

    /// Whether each of its threads has one request at a time, so that there are to be more of them
    /// than cores.
    pub(super) fn is_of_requests(self) -> bool {
        match self {
            #[cfg(feature = "coroutine")]
            ServerKind::Coroutine => false,
            #[cfg(feature = "evented")]
            ServerKind::Evented => false,
            #[cfg(feature = "threaded")]
            ServerKind::Threaded => true,
            #[cfg(feature = "prefork")]
            ServerKind::Prefork => false,
            #[cfg(feature = "actix")]
            ServerKind::Actix => false,
        }
    }

    pub(super) fn summary(self) -> &'static str {
        self.facts().summary
    }

    pub(super) fn threads(self) -> &'static str {
        self.facts().threads
    }

    /// The one of `servers`, which a program can run on, that `text` names.
    pub(super) fn read(text: &str, servers: &[ServerKind]) -> Result<ServerKind, Bad> {
        let named = |server: &&ServerKind| server.name() == text;
        if let Some(server) = servers.iter().find(named) {
            return Ok(*server);
        }
        let others = list(servers);
        if let Some(server) = Self::COMPILED.iter().find(named) {
            return Err(Bad::new(format!(
                "the server {server} shares an application among threads, and that of this \
                 program stays on one; of the servers here {others} can run it"
            )));
        }
        let bad = format!("{text:?} is no server of this program: {others}");
        match nearest(text, servers.iter().map(|server| server.name())) {
            Some(name) => Err(Bad::new(format!("{bad}; did you mean {name}?"))),
            None => Err(Bad::new(bad)),
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
        Self::read(text, Self::COMPILED)
    }
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
            bad.starts_with("\"gevent\" is no server of this program: "),
            "{bad}"
        );
    }

    #[cfg(all(feature = "coroutine", feature = "evented"))]
    #[test]
    fn a_server_that_cannot_run_the_program_is_refused() {
        let servers = &[ServerKind::Evented];
        let read = |text| ServerKind::read(text, servers).map_err(|bad| bad.to_string());
        assert_eq!(read("evented"), Ok(ServerKind::Evented));
        let bad = "the server coroutine shares an application among threads, and that of this \
            program stays on one; of the servers here evented can run it";
        assert_eq!(read("coroutine"), Err(bad.to_owned()));
        let bad = "\"evnted\" is no server of this program: evented; did you mean evented?";
        assert_eq!(read("evnted"), Err(bad.to_owned()));
    }
}
