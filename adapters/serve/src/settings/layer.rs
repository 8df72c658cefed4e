//! Sources of settings, and how they are laid over each other.

use std::collections::BTreeMap;

use super::bad::Bad;
use super::fields::Settings;
use super::kind::Kind;
use super::option::{self, OptionSpec};
use super::server::{self, ServerKind};
use super::table::OPTIONS;
use super::values;

/// What one source says, in text, not yet parsed.
#[derive(Clone, Debug)]
pub(super) struct Layer {
    origin: Origin,
    texts: BTreeMap<&'static str, Vec<String>>,
}

/// A source of settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    Default,
    /// What the builder of the program set.
    Program,
    /// What the service manager passed on.
    Systemd,
    /// A configuration file, by the path it was named with.
    File(String),
    Environment,
    CommandLine,
}

/// The settings in force, and where each comes from.
#[derive(Debug)]
pub(super) struct Laid {
    pub(super) settings: Settings,
    pub(super) origins: BTreeMap<&'static str, Origin>,
}

impl Layer {
    pub(super) fn new(origin: Origin) -> Layer {
        Layer {
            origin,
            texts: BTreeMap::new(),
        }
    }

    /// Adds one value of `spec`, after those it has here.
    pub(super) fn add(&mut self, spec: &'static OptionSpec, text: String) {
        self.texts.entry(spec.name).or_default().push(text);
    }
}

impl Origin {
    /// How a complaint names the place where this source sets `spec`.
    pub(super) fn place(&self, spec: &OptionSpec) -> String {
        match self {
            Origin::Default => format!("the default of {}", spec.flag()),
            Origin::Program => format!("the program: {}", spec.name),
            Origin::Systemd => "LISTEN_FDS".to_owned(),
            Origin::File(path) => format!("{path}: {}", spec.name),
            Origin::Environment => spec.variable(),
            Origin::CommandLine => spec.flag(),
        }
    }

    /// Whoever runs the program chose this; otherwise whoever wrote it.
    fn is_users(&self) -> bool {
        !matches!(self, Origin::Default | Origin::Program)
    }
}

/// Lays `layers`, the weakest first, over the defaults. `servers` are those to choose from, the
/// default first.
///
/// What the user asks for and the chosen server cannot do is refused. What the program presets for
/// one server is not in the way of another.
pub(super) fn lay(servers: &[ServerKind], layers: &[Layer]) -> Result<Laid, Bad> {
    let mut laid = Laid {
        settings: Settings::blank(),
        origins: BTreeMap::new(),
    };
    for spec in OPTIONS {
        if let Some(text) = spec.default.text(laid.settings.server, servers) {
            laid.put(spec, servers, &Origin::Default, &[text])?;
        }
        for layer in layers {
            if let Some(texts) = layer.texts.get(spec.name)
                && check_honoured(spec, laid.settings.server, servers, &layer.origin)?
            {
                laid.put(spec, servers, &layer.origin, texts)?;
            }
        }
    }
    laid.fit_target_into_head()?;
    laid.check_processes()?;
    laid.check_access_log()?;
    Ok(laid)
}

impl Laid {
    fn put(
        &mut self,
        spec: &'static OptionSpec,
        servers: &[ServerKind],
        origin: &Origin,
        texts: &[String],
    ) -> Result<(), Bad> {
        spec.kind
            .read(texts, servers, &mut self.settings)
            .map_err(|bad| bad.at(origin.place(spec)))?;
        self.origins.insert(spec.name, origin.clone());
        Ok(())
    }

    /// What is about worker processes needs some, and so does a server that is made of them.
    fn check_processes(&self) -> Result<(), Bad> {
        let Settings {
            server, processes, ..
        } = self.settings;
        if processes > 0 {
            return Ok(());
        }
        let set = |spec: &&OptionSpec| (self.origins.get(spec.name)).filter(|it| it.is_users());
        if server.is_of_processes() {
            let bad = Bad::new(format!(
                "the server {server} is made of processes: at least 1"
            ));
            let spec = option::find("processes").filter(|spec| set(spec).is_some());
            return Err(match spec.and_then(|spec| Some((spec, set(&spec)?))) {
                Some((spec, origin)) => bad.at(origin.place(spec)),
                None => bad.at("--processes"),
            });
        }
        let of_processes = OPTIONS.iter().filter(|spec| spec.of_processes);
        match of_processes
            .filter_map(|spec| Some((spec, set(&spec)?)))
            .next()
        {
            Some((spec, origin)) => Err(Bad::new(
                "this is about worker processes, and there are none: add --processes 1, or more",
            )
            .at(origin.place(spec))),
            None => Ok(()),
        }
    }

