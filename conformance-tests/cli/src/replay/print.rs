//! `rgi-conformance corpus`: the corpus that comes with the command, for other tools.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::json;

use crate::{Error, Exit, exit};

const HELP: &str = "\
rgi-conformance corpus: prints the corpus of raw HTTP/1.1 requests that comes with this command

usage: rgi-conformance corpus [--coverage]

One JSON object a line, as 'rgi-conformance replay FILE.jsonl' reads them: 'rgi-conformance replay --help'
says what the fields mean.

options:
  --coverage  print the table of what RFC 9110, 9112 and 3986 ask, with the cases of each, instead
  -h, --help  show this text

exit codes: 0 printed, 2 wrong usage
";

/// Runs the subcommand with what is left of the command line.
pub(crate) fn command(mut parser: lexopt::Parser) -> Result<Exit, Error> {
    use lexopt::Arg::{Long, Short};
    let mut coverage = false;
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => {
                exit::print(HELP);
                return Ok(Exit::Passed);
            }
            Long("coverage") => coverage = true,
            other => return Err(other.unexpected().into()),
        }
    }
    match coverage {
        true => exit::print(&rgi_corpus::coverage()),
        false => exit::print(&lines()),
    }
    Ok(Exit::Passed)
}

fn lines() -> String {
    let mut text = String::new();
    for case in rgi_corpus::cases() {
        let line = json!({
            "id": case.id,
            "raw": BASE64_STANDARD.encode(&case.raw),
            "expect": case.expect.to_string(),
            "responses": case.responses,
            "status": case.status,
            "note": case.note,
        });
        text.push_str(&line.to_string());
        text.push('\n');
    }
    text
}
