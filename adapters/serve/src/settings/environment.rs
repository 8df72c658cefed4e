//! The environment: `RGI_` and the name of the option in capitals, `_` for `-`.

use std::ffi::OsString;

use super::bad::{Bad, one_line};
use super::kind::Kind;
use super::layer::{Layer, Origin};
use super::option;
use super::suggest;
use super::table::OPTIONS;

/// What the environment says.
#[derive(Debug)]
pub(super) struct Environment {
    pub(super) layer: Layer,
    pub(super) config: Option<OsString>,
    /// Variables that look like ours and are not, a line each: the environment is shared with
    /// others, so they are no error.
    pub(super) warnings: Vec<String>,
}

pub(super) fn read(
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<Environment, Bad> {
    let mut environment = Environment {
        layer: Layer::new(Origin::Environment),
        config: None,
        warnings: Vec::new(),
    };
    for (key, value) in variables {
        let key = key.to_string_lossy();
        let Some(name) = key
            .strip_prefix("RGI_")
            .filter(|name| *name != "SUCCESSION")
        else {
            continue;
        };
        match OPTIONS.iter().find(|spec| spec.variable() == key) {
            None => environment.warnings.push(unknown(&key, name)),
            Some(spec) => match spec.kind {
                Kind::ConfigFile => environment.config = Some(value),
                Kind::Answer(_) => environment.warnings.push(format!(
                    "{key}: has no effect; {} is for the command line only",
                    spec.flag()
                )),
                _ => {
                    let text = value
                        .into_string()
                        .map_err(|value| Bad::new(format!("{value:?} is not UTF-8")).at(&key))?;
                    for text in values(&spec.kind, &text) {
                        environment.layer.add(spec, text.to_owned());
                    }
                }
            },
        }
    }
    environment.warnings.sort_unstable();
    Ok(environment)
}

/// A variable is one text, so an option that repeats has its values separated by commas.
fn values<'a>(kind: &Kind, text: &'a str) -> Vec<&'a str> {
    if kind.repeats() {
        text.split(',').map(str::trim).collect()
    } else {
        vec![text]
    }
}

/// The sockets that the service manager passed to this process: descriptors from 3 on
/// (sd_listen_fds(3)). A successor has those of its predecessor, by name among `inherited`.
pub(super) fn systemd(variables: &[(OsString, OsString)], inherited: &[String]) -> Option<Layer> {
    let number = |name: &str| {
        let (_, value) = variables.iter().find(|(key, _)| key == name)?;
        value.to_str()?.parse::<u32>().ok()
    };
    let count = number("LISTEN_FDS").filter(|count| *count > 0)?;
    let binds: Vec<String> = (3..3 + count.min(MOST_PASSED))
        .map(|fd| format!("fd:{fd}"))
        .collect();
    let is_ours = number("LISTEN_PID") == Some(std::process::id());
    if !is_ours && !binds.iter().all(|bind| inherited.contains(bind)) {
        return None;
    }
    let spec = option::find("bind")?;
    let mut layer = Layer::new(Origin::Systemd);
    binds.into_iter().for_each(|bind| layer.add(spec, bind));
    Some(layer)
}

/// Sockets that a service manager passes, at most.
const MOST_PASSED: u32 = 1024;

fn unknown(key: &str, name: &str) -> String {
    let settings = OPTIONS
        .iter()
        .filter(|spec| !matches!(spec.kind, Kind::Answer(_)));
    let meant = suggest::nearest(name, settings.map(|spec| spec.name)).and_then(option::find);
    let end = match meant {
        Some(spec) => format!("did you mean {}?", spec.variable()),
        None => "--help lists the options".to_owned(),
    };
    one_line(&format!(
        "{key}: has no effect, there is no such option; {end}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn warnings(key: &str) -> Vec<String> {
        read([(key.into(), "1".into())]).unwrap().warnings
    }

    #[test]
    fn strangers_with_our_prefix_are_warned_of() {
        assert_eq!(
            warnings("RGI_THRAEDS"),
            ["RGI_THRAEDS: has no effect, there is no such option; did you mean RGI_THREADS?"]
        );
        assert_eq!(
            warnings("RGI_FROBNICATE"),
            ["RGI_FROBNICATE: has no effect, there is no such option; --help lists the options"]
        );
        assert_eq!(
            warnings("RGI_max-head"),
            ["RGI_max-head: has no effect, there is no such option; did you mean RGI_MAX_HEAD?"]
        );
        assert_eq!(
            warnings("RGI_PRINT_CONFIG"),
            ["RGI_PRINT_CONFIG: has no effect; --print-config is for the command line only"]
        );
    }

    #[test]
    fn other_variables_are_nobodys_business() {
        for key in ["PATH", "THREADS", "RGI", "rgi_threads", "MY_RGI_THREADS"] {
            assert_eq!(warnings(key), [""; 0], "{key}");
        }
    }

    #[test]
    fn warnings_come_in_an_order() {
        let keys = ["RGI_ZZZ", "RGI_AAA"].map(|key| (key.into(), "".into()));
        let warnings = read(keys).unwrap().warnings;
        assert!(warnings.is_sorted() && warnings.len() == 2, "{warnings:?}");
    }

    #[cfg(unix)]
    #[test]
    fn values_are_text() {
        use std::os::unix::ffi::OsStringExt;
        let odd = OsString::from_vec(b"4\xff".to_vec());
        let bad = read([("RGI_THREADS".into(), odd)]).unwrap_err();
        assert_eq!(bad.to_string(), "RGI_THREADS: \"4\\xFF\" is not UTF-8");
    }
}
