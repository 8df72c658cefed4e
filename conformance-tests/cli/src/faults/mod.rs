//! `rgi-conformance faults`: what becomes of requests when something happens to a server.
//!
//! The testbed is started as a program of its own, once or more for each [`row::Row`]. Rows signal
//! it, kill its processes, reload it, load it and leave it, while clients count what becomes of
//! their requests; what a program has open and leaves behind is read from `/proc` and its folder.

mod findings;
mod flood;
mod guard;
mod launch;
mod load;
mod options;
mod process;
mod report;
mod request;
mod rest;
mod row;
mod rows;
mod setup;
mod tally;
mod testbed;
mod wait;

use std::io::Write;
use std::time::{Duration, Instant};

use self::options::Parsed;
use self::row::{Row, Verdict};
use self::setup::Setup;
use crate::report::Format;
use crate::{Error, Exit, exit};

/// A row, what came of it, and how long that took.
type Done = (&'static Row, Verdict, Duration);

/// Runs the subcommand with what is left of the command line.
pub(crate) fn command(parser: lexopt::Parser) -> Result<Exit, Error> {
    let (options, setup) = match options::parse(parser)? {
        Parsed::Help => return print(options::HELP),
        Parsed::List => return print(&report::list(&rows::all())),
        Parsed::Run(options, setup) => (options, setup),
    };
    let _guard = guard::watch(&setup)?;
    starts(&setup)?;
    let begun = Instant::now();
    let done: Vec<Done> = options.rows.iter().map(|row| run(row, &setup)).collect();
    let took = begun.elapsed();
    let told = report::all(&setup, &done);
    exit::print(&match options.format {
        Format::Json => report::json(&setup, &done, took),
        format => format.text(&told, || report::text(&setup, &done, took)),
    });
    match done.iter().all(|(_, verdict, _)| verdict.is_good()) {
        true => Ok(Exit::Passed),
        false => Ok(Exit::Failed),
    }
}

fn print(text: &str) -> Result<Exit, Error> {
    exit::print(text);
    Ok(Exit::Passed)
}

/// A program that does not start at all is said once, and not by every row.
fn starts(setup: &Setup) -> Result<(), Error> {
    let started = setup.launch().start();
    let started = started.map(drop);
    started.map_err(|why| Error::unreachable(format!("{}: {why}", setup.program.display())))
}

fn run(row: &'static Row, setup: &Setup) -> Done {
    say(&format!("{} ...", row.name));
    let begun = Instant::now();
    let verdict = row.judge(setup);
    let took = begun.elapsed();
    say(&format!(
        " {} ({:.1} s)\n",
        verdict.word(),
        took.as_secs_f64()
    ));
    (row, verdict, took)
}

/// Progress that cannot be shown is no failure.
fn say(text: &str) {
    let mut err = std::io::stderr().lock();
    let _ = err.write_all(text.as_bytes());
    let _ = err.flush();
}
