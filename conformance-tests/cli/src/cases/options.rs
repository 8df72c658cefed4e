//! The command lines of `run` and `matrix`.

use lexopt::ValueExt;
use rgi_conformance::{Case, Level, Remote};

use super::Column;
use crate::report::Format;
use crate::{Endpoint, Error, chars};

pub(super) const RUN: &str = "\
rgi-conformance run: the conformance suite on one server

usage: rgi-conformance run (--server NAME | --url URL [--unix PATH] [--prefix PREFIX]) [OPTIONS]

A server of this command's is started anew for each case, with the case's settings, at the root and
under a prefix. The end says which levels it may claim, and of the others why not; 'rgi-conformance
levels' lists the cases that each demands. At a URL runs a server with the testbed, or any program that serves
rgi_conformance::Site; cases that want settings of their own are left out there.

options:
  --server NAME    memory, evented, prefork, threaded, coroutine, actix or minimal-server
  --url URL        a server that runs already, as in http://127.0.0.1:8000
  --unix PATH      connect to this Unix socket instead; URL then names the host alone
  --prefix PREFIX  the path under which the application stands there, as in /shop; none
  --only SUBSTR    only cases whose name contains SUBSTR; repeat for more
  --skip SUBSTR    no cases whose name contains SUBSTR; repeat for more
  --level LEVEL    only cases of this level: core, streaming, upgrade or h2; repeat for more
  --jobs N         cases at a time; 8. A server that serves one connection at a time wants 1
  --format FORMAT  table, for people; junit, json or tap, for programs
  --verbose        a line for every case, not for failures and gaps alone
  -h, --help       show this text

examples:
  rgi-conformance run --server evented
  rgi-conformance run --server evented --level core --format junit > core.xml
  cargo run --release -p testbed -- --server evented & rgi-conformance run --url http://127.0.0.1:8000

exit codes: 0 all passed, 1 some failed, 2 wrong usage, 3 server unreachable
";

pub(super) const MATRIX: &str = "\
rgi-conformance matrix: the conformance suite, and the cases of RGI's middleware, on every server

usage: rgi-conformance matrix [OPTIONS]

Cases by servers: in memory, and on every server this command is built with, at the root and under a prefix.

options:
  --only SUBSTR   only cases whose name contains SUBSTR; repeat for more
  --skip SUBSTR   no cases whose name contains SUBSTR; repeat for more
  --level LEVEL   only cases of this level: core, streaming, upgrade or h2; repeat for more
  --jobs N        cases at a time; 8
  --format FORMAT table, for people; junit, json or tap, for programs
  -h, --help      show this text

exit codes: 0 all passed, 1 some failed, 2 wrong usage
";

/// A command line that makes sense.
pub(super) enum Parsed {
    Help,
    Options(Options),
}

pub(super) struct Options {
    pub(super) columns: Vec<Column>,
    pub(super) cases: Vec<&'static Case>,
    pub(super) jobs: usize,
    pub(super) verbose: bool,
    pub(super) format: Format,
}

/// Reads what follows `run`.
pub(super) fn run(mut parser: lexopt::Parser) -> Result<Parsed, Error> {
    use lexopt::Arg::{Long, Short};
    let mut common = Common::new();
    let (mut server, mut url) = (None, None);
    let (mut unix, mut prefix) = (None, None);
    let mut verbose = false;
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => return Ok(Parsed::Help),
            Long("server") => server = Some(parser.value()?.string()?),
            Long("url") => url = Some(parser.value()?.string()?),
            Long("unix") => unix = Some(std::path::PathBuf::from(parser.value()?)),
            Long("prefix") => prefix = Some(checked(parser.value()?.string()?)?),
            Long("verbose") => verbose = true,
            Long(name) => {
                let name = name.to_owned();
                common.take(&name, &mut parser)?;
            }
            other => return Err(other.unexpected().into()),
        }
    }
    let column = match (server, url) {
        (Some(name), None) => {
            if unix.is_some() {
                return Err(out_of_place(
                    "--unix",
                    "the command knows where they listen",
                ));
            }
            if prefix.is_some() {
                let why = "they are tried at the root and under a prefix in any case";
                return Err(out_of_place("--prefix", why));
            }
            Column::named(&name)?
        }
        (None, Some(url)) => {
            let prefix = prefix.unwrap_or_default();
            let endpoint = Endpoint::from_url(&url)?;
            let remote = match unix {
                Some(path) => Remote::unix(path, &prefix),
                None => endpoint.remote(&prefix)?,
            };
            Column::Remote(url, remote)
        }
        _ => {
            return Err(Error::usage(
                "run: either --server NAME or --url URL; 'rgi-conformance run --help' shows how",
            ));
        }
    };
    common.with(rgi_conformance::cases(), vec![column], verbose)
}

