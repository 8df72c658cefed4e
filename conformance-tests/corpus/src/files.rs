//! The files of the corpus.

use serde::Deserialize;

use crate::{Part, Requirement};

macro_rules! files {
    ($($path:literal)+) => {
        &[$(($path, include_str!(concat!("../", $path)))),+]
    };
}

/// Every file, by its path in this package. A test holds the list to be whole.
pub(crate) const FILES: &[(&str, &str)] = files! {
    "rfc9112/02-message.toml"
    "rfc9112/03-request-line.toml"
    "rfc9112/04-responses.toml"
    "rfc9112/05-fields.toml"
    "rfc9112/06-body.toml"
    "rfc9112/07-transfer-codings.toml"
    "rfc9112/09-connections.toml"
    "rfc9110/fields-and-routing.toml"
    "rfc9110/messages.toml"
    "rfc9110/more.toml"
    "rfc3986/characters.toml"
    "smuggling/chunks.toml"
    "smuggling/codings.toml"
    "smuggling/lengths.toml"
    "smuggling/lines.toml"
    "smuggling/names.toml"
    "smuggling/pipelines.toml"
    "smuggling/routing.toml"
    "limits.toml"
    "splits.toml"
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    title: String,
    requirement: Vec<Requirement>,
}

/// Reads a file; what is wrong with it is said with its line.
pub(crate) fn read(path: &'static str, text: &str) -> Result<Part, String> {
    let file: File = toml::from_str(text).map_err(|error| error.to_string())?;
    Ok(Part {
        path,
        title: file.title,
        requirements: file.requirement,
    })
}
