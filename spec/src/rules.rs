//! The rules, each numbered once.

use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use serde::Deserialize;

/// All rules, in the order of their numbers: 1 to 121 are PEP 3333's.
pub fn rules() -> &'static [Rule] {
    static RULES: LazyLock<File> = LazyLock::new(|| {
        toml::from_str(include_str!("../rules.toml"))
            .expect("the rules in this package are well-formed")
    });
    &RULES.rule
}

/// A rule by its number.
pub fn rule(number: u16) -> Option<&'static Rule> {
    rules().iter().find(|rule| rule.number == number)
}

/// How many rules are PEP 3333's: they come first.
pub const PEP_3333: u16 = 121;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    rule: Vec<Rule>,
}

/// A rule.
#[non_exhaustive]
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Its number, from 1 without a gap; never given to another rule.
    pub number: u16,
    /// What it says, in one sentence.
    pub text: String,
    /// How strongly; two levels where it binds two sides, or in two degrees.
    pub level: Vec<Level>,
    /// Whom it binds, or allows something.
    pub binds: Vec<Side>,
    /// Where it comes from: a text and its section, or `RGI`.
    pub source: Vec<String>,
    /// The table of `RGI-1.0.md` it stands in. None for a rule that fell away.
    pub section: Option<String>,
    /// How far types hold it, if they do.
    pub strength: Option<Strength>,
    /// What holds it. Empty for a rule that fell away.
    #[serde(default)]
    pub owner: Vec<Owner>,
    /// Why it has no object in RGI, if it has none.
    pub fell_away: Option<String>,
    /// How far, or with what difference.
    pub note: Option<String>,
}

impl Rule {
    /// Whether an owner of this kind and name is among those it has.
    pub fn is_held_by(&self, kind: Kind, name: &str) -> bool {
        let mut owners = self.owner.iter();
        owners.any(|owner| owner.kind == kind && owner.name == name)
    }

    /// What became of it: one class, and where two would do the weaker.
    pub fn class(&self) -> Class {
        let has = |kind| self.owner.iter().any(|owner| owner.kind == kind);
        match self.strength {
            _ if self.fell_away.is_some() => Class::FellAway,
            _ if has(Kind::Permission) => Class::Permission,
            Some(Strength::Unbreakable) => Class::Unbreakable,
            Some(Strength::ReadyMade) => Class::ReadyMade,
            Some(Strength::Refused) => Class::Refused,
            None if has(Kind::Document) => Class::Document,
            None if has(Kind::Case) || has(Kind::Unit) => Class::Tested,
            None => Class::Lint,
        }
    }
}

/// Whom a rule speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// The server or gateway, and the core crate that it is built on.
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
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
    /// A "must", "should" or plain statement of PEP 3333 in lower case, read as binding.
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

/// How far types hold a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strength {
    /// No program of safe Rust that compiles breaks it.
    Unbreakable,
    /// Unbreakable with the ready-made bodies. A hand-written stream can break it; the commit
    /// machine then answers 500, or cuts.
    ReadyMade,
    /// A value that breaks it is refused when it is made: at compile time where it is a constant.
    Refused,
}

/// What became of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Class {
    /// [`Strength::Unbreakable`].
    Unbreakable,
    /// [`Strength::ReadyMade`].
    ReadyMade,
    /// [`Strength::Refused`].
    Refused,
    /// Left to the code of servers and of the core crate, and to tests of it.
    Tested,
    /// Left to a check at run time.
    Lint,
    /// Left, at least in part, to documentation.
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
        Class::Tested,
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
            Class::Tested => {
                "left to the code of servers and of the core crate, and to tests of it"
            }
            Class::Lint => "left to a check at run time",
            Class::Document => "left, at least in part, to documentation",
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
            Class::Tested => "tested",
            Class::Lint => "lint",
            Class::Document => "document",
            Class::Permission => "permission",
            Class::FellAway => "fell-away",
        })
    }
}

/// What holds a rule. Written `kind:name`, or `permission` alone.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct Owner {
    /// What it is.
    pub kind: Kind,
    /// Its name: see [`Kind`].
    pub name: String,
}

/// What can hold a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A type of the core crate, or `Type::member`; or a program in `gateway-core/tests/types`, as
    /// `compile-fail/name` or `compile-pass/name`.
    Type,
    /// A case of the conformance suite.
    Case,
    /// A test below a socket: `path::function`, the path from the root of the repository.
    Unit,
    /// A check of the linting middleware.
    Lint,
    /// A heading of `RGI-1.0.md`.
    Document,
    /// Nothing: it binds nobody. Has no name.
    Permission,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Kind; 6] = [
        Kind::Type,
        Kind::Case,
        Kind::Unit,
        Kind::Lint,
        Kind::Document,
        Kind::Permission,
    ];
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Type => "type",
            Kind::Case => "case",
            Kind::Unit => "unit",
            Kind::Lint => "lint",
            Kind::Document => "document",
            Kind::Permission => "permission",
        })
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Kind::Permission => self.kind.fmt(f),
            kind => write!(f, "{kind}:{}", self.name),
        }
    }
}

impl FromStr for Owner {
    type Err = String;

    fn from_str(text: &str) -> Result<Owner, String> {
        let (label, name) = text.split_once(':').unwrap_or((text, ""));
        Kind::ALL
            .into_iter()
            .find(|kind| kind.to_string() == label)
            .filter(|kind| name.is_empty() == (*kind == Kind::Permission))
            .map(|kind| Owner {
                kind,
                name: name.to_owned(),
            })
            .ok_or_else(|| {
                let kinds = Kind::ALL.map(|kind| kind.to_string()).join(", ");
                format!("`{text}` is no `kind:name` with one of the kinds {kinds}")
            })
    }
}

impl TryFrom<String> for Owner {
    type Error = String;

    fn try_from(text: String) -> Result<Owner, String> {
        text.parse()
    }
}
