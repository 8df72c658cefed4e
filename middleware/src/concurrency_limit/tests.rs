use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use rgi_core::testing::{Client, Reply};
use rgi_core::{App, AppExt, Environ, Error, Full, StartResponse, StatusCode, app_fn, async_fn};

use super::ConcurrencyLimit;

/// Longest wait for what has to come.
const PATIENCE: Duration = Duration::from_secs(30);

/// Waits until something is so.
fn until(is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "it never came to that");
        thread::yield_now();
    }
}

/// An application that says when it was entered, and then waits to be let go.
fn held() -> (
    impl App<Body: Send> + Send + Sync,
    mpsc::Receiver<()>,
    mpsc::Sender<()>,
) {
    let (entered, enters) = mpsc::channel();
    let (go, goes) = mpsc::channel();
    let goes = std::sync::Mutex::new(goes);
    let app = app_fn(move |_: Environ, start_response: StartResponse| {
        entered.send(()).expect("the test is there");
        let _ = goes.lock().expect("no panic").recv_timeout(PATIENCE);
        start_response.start(StatusCode::OK).full("done")
    });
    (app, enters, go)
}

fn hello(_: Environ, start_response: StartResponse) -> Full {
    start_response.start(StatusCode::OK).full("hi")
}

fn get<A: App>(app: A) -> Reply {
    Client::new(app).get("/").send()
}

#[test]
fn more_than_that_are_shed() {
    let limit = ConcurrencyLimit::new(1);
    let (slow, entered, go) = held();
    let slow = slow.with(&limit);
    thread::scope(|scope| {
        let first = scope.spawn(|| get(&slow).status());
        entered.recv_timeout(PATIENCE).expect("the first is in");
        let second = get(app_fn(hello).with(&limit));
        assert_eq!(
            (second.status(), second.header("retry-after")),
            (503, Some("1"))
        );
        go.send(()).expect("the first waits");
        assert_eq!(first.join().expect("no panic"), 200);
    });
    assert_eq!(get(app_fn(hello).with(&limit)).status(), 200);
}

#[test]
fn those_that_may_wait_do_so() {
    let limit = ConcurrencyLimit::new(1).waiting(1, PATIENCE);
    let (slow, entered, go) = held();
    let slow = slow.with(&limit);
    thread::scope(|scope| {
        let first = scope.spawn(|| get(&slow).status());
        entered.recv_timeout(PATIENCE).expect("the first is in");
        let second = scope.spawn(|| get(&slow).status());
        until(|| limit.gate.waiting() == 1);
        // No room for a third to wait.
        assert_eq!(get(app_fn(hello).with(&limit)).status(), 503);
        go.send(()).expect("the first waits");
        entered.recv_timeout(PATIENCE).expect("the second is in");
        go.send(()).expect("the second waits");
        assert_eq!(first.join().expect("no panic"), 200);
        assert_eq!(second.join().expect("no panic"), 200);
    });
    assert_eq!(limit.gate.waiting(), 0);
}

#[test]
fn nobody_waits_longer_than_said() {
    let limit = ConcurrencyLimit::new(0).waiting(1, Duration::from_millis(5));
    let reply = get(app_fn(hello).with(&limit));
    assert_eq!(
        (reply.status(), reply.header("retry-after")),
        (503, Some("1"))
    );
    assert_eq!(limit.gate.waiting(), 0);
}

#[test]
fn the_second_in_the_queue_is_not_forgotten_when_the_first_gives_up() {
    let limit = ConcurrencyLimit::new(1).waiting(2, PATIENCE);
    let place = super::Gate::enter(&limit.gate).expect("a place");
    let first = super::Gate::queue(&limit.gate, 2).expect("a turn");
    thread::scope(|scope| {
        let second = scope.spawn(|| get(app_fn(hello).with(&limit)).status());
        until(|| limit.gate.waiting() == 2);
        drop(place);
        drop(first);
        assert_eq!(second.join().expect("no panic"), 200);
    });
}

#[test]
fn those_that_wait_are_let_in_as_places_come_free_not_as_calls_return() {
    let limit = ConcurrencyLimit::new(2).waiting(4, PATIENCE);
    let (slow, entered, go) = held();
    let slow = slow.with(&limit);
    thread::scope(|scope| {
        let all: Vec<_> = (0..6)
            .map(|_| scope.spawn(|| get(&slow).status()))
            .collect();
        until(|| limit.gate.waiting() == 4);
        for _ in 0..3 {
            // Both that are in are still being called when both behind them come in.
            for _ in 0..2 {
                entered.recv_timeout(PATIENCE).expect("a place is free");
            }
            for _ in 0..2 {
                go.send(()).expect("two wait");
            }
        }
        for one in all {
            assert_eq!(one.join().expect("no panic"), 200);
        }
    });
    assert_eq!(limit.gate.waiting(), 0);
}

#[test]
fn a_failure_gives_its_place_back() {
    async fn fails(_: Environ, _: StartResponse) -> Result<Full, Error> {
        Err(Error::new("broken"))
    }
    let limit = ConcurrencyLimit::new(1);
    for _ in 0..3 {
        assert_eq!(get(async_fn(fails).with(&limit)).status(), 500);
    }
    let panics = app_fn(|_, _| -> Full { panic!("in the call") });
    for _ in 0..3 {
        assert_eq!(get((&panics).with(&limit)).status(), 500);
    }
    assert_eq!(get(app_fn(hello).with(&limit)).status(), 200);
}
