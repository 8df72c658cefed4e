use super::*;
use crate::replay::scan::scan;

const GOOD: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const BAD: &str = "GET /#x HTTP/1.1\r\nHost: a\r\n\r\n";
const BEGUN: &str = "GET / HT";

fn app(status: u16) -> Answer {
    Answer {
        status,
        from_app: true,
    }
}

fn server(status: u16) -> Answer {
    Answer {
        status,
        from_app: false,
    }
}

fn came(answers: &[Answer], end: End) -> Seen {
    Seen {
        answers: answers.to_vec(),
        cut: None,
        fault: None,
        end,
        finished: false,
    }
}

fn verdict(expect: Expect, responses: usize, raw: &str, seen: &Seen) -> Result<(), String> {
    let case = Case {
        id: "x".into(),
        raw: raw.into(),
        expect,
        responses,
        status: Vec::new(),
        note: String::new(),
    };
    judge(&case, &scan(&case.raw), seen)
}

/// As a case that is refused with 400, or 501.
fn named(expect: Expect, raw: &str, answers: &[Answer]) -> Result<(), String> {
    let case = Case {
        id: "x".into(),
        raw: raw.into(),
        expect,
        responses: 0,
        status: vec![400, 501],
        note: String::new(),
    };
    judge(&case, &scan(&case.raw), &came(answers, End::Closed))
}

#[track_caller]
fn fails(verdict: Result<(), String>, why: &str) {
    let came = verdict.expect_err(why);
    assert!(came.contains(why), "{came}");
}

#[test]
fn accepted_is_answered_by_the_application_and_no_more() {
    let accept =
        |raw: &str, answers: &[Answer], end| verdict(Expect::Accept, 1, raw, &came(answers, end));
    assert_eq!(accept(GOOD, &[app(204)], End::Closed), Ok(()));
    assert_eq!(accept(GOOD, &[app(200)], End::Reset), Ok(()));
    fails(accept(GOOD, &[app(200)], End::Open), "stays open");
    fails(accept(GOOD, &[], End::Open), "then nothing more");
    fails(accept(GOOD, &[], End::Closed), "0 of 1 answers came");
    fails(accept(GOOD, &[app(404)], End::Closed), "answered 404");
    fails(accept(GOOD, &[server(200)], End::Closed), "not reached");
    fails(accept(GOOD, &[app(200), app(200)], End::Closed), "too many");
    fails(
        accept(GOOD, &[app(200), server(400)], End::Closed),
        "too many",
    );

    let then_begun = format!("{GOOD}{BEGUN}");
    let two = [app(200), server(400)];
    assert_eq!(accept(&then_begun, &two, End::Closed), Ok(()));
    fails(
        accept(&then_begun, &[app(200), app(200)], End::Closed),
        "too many",
    );
}

#[test]
fn rejected_is_refused_once_and_closed() {
    let reject =
        |raw: &str, answers: &[Answer], end| verdict(Expect::Reject, 0, raw, &came(answers, end));
    for status in REFUSALS {
        assert_eq!(reject(BAD, &[server(status)], End::Closed), Ok(()));
    }
    assert_eq!(reject(BAD, &[], End::Reset), Ok(()));
    fails(reject(BAD, &[server(400)], End::Open), "not closed");
    fails(reject(BAD, &[], End::Open), "not closed");
    fails(
        reject(BAD, &[app(200)], End::Closed),
        "the application answered 200",
    );
    fails(reject(BAD, &[server(500)], End::Closed), "as the server's");
    fails(reject(BAD, &[server(408)], End::Closed), "no refusal");
    fails(
        reject(BAD, &[server(400), server(400)], End::Closed),
        "second answer",
    );
}

#[test]
fn good_requests_before_the_bad_one_may_be_answered() {
    let raw = format!("{GOOD}{BAD}");
    let reject = |answers: &[Answer]| verdict(Expect::Reject, 0, &raw, &came(answers, End::Closed));
    assert_eq!(reject(&[app(200), server(400)]), Ok(()));
    assert_eq!(reject(&[app(200)]), Ok(()));
    assert_eq!(reject(&[server(400)]), Ok(()));
    fails(reject(&[app(200), app(200)]), "the application answered");
    fails(reject(&[server(400), app(200)]), "second answer");
}

