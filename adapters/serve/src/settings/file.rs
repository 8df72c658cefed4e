//! The configuration file: TOML, with the names of the options as its keys.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use toml::{Table, Value};

use super::bad::{Bad, one_line};
use super::kind::Kind;
use super::layer::{Layer, Origin};
use super::option::{self, OptionSpec};

/// Reads the file at `path`, which `place` names.
pub(super) fn read(path: &OsStr, place: &str) -> Result<Layer, Bad> {
    let text = fs::read_to_string(Path::new(path))
        .map_err(|error| Bad::new(format!("cannot read {path:?}: {error}")).at(place))?;
    parse(&text, &one_line(&path.to_string_lossy()))
}

fn parse(text: &str, path: &str) -> Result<Layer, Bad> {
    let table: Table = text
        .parse()
        .map_err(|error| syntax(text, &error).at(path))?;
    let origin = Origin::File(path.to_owned());
    let mut layer = Layer::new(origin.clone());
    for (key, value) in &table {
        let spec = option::find(key).ok_or_else(|| unknown(key).at(format!("{path}: {key}")))?;
        let place = origin.place(spec);
        if !spec.kind.is_setting() {
            return Err(Bad::new("cannot stand in a file; it is for the command line").at(place));
        }
        for text in texts(spec, value).map_err(|bad| bad.at(place))? {
            layer.add(spec, text);
        }
    }
    Ok(layer)
}

/// `value` as the command line would have it.
fn texts(spec: &OptionSpec, value: &Value) -> Result<Vec<String>, Bad> {
    match value {
        Value::Array(values) if spec.kind.repeats() && !values.is_empty() => values
            .iter()
            .map(|value| scalar(&spec.kind, value))
            .collect(),
        value => Ok(vec![scalar(&spec.kind, value)?]),
    }
}

fn scalar(kind: &Kind, value: &Value) -> Result<String, Bad> {
    let shown = match value {
        Value::String(text) => return Ok(text.clone()),
        Value::Integer(number) => return Ok(number.to_string()),
        Value::Float(number) => return Ok(number.to_string()),
        Value::Boolean(truth) => truth.to_string(),
        Value::Datetime(_) => "a date".to_owned(),
        Value::Array(values) if values.is_empty() => "an empty list".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::Table(_) => "a table".to_owned(),
    };
    Err(Bad::unfit(&shown, &kind.expected()))
}

fn unknown(key: &str) -> Bad {
    let end = match option::nearest(key).filter(|spec| spec.kind.is_setting()) {
        Some(spec) => format!("did you mean {}?", spec.name),
        None => "--help lists them".to_owned(),
    };
    Bad::new(format!("no such option; {end}"))
}

/// The parser's own message spreads over several lines and shows the source.
fn syntax(text: &str, error: &toml::de::Error) -> Bad {
    let message = error.message().trim().replace('\n', ", ");
    let Some(before) = error.span().and_then(|span| text.get(..span.start)) else {
        return Bad::new(format!("this is no TOML: {message}"));
    };
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or(before).chars().count() + 1;
    Bad::new(format!(
        "line {line}, column {column}: this is no TOML: {message}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        parse(text, "app.toml").unwrap_err().to_string()
    }

    #[test]
    fn unknown_keys_are_named_and_the_nearest_suggested() {
        assert_eq!(
            refused("thraeds = 4"),
            "app.toml: thraeds: no such option; did you mean threads?"
        );
        assert_eq!(
            refused("max_head = 4"),
            "app.toml: max_head: no such option; did you mean max-head?"
        );
        assert_eq!(
            refused("[database]\nurl = 1"),
            "app.toml: database: no such option; --help lists them"
        );
        assert_eq!(
            refused("versions = 1"),
            "app.toml: versions: no such option; --help lists them"
        );
    }

    #[test]
    fn files_do_not_name_files_or_ask_for_answers() {
        for name in ["config", "print-config", "help", "version"] {
            assert_eq!(
                refused(&format!("{name} = 'x'")),
                format!("app.toml: {name}: cannot stand in a file; it is for the command line")
            );
        }
    }

    #[test]
    fn values_of_another_type_are_refused() {
        let count = "whole number: from 1 to 4096";
        for (value, shown) in [
            ("true", "true"),
            ("[4]", "a list"),
            ("{}", "a table"),
            ("1979-05-27", "a date"),
        ] {
            assert_eq!(
                refused(&format!("threads = {value}")),
                format!("app.toml: threads: {shown} is no {count}")
            );
        }
        assert!(refused("bind = []").starts_with("app.toml: bind: an empty list is no address: "));
        assert!(refused("bind = [['a:1']]").starts_with("app.toml: bind: a list is no address: "));
    }

    #[test]
    fn what_is_no_toml_is_shown_in_one_line() {
        let bad = refused("threads = 4\n\nbind = ");
        assert!(
            bad.starts_with("app.toml: line 3, column 8: this is no TOML: "),
            "{bad}"
        );
        assert!(!bad.contains('\n'));
        let bad = refused("threads = 4\nthreads = 5");
        assert!(
            bad.starts_with("app.toml: line 2, column 1: this is no TOML: "),
            "{bad}"
        );
    }

    #[test]
    fn a_file_that_cannot_be_read_is_named_with_whoever_named_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("none.toml");
        let bad = read(path.as_os_str(), "RGI_CONFIG")
            .unwrap_err()
            .to_string();
        assert!(
            bad.starts_with(&format!("RGI_CONFIG: cannot read {path:?}: ")),
            "{bad}"
        );
    }
}
