//! The command line of `faults`.

use std::path::PathBuf;
use std::time::Duration;

use lexopt::ValueExt;

use super::load::RATE;
use super::row::Row;
use super::rows;
use super::setup::Setup;
use crate::Error;
use crate::report::Format;

pub(super) const HELP: &str = "\
rgi-conformance faults: what becomes of requests when something happens to a server

usage: rgi-conformance faults --server NAME [OPTIONS]

Starts the testbed on this server, on free ports and in a folder of its own, once for each row, and
does to it what happens to servers in operation: it is stopped, reloaded, replaced by a new binary,
scaled; workers are recycled, killed, held; clients are slow, too many, or leave. Meanwhile other
clients ask at a steady pace. A row passes when

  - no request failed: none was refused, reset, cut, late, or answered with a status other than 200
    (503 where there is more load than the server can bear). Forgiven is what a process that was
    killed had in hand at that moment, and nothing else;
  - nothing is left: no process, no socket or pid file, no descriptor, no memory;
  - the server did what it was told, and --lint found nothing.

--list shows all rows, each with what it does and what has to come of it. A row that wants what there
is not, such as a supervisor, is `not offered`. Everything that was started is ended, also when this
command is interrupted.

options:
  --server NAME    the server, as the testbed's own --server has it: evented, coroutine, prefork,
                   threaded or actix
  --processes N    worker processes under the supervisor; 2. 0: the server alone, without the rows
                   that are about a supervisor
  --threads N      threads of each, for a server that has some; as many as it takes by itself
  --only SUBSTR    only rows whose name contains SUBSTR; repeat for more
  --skip SUBSTR    no rows whose name contains SUBSTR; repeat for more
  --short          the rows that matter most, in their short forms: within 40 s instead of 4 minutes
  --bound MS       how long a plain request may take beside slow ones, in milliseconds; 100
  --rate N         requests a second of the clients that ask all the while; 40
  --format FORMAT  table: a row each, then each failure with the end of the server's log; junit, tap
                   or json, for programs
  --program PATH   the testbed; the one that stands beside this command (`cargo build -p testbed`).
                   Any program with its pages and options will do
  --list           show the rows
  -h, --help       show this text

examples:
  rgi-conformance faults --server evented --short
  rgi-conformance faults --server prefork --processes 4 --only reload --only crash
  rgi-conformance faults --server threaded --threads 2 --only slow
  rgi-conformance faults --server coroutine --processes 0 --format json

exit codes: 0 all passed, 1 some failed, 2 wrong usage, 3 the server does not start
";

/// A command line that makes sense.
#[derive(Debug)]
pub(super) enum Parsed {
    Help,
    List,
    Run(Options, Box<Setup>),
}

#[derive(Debug)]
pub(super) struct Options {
    pub(super) rows: Vec<&'static Row>,
    pub(super) format: Format,
}

/// The longest `--bound`, in milliseconds: a clean request waits no longer.
const LONGEST_BOUND: u64 = 2000;

/// Requests a second of eight clients, of which each waits for its answer.
const MOST_RATE: u64 = 4000;

/// More workers than that are no test of anything.
const MOST_PROCESSES: u64 = 64;

/// As many as the testbed takes.
const MOST_THREADS: u64 = 4096;

/// Reads what follows `faults`.
pub(super) fn parse(mut parser: lexopt::Parser) -> Result<Parsed, Error> {
    use lexopt::Arg::{Long, Short};
    let (mut server, mut program) = (None, None);
    let (mut processes, mut bound, mut rate) = (2, 100, u64::from(RATE));
    let mut threads = None;
    let (mut only, mut skip) = (Vec::new(), Vec::new());
    let mut short = false;
    let mut format = Format::default();
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => return Ok(Parsed::Help),
            Long("list") => return Ok(Parsed::List),
            Long("server") => server = Some(parser.value()?.string()?),
            Long("program") => program = Some(PathBuf::from(parser.value()?)),
            Long("processes") => {
                processes = number("--processes", &parser.value()?.string()?, 0, MOST_PROCESSES)?;
            }
            Long("threads") => {
                let number = number("--threads", &parser.value()?.string()?, 1, MOST_THREADS)?;
                threads = Some(number as usize);
            }
            Long("bound") => {
                bound = number("--bound", &parser.value()?.string()?, 1, LONGEST_BOUND)?;
            }
            Long("rate") => {
                rate = number("--rate", &parser.value()?.string()?, 8, MOST_RATE)?;
            }
            Long("only") => only.push(parser.value()?.string()?),
            Long("skip") => skip.push(parser.value()?.string()?),
            Long("short") => short = true,
            Long("format") => format = Format::parse(&mut parser)?,
            other => return Err(other.unexpected().into()),
        }
    }
    let server = server.ok_or_else(|| {
        Error::usage("faults: no --server NAME given; 'rgi-conformance faults --help' shows how")
    })?;
    if server == "prefork" && processes == 0 {
        return Err(Error::usage(
            "--processes: prefork is worker processes; give it 1 or more",
        ));
    }
    if server == "prefork" && threads.is_some() {
        return Err(Error::usage("--threads: prefork has none"));
    }
    let rows = select(&only, &skip, short)?;
    let program = program.map_or_else(beside, Ok)?;
    if !program.is_file() {
        return Err(Error::usage(format!(
            "{} is no program; `cargo build -p testbed` makes the testbed, --program PATH names \
             another",
            program.display()
        )));
    }
    let mut setup = Setup::new(program, server, processes as usize)?;
    setup.short = short;
    setup.threads = threads;
    setup.bound = Duration::from_millis(bound);
    setup.rate = rate as u32;
    Ok(Parsed::Run(Options { rows, format }, Box::new(setup)))
}

