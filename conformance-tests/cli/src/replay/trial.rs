//! One case, sent in one way, and the clean request after it.

use std::time::Duration;

use super::corpus::{Case, Expect};
use super::scan::{Request, good_before_last, scan};
use super::ways::{Way, seed_for};
use super::{Replay, verdict};
use crate::answers::{Answer, Asked, Cut};
use crate::exchange::{End, Exchange, Finish, Seen};
use crate::{Endpoint, Error};

/// How long a server must stay silent to be taken as waiting for the rest of a request.
const QUIET: Duration = Duration::from_millis(200);

/// One case, sent in one way, and its verdict.
#[derive(Clone, Debug)]
pub struct Trial {
    case: Case,
    way: Way,
    came: String,
    why: Option<String>,
    differs: bool,
}

impl Trial {
    /// The case that was tried.
    pub fn case(&self) -> &Case {
        &self.case
    }

    /// How it was sent.
    pub fn way(&self) -> Way {
        self.way
    }

    /// True where the server did what was expected.
    pub fn passed(&self) -> bool {
        self.why.is_none()
    }

    /// True where it did something else, in a case in which it is known to.
    pub fn differs(&self) -> bool {
        self.differs
    }

    /// What was wrong, where something was.
    pub fn why(&self) -> Option<&str> {
        self.why.as_deref()
    }

    /// What came: the statuses of the answers and how the connection ended.
    pub fn came(&self) -> &str {
        &self.came
    }

    /// Tries `case` against the server of `replay`.
    ///
    /// # Errors
    ///
    /// Where no connection can be opened for it.
    pub(super) fn make(replay: &Replay, case: &Case, way: Way) -> Result<Trial, Error> {
        let requests = scan(&case.raw);
        let is_known = replay.known.contains(&case.id);
        let strict = case;
        let case = &match is_known {
            true => Case {
                expect: Expect::Either,
                ..case.clone()
            },
            false => case.clone(),
        };
        let exchange = Exchange {
            pieces: way.cut(&case.raw, seed_for(&case.id, replay.seed)),
            asked: requests.iter().map(Request::asked).collect(),
            finish: finish(case, &requests),
            timeout: replay.timeout,
        };
        let seen = exchange.run(&replay.endpoint)?;
        let why = verdict::judge(case, &requests, &seen).err();
        let differs = is_known && verdict::judge(strict, &requests, &seen).is_err();
        let damage = check_health(&replay.endpoint, replay.timeout).err();
        let why = match (why, damage) {
            (Some(why), Some(damage)) => Some(format!("{why}; {damage}")),
            (why, damage) => why.or(damage),
        };
        Ok(Trial {
            case: strict.clone(),
            way,
            came: describe(&seen),
            why,
            differs,
        })
    }
}

/// When the client closes its side: never before a server has closed that must do so itself.
fn finish(case: &Case, requests: &[Request]) -> Finish {
    match case.expect {
        Expect::Accept => Finish::AfterAnswers(case.responses),
        Expect::Reject => Finish::Never,
        Expect::Incomplete => Finish::WhenQuiet {
            answers: good_before_last(requests),
            quiet: QUIET,
        },
        Expect::Either => Finish::AfterAnswers(requests.len().max(1)),
    }
}

/// A clean GET on a connection of its own must be answered 200.
fn check_health(endpoint: &Endpoint, timeout: Duration) -> Result<(), String> {
    let host = endpoint.host_field();
    let request = format!("GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    let exchange = Exchange {
        pieces: vec![request.as_bytes()],
        asked: vec![Asked::Ordinary],
        finish: Finish::AfterAnswers(1),
        timeout,
    };
    let seen = exchange
        .run(endpoint)
        .map_err(|error| format!("after it, {error}"))?;
    match seen.answers[..] {
        [Answer { status: 200, .. }] if seen.fault.is_none() => Ok(()),
        _ => Err(format!("after it, a clean GET / got {}", describe(&seen))),
    }
}

/// The answers and the end of the connection, in a line.
fn describe(seen: &Seen) -> String {
    let mut parts: Vec<String> = seen.answers.iter().map(answer).collect();
    match seen.cut {
        Some(Cut::InHead) if seen.fault.is_none() => parts.push("part of a head".into()),
        Some(Cut::InBody(cut)) => parts.push(format!("{}, not ended", answer(&cut))),
        _ => {}
    }
    if seen.fault.is_some() {
        parts.push("bytes that are no answer".into());
    } else if parts.is_empty() {
        parts.push("no answer".into());
    }
    let end = match (seen.end, seen.finished) {
        _ if seen.fault.is_some() => "not read on",
        (End::Closed, false) => "closed by the server",
        (End::Closed, true) => "closed after the client closed its side",
        (End::Reset, _) => "reset by the server",
        (End::Open, false) => "left open",
        (End::Open, true) => "left open after the client closed its side",
    };
    format!("{}; {end}", parts.join(", "))
}

fn answer(answer: &Answer) -> String {
    match answer.from_app {
        true => format!("{} (app)", answer.status),
        false => answer.status.to_string(),
    }
}
