//! The command line of `replay`.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use lexopt::ValueExt;

use super::{Case, Replay, Way};
use crate::report::Format;
use crate::{Endpoint, Error};

pub(super) const HELP: &str = "\
rgi-conformance replay: sends a corpus of raw HTTP/1.1 requests to a running server and judges
its answers

usage: rgi-conformance replay [FILE.jsonl] [--url URL [--unix PATH] | --server NAME] [OPTIONS]

Without a file it is the corpus that comes with this command, written from RFC 9110, 9112 and 3986:
'rgi-conformance corpus' prints it. Its cases limits/ assume the limits that RGI's servers have by
default; others skip them.

The server runs an application that reads each request to its end and answers it 2xx with a field
x-rgi-app. Each line of FILE.jsonl is one connection:

  {\"id\": \"get\", \"raw\": \"<base64>\", \"expect\": \"accept\", \"responses\": 1, \"note\": \"\"}

  accept      every request reaches the application: exactly so many answers, each 2xx
  reject      the last request is refused (400, 411, 413, 414, 417, 431, 501, 505, or no answer)
              and the server closes the connection
  incomplete  the last request never ends: no 2xx; refused, or waited for
  either      accepted or refused, but one answer a request, no 500, no hang

With \"status\": [400, 501] a refusal has one of these statuses, and is told.

Each case is sent in each way on a connection of its own, and each time a clean GET / on a new
connection must then be answered 200.

options:
  --url URL          where the server listens; http://127.0.0.1:8000
  --server NAME      a server of this command's, started for it: evented, prefork, threaded,
                     coroutine or actix. Where it is known to differ is told, and no failure
  --unix PATH        connect to this Unix socket instead; URL then names the host alone
  --only SUBSTR      only cases whose id contains SUBSTR; repeat for more
  --skip SUBSTR      no cases whose id contains SUBSTR; repeat for more
  --ways LIST        how to send, separated by commas: whole, lines (a write each), bytes, random
                     (pieces of 1 to 32 bytes), first-byte (then the rest); all of them
  --seed N           for the random pieces: the same seed, the same pieces; 1
  --timeout SECONDS  how long the server may take to answer or close; 5
  --jobs N           connections at a time; 8. A server that serves one at a time wants 1
  --verbose          a line for every trial, not for failures alone
  --format FORMAT    table, for people; junit, json or tap, for programs
  -h, --help         show this text

examples:
  rgi-conformance replay --url http://127.0.0.1:8000 --skip limits/
  rgi-conformance replay --server coroutine
  rgi-conformance replay wire.jsonl --url http://127.0.0.1:8000
  rgi-conformance replay wire.jsonl --unix /run/app.sock --jobs 1
  rgi-conformance replay wire.jsonl --only chunked --skip trailer --ways bytes --verbose
  rgi-conformance replay wire.jsonl --ways random --seed 20260131 --timeout 0.5

exit codes: 0 all passed, 1 some failed, 2 wrong usage or an unusable file, 3 server unreachable
";

/// A command line that makes sense.
#[derive(Debug)]
pub(super) enum Parsed {
    Help,
    Options(Box<Options>),
}

/// Options of one run. A single-value option given twice: the last holds.
#[derive(Debug)]
pub(super) struct Options {
    file: Option<PathBuf>,
    server: Option<String>,
    pub(super) verbose: bool,
    pub(super) format: Format,
    endpoint: Endpoint,
    only: Vec<String>,
    skip: Vec<String>,
    ways: Vec<Way>,
    seed: u64,
    timeout: Duration,
    jobs: usize,
}

/// Reads what follows the subcommand's name.
pub(super) fn parse(mut parser: lexopt::Parser) -> Result<Parsed, Error> {
    use lexopt::Arg::{Long, Short, Value};
    let mut file: Option<PathBuf> = None;
    let (mut url, mut server) = (None, None);
    let mut unix: Option<PathBuf> = None;
    let (mut only, mut skip) = (Vec::new(), Vec::new());
    let mut ways = Way::ALL.to_vec();
    let mut seed = 1;
    let mut timeout = Duration::from_secs(5);
    let mut jobs = 8;
    let mut verbose = false;
    let mut format = Format::default();
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => return Ok(Parsed::Help),
            Long("url") => url = Some(parser.value()?.string()?),
            Long("server") => server = Some(parser.value()?.string()?),
            Long("unix") => unix = Some(parser.value()?.into()),
            Long("only") => only.push(parser.value()?.string()?),
            Long("skip") => skip.push(parser.value()?.string()?),
            Long("ways") => ways = parse_ways(&parser.value()?.string()?)?,
            Long("seed") => seed = number("--seed", parser.value()?, 0)?,
            Long("timeout") => timeout = seconds(parser.value()?)?,
            Long("jobs") => jobs = number("--jobs", parser.value()?, 1)?,
            Long("verbose") => verbose = true,
            Long("format") => format = Format::parse(&mut parser)?,
            Value(value) if file.is_none() => file = Some(value.into()),
            other => return Err(other.unexpected().into()),
        }
    }
    if server.is_some() && (url.is_some() || unix.is_some()) {
        return Err(Error::usage(
            "replay: --server starts a server of this command's, --url and --unix name one that runs; \
             give one of them",
        ));
    }
    let url = url.unwrap_or_else(|| "http://127.0.0.1:8000".to_owned());
    let mut endpoint = Endpoint::from_url(&url)?;
    if let Some(path) = unix {
        endpoint = endpoint.through_unix(path);
    }
    Ok(Parsed::Options(Box::new(Options {
        file,
        server,
        verbose,
        format,
        endpoint,
        only,
        skip,
        ways,
        seed,
        timeout,
        jobs: usize::try_from(jobs).unwrap_or(usize::MAX),
    })))
}