/// The testbed that cargo has put beside this command, or, for a test, beside its folder.
fn beside() -> Result<PathBuf, Error> {
    let own = std::env::current_exe();
    let own = own.map_err(|error| Error::usage(format!("cannot find this program: {error}")))?;
    Ok(own.with_file_name("testbed"))
}

/// The rows that are wanted.
fn select(only: &[String], skip: &[String], short: bool) -> Result<Vec<&'static Row>, Error> {
    let all = rows::all();
    for part in only.iter().chain(skip) {
        if !all.iter().any(|row| row.name.contains(part)) {
            return Err(Error::usage(format!(
                "no row's name contains '{part}'; --list shows the rows"
            )));
        }
    }
    let names = |parts: &[String], row: &Row| parts.iter().any(|part| row.name.contains(part));
    let mut rows = all;
    rows.retain(|row| !short || row.short);
    rows.retain(|row| only.is_empty() || names(only, row));
    rows.retain(|row| !names(skip, row));
    match rows.is_empty() {
        false => Ok(rows),
        true => Err(Error::usage("--only, --skip and --short leave no row")),
    }
}

fn number(option: &str, text: &str, least: u64, most: u64) -> Result<u64, Error> {
    let number = text.parse().ok();
    number
        .filter(|number| (least..=most).contains(number))
        .ok_or_else(|| {
            Error::usage(format!(
                "{option}: '{text}' is no whole number from {least} to {most}"
            ))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(arguments: &[&str]) -> String {
        let error = parse(lexopt::Parser::from_args(arguments)).unwrap_err();
        assert!(error.is_usage());
        error.to_string()
    }

    fn selected(only: &[&str], skip: &[&str], short: bool) -> Vec<&'static str> {
        let owned = |parts: &[&str]| {
            parts
                .iter()
                .map(|&part| part.to_owned())
                .collect::<Vec<_>>()
        };
        let rows = select(&owned(only), &owned(skip), short).unwrap();
        rows.into_iter().map(|row| row.name).collect()
    }

    #[test]
    fn mistakes_are_named() {
        assert!(wrong(&[]).contains("--server NAME"));
        let with = |arguments: &[&str]| wrong(&[&["--server", "evented"], arguments].concat());
        assert!(with(&["--processes", "many"]).contains("'many'"));
        assert!(with(&["--bound", "0"]).contains("--bound: '0'"));
        assert!(with(&["--rate", "0"]).contains("--rate: '0'"));
        assert!(with(&["--format", "xml"]).contains("'xml'"));
        assert!(with(&["--only", "nonsense"]).contains("'nonsense'"));
        assert!(with(&["--skip", "nonsense"]).contains("'nonsense'"));
        assert!(with(&["--skip", "_"]).contains("no row"));
        assert!(with(&["--program", "/no/such"]).contains("/no/such"));
        assert!(with(&["--wait"]).contains("--wait"));
        let none = wrong(&["--server", "prefork", "--threads", "2"]);
        assert!(none.starts_with("--threads: "), "{none}");
        let none = wrong(&["--server", "prefork", "--processes", "0"]);
        assert!(none.contains("1 or more"), "{none}");
    }

    #[test]
    fn rows_are_chosen_by_parts_of_their_names() {
        let all = selected(&[], &[], false);
        assert_eq!(all.len(), rows::all().len());
        assert_eq!(selected(&["pid_1"], &[], false), ["pid_1"]);
        let some = selected(&["crash"], &["worker"], false);
        let named = [
            "crash_master_kill",
            "crash_request_that_holds",
            "crash_boot_backs_off",
        ];
        assert_eq!(some, named);
        let short = selected(&[], &[], true);
        assert!(!short.is_empty() && short.len() < all.len());
        assert!(short.contains(&"reload_keep_alive"));
    }
}
