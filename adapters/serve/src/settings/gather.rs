//! From the sources to the settings.

use std::ffi::OsString;
use std::path::Path;

use super::bad::{Bad, one_line};
use super::command_line;
use super::environment;
use super::fields::Settings;
use super::file;
use super::help;
use super::kind::Answer;
use super::layer::{self, Laid};
use super::overrides::Overrides;
use super::print;
use super::server::ServerKind;

/// What a program is to do.
#[derive(Clone, Debug, PartialEq)]
#[expect(
    clippy::large_enum_variant,
    reason = "there is one in the life of a process"
)]
pub(crate) enum Gathered {
    /// Serve. The lines are warnings for the log.
    Run(Settings, Vec<String>),
    /// Print this help and exit.
    Help(String),
    /// Print this version and exit.
    Version(String),
    /// Print this TOML and exit.
    PrintConfig(String),
}

impl Settings {
    /// Gathers the settings from what the program presets, the arguments (the program's name
    /// first, as `std::env::args_os` has them), the environment (as `std::env::vars_os` has it),
    /// and the configuration file that one of these names.
    ///
    /// `servers` are those that the application can run on: at least one, the default first.
    /// `inherited` are the names of sockets that a predecessor passed on.
    ///
    /// Texts for printing end with a line end.
    ///
    /// # Errors
    ///
    /// The first setting that cannot hold, whichever source it stands in.
    pub(crate) fn gather(
        program: &Overrides,
        servers: &[ServerKind],
        args: impl IntoIterator<Item = OsString>,
        env: impl IntoIterator<Item = (OsString, OsString)>,
        inherited: &[String],
    ) -> Result<Gathered, Bad> {
        let mut args = args.into_iter();
        let name = program_name(args.next());
        let line = command_line::read(args)?;
        match line.answer {
            Some(Answer::Help) => return Ok(Gathered::Help(help::text(&name, servers))),
            Some(Answer::Version) => {
                return Ok(Gathered::Version(version(&name, program.version())));
            }
            Some(Answer::PrintConfig) | None => {}
        }
        let env: Vec<_> = env.into_iter().collect();
        let systemd = environment::systemd(&env, inherited);
        let env = environment::read(env)?;
        let file = match (&line.config, &env.config) {
            (Some(path), _) => Some(file::read(path, "--config")?),
            (None, Some(path)) => Some(file::read(path, "RGI_CONFIG")?),
            (None, None) => None,
        };
        let mut layers = vec![program.layer().clone()];
        layers.extend(systemd);
        layers.extend(file);
        layers.extend([env.layer, line.layer]);
        let Laid { settings, origins } = layer::lay(servers, &layers)?;
        if line.answer == Some(Answer::PrintConfig) {
            let text = print::text(&name, settings, &origins, &env.warnings);
            return Ok(Gathered::PrintConfig(text));
        }
        Ok(Gathered::Run(settings, env.warnings))
    }
}

/// The file name of the program, for help, version and complaints.
pub(crate) fn program_name(path: Option<OsString>) -> String {
    let name = path.as_deref().and_then(|path| Path::new(path).file_name());
    name.map_or_else(
        || "program".to_owned(),
        |name| one_line(&name.to_string_lossy()),
    )
}

fn version(name: &str, version: Option<&str>) -> String {
    let runner = env!("CARGO_PKG_VERSION");
    match version {
        Some(version) => format!("{name} {version} (rgi-serve {runner})\n"),
        None => format!("{name} (rgi-serve {runner})\n"),
    }
}
