//! What a value is: how it is read into its field of [`Settings`], and written from it.

use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use rgi_core::server::ProxyProtocol;

use super::access::{self, AccessFormat};
use super::bad::Bad;
use super::bind::{self, Bind};
use super::duration;
use super::fields::Settings;
use super::level::{self, LogLevel};
use super::server::{self, ServerKind};
use super::values::{self, Zero};

/// The field of the settings that an option is about.
type Field<T> = fn(&mut Settings) -> &mut T;

/// What an option's value is, its range, and the field it goes into.
#[derive(Debug)]
pub(super) enum Kind {
    /// The name of a server.
    Server(Field<ServerKind>),
    /// Addresses, one each time the option is given.
    Binds(Field<Vec<Bind>>),
    /// A number.
    Count(RangeInclusive<u64>, Field<usize>),
    /// A number; 0 for no limit.
    CountLimit(RangeInclusive<u64>, Field<Option<usize>>),
    /// A duration; 0 for none.
    Duration(Field<Option<Duration>>),
    /// Bytes.
    Size(RangeInclusive<u64>, Field<usize>),
    /// Bytes; 0 for no limit.
    SizeLimit(RangeInclusive<u64>, Field<Option<u64>>),
    /// A prefix of request paths, or nothing.
    Prefix(Field<String>),
    /// The name of a user or a group, or nothing.
    Name(Field<Option<String>>),
    /// The path of a file, or nothing.
    Path(Field<Option<PathBuf>>),
    /// Who sends headers of the PROXY protocol.
    Proxies(Field<ProxyProtocol>),
    /// `on` or `off`.
    #[cfg_attr(not(feature = "lint"), expect(dead_code))]
    Switch(Field<bool>),
    /// What the access log looks like.
    Access(Field<AccessFormat>),
    /// How much is logged.
    Level(Field<LogLevel>),
    /// The file with more settings: no setting itself, and read before the others.
    ConfigFile,
    /// No value and no setting: an answer instead of a run.
    Answer(Answer),
}

/// What a program says instead of serving.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    PrintConfig,
    Help,
    Version,
}

impl Kind {
    /// Whether each further value adds to the ones before, instead of replacing them.
    pub(super) fn repeats(&self) -> bool {
        matches!(self, Kind::Binds(_))
    }

    /// Whether it sets something, so that environment, file and program can too.
    pub(super) fn is_setting(&self) -> bool {
        !matches!(self, Kind::ConfigFile | Kind::Answer(_))
    }

    /// What a value has to be: "whole number: from 1 to 4096".
    pub(super) fn expected(&self) -> String {
        match self {
            Kind::Server(_) => server::EXPECTED.to_owned(),
            Kind::Binds(_) => bind::EXPECTED.to_owned(),
            Kind::Count(range, _) => values::count_expected(range, Zero::Counts),
            Kind::CountLimit(range, _) => values::count_expected(range, Zero::Off),
            Kind::Duration(_) => duration::EXPECTED.to_owned(),
            Kind::Size(..) | Kind::SizeLimit(..) => values::SIZE.to_owned(),
            Kind::Prefix(_) => values::PREFIX.to_owned(),
            Kind::Name(_) => values::NAME.to_owned(),
            Kind::Path(_) => values::PATH.to_owned(),
            Kind::Proxies(_) => values::PROXIES.to_owned(),
            Kind::Switch(_) => values::SWITCH.to_owned(),
            Kind::Access(_) => access::EXPECTED.to_owned(),
            Kind::Level(_) => level::EXPECTED.to_owned(),
            Kind::ConfigFile => "file of settings: the path of a TOML file".to_owned(),
            Kind::Answer(_) => "option with a value".to_owned(),
        }
    }

    /// Reads all that one source says into the field. `servers`: those to choose from.
    pub(super) fn read(
        &self,
        texts: &[String],
        servers: &[ServerKind],
        settings: &mut Settings,
    ) -> Result<(), Bad> {
        if let Kind::Binds(field) = self {
            let binds: Result<Vec<Bind>, Bad> = texts.iter().map(|text| text.parse()).collect();
            *field(settings) = binds?;
            return Ok(());
        }
        texts
            .iter()
            .try_for_each(|text| self.read_one(text, servers, settings))
    }

    fn read_one(
        &self,
        text: &str,
        servers: &[ServerKind],
        settings: &mut Settings,
    ) -> Result<(), Bad> {
        match self {
            Kind::Server(field) => *field(settings) = ServerKind::read(text, servers)?,
            Kind::Count(range, field) => {
                *field(settings) = fit(values::count(text, range, Zero::Counts)?);
            }
            Kind::CountLimit(range, field) => {
                let number = values::count(text, range, Zero::Off)?;
                *field(settings) = (number > 0).then(|| fit(number));
            }
            Kind::Duration(field) => *field(settings) = duration::read(text)?,
            Kind::Size(range, field) => {
                *field(settings) = fit(values::size(text, range, Zero::Counts)?);
            }
            Kind::SizeLimit(range, field) => {
                let bytes = values::size(text, range, Zero::Off)?;
                *field(settings) = (bytes > 0).then_some(bytes);
            }
            Kind::Prefix(field) => *field(settings) = values::prefix(text)?,
            Kind::Name(field) => *field(settings) = values::name(text)?,
            Kind::Path(field) => *field(settings) = values::path(text)?,
            Kind::Proxies(field) => *field(settings) = values::proxies(text)?,
            Kind::Switch(field) => *field(settings) = values::switch(text)?,
            Kind::Access(field) => *field(settings) = text.parse()?,
            Kind::Level(field) => *field(settings) = text.parse()?,
            Kind::Binds(_) | Kind::ConfigFile | Kind::Answer(_) => {}
        }
        Ok(())
    }

    /// The field as a TOML value that reads back as the same; None if there is no field.
    pub(super) fn toml(&self, settings: &mut Settings) -> Option<String> {
        let text = match self {
            Kind::Server(field) => quoted(field(settings)),
            Kind::Binds(field) => {
                let binds: Vec<_> = field(settings).iter().map(quoted).collect();
                format!("[{}]", binds.join(", "))
            }
            Kind::Count(_, field) => field(settings).to_string(),
            Kind::CountLimit(_, field) => field(settings).unwrap_or(0).to_string(),
            Kind::Duration(field) => bare_or_quoted(duration::text(*field(settings))),
            Kind::Size(_, field) => bare_or_quoted(values::size_text(*field(settings) as u64)),
            Kind::SizeLimit(_, field) => {
                bare_or_quoted(values::size_text(field(settings).unwrap_or(0)))
            }
            Kind::Prefix(field) => quoted(field(settings)),
            Kind::Name(field) => quoted(field(settings).as_deref().unwrap_or_default()),
            Kind::Path(field) => {
                let path = field(settings).as_ref();
                quoted(path.map_or_else(String::new, |path| path.display().to_string()))
            }
            Kind::Proxies(field) => quoted(field(settings)),
            Kind::Switch(field) => quoted(values::switch_text(*field(settings))),
            Kind::Access(field) => quoted(field(settings)),
            Kind::Level(field) => quoted(field(settings)),
            Kind::ConfigFile | Kind::Answer(_) => return None,
        };
        Some(text)
    }
}

/// Saturating, where a `usize` has 32 bits.
fn fit(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// A basic string of TOML. No value holds a control character.
fn quoted(value: impl ToString) -> String {
    let text = value.to_string().replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{text}\"")
}

/// Plain numbers need no quotes.
fn bare_or_quoted(text: String) -> String {
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        text
    } else {
        quoted(text)
    }
}