    /// A file of the user's for an access log that nobody asked for would stay empty. Where somebody
    /// says off, it waits for another day.
    fn check_access_log(&self) -> Result<(), Bad> {
        let origin = |name: &str| self.origins.get(name).unwrap_or(&Origin::Default);
        let (log, file) = (origin("access-log"), origin("access-log-file"));
        let Some(spec) = option::find("access-log-file") else {
            return Ok(());
        };
        if *log != Origin::Default || !file.is_users() || self.settings.access_log_file.is_none() {
            return Ok(());
        }
        let bad = "there is no access log to write there: set access-log to combined or json";
        Err(Bad::new(bad).at(file.place(spec)))
    }

    /// The target is part of the head. Its default gives way to a small head; a value that
    /// somebody chose does not.
    fn fit_target_into_head(&mut self) -> Result<(), Bad> {
        let Settings {
            max_target,
            max_head,
            ..
        } = self.settings;
        if max_target <= max_head {
            return Ok(());
        }
        let place = |name: &str| {
            let origin = self.origins.get(name).unwrap_or(&Origin::Default);
            option::find(name)
                .map(|spec| origin.place(spec))
                .unwrap_or_default()
        };
        if self.origins.get("max-target") == Some(&Origin::Default) {
            self.settings.max_target = max_head;
            return Ok(());
        }
        let (target, head) = (
            values::size_text(max_target as u64),
            values::size_text(max_head as u64),
        );
        let bad = format!(
            "{target} is more than the whole head may have: at most {head} ({})",
            place("max-head")
        );
        Err(Bad::new(bad).at(place("max-target")))
    }
}

/// Whether `server`, one of `servers`, is to be told of `spec`; an error if the user has to be told
/// that it cannot.
fn check_honoured(
    spec: &OptionSpec,
    server: ServerKind,
    servers: &[ServerKind],
    origin: &Origin,
) -> Result<bool, Bad> {
    if matches!(spec.kind, Kind::Server(_)) || spec.is_honoured_by(server) {
        return Ok(true);
    }
    if !origin.is_users() {
        return Ok(false);
    }
    let others = match &*spec.honoured_by(servers) {
        [] => "no server of this program can".to_owned(),
        others => format!("of the servers here {} can", server::list(others)),
    };
    Err(Bad::new(format!("the server {server} cannot do this; {others}")).at(origin.place(spec)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::option::{Group, Preset};

    fn for_servers(servers: &'static [ServerKind]) -> OptionSpec {
        OptionSpec {
            name: "max-requests",
            short: None,
            placeholder: "N",
            kind: Kind::Count(1..=9, |settings| &mut settings.threads),
            default: Preset::Text("1"),
            group: Group::Limits,
            servers,
            of_processes: false,
            on_server: None,
            help: "",
        }
    }

    #[test]
    fn what_the_server_cannot_do_is_refused_to_the_user_alone() {
        let (server, spec) = (ServerKind::default(), for_servers(&[]));
        let refused = |origin| {
            check_honoured(&spec, server, &[server], &origin)
                .unwrap_err()
                .to_string()
        };
        let file = Origin::File("app.toml".into());
        let end = format!("the server {server} cannot do this; no server of this program can");
        assert_eq!(
            refused(Origin::CommandLine),
            format!("--max-requests: {end}")
        );
        assert_eq!(
            refused(Origin::Environment),
            format!("RGI_MAX_REQUESTS: {end}")
        );
        assert_eq!(refused(file), format!("app.toml: max-requests: {end}"));
        assert_eq!(
            check_honoured(&spec, server, &[server], &Origin::Program),
            Ok(false)
        );
    }

    #[test]
    fn what_the_server_can_do_is_put_to_it() {
        let spec = for_servers(ServerKind::COMPILED);
        for server in ServerKind::COMPILED {
            assert_eq!(
                check_honoured(&spec, *server, &[*server], &Origin::CommandLine),
                Ok(true)
            );
        }
    }
}