#[test]
fn a_refusal_has_a_status_of_those_named() {
    let raw = format!("{GOOD}{BAD}");
    for status in [400, 501] {
        assert_eq!(named(Expect::Reject, BAD, &[server(status)]), Ok(()));
        assert_eq!(named(Expect::Reject, &raw, &[server(status)]), Ok(()));
        assert_eq!(named(Expect::Either, BAD, &[server(status)]), Ok(()));
        assert_eq!(named(Expect::Incomplete, BEGUN, &[server(status)]), Ok(()));
    }
    assert_eq!(
        named(Expect::Reject, &raw, &[app(200), server(400)]),
        Ok(())
    );
    assert_eq!(named(Expect::Either, GOOD, &[app(200)]), Ok(()));
    assert_eq!(named(Expect::Incomplete, BEGUN, &[server(408)]), Ok(()));
    assert_eq!(named(Expect::Incomplete, BEGUN, &[]), Ok(()));
    let due = "431 where 400, 501";
    for expect in [Expect::Reject, Expect::Incomplete, Expect::Either] {
        fails(named(expect, BAD, &[server(431)]), due);
    }
    fails(named(Expect::Reject, BAD, &[]), "no answer, where 400, 501");
    fails(
        named(Expect::Reject, &raw, &[app(200)]),
        "no answer, where 400",
    );
    fails(
        named(Expect::Reject, BAD, &[server(500)]),
        "as the server's",
    );
}

#[test]
fn a_success_that_is_cut_is_still_none_to_give() {
    let mut seen = came(&[], End::Closed);
    seen.cut = Some(Cut::InBody(app(200)));
    fails(
        verdict(Expect::Reject, 0, BAD, &seen),
        "the application answered 200",
    );
    fails(
        verdict(Expect::Incomplete, 0, BEGUN, &seen),
        "the application answered 200",
    );
    fails(verdict(Expect::Accept, 1, GOOD, &seen), "cut short");
    seen.cut = Some(Cut::InHead);
    fails(
        verdict(Expect::Either, 0, GOOD, &seen),
        "head of an answer is cut",
    );
}

#[test]
fn incomplete_is_waited_for_or_refused() {
    let incomplete =
        |answers: &[Answer], end| verdict(Expect::Incomplete, 0, BEGUN, &came(answers, end));
    assert_eq!(incomplete(&[], End::Open), Ok(()));
    assert_eq!(incomplete(&[], End::Closed), Ok(()));
    assert_eq!(incomplete(&[server(408)], End::Closed), Ok(()));
    fails(incomplete(&[server(400)], End::Open), "not closed");
    fails(
        incomplete(&[app(200)], End::Closed),
        "the application answered",
    );
    fails(incomplete(&[server(500)], End::Closed), "as the server's");
}

#[test]
fn either_leaves_the_choice_but_no_failure() {
    let either = |answers: &[Answer], end| verdict(Expect::Either, 0, GOOD, &came(answers, end));
    assert_eq!(either(&[app(200)], End::Closed), Ok(()));
    assert_eq!(either(&[server(405)], End::Closed), Ok(()));
    assert_eq!(either(&[server(501)], End::Closed), Ok(()));
    assert_eq!(either(&[], End::Reset), Ok(()));
    fails(either(&[], End::Open), "no answer and no close");
    fails(either(&[server(500)], End::Closed), "as the server's");
    fails(
        either(&[app(200), app(200)], End::Closed),
        "2 answers to 1 request",
    );
}

#[test]
fn a_malformed_answer_never_passes() {
    let mut seen = came(&[server(400)], End::Closed);
    seen.fault = Some("a bare LF in a head".into());
    for expect in [
        Expect::Accept,
        Expect::Reject,
        Expect::Incomplete,
        Expect::Either,
    ] {
        fails(verdict(expect, 1, BAD, &seen), "bare LF");
    }
}
