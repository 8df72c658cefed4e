//! What cases are run on: a column each.

use rgi_conformance::{Case, Local, Memory, Remote, Serve, Verdict};
use rgi_core::server::Server;

use super::site;
use super::supervised::Supervised;
use crate::Error;

/// A server, or what stands for one.
pub(super) enum Column {
    /// The core crate's test client, and the engine of HTTP/1.1 on a pipe.
    Memory,
    /// A server of this process.
    Local(&'static str, Serve),
    /// A server of a worker process.
    Supervised(String),
    /// One that runs already.
    Remote(String, Remote),
}

/// Where the application stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Root,
    Prefix,
    /// Where a server that runs already has it.
    There,
}

/// The prefix of [`Place::Prefix`]: with a byte that is encoded.
const PREFIX: &str = "/under/a%20prefix";

/// What the name of a server under the supervisor ends with.
const SUPERVISED: &str = "+supervisor";

/// The servers this command is built with, by their names.
pub(crate) const SERVERS: &[(&str, Serve)] = &[
    ("evented", |config, site, listeners, stop| {
        rgi_evented::Evented::new(config).serve(site, listeners, stop)
    }),
    ("prefork", |config, site, listeners, stop| {
        rgi_prefork::Prefork::new(config).serve(site, listeners, stop)
    }),
    ("threaded", |config, site, listeners, stop| {
        let mut config = config;
        // As many as are in the application at once in any case.
        config.threads = 8;
        rgi_threaded::Threaded::new(config).serve(site, listeners, stop)
    }),
    ("coroutine", |config, site, listeners, stop| {
        rgi_coroutine::Coroutine::new(config).serve(site, listeners, stop)
    }),
    ("actix", |config, site, listeners, stop| {
        rgi_actix::Actix::new(config).serve(site, listeners, stop)
    }),
];

/// Those that are no server of the runner's, and never under the supervisor.
const ALONE: &[(&str, Serve)] = &[("minimal-server", |config, site, listeners, stop| {
    rgi_minimal_server::MinimalServer(config).serve(site, listeners, stop)
})];

impl Column {
    /// All that need not run already.
    pub(super) fn all() -> Vec<Column> {
        let servers = SERVERS
            .iter()
            .chain(ALONE)
            .map(|(name, serve)| Column::Local(name, *serve));
        let supervised = SERVERS.iter().map(|(name, _)| Column::supervised(name));
        std::iter::once(Column::Memory)
            .chain(servers)
            .chain(supervised)
            .collect()
    }

    fn supervised(server: &str) -> Column {
        Column::Supervised(format!("{server}{SUPERVISED}"))
    }

    /// The one of a name.
    ///
    /// # Errors
    ///
    /// If there is none, with a line that names those there are.
    pub(super) fn named(name: &str) -> Result<Column, Error> {
        let mut all = Column::all();
        let names: Vec<String> = all.iter().map(|column| column.name().to_owned()).collect();
        match names.iter().position(|known| known == name) {
            Some(at) => Ok(all.swap_remove(at)),
            None => Err(Error::usage(format!(
                "no server is called '{name}'; there are: {}",
                names.join(", ")
            ))),
        }
    }

    pub(super) fn name(&self) -> &str {
        match self {
            Column::Memory => "memory",
            Column::Local(name, _) => name,
            Column::Supervised(name) => name,
            Column::Remote(url, _) => url,
        }
    }

    /// Whether it is there, and serves the site.
    pub(super) fn reach(&self) -> Result<(), Error> {
        if let Column::Remote(url, remote) = self {
            let facts = rgi_conformance::facts(remote);
            facts.map_err(|wrong| Error::unreachable(format!("{url}: {wrong}")))?;
        }
        Ok(())
    }

    pub(super) fn places(&self) -> &'static [Place] {
        match self {
            Column::Remote(..) => &[Place::There],
            _ => &[Place::Root, Place::Prefix],
        }
    }

    /// Whether the case can be run there: a server that runs already is given no settings.
    pub(super) fn tries(&self, case: &Case) -> bool {
        match self {
            Column::Remote(..) => case.runs_anywhere(),
            Column::Memory | Column::Local(..) | Column::Supervised(_) => true,
        }
    }

    pub(super) fn run(&self, case: &Case, place: Place) -> Verdict {
        let root = match place {
            Place::Prefix => PREFIX,
            Place::Root | Place::There => "",
        };
        match self {
            Column::Memory => {
                let memory = Memory::serving(site().into_app(), case.name, root);
                rgi_conformance::run(case, &memory)
            }
            Column::Local(_, serve) => {
                let local = Local::with(*serve, site(), case.config(root));
                rgi_conformance::run(case, &local)
            }
            Column::Supervised(name) => {
                let server = name.strip_suffix(SUPERVISED).unwrap_or(name);
                match Supervised::start(server, case, root) {
                    Ok(supervised) => rgi_conformance::run(case, &supervised),
                    Err(error) => Verdict::Failed(format!("it does not start: {error}")),
                }
            }
            Column::Remote(_, remote) if self.tries(case) => rgi_conformance::run(case, remote),
            Column::Remote(..) => {
                Verdict::NotOffered("it wants settings that a running server is not given".into())
            }
        }
    }
}

impl Place {
    pub(super) fn name(self) -> &'static str {
        match self {
            Place::Root => "at the root",
            Place::Prefix => "under a prefix",
            Place::There => "there",
        }
    }
}
