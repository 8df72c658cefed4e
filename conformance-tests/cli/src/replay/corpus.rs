//! The corpus: raw connections with a verdict, one JSON object a line.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
pub use rgi_corpus::Expect;
use serde::Deserialize;

use crate::Error;

/// The statuses that refuse a request the server could not or would not read.
pub(super) const REFUSALS: [u16; 8] = [400, 411, 413, 414, 417, 431, 501, 505];

/// One connection's worth of bytes, and how a server must take them.
#[derive(Clone, Debug)]
pub struct Case {
    /// Its name, unique in the corpus.
    pub id: String,
    /// The bytes to send, exactly.
    pub raw: Vec<u8>,
    /// The verdict.
    pub expect: Expect,
    /// Final answers where the verdict is [`Expect::Accept`]; of no meaning elsewhere.
    pub responses: usize,
    /// The statuses that a refusal may have, one of which is due where the verdict is
    /// [`Expect::Reject`]; empty where any will do.
    pub status: Vec<u16>,
    /// Why the verdict is what it is; may be empty.
    pub note: String,
}

/// A line as it stands in the file. Fields it does not know are other tools' business.
#[derive(Deserialize)]
struct Line {
    id: String,
    raw: String,
    expect: Expect,
    #[serde(default)]
    responses: usize,
    #[serde(default)]
    status: Vec<u16>,
    #[serde(default)]
    note: String,
}

impl Case {
    /// The corpus that comes with the command.
    pub fn shipped() -> Vec<Case> {
        rgi_corpus::cases().map(Case::from).collect()
    }

    /// Reads the corpus in the file at `path`.
    ///
    /// # Errors
    ///
    /// A usage error where the file cannot be read, or its first mistake as `path:line: what is wrong`.
    pub fn load(path: &Path) -> Result<Vec<Case>, Error> {
        let shown = path.display();
        let text = fs::read(path).map_err(|error| Error::usage(format!("{shown}: {error}")))?;
        let mut cases = Vec::new();
        let mut lines_of = HashMap::new();
        for (number, line) in (1..).zip(text.split(|byte| *byte == b'\n')) {
            if line.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            let at_line = |what: String| Error::usage(format!("{shown}:{number}: {what}"));
            let case = Case::from_line(line).map_err(at_line)?;
            if let Some(first) = lines_of.insert(case.id.clone(), number) {
                return Err(at_line(format!(
                    "the id \"{}\" stands in line {first} already; ids are unique",
                    case.id
                )));
            }
            cases.push(case);
        }
        if cases.is_empty() {
            return Err(Error::usage(format!("{shown}: holds no cases")));
        }
        Ok(cases)
    }

    fn from_line(line: &[u8]) -> Result<Case, String> {
        let line: Line = serde_json::from_slice(line).map_err(|error| describe(&error))?;
        if line.id.is_empty() {
            return Err("\"id\" is empty; it names the case".into());
        }
        let raw = BASE64_STANDARD
            .decode(&line.raw)
            .map_err(|error| format!("\"raw\" is no base64: {error}"))?;
        if raw.is_empty() {
            return Err("\"raw\" is empty; it holds the bytes to send".into());
        }
        if line.expect == Expect::Accept && line.responses == 0 {
            return Err("\"responses\" is 0 or missing; accepted cases have at least 1".into());
        }
        if let Some(other) = line.status.iter().find(|it| !REFUSALS.contains(it)) {
            return Err(format!("\"status\" has {other}, which is no refusal's"));
        }
        Ok(Case {
            id: line.id,
            raw,
            expect: line.expect,
            responses: line.responses,
            status: line.status,
            note: line.note,
        })
    }
}

impl From<&rgi_corpus::Case> for Case {
    fn from(case: &rgi_corpus::Case) -> Case {
        Case {
            id: case.id.clone(),
            raw: case.raw.clone(),
            expect: case.expect,
            responses: case.responses,
            status: case.status.clone(),
            note: case.note.clone(),
        }
    }
}

/// What is wrong with a line. The parser saw one line alone, so its line number would mislead.
fn describe(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let position = format!(" at line {} column {}", error.line(), error.column());
    let what = text.strip_suffix(&position).unwrap_or(&text);
    match error.is_data() {
        true => what.to_owned(),
        false => format!("no JSON object: {what} (column {})", error.column()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(line: &str) -> String {
        Case::from_line(line.as_bytes()).unwrap_err()
    }

    #[test]
    fn a_line_is_a_case() {
        let line = br#"{"id":"a","raw":"R0VU","expect":"accept","responses":2,"more":[]}"#;
        let case = Case::from_line(line).unwrap();
        assert_eq!((case.raw.as_slice(), case.responses), (&b"GET"[..], 2));
        assert_eq!((case.expect, case.note.as_str()), (Expect::Accept, ""));
        let line = br#"{"id":"a","raw":"R0VU","expect":"reject","status":[400,501]}"#;
        assert_eq!(Case::from_line(line).unwrap().status, [400, 501]);
    }

    #[test]
    fn mistakes_are_named() {
        assert_eq!(
            wrong(r#"{"id":"a","expect":"reject"}"#),
            "missing field `raw`"
        );
        assert!(wrong(r#"{"id":"a","raw":"R0V","expect":"reject"}"#).contains("base64"));
        assert!(wrong(r#"{"id":"a","raw":"","expect":"reject"}"#).contains("\"raw\" is empty"));
        assert!(wrong(r#"{"id":"","raw":"R0VU","expect":"reject"}"#).contains("\"id\" is empty"));
        assert!(wrong(r#"{"id":"a","raw":"R0VU","expect":"maybe"}"#).contains("maybe"));
        assert!(wrong(r#"{"id":"a","raw":"R0VU","expect":"accept"}"#).contains("\"responses\""));
        let status = r#"{"id":"a","raw":"R0VU","expect":"reject","status":[404]}"#;
        assert!(wrong(status).contains("404"));
        assert!(wrong("nonsense").contains("no JSON object"));
    }
}
