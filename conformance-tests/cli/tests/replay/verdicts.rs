//! The judge against servers whose manners are known.

use std::time::Duration;

use crate::servers::{Manner, serve};
use rgi_conformance_cli::Endpoint;
use rgi_conformance_cli::replay::{Case, Expect, Replay, Trial, Way};

fn case(id: &str, expect: Expect, responses: usize, raw: &str) -> Case {
    Case {
        id: id.into(),
        raw: raw.into(),
        expect,
        responses,
        status: Vec::new(),
        note: String::new(),
    }
}

fn accepted() -> Case {
    case(
        "accept",
        Expect::Accept,
        1,
        "PUT /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
    )
}

fn rejected() -> Case {
    case(
        "reject",
        Expect::Reject,
        0,
        "GET /x HTTP/1.1\r\nHost: a\r\nBad : x\r\n\r\n",
    )
}

fn incomplete() -> Case {
    case(
        "incomplete",
        Expect::Incomplete,
        0,
        "PUT /x HTTP/1.1\r\nHos",
    )
}

fn either() -> Case {
    case(
        "either",
        Expect::Either,
        0,
        "-X /x HTTP/1.1\r\nHost: a\r\n\r\n",
    )
}

fn each_kind() -> Vec<Case> {
    let pipelined = "HEAD /x HTTP/1.1\r\nHost: a\r\n\r\nGET /y HTTP/1.1\r\nHost: a\r\n\r\n";
    let good_then_bad = format!("{pipelined}GET /z HTTP/1.1\r\nHost: a\r\nBad : x\r\n\r\n");
    let begun = format!("{pipelined}PUT /z HTTP/1.1\r\nContent-Length: 9\r\n\r\nabc");
    let last = "GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    vec![
        accepted(),
        rejected(),
        incomplete(),
        either(),
        case("accept/pipelined", Expect::Accept, 2, pipelined),
        case("accept/begun", Expect::Accept, 2, &begun),
        case(
            "accept/close",
            Expect::Accept,
            1,
            &format!("{last}{pipelined}"),
        ),
        case("reject/pipelined", Expect::Reject, 0, &good_then_bad),
        case("reject/no version", Expect::Reject, 0, "GET /x\r\n\r\n"),
        case("incomplete/body", Expect::Incomplete, 0, &begun),
    ]
}

/// The trials of `cases`, with patience that only a server that never answers can exhaust.
fn replay(endpoint: Endpoint, cases: Vec<Case>) -> Replay {
    Replay::new(endpoint, cases).timeout(Duration::from_secs(20))
}

fn verdicts(manner: Manner, cases: Vec<Case>) -> Vec<Trial> {
    let replayed = replay(serve(manner), cases).ways([Way::Whole]).run(|_| ());
    assert!(replayed.stopped.is_none());
    replayed.trials
}

/// The one trial of `case`, which must fail for a reason that contains `why`.
#[track_caller]
fn fails(manner: Manner, case: Case, why: &str) {
    let trials = verdicts(manner, vec![case]);
    let said = trials[0].why().unwrap_or("it passed");
    assert!(
        said.contains(why),
        "{manner:?}: {said} ({})",
        trials[0].came()
    );
}

#[track_caller]
fn passes(manner: Manner, case: Case) {
    let trials = verdicts(manner, vec![case]);
    assert_eq!(trials[0].why(), None, "{manner:?}: {}", trials[0].came());
}

#[test]
fn a_good_server_passes_in_every_way() {
    let cases = each_kind();
    let number = cases.len() * Way::ALL.len();
    let replayed = replay(serve(Manner::Good), cases).run(|_| ());
    assert!(replayed.stopped.is_none());
    assert_eq!(replayed.trials.len(), number);
    for trial in &replayed.trials {
        let (id, way, came) = (&trial.case().id, trial.way(), trial.came());
        assert_eq!(trial.why(), None, "{id}, {way}: {came}");
    }
}

#[test]
fn trials_come_way_by_way_in_the_order_of_the_cases() {
    let ways = [Way::Bytes, Way::Whole];
    let replayed = replay(serve(Manner::Good), each_kind())
        .ways(ways)
        .run(|_| ());
    let made: Vec<_> = replayed
        .trials
        .iter()
        .map(|t| (t.way(), t.case().id.clone()))
        .collect();
    let wanted: Vec<_> = ways
        .into_iter()
        .flat_map(|way| each_kind().into_iter().map(move |case| (way, case.id)))
        .collect();
    assert_eq!(made, wanted);
}

