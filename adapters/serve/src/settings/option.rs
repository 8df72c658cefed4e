//! What the table says about an option.

use super::kind::Kind;
use super::server::ServerKind;
use super::suggest;
use super::table::OPTIONS;

/// One option: a row of the table.
#[derive(Debug)]
pub(super) struct OptionSpec {
    /// Without dashes, as a configuration file has it.
    pub(super) name: &'static str,
    /// The letter that stands for it on the command line.
    pub(super) short: Option<char>,
    /// What stands for the value in the help; empty if there is none.
    pub(super) placeholder: &'static str,
    pub(super) kind: Kind,
    pub(super) default: Preset,
    pub(super) group: Group,
    /// The servers that honour it; the others refuse it.
    pub(super) servers: &'static [ServerKind],
    /// It is about worker processes, and refused without them.
    pub(super) of_processes: bool,
    pub(super) help: &'static str,
    /// What it is on a server, if that differs.
    pub(super) on_server: Option<fn(ServerKind) -> &'static str>,
}

/// The value of an option that nobody set.
#[derive(Debug)]
pub(super) enum Preset {
    /// No value: the option is not about a setting.
    Nothing,
    Text(&'static str),
    /// Empty, for which this stands.
    Empty(&'static str),
    /// One for each core that this process may use; more on a server whose threads block.
    Threads,
    /// The preferred one of the servers that the program can run on.
    Server,
    /// One for each core on a server that is made of processes; on others none.
    Processes,
}

/// Where the help has an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Group {
    Listen,
    Concurrency,
    Processes,
    Timeouts,
    Limits,
    Logs,
    Rest,
}

impl OptionSpec {
    /// `max-head`: `--max-head`.
    pub(super) fn flag(&self) -> String {
        format!("--{}", self.name)
    }

    /// `max-head`: `RGI_MAX_HEAD`.
    pub(super) fn variable(&self) -> String {
        format!("RGI_{}", self.name.to_ascii_uppercase().replace('-', "_"))
    }

    pub(super) fn is_honoured_by(&self, server: ServerKind) -> bool {
        self.servers.contains(&server)
    }

    /// Those of `servers` that honour it.
    pub(super) fn honoured_by(&self, servers: &[ServerKind]) -> Vec<ServerKind> {
        let honour = |server: &ServerKind| self.is_honoured_by(*server);
        servers.iter().copied().filter(honour).collect()
    }
}

impl Preset {
    /// On `server`, which was chosen of `servers`, those to choose from, the default first.
    pub(super) fn text(&self, server: ServerKind, servers: &[ServerKind]) -> Option<String> {
        match self {
            Preset::Nothing => None,
            Preset::Text(text) => Some((*text).to_owned()),
            Preset::Empty(_) => Some(String::new()),
            Preset::Threads if server.is_of_requests() => Some(BLOCKING_THREADS.to_string()),
            Preset::Threads => Some(cores().to_string()),
            Preset::Server => servers.first().map(ToString::to_string),
            Preset::Processes if server.is_of_processes() => Some(cores().to_string()),
            Preset::Processes => Some("0".to_owned()),
        }
    }

    /// For the help, which is the same on every machine.
    pub(super) fn shown(&self, servers: &[ServerKind]) -> Option<&'static str> {
        match self {
            Preset::Nothing => None,
            Preset::Text(text) | Preset::Empty(text) => Some(text),
            Preset::Threads if servers.iter().all(|server| server.is_of_requests()) => Some("32"),
            Preset::Threads if servers.iter().any(|server| server.is_of_requests()) => {
                Some("one for each core; threaded: 32")
            }
            Preset::Threads => Some("one for each core"),
            Preset::Server => servers.first().map(|server| server.name()),
            Preset::Processes if servers.iter().any(|server| server.is_of_processes()) => {
                Some("0; prefork: one for each core")
            }
            Preset::Processes => Some("0"),
        }
    }
}

impl Group {
    pub(super) const ALL: [Group; 7] = [
        Group::Listen,
        Group::Concurrency,
        Group::Processes,
        Group::Timeouts,
        Group::Limits,
        Group::Logs,
        Group::Rest,
    ];

    pub(super) fn title(self) -> &'static str {
        match self {
            Group::Listen => "Where to listen",
            Group::Concurrency => "Concurrency",
            Group::Processes => "Worker processes",
            Group::Timeouts => "Timeouts",
            Group::Limits => "Limits",
            Group::Logs => "Logs",
            Group::Rest => "The rest",
        }
    }
}

/// The row of the option with this name.
pub(super) fn find(name: &str) -> Option<&'static OptionSpec> {
    OPTIONS.iter().find(|spec| spec.name == name)
}

/// The row whose name `typed` may have been meant to be.
pub(super) fn nearest(typed: &str) -> Option<&'static OptionSpec> {
    suggest::nearest(typed, OPTIONS.iter().map(|spec| spec.name)).and_then(find)
}

/// Threads that have one request each.
const BLOCKING_THREADS: usize = 32;

/// As the scheduler and the limits of the container have it; 1 if they do not say.
fn cores() -> usize {
    std::thread::available_parallelism()
        .map_or(1, usize::from)
        .min(super::table::MOST_THREADS)
}
