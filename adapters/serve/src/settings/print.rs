//! `--print-config`: the settings in force, as a file that `--config` takes.

use std::collections::BTreeMap;

use super::bad::one_line;
use super::fields::Settings;
use super::layer::Origin;
use super::option::OptionSpec;
use super::table::OPTIONS;

/// Every setting that has a meaning on the chosen server, with where it comes from.
pub(super) fn text(
    program: &str,
    mut settings: Settings,
    origins: &BTreeMap<&'static str, Origin>,
    warnings: &[String],
) -> String {
    let mut lines = Vec::new();
    let server = settings.server;
    let has_processes = settings.processes > 0;
    let is_meant =
        |spec: &&OptionSpec| spec.is_honoured_by(server) && (has_processes || !spec.of_processes);
    for spec in OPTIONS.iter().filter(is_meant) {
        if let Some(value) = spec.kind.toml(&mut settings) {
            let origin = origins.get(spec.name).unwrap_or(&Origin::Default);
            lines.push((format!("{} = {value}", spec.name), comment(origin, spec)));
        }
    }
    let width = lines
        .iter()
        .map(|(line, _)| line.chars().count())
        .max()
        .unwrap_or(0)
        .min(40);
    let mut text = format!("# The settings of {program}, and where each comes from\n");
    for warning in warnings {
        text.push_str(&format!("# warning: {warning}\n"));
    }
    for (line, comment) in lines {
        text.push_str(&format!("{line:width$}  # {comment}\n"));
    }
    text
}

fn comment(origin: &Origin, spec: &OptionSpec) -> String {
    match origin {
        Origin::Default => "default".to_owned(),
        Origin::Program => "program".to_owned(),
        Origin::Systemd => "environment variable: LISTEN_FDS".to_owned(),
        Origin::File(path) => format!("file: {}", one_line(path)),
        Origin::Environment => format!("environment variable: {}", spec.variable()),
        Origin::CommandLine => format!("command line: {}", spec.flag()),
    }
}
