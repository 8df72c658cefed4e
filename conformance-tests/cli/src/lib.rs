//! The command `rgi-conformance`: tries RGI servers and applications over the wire.
//!
//! Each subcommand is a module with its options, its work and its report; the modules beside them
//! hold what subcommands share: the server's address ([`Endpoint`]), the strict reader of
//! answers, one exchange on one connection, and how the command ends ([`Exit`], [`Error`]).

#![forbid(unsafe_code)]

mod cases;
mod faults;
pub mod replay;
mod rules;

mod answers;
mod chars;
mod endpoint;
mod error;
mod exchange;
mod exit;
mod jobs;
mod progress;
mod report;

use std::ffi::OsString;

pub use endpoint::Endpoint;
pub use error::Error;
pub use exit::Exit;

const HELP: &str = "\
rgi-conformance: tries RGI servers and applications over the wire

usage: rgi-conformance COMMAND [OPTIONS]

commands:
  rules    the rules of RGI, and what holds each
  matrix   the conformance suite on every server
  run      the conformance suite on one server
  levels   the levels a server can claim, and the cases each demands
  replay   send a corpus of raw HTTP/1.1 requests to a server and judge its answers
  corpus   print the corpus that comes with this command, and what it covers
  faults   stop, reload, kill and overload a server, and count what becomes of requests

options:
  -h, --help      show this text; after a command, that command's
  -V, --version   show the version

examples:
  rgi-conformance matrix
  rgi-conformance run --url http://127.0.0.1:8000
  rgi-conformance replay wire.jsonl --url http://127.0.0.1:8000
  rgi-conformance faults --server evented --short

exit codes: 0 all passed, 1 some failed, 2 wrong usage or an unusable file, 3 server unreachable
";

/// Runs the command with `args`, the program's name first, and says how it ended.
///
/// Reports go to standard output; progress and the one line that explains codes 2 and 3 go to
/// standard error.
pub fn run<I>(args: I) -> Exit
where
    I: IntoIterator,
    I::Item: Into<OsString>,
{
    match dispatch(lexopt::Parser::from_iter(args)) {
        Ok(exit) => exit,
        Err(error) => {
            eprintln!("rgi-conformance: {error}");
            error.exit()
        }
    }
}

fn dispatch(mut parser: lexopt::Parser) -> Result<Exit, Error> {
    use lexopt::Arg::{Long, Short, Value};
    match parser.next()? {
        Some(Value(command)) if command == "replay" => replay::command(parser),
        Some(Value(command)) if command == "corpus" => replay::print_corpus(parser),
        Some(Value(command)) if command == "rules" => rules::command(parser),
        Some(Value(command)) if command == "matrix" => cases::matrix(parser),
        Some(Value(command)) if command == "run" => cases::run(parser),
        Some(Value(command)) if command == "levels" => cases::levels(parser),
        Some(Value(command)) if command == "faults" => faults::command(parser),
        Some(Value(command)) if command == cases::SERVE_CASE => cases::serve_case(parser),
        Some(Value(other)) => Err(Error::usage(format!(
            "no command is called '{}'; the commands are: rules, matrix, run, levels, replay, corpus, faults",
            other.to_string_lossy()
        ))),
        Some(Short('h') | Long("help")) => {
            exit::print(HELP);
            Ok(Exit::Passed)
        }
        Some(Short('V') | Long("version")) => {
            exit::print(concat!("rgi-conformance ", env!("CARGO_PKG_VERSION"), "\n"));
            Ok(Exit::Passed)
        }
        Some(other) => Err(other.unexpected().into()),
        None => Err(Error::usage(
            "no command given; 'rgi-conformance --help' shows them",
        )),
    }
}
