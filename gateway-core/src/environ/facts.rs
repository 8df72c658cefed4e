//! What is told of a request beyond its message, to keep.

use std::fmt;
use std::sync::Arc;

use super::{Environ, Stopping, Timer};
use crate::server::{Errors, Host, Scheme, ServerInfo};

impl Environ {
    /// What it tells of the server and of where it is mounted, as of now, to keep longer than the environ.
    pub fn facts(&self) -> Facts {
        let script_name = self.script_name();
        Facts {
            host: self.host().clone(),
            scheme: self.scheme(),
            script_name: (!script_name.is_empty()).then(|| script_name.into()),
        }
    }
}

/// What an [`Environ`] tells beyond what a message of `http`'s has, for whoever has no environ: services of
/// other libraries, and what outlives the environ. Its clones are cheap.
///
/// [`Connection`](crate::Connection) and [`Peer`](crate::Peer) are the rest.
#[derive(Clone)]
pub struct Facts {
    host: Arc<Host>,
    scheme: Scheme,
    script_name: Option<Arc<str>>,
}

impl Facts {
    /// As [`Environ::scheme`].
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// As [`Environ::script_name`].
    pub fn script_name(&self) -> &str {
        self.script_name.as_deref().unwrap_or_default()
    }

    /// As [`Environ::server`].
    pub fn server(&self) -> &ServerInfo {
        &self.host.info
    }

    /// As [`Environ::is_stopping`].
    pub fn is_stopping(&self) -> bool {
        self.host.stop.is_told()
    }

    /// As [`Environ::stopping`].
    pub fn stopping(&self) -> Stopping {
        Stopping::new(self.host.stop.clone())
    }

    /// As [`Environ::timer`].
    pub fn timer(&self) -> Timer {
        Timer::new(self.host.timer.clone())
    }

    /// As [`Environ::errors`].
    pub fn errors(&self) -> Errors {
        Errors::new(self.host.log.clone())
    }

    /// As [`Environ::var`].
    pub fn var(&self, name: &str) -> Option<&str> {
        self.host.var(name)
    }

    /// All of the deployer's values, names and texts.
    pub fn vars(&self) -> impl Iterator<Item = (&str, &str)> {
        let vars = self.host.vars.iter();
        vars.map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl fmt::Debug for Facts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Facts")
            .field("scheme", &self.scheme)
            .field("script_name", &self.script_name())
            .field("server", self.server())
            .finish_non_exhaustive()
    }
}
