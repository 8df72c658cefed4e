//! Where the settings of a run come from, at its start and at each reload.

use std::env;
use std::ffi::OsString;

use rgi_prefork::Inheritance;

use crate::announce::Announced;
use crate::server::Offered;
use crate::settings::{Bad, Gathered, Overrides, ServerKind, Settings, program_name};

/// What settings are gathered from, and the servers they choose from.
pub(crate) struct Source<L: 'static> {
    /// The name of the program, for complaints.
    pub(crate) program: String,
    /// What a predecessor has passed on.
    pub(crate) inheritance: Option<Inheritance>,
    overrides: Overrides,
    args: Vec<OsString>,
    servers: &'static [Offered<Announced<L>>],
}

impl<L> Source<L> {
    pub(crate) fn of_this_process(
        overrides: Overrides,
        servers: &'static [Offered<Announced<L>>],
    ) -> Source<L> {
        let args: Vec<OsString> = env::args_os().collect();
        Source {
            program: program_name(args.first().cloned()),
            inheritance: Inheritance::find(),
            overrides,
            args,
            servers,
        }
    }

    /// The settings as they are now: the configuration file is read anew.
    pub(crate) fn gather(&self) -> Result<Gathered, Bad> {
        let kinds: Vec<ServerKind> = self.servers.iter().map(|server| server.kind).collect();
        let passed = self.inheritance.iter().flat_map(|it| &it.sockets);
        let passed: Vec<String> = passed.map(|(name, _)| name.clone()).collect();
        Settings::gather(
            &self.overrides,
            &kinds,
            self.args.iter().cloned(),
            env::vars_os(),
            &passed,
        )
    }

    /// The server that the settings name.
    pub(crate) fn server(&self, settings: &Settings) -> &'static Offered<Announced<L>> {
        let named = self.servers.iter().find(|it| it.kind == settings.server);
        named.unwrap_or_else(|| {
            unreachable!("settings name a server that was not among those given to them")
        })
    }

    /// The command that this process was started with.
    pub(crate) fn args(&self) -> &[OsString] {
        &self.args
    }
}
