//! Wrong applications.

use std::pin::pin;
use std::sync::Mutex;
use std::task::Poll;

use rgi_core::testing::{Client, poll_once};
use rgi_core::{
    Environ, Error, Event, HeaderMap, StartResponse, StatusCode, app_fn, async_fn, field,
};
use rgi_lint::{Finding, Findings, Lint};

use crate::support::{Items, data, find, typed, value};

type Wrong = Vec<(&'static str, Vec<Finding>)>;

fn items(make: impl Fn(StartResponse) -> Items) -> Vec<Finding> {
    find(app_fn(move |_: Environ, start_response| {
        make(start_response)
    }))
}

/// Pulls a body to its end, and once more.
fn pulled_too_far(make: fn(StartResponse) -> Items) -> Vec<Finding> {
    let findings = Findings::new();
    let kept = Mutex::new(None);
    let app = app_fn(|_: Environ, start_response: StartResponse| {
        *kept.lock().unwrap() = Some(start_response);
        Items::new([])
    });
    let _ = Client::new(app).get("/").send();
    let start_response = kept.lock().unwrap().take().unwrap();
    let environ_kept = Mutex::new(None);
    let app = app_fn(|environ: Environ, _| {
        *environ_kept.lock().unwrap() = Some(environ);
        Items::new([])
    });
    let _ = Client::new(app).get("/").send();
    let environ = environ_kept.lock().unwrap().take().unwrap();
    let app = Lint::new(app_fn(|_, start_response| make(start_response))).collect(&findings);
    let mut body = pin!(rgi_core::App::call(&app, environ, start_response));
    for _ in 0..5 {
        let _ = poll_once(body.as_mut());
    }
    findings.take()
}

fn trailers() -> Event {
    let mut map = HeaderMap::new();
    map.insert("x-sum", value("1"));
    Event::Trailers(Box::new(map))
}

fn of_another() -> Vec<Finding> {
    let kept = Mutex::new(None);
    let findings = Findings::new();
    let app = app_fn(|_: Environ, start_response: StartResponse| {
        let mine = typed(start_response.start(StatusCode::OK));
        let answer = kept.lock().unwrap().replace(mine);
        Items::new(answer.map(Event::Start).into_iter().chain([data("x")]))
    });
    let client = Client::new(Lint::new(app).collect(&findings));
    let _ = client.get("/1").send();
    findings.take();
    let _ = client.get("/2").send();
    findings.take()
}

/// The head of a switch, and nothing behind it.
fn switch_without_upgrade() -> Vec<Finding> {
    let findings = Findings::new();
    let app = app_fn(|mut environ: Environ, s: StartResponse| {
        let offer = environ.take_offer().unwrap();
        let accepted = offer.accept("echo").unwrap();
        let mut upgrading = pin!(s.start(StatusCode::OK).upgrade(accepted, async |_| Ok(())));
        match poll_once(upgrading.as_mut()) {
            Poll::Ready(Some(Ok(start))) => Items::new([start]),
            other => panic!("no start: {other:?}"),
        }
    });
    let client = Client::new(Lint::new(app).collect(&findings));
    let _ = client.get("/").upgrade("echo", b"").send();
    findings.take()
}

fn in_spite_of_the_input() -> Vec<Finding> {
    let findings = Findings::new();
    let app = async_fn(
        async |mut environ: Environ, start_response: StartResponse| {
            let body = environ.input().collect(100).await;
            let text = if body.is_ok() { "whole" } else { "never mind" };
            Ok(typed(start_response.start(StatusCode::OK)).full(text))
        },
    );
    let client = Client::new(Lint::new(app).collect(&findings));
    let request = client.post("/").chunks(["some"]);
    let _ = request.break_off(Error::malformed("a bad chunk")).send();
    findings.take()
}

/// Findings of a wrong application for each check of that side.
pub(crate) fn wrong() -> Wrong {
    let ok =
        |start_response: StartResponse| Event::Start(typed(start_response.start(StatusCode::OK)));
    vec![
        ("first-event", items(|_| Items::new([data("x")]))),
        (
            "first-event",
            items(|s| Items::new([Event::Start(s.start(StatusCode::EARLY_HINTS))])),
        ),
        ("first-event", switch_without_upgrade()),
        (
            "second-start",
            items(move |s| {
                let (s, fallback) = s.with_fallback();
                let again = fallback.start(StatusCode::OK, Error::new("why"));
                Items::new([ok(s), Event::Start(again)])
            }),
        ),
        (
            "event-after-end",
            pulled_too_far(|s| {
                let start = Event::Start(typed(s.start(StatusCode::OK)));
                Items::new([start]).error().then(data("more"))
            }),
        ),
        (
            "event-after-trailers",
            pulled_too_far(|s| {
                let started = typed(s.start(StatusCode::OK)).header(field::TRAILER, value("X-Sum"));
                Items::new([Event::Start(started), data("x"), trailers(), data("y")])
            }),
        ),
        (
            "length-too-short",
            items(|s| {
                let started = typed(s.start(StatusCode::OK)).length(5);
                Items::new([Event::Start(started), data("abc"), Event::Flush])
            }),
        ),
        (
            "length-too-short",
            items(|s| {
                let started = typed(s.start(StatusCode::OK)).length(5);
                Items::new([Event::Start(started), data("abc")]).counted()
            }),
        ),
        (
            "length-too-long",
            items(|s| {
                let started = typed(s.start(StatusCode::OK)).length(5);
                Items::new([Event::Start(started), data("abc"), data("def")])
            }),
        ),
        (
            "body-where-none",
            items(|s| {
                Items::new([Event::Start(s.start(StatusCode::NO_CONTENT)), data("x")]).hint(1, None)
            }),
        ),
        (
            "body-where-none",
            items(|s| {
                let started = s.start(StatusCode::RESET_CONTENT);
                Items::new([Event::Start(started), data("x")]).hint(1, None)
            }),
        ),
        (
            "size-hint",
            items(move |s| Items::new([ok(s), data("a"), data("b")]).hint(0, Some(0))),
        ),
        (
            "size-hint",
            items(move |s| Items::new([ok(s), Event::Flush, data("a")]).hint(0, Some(0))),
        ),
        (
            "size-hint",
            items(move |s| Items::new([ok(s), data("a")]).hint(1, None)),
        ),
        (
            "trailers-with-length",
            items(|s| {
                let started = typed(s.start(StatusCode::OK)).length(2);
                Items::new([Event::Start(started), data("a"), trailers()])
            }),
        ),
        (
            "trailers-unannounced",
            items(move |s| Items::new([ok(s), data("a"), trailers()])),
        ),
        (
            "content-type-missing",
            find(app_fn(|_: Environ, s: StartResponse| {
                s.start(StatusCode::OK).full("?")
            })),
        ),
        (
            "content-fields-where-none",
            find(app_fn(|_: Environ, s: StartResponse| {
                typed(s.start(StatusCode::NO_CONTENT)).empty()
            })),
        ),
        ("token-of-another", of_another()),
        ("input-misuse", in_spite_of_the_input()),
    ]
}