#[test]
fn two_answers_to_one_request_fail() {
    fails(Manner::AnswersTwice, accepted(), "an answer too many: 200");
    fails(Manner::AnswersTwice, either(), "2 answers to 1 request");
    passes(Manner::AnswersTwice, rejected());
}

#[test]
fn failures_of_the_server_fail() {
    fails(Manner::Fails, accepted(), "answered 500");
    fails(Manner::Fails, either(), "500");
    // This manner keeps the connection, so patience is short: what counts is the status.
    let short = Replay::new(serve(Manner::Fails), vec![rejected()])
        .ways([Way::Whole])
        .timeout(Duration::from_millis(300));
    let trials = short.run(|_| ()).trials;
    assert!(
        trials[0].why().unwrap_or_default().contains("500"),
        "{:?}",
        trials[0]
    );
}

#[test]
fn hanging_fails_unless_the_request_is_incomplete() {
    let all = vec![accepted(), rejected(), either(), incomplete()];
    let replay = Replay::new(serve(Manner::Hangs), all)
        .ways([Way::Whole])
        .timeout(Duration::from_millis(300));
    let trials = replay.run(|_| ()).trials;
    let why: Vec<_> = trials.iter().map(Trial::why).collect();
    assert_eq!(
        why,
        [
            Some("0 of 1 answers came, then nothing more"),
            Some("the connection is not closed after a bad request"),
            Some("no answer and no close"),
            None,
        ]
    );
}

#[test]
fn accepting_what_must_be_rejected_fails() {
    let replay = Replay::new(serve(Manner::AcceptsAll), vec![rejected()])
        .ways([Way::Whole])
        .timeout(Duration::from_millis(300));
    let trials = replay.run(|_| ()).trials;
    let why = trials[0].why().unwrap_or("it passed");
    assert!(why.contains("the application answered 200"), "{why}");
    passes(Manner::AcceptsAll, accepted());
}

#[test]
fn a_refusal_without_a_close_fails() {
    let replay = Replay::new(serve(Manner::RefusesWithoutClosing), vec![rejected()])
        .ways([Way::Whole])
        .timeout(Duration::from_millis(300));
    let trials = replay.run(|_| ()).trials;
    assert_eq!(
        trials[0].why(),
        Some("the connection is not closed after a bad request")
    );
    assert_eq!(trials[0].came(), "400; left open");
}

#[test]
fn accepting_half_a_request_fails() {
    fails(
        Manner::AcceptsHalves,
        incomplete(),
        "the application answered 200",
    );
}

#[test]
fn an_answer_that_is_not_the_applications_fails() {
    fails(Manner::AnswersItself, accepted(), "without x-rgi-app");
    passes(Manner::AnswersItself, either());
}

#[test]
fn answers_that_are_cut_or_malformed_fail() {
    fails(
        Manner::CutsShort,
        accepted(),
        "the body of an answer 200 is cut short",
    );
    fails(Manner::SpeaksLoosely, accepted(), "a bare LF in a head");
}

#[test]
fn damage_that_shows_afterwards_fails() {
    fails(
        Manner::Breaks,
        rejected(),
        "after it, a clean GET / got 503",
    );
    passes(Manner::Breaks, accepted());
}

#[test]
fn a_unix_socket_is_a_place_too() {
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("verdicts.sock");
    let _ = std::fs::remove_file(&path);
    let listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
    std::thread::spawn(move || {
        use std::io::{Read, Write};
        'connections: for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                if stream.read_exact(&mut byte).is_err() {
                    // A connection without a request only asks whether anybody is there.
                    continue 'connections;
                }
                request.extend(byte);
            }
            let _ = stream.write_all(b"HTTP/1.0 200 OK\r\nx-rgi-app: t\r\n\r\nuntil the close");
        }
    });
    let endpoint = Endpoint::from_url("http://localhost")
        .unwrap()
        .through_unix(&path);
    let raw = "GET /x HTTP/1.0\r\n\r\n";
    let replay = replay(endpoint, vec![case("unix", Expect::Accept, 1, raw)]);
    let trials = replay.ways([Way::Whole]).jobs(1).run(|_| ()).trials;
    assert_eq!(trials[0].why(), None, "{}", trials[0].came());
}