impl Options {
    /// The name of the server to be started, if one is.
    pub(super) fn server(&self) -> Option<&str> {
        self.server.as_deref()
    }

    /// The cases that are wanted.
    pub(super) fn cases(&self) -> Result<Vec<Case>, Error> {
        let mut cases = match &self.file {
            Some(file) => Case::load(file)?,
            None => Case::shipped(),
        };
        let total = cases.len();
        let names = |parts: &[String], id: &str| parts.iter().any(|part| id.contains(part));
        cases.retain(|case| self.only.is_empty() || names(&self.only, &case.id));
        cases.retain(|case| !names(&self.skip, &case.id));
        if cases.is_empty() {
            return Err(Error::usage(format!(
                "--only and --skip leave none of the {total} cases in {}",
                match &self.file {
                    Some(file) => file.display().to_string(),
                    None => "the corpus".to_owned(),
                }
            )));
        }
        Ok(cases)
    }

    /// The run of `cases` with these options; at `endpoint`, if a server was started.
    pub(super) fn replay(&self, cases: Vec<Case>, endpoint: Option<Endpoint>) -> Replay {
        let endpoint = endpoint.unwrap_or_else(|| self.endpoint.clone());
        Replay::new(endpoint, cases)
            .ways(self.ways.clone())
            .seed(self.seed)
            .timeout(self.timeout)
            .jobs(self.jobs)
    }
}

fn parse_ways(list: &str) -> Result<Vec<Way>, Error> {
    let mut ways = Vec::new();
    for name in list.split(',') {
        let way = name.trim().parse();
        let way = way.map_err(|why| Error::usage(format!("--ways: {why}")))?;
        if !ways.contains(&way) {
            ways.push(way);
        }
    }
    Ok(ways)
}

fn number(option: &str, value: OsString, least: u64) -> Result<u64, Error> {
    let text = value.string()?;
    let number = text.parse().ok().filter(|number| *number >= least);
    number.ok_or_else(|| {
        Error::usage(format!(
            "{option}: '{text}' is no whole number from {least}"
        ))
    })
}

fn seconds(value: OsString) -> Result<Duration, Error> {
    let text = value.string()?;
    let duration = text.parse().ok().map(Duration::try_from_secs_f64);
    match duration {
        // A day is more than any server's own deadlines, and instants can be that far away.
        Some(Ok(duration)) if !duration.is_zero() && duration.as_secs() <= 86_400 => Ok(duration),
        _ => Err(Error::usage(format!(
            "--timeout: '{text}' is no number of seconds above 0 and up to 86400"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(arguments: &[&str]) -> String {
        let parser = lexopt::Parser::from_args(arguments);
        let error = parse(parser).unwrap_err();
        assert!(error.is_usage());
        error.to_string()
    }

    #[test]
    fn the_last_of_two_values_holds() {
        let arguments = [
            "--seed",
            "1",
            "a.jsonl",
            "--seed=2",
            "--ways",
            "bytes,whole,bytes",
        ];
        let Ok(Parsed::Options(options)) = parse(lexopt::Parser::from_args(arguments)) else {
            panic!("these are options");
        };
        assert_eq!((options.seed, options.jobs), (2, 8));
        assert_eq!(options.ways, [Way::Bytes, Way::Whole]);
    }

    #[test]
    fn mistakes_are_named() {
        let both = ["--server", "evented", "--url", "http://a"];
        assert!(wrong(&both).contains("give one of them"));
        assert!(wrong(&["a", "b"]).contains("\"b\""));
        assert!(wrong(&["a", "--wayz"]).contains("--wayz"));
        assert!(wrong(&["a", "--ways", "whole,half"]).contains("'half' is no way"));
        assert!(wrong(&["a", "--jobs", "0"]).contains("--jobs: '0'"));
        assert!(wrong(&["a", "--seed", "x"]).contains("--seed: 'x'"));
        for seconds in ["0", "-1", "x", "inf", "1e9"] {
            assert!(wrong(&["a", "--timeout", seconds]).contains("--timeout"));
        }
        assert!(wrong(&["a", "--url", "ftp://a"]).contains("ftp://a"));
    }
}
