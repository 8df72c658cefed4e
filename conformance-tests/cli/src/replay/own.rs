//! A server of this command's, to replay against.

use rgi_conformance::{Case as SuiteCase, Local, Site};

use crate::cases::SERVERS;
use crate::{Endpoint, Error};

/// A server of this process, with the limits that it has by default.
pub(super) struct Own {
    name: &'static str,
    local: Local,
}

impl Own {
    /// Starts the one of a name.
    ///
    /// # Errors
    ///
    /// If there is none, with a line that names those there are.
    pub(super) fn start(name: &str) -> Result<Own, Error> {
        let Some((name, serve)) = SERVERS.iter().find(|(known, _)| *known == name) else {
            let names: Vec<&str> = SERVERS.iter().map(|(name, _)| *name).collect();
            let names = names.join(", ");
            return Err(Error::usage(format!(
                "replay: no server is called '{name}'; there are: {names}"
            )));
        };
        let site = Site::new().reading();
        Ok(Own {
            name,
            local: Local::with(*serve, site, SuiteCase::APP.config("")),
        })
    }

    pub(super) fn endpoint(&self) -> Endpoint {
        let address = self.local.remote().address();
        let address = address.expect("at the root it listens on TCP");
        Endpoint::from_url(&format!("http://{address}")).expect("a host and a port")
    }

    /// The cases in which it differs.
    pub(super) fn known(&self) -> impl Iterator<Item = String> {
        let of_it = rgi_spec::differences::differences()
            .iter()
            .filter(|it| it.server == self.name);
        of_it.flat_map(|difference| difference.cases.iter().cloned())
    }
}
