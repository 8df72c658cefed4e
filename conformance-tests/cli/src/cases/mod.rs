//! `rgi-conformance run` and `matrix`: the conformance suite on one server, and on all.

mod columns;
mod levels;
mod options;
mod report;
mod supervised;

use std::time::Instant;

use rgi_conformance::{Case, Site};

pub(crate) use self::columns::SERVERS;
use self::columns::{Column, Place};
pub(crate) use self::levels::command as levels;
use self::options::{Options, Parsed};
use self::report::{Row, Trial};
pub(crate) use self::supervised::{COMMAND as SERVE_CASE, serve_case};
use crate::progress::Progress;
use crate::{Error, Exit, exit, jobs};

/// `run`: the suite on one server.
pub(crate) fn run(parser: lexopt::Parser) -> Result<Exit, Error> {
    let options = match options::run(parser)? {
        Parsed::Help => return help(options::RUN),
        Parsed::Options(options) => options,
    };
    let rows = rows(&options, std::slice::from_ref(&options.columns[0]))?;
    let table = || report::list(&options.columns[0], &rows, options.verbose);
    let told = report::all("run", &options.columns, &rows);
    exit::print(&options.format.text(&told, table));
    Ok(end(&rows))
}

/// `matrix`: the suite and the cases of the middleware, on every server this command is built with.
pub(crate) fn matrix(parser: lexopt::Parser) -> Result<Exit, Error> {
    let options = match options::matrix(parser)? {
        Parsed::Help => return help(options::MATRIX),
        Parsed::Options(options) => options,
    };
    let rows = rows(&options, &options.columns)?;
    let table = || report::table(&options.columns, &rows);
    let told = report::all("matrix", &options.columns, &rows);
    exit::print(&options.format.text(&told, table));
    Ok(end(&rows))
}

/// The applications of all cases: the suite's, and those of the middleware.
fn site() -> Site {
    Site::new().with(rgi_middleware_cases::TOPICS)
}

/// All cases there are, the suite's first.
fn every() -> impl Iterator<Item = &'static Case> {
    rgi_conformance::cases().chain(rgi_middleware_cases::cases())
}

fn help(text: &str) -> Result<Exit, Error> {
    exit::print(text);
    Ok(Exit::Passed)
}

fn end(rows: &[Row]) -> Exit {
    match rows.iter().all(Row::is_good) {
        true => Exit::Passed,
        false => Exit::Failed,
    }
}

/// Every case that is wanted, on every column, in every place.
fn rows(options: &Options, columns: &[Column]) -> Result<Vec<Row>, Error> {
    for column in columns {
        column.reach()?;
    }
    let mut trials = Vec::new();
    for case in &options.cases {
        for column in columns {
            for place in column.places() {
                trials.push((*case, column, *place));
            }
        }
    }
    let progress = Progress::over(trials.len());
    let (made, stopped) = jobs::each(
        options.jobs,
        &trials,
        |(case, column, place): &(&'static Case, &Column, Place)| {
            let begun = Instant::now();
            let verdict = column.run(case, *place);
            progress.count(verdict.is_good());
            Ok(Trial {
                place: *place,
                verdict,
                took: begun.elapsed(),
            })
        },
    );
    progress.end();
    if let Some(error) = stopped {
        return Err(error);
    }
    let mut made = made.into_iter();
    let of_row = |case: &&'static Case| {
        let cells = columns.iter().map(|column| {
            let places = column.places().iter();
            places
                .map(|_| made.next().expect("one for each trial"))
                .collect()
        });
        Row {
            case,
            cells: cells.collect(),
        }
    };
    Ok(options.cases.iter().map(of_row).collect())
}
