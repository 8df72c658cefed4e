use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rgi_core::testing::{Client, Reply};
use rgi_core::{App, AppExt, Environ, Error, Full, StartResponse, StatusCode, app_fn, async_fn};

use super::ConcurrencyLimit;

const LONG: Duration = Duration::from_secs(600);

/// An application that says when it was entered, and then waits to be let go.
fn held(
    limit: &ConcurrencyLimit,
) -> (
    impl App<Body: Send> + Send + Sync,
    mpsc::Receiver<()>,
    mpsc::Sender<()>,
) {
    let (entered, enters) = mpsc::channel();
    let (go, goes) = mpsc::channel();
    let goes = std::sync::Mutex::new(goes);
    let app = app_fn(move |_: Environ, start_response: StartResponse| {
        entered.send(()).expect("the test is there");
        let _ = goes.lock().expect("no panic").recv();
        start_response.start(StatusCode::OK).full("done")
    });
    (app.with(limit), enters, go)
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
    let (slow, entered, go) = held(&limit);
    thread::scope(|scope| {
        let first = scope.spawn(|| get(&slow).status());
        entered.recv().expect("the first is in");
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
    let limit = ConcurrencyLimit::new(1).waiting(1, LONG);
    let (slow, entered, go) = held(&limit);
    thread::scope(|scope| {
        let first = scope.spawn(|| get(&slow).status());
        entered.recv().expect("the first is in");
        let second = scope.spawn(|| get(&slow).status());
        while limit.gate.waiting() == 0 {
            thread::yield_now();
        }
        // No room for a third to wait.
        assert_eq!(get(app_fn(hello).with(&limit)).status(), 503);
        go.send(()).expect("the first waits");
        entered.recv().expect("the second is in");
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
    let limit = ConcurrencyLimit::new(1).waiting(2, LONG);
    let place = super::Gate::enter(&limit.gate).expect("a place");
    let first = super::Gate::queue(&limit.gate, 2).expect("a turn");
    thread::scope(|scope| {
        let second = scope.spawn(|| get(app_fn(hello).with(&limit)).status());
        while limit.gate.waiting() < 2 {
            thread::yield_now();
        }
        drop(place);
        drop(first);
        assert_eq!(second.join().expect("no panic"), 200);
    });
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

#[test]
fn it_is_send_when_what_it_wraps_is() {
    fn send<A: App<Body: Send> + Send + Sync>(_: A) {}
    send(app_fn(hello).with(ConcurrencyLimit::new(1)));
    let here = std::rc::Rc::new("here");
    let app = app_fn(move |_, start_response: StartResponse| {
        start_response.start(StatusCode::OK).full(*here)
    });
    assert_eq!(get(app.with(ConcurrencyLimit::new(1))).text(), "here");
}
