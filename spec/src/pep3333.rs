//! The rules of PEP 3333 and what became of each in RGI.
//!
//! The rules stand in `pep3333.toml`, in our words; `PEP-3333.md` is made from it. Each has one
//! [`Class`], never rounded up: where a rule could be put into two, it stands in the weaker.

use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use serde::Deserialize;

/// All rules, in order: numbers 1 to 121.
pub fn rules() -> &'static [Rule] {
    static RULES: LazyLock<File> =
        LazyLock::new(|| toml::from_str(TEXT).expect("the rules in this package are well-formed"));
    &RULES.pep3333
}

/// A rule by its number.
pub fn rule(number: u16) -> Option<&'static Rule> {
    rules().iter().find(|rule| rule.number == number)
}

const TEXT: &str = include_str!("../pep3333.toml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    pep3333: Vec<Rule>,
}

/// A rule.
#[non_exhaustive]
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// From 1, in the order of PEP 3333's text.
    pub number: u16,
    /// Whom it binds or allows something.
    pub side: Vec<Side>,
    /// How strongly; two levels where it binds two sides, or in two degrees.
    pub level: Vec<Level>,
    /// What it says, in our words.
    pub text: String,
    /// What became of it in RGI.
    pub class: Class,
    /// What holds it, or shows what there is in its place.
    #[serde(default)]
    pub by: Vec<Holder>,
    /// Why, or how far. Always there for [`Class::FellAway`].
    pub note: Option<String>,
}

/// Whom a rule speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// The server or gateway.
    Server,
    /// Middleware.
    Middleware,
    /// The application or framework.
    Application,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Side::Server => "server",
            Side::Middleware => "middleware",
            Side::Application => "application",
        })
    }
}

/// How strongly a rule binds (RFC 2119).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
pub enum Level {
    /// MUST, MUST NOT, REQUIRED.
    #[serde(rename = "MUST")]
    Must,
    /// SHOULD, SHOULD NOT, RECOMMENDED.
    #[serde(rename = "SHOULD")]
    Should,
    /// MAY, OPTIONAL.
    #[serde(rename = "MAY")]
    May,
    /// A "must", "should" or plain statement in lower case, read as binding.
    #[serde(rename = "must")]
    Text,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Level::Must => "MUST",
            Level::Should => "SHOULD",
            Level::May => "MAY",
            Level::Text => "must",
        })
    }
}

/// What became of a rule in RGI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// No program of safe Rust that compiles breaks it.
    Unbreakable,
    /// Unbreakable with the ready-made bodies. A hand-written stream can break it; the commit
    /// machine then answers 500, or cuts.
    ReadyMade,
    /// A value that breaks it is refused when it is made: at compile time where it is a constant.
    Refused,
    /// Left to the code of servers and of the core crate, and to tests of it.
    Wire,
    /// Left to a check at run time.
    Lint,
    /// Left to documentation.
    Document,
    /// It allows something and binds nobody.
    Permission,
    /// It has no object in RGI.
    FellAway,
}

impl Class {
    /// All classes, the strongest first.
    pub const ALL: [Class; 8] = [
        Class::Unbreakable,
        Class::ReadyMade,
        Class::Refused,
        Class::Wire,
        Class::Lint,
        Class::Document,
        Class::Permission,
        Class::FellAway,
    ];

    /// What it means, in a sentence.
    pub fn meaning(self) -> &'static str {
        match self {
            Class::Unbreakable => "no program of safe Rust that compiles breaks it",
            Class::ReadyMade => {
                "unbreakable with the ready-made bodies; a hand-written stream can break it, and \
                 the commit machine then answers 500, or cuts"
            }
            Class::Refused => "a value that breaks it is refused when it is made",
            Class::Wire => "left to the code of servers and of the core crate, and to tests of it",
            Class::Lint => "left to a check at run time",
            Class::Document => "left to documentation",
            Class::Permission => "allows something and binds nobody",
            Class::FellAway => "has no object in RGI",
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Class::Unbreakable => "unbreakable",
            Class::ReadyMade => "ready-made",
            Class::Refused => "refused",
            Class::Wire => "wire",
            Class::Lint => "lint",
            Class::Document => "document",
            Class::Permission => "permission",
            Class::FellAway => "fell-away",
        })
    }
}

/// What holds a rule. Written `kind:name`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct Holder {
    /// What it is.
    pub kind: Kind,
    /// Its name: see [`Kind`].
    pub name: String,
}

/// What can hold a rule. Paths are the repository's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A program in `gateway-core/tests/types` that does not compile; the name has no ending.
    CompileFail,
    /// A program in `gateway-core/tests/types/pass` that compiles and runs.
    CompilePass,
    /// A type of the core crate, or `Type::member`.
    Signature,
    /// The path of a test below a socket.
    Unit,
    /// The path of a test over a socket.
    Wire,
}

const KINDS: [(Kind, &str); 5] = [
    (Kind::CompileFail, "compile-fail"),
    (Kind::CompilePass, "compile-pass"),
    (Kind::Signature, "signature"),
    (Kind::Unit, "unit"),
    (Kind::Wire, "wire"),
];

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (_, name) = KINDS
            .iter()
            .find(|(kind, _)| kind == self)
            .expect("every kind is listed");
        f.write_str(name)
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind, self.name)
    }
}

impl FromStr for Holder {
    type Err = String;

    fn from_str(text: &str) -> Result<Holder, String> {
        let found = text.split_once(':').and_then(|(label, name)| {
            let (kind, _) = KINDS.iter().find(|(_, known)| *known == label)?;
            Some(Holder {
                kind: *kind,
                name: name.to_owned(),
            })
        });
        found
            .filter(|holder| !holder.name.is_empty())
            .ok_or_else(|| {
                let kinds = KINDS.map(|(_, label)| label).join(", ");
                format!("`{text}` is no `kind:name` with one of the kinds {kinds}")
            })
    }
}

impl TryFrom<String> for Holder {
    type Error = String;

    fn try_from(text: String) -> Result<Holder, String> {
        text.parse()
    }
}
