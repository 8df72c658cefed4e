//! What came back, against what was expected.

use super::corpus::{Case, Expect, REFUSALS};
use super::scan::{Request, good_before_last};
use crate::answers::{Answer, Cut};
use crate::exchange::{End, Seen};

/// Judges one exchange. The error says what was wrong with it.
pub(super) fn judge(case: &Case, requests: &[Request], seen: &Seen) -> Result<(), String> {
    if let Some(fault) = &seen.fault {
        return Err(format!("the answer is malformed: {fault}"));
    }
    match case.expect {
        Expect::Accept => accepted(case.responses, requests, seen),
        Expect::Reject => {
            refused(requests, seen, refusals(case))?;
            let last = seen.answers.last().map(|answer| answer.status);
            if !case.status.is_empty() && last.is_none_or(|last| !case.status.contains(&last)) {
                return Err(format!("no answer, where {} is due", list(&case.status)));
            }
            match seen.end {
                End::Open => Err("the connection is not closed after a bad request".into()),
                End::Closed | End::Reset => Ok(()),
            }
        }
        Expect::Incomplete => {
            // A server that waits for the rest may say so when its patience ends (RFC 9110 15.5.9).
            refused(requests, seen, &[refusals(case), &[408]].concat())?;
            match seen.end == End::Open && seen.answers.len() > good_before_last(requests) {
                true => Err("the connection is not closed after the refusal".into()),
                false => Ok(()),
            }
        }
        Expect::Either => tolerable(requests, seen, refusals(case)),
    }
}

/// In one line, what a verdict asks for.
pub(super) fn describe(case: &Case) -> String {
    match case.expect {
        Expect::Accept => format!(
            "accept: {} with 2xx and x-rgi-app, no more",
            count(case.responses, "answer")
        ),
        Expect::Reject if case.status.is_empty() => format!(
            "reject: {} or no answer, then the server closes",
            list(&REFUSALS)
        ),
        Expect::Reject => format!("reject: {}, then the server closes", list(&case.status)),
        Expect::Incomplete => "incomplete: no 2xx; refused, or waited for".into(),
        Expect::Either => "either: accepted or refused, one answer, no failure, no hang".into(),
    }
}

/// The statuses that a refusal of it may have.
fn refusals(case: &Case) -> &[u16] {
    match case.status[..] {
        [] => &REFUSALS,
        ref named => named,
    }
}

fn accepted(responses: usize, requests: &[Request], seen: &Seen) -> Result<(), String> {
    for answer in seen.answers.iter().take(responses) {
        if !answer.is_success() {
            return Err(format!("a good request was answered {}", answer.status));
        }
        if !answer.from_app {
            return Err(format!(
                "an answer {} without x-rgi-app: the application was not reached",
                answer.status
            ));
        }
    }
    whole(seen)?;
    if seen.answers.len() < responses {
        let came = format!("{} of {responses} answers came", seen.answers.len());
        return Err(match seen.end {
            End::Open => format!("{came}, then nothing more"),
            End::Closed | End::Reset => format!("{came}, then the server closed"),
        });
    }
    // The beginning of one more request may be refused once it is clear that its rest will not come.
    let begun = requests.get(responses).is_some_and(|last| !last.complete);
    match seen.answers[responses..] {
        [] => {}
        [Answer { status, .. }] if begun && (REFUSALS.contains(&status) || status == 408) => {}
        [Answer { status, .. }, ..] => return Err(format!("an answer too many: {status}")),
    }
    match seen.end {
        End::Open => Err("the connection stays open after the client closed its side".into()),
        End::Closed | End::Reset => Ok(()),
    }
}

fn refused(requests: &[Request], seen: &Seen, refusals: &[u16]) -> Result<(), String> {
    let good = good_before_last(requests);
    for (at, answer) in seen.answers.iter().enumerate() {
        let status = answer.status;
        if at < good && answer.is_success() {
            continue;
        }
        if refusals.contains(&status) {
            return match seen.answers.get(at + 1) {
                None => whole(seen),
                Some(more) => Err(format!(
                    "a second answer, {}, after the refusal {status}",
                    more.status
                )),
            };
        }
        return Err(not_due(*answer, refusals));
    }
    match seen.cut {
        Some(Cut::InBody(answer)) if answer.is_success() && seen.answers.len() >= good => {
            Err(not_refused(answer))
        }
        _ => whole(seen),
    }
}

fn not_due(answer: Answer, refusals: &[u16]) -> String {
    match REFUSALS.contains(&answer.status) {
        true => format!("{} where {} is due", answer.status, list(refusals)),
        false => not_refused(answer),
    }
}

fn not_refused(answer: Answer) -> String {
    match (answer.status, answer.from_app) {
        (status @ 200..300, true) => {
            format!("the application answered {status} to a request that must not reach it whole")
        }
        (status @ 200..300, false) => format!("{status} where the request must not succeed"),
        (status @ 500.., _) => format!("{status}: the peer's mistake is answered as the server's"),
        (status, _) => format!("{status} is no refusal"),
    }
}

fn tolerable(requests: &[Request], seen: &Seen, refusals: &[u16]) -> Result<(), String> {
    for answer in &seen.answers {
        let is_refusal = REFUSALS.contains(&answer.status);
        if is_refusal && !answer.from_app && !refusals.contains(&answer.status) {
            return Err(not_due(*answer, refusals));
        }
        if answer.status >= 500 && !is_refusal {
            return Err(not_refused(*answer));
        }
    }
    let most = requests.len().max(1);
    if seen.answers.len() > most {
        let came = count(seen.answers.len(), "answer");
        return Err(format!("{came} to {}", count(most, "request")));
    }
    whole(seen)?;
    match (seen.end, seen.finished) {
        (End::Open, false) => Err("no answer and no close".into()),
        (End::Open, true) => {
            Err("the connection stays open after the client closed its side".into())
        }
        (End::Closed | End::Reset, _) => Ok(()),
    }
}

/// No answer may end before its end.
fn whole(seen: &Seen) -> Result<(), String> {
    let ended = match seen.end {
        End::Open => "is not finished in time",
        End::Closed | End::Reset => "is cut short",
    };
    match seen.cut {
        None => Ok(()),
        Some(Cut::InHead) => Err(format!("the head of an answer {ended}")),
        Some(Cut::InBody(answer)) => {
            Err(format!("the body of an answer {} {ended}", answer.status))
        }
    }
}

fn list(statuses: &[u16]) -> String {
    let names: Vec<String> = statuses.iter().map(u16::to_string).collect();
    names.join(", ")
}

fn count(number: usize, thing: &str) -> String {
    match number {
        1 => format!("1 {thing}"),
        _ => format!("{number} {thing}s"),
    }
}

#[cfg(test)]
mod tests;
