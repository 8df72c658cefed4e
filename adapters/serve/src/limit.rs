//! How many files a process may have open; each connection is one.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises the soft limit to the hard one, which every process may. Gives the limit then in force,
/// as text.
pub(crate) fn raise() -> String {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    // A system that refuses (some have a ceiling below "unlimited") leaves it as it was.
    let _ = setrlimit(Resource::Nofile, raised);
    match getrlimit(Resource::Nofile).current {
        Some(number) => number.to_string(),
        None => "no limit".to_owned(),
    }
}
