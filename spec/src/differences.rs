//! Where servers differ from what is said of all of them.
//!
//! The list stands in `differences.toml`; `DIFFERENCES.md` is made from it. A difference that is not
//! listed is a fault.

use std::sync::LazyLock;

use serde::Deserialize;

/// All differences, by server.
pub fn differences() -> &'static [Difference] {
    static DIFFERENCES: LazyLock<File> = LazyLock::new(|| {
        toml::from_str(include_str!("../differences.toml"))
            .expect("the differences in this package are well-formed")
    });
    &DIFFERENCES.difference
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    difference: Vec<Difference>,
}

/// One difference.
#[non_exhaustive]
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Difference {
    /// The server's name, as `--server` takes it.
    pub server: String,
    /// What it does.
    pub what: String,
    /// Why nothing better can be had, and what allows it.
    pub why: String,
    /// Requests of the corpus (`rgi-corpus`) that it takes otherwise than they say, by their names.
    #[serde(default)]
    pub cases: Vec<String>,
}