/// An option about a server that runs already, given with one of the command's own.
fn out_of_place(option: &str, why: &str) -> Error {
    Error::usage(format!(
        "run: {option} goes with --url, not with the command's own servers: {why}; leave it out"
    ))
}

/// A prefix that requests can be sent under; none where it is empty.
fn checked(prefix: String) -> Result<String, Error> {
    let fits = prefix.is_empty()
        || prefix.starts_with('/') && !prefix.ends_with('/') && prefix.bytes().all(chars::is_path);
    match fits {
        true => Ok(prefix),
        false => Err(Error::usage(format!(
            "--prefix: '{}' is no prefix: it begins with / and does not end with it, in the \
             characters of a path; right would be /shop",
            prefix.escape_debug()
        ))),
    }
}

/// Reads what follows `matrix`.
pub(super) fn matrix(mut parser: lexopt::Parser) -> Result<Parsed, Error> {
    use lexopt::Arg::{Long, Short};
    let mut common = Common::new();
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => return Ok(Parsed::Help),
            Long(name) => {
                let name = name.to_owned();
                common.take(&name, &mut parser)?;
            }
            other => return Err(other.unexpected().into()),
        }
    }
    common.with(super::every(), Column::all(), false)
}

/// What both take.
struct Common {
    only: Vec<String>,
    skip: Vec<String>,
    levels: Vec<Level>,
    jobs: usize,
    format: Format,
}

impl Common {
    fn new() -> Common {
        Common {
            only: Vec::new(),
            skip: Vec::new(),
            levels: Vec::new(),
            jobs: 8,
            format: Format::default(),
        }
    }

    fn take(&mut self, name: &str, parser: &mut lexopt::Parser) -> Result<(), Error> {
        match name {
            "only" => self.only.push(parser.value()?.string()?),
            "skip" => self.skip.push(parser.value()?.string()?),
            "level" => {
                let level = parser.value()?.string()?.parse();
                let level = level.map_err(|why| Error::usage(format!("--level: {why}")));
                self.levels.push(level?);
            }
            "format" => self.format = Format::parse(parser)?,
            "jobs" => {
                let text = parser.value()?.string()?;
                let jobs = text.parse().ok().filter(|jobs| *jobs > 0);
                let wrong = || Error::usage(format!("--jobs: '{text}' is no whole number from 1"));
                self.jobs = jobs.ok_or_else(wrong)?;
            }
            _ => return Err(lexopt::Arg::Long(name).unexpected().into()),
        }
        Ok(())
    }

    fn with(
        self,
        cases: impl Iterator<Item = &'static Case>,
        columns: Vec<Column>,
        verbose: bool,
    ) -> Result<Parsed, Error> {
        let names =
            |parts: &[String], case: &Case| parts.iter().any(|part| case.name.contains(part));
        let mut cases: Vec<&'static Case> = cases.collect();
        let total = cases.len();
        cases.retain(|case| self.only.is_empty() || names(&self.only, case));
        cases.retain(|case| !names(&self.skip, case));
        cases.retain(|case| self.levels.is_empty() || self.levels.contains(&case.level()));
        if cases.is_empty() {
            return Err(Error::usage(format!(
                "--only, --skip and --level leave none of the {total} cases"
            )));
        }
        Ok(Parsed::Options(Options {
            columns,
            cases,
            jobs: self.jobs,
            verbose,
            format: self.format,
        }))
    }
}
