//! The commit machine: when a head goes out, what becomes of failures, and what hooks are told.

mod common;

use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use common::*;
use rgi_core::server::{Cut, Framing, Payload, Rules, Verdict};
use rgi_core::testing::Client;
use rgi_core::*;

/// The answer to a GET by a scripted body whose start has this status.
fn script(status: u16, steps: impl Fn() -> Vec<Step>) -> String {
    script_for(Method::GET, |started| started, status, steps)
}

fn script_for(
    method: Method,
    edit: impl Fn(Started) -> Started,
    status: u16,
    steps: impl Fn() -> Vec<Step>,
) -> String {
    let status = StatusCode::from_u16(status).unwrap();
    answer(
        method,
        app_fn(|_, start_response: StartResponse| {
            let mut all = vec![start(edit(start_response.start(status)))];
            all.extend(steps());
            Script::new(all)
        }),
    )
}

// ---- when the head goes out

#[test]
fn neither_start_nor_empty_data_commit() {
    let app = app_fn(|_, start_response: StartResponse| {
        let started = start_response.start(StatusCode::OK);
        Script::new([start(started), data(""), Step::Hang])
    });
    let mut response = pin!(exchange(Method::GET, "/").call(&app));
    let mut cx = Context::from_waker(Waker::noop());
    assert!(response.as_mut().poll_head(&mut cx).is_pending());
    assert_eq!(response.status(), None);
    assert!(!response.is_end());
}

#[test]
fn what_commits_sends_the_head() {
    assert_eq!(script(200, || vec![data("a")]), "200 Unknown | a | end");
    assert_eq!(script(200, || vec![flush()]), "200 Unknown | flush | end");
    assert_eq!(
        script(200, || vec![trailers()]),
        "200 Unknown | trailers | end"
    );
    assert_eq!(script(200, Vec::new), "200 Length(0) | end");
    assert_eq!(
        script(200, || vec![data(""), data("")]),
        "200 Length(0) | end"
    );
    let file = || {
        let file = tempfile::tempfile().unwrap();
        file.set_len(7).unwrap();
        Step::Item(Ok(Event::File(Box::new(FileRegion::whole(file).unwrap()))))
    };
    assert_eq!(script(200, || vec![file()]), "200 Unknown | file 7 | end");
}

#[test]
fn a_file_of_no_bytes_commits_and_sends_nothing() {
    let empty = || {
        let region = FileRegion::whole(tempfile::tempfile().unwrap()).unwrap();
        Step::Item(Ok(Event::File(Box::new(region))))
    };
    assert_eq!(
        script(200, || vec![empty(), data("a")]),
        "200 Unknown | a | end"
    );
    let alone = answer(
        Method::GET,
        app_fn(|_, s: StartResponse| {
            Script::new([start(s.start(StatusCode::OK)), empty()]).exact()
        }),
    );
    assert_eq!(alone, "200 Length(0) | end");
}

#[test]
fn pending_bodies_are_waited_for() {
    let steps = || {
        vec![
            Step::Pending,
            data("a"),
            Step::Pending,
            Step::Pending,
            data("b"),
        ]
    };
    assert_eq!(script(200, steps), "200 Unknown | a | b | end");
}

// ---- failures

#[test]
fn an_error_before_commit_becomes_the_status_it_carries() {
    let refused = |error: fn() -> Error| {
        let app = app_fn(move |_, s: StartResponse| {
            let started = start(s.start(StatusCode::OK));
            Script::new([started, data(""), Step::Item(Err(error()))])
        });
        let reply = Client::new(app).get("/").send();
        assert!(!reply.was_cut());
        assert_eq!(
            reply.header("content-type"),
            Some("text/plain; charset=utf-8")
        );
        assert_eq!(reply.head().length(), Some(reply.body().len() as u64));
        assert_eq!(reply.outcome().end, End::Refused);
        let retry = reply.header("retry-after").is_some();
        (reply.status(), reply.text(), retry)
    };
    let told = |status, text: &str, retry| (status, text.to_owned(), retry);
    assert_eq!(
        refused(|| Error::new("x")),
        told(500, "500 Internal Server Error\n", false)
    );
    assert_eq!(
        refused(|| Error::malformed("x")),
        told(400, "400 Bad Request\n", false)
    );
    assert_eq!(
        refused(|| Error::too_large("x")),
        told(413, "413 Payload Too Large\n", false)
    );
    assert_eq!(
        refused(|| Error::timeout("x")),
        told(503, "503 Service Unavailable\n", false)
    );
    assert_eq!(
        refused(|| Error::overloaded("x")),
        told(503, "503 Service Unavailable\n", true)
    );
    assert_eq!(
        refused(|| Error::new("x").with_status(StatusCode::NOT_FOUND)),
        told(404, "404 Not Found\n", false)
    );
    assert_eq!(
        refused(|| Error::new("x").with_status(StatusCode::from_u16(599).unwrap())),
        told(599, "599\n", false)
    );
}

/// Adds a field to what is answered, wherever that comes from.
#[derive(Clone)]
struct Everywhere;

const X_SEEN: FieldName = FieldName::from_static("x-seen");

impl EditHead for Everywhere {
    fn edit(&mut self, head: &mut Head) {
        let seen = HeaderValue::try_from(head.status.as_str()).unwrap();
        head.append(X_SEEN, seen);
    }

    fn edit_error(&mut self, error: &mut Error) {
        self.edit(error.head_mut());
    }
}

#[test]
fn the_answer_to_an_error_has_the_fields_it_was_given() {
    let overloaded =
        app_fn(|_, _: StartResponse| Script::new([Step::Item(Err(Error::overloaded("of work")))]));
    let reply = Client::new((&overloaded).map_start(Everywhere))
        .get("/")
        .send();
    assert_eq!(reply.text(), "503 Service Unavailable\n");
    assert_eq!(
        (
            reply.header("x-seen"),
            reply.header("retry-after"),
            reply.header("content-type")
        ),
        (Some("503"), Some("1"), Some("text/plain; charset=utf-8"))
    );
    assert_eq!(reply.outcome().end, End::Refused);
    // Through those that are not asked, and from one to the other.
    let layers = (&overloaded).map_start(Everywhere);
    let layers = layers.map_start(|head: &mut Head| head.status = StatusCode::CREATED);
    let reply = Client::new(layers.map_start(Everywhere)).get("/").send();
    let seen = reply.head().get_all(&X_SEEN).count();
    assert_eq!((reply.status(), seen), (503, 2));
}

#[derive(Debug)]
struct Wrapped(Box<dyn std::error::Error + Send + Sync>);

impl std::fmt::Display for Wrapped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("wrapped")
    }
}

impl std::error::Error for Wrapped {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&*self.0)
    }
}

#[test]
fn another_status_may_be_said_on_the_way() {
    fn hide(error: &mut Error) {
        let head = error.head_mut();
        head.status = StatusCode::NOT_FOUND;
        head.insert(field::RETRY_AFTER, HeaderValue::from_static("60"));
        // What describes the content is of the content there is.
        head.set_length(Some(3));
    }
    let app = app_fn(|_, _: StartResponse| {
        let mut error = Error::overloaded("x");
        hide(&mut error);
        assert_eq!(error.status(), StatusCode::NOT_FOUND);
        Script::new([Step::Item(Err(error))])
    });
    let reply = Client::new(app).get("/").send();
    assert_eq!(
        (reply.text().as_str(), reply.header("retry-after")),
        ("404 Not Found\n", Some("60"))
    );
    let mut error = Error::malformed("x");
    hide(&mut error);
    let error = error.with_status(StatusCode::GONE);
    assert_eq!(error.status(), StatusCode::GONE);
    // What was said survives being the cause of a foreign error.
    let app = app_fn(|_, _: StartResponse| {
        let mut error = Error::overloaded("x");
        hide(&mut error);
        let wrapped = std::io::Error::other(Wrapped(error.into()));
        Script::new([Step::Item(Err(Error::new(wrapped)))])
    });
    let reply = Client::new(app).get("/").send();
    assert_eq!(
        (reply.status(), reply.header("retry-after")),
        (404, Some("60"))
    );
}

#[test]
fn a_replacing_answer_has_the_fields_of_the_error() {
    let app = app_fn(|_, start_response: StartResponse| {
        let (start_response, fallback) = start_response.with_fallback();
        let started = start_response.start(StatusCode::OK);
        let body = Script::new([start(started), fail("early")]);
        body.map_start(Everywhere)
            .recover(fallback, |fallback, error| {
                assert_eq!(error.status(), StatusCode::INTERNAL_SERVER_ERROR);
                fallback.start(StatusCode::BAD_GATEWAY, error).full("sorry")
            })
    });
    let reply = Client::new(app).get("/").send();
    assert_eq!(
        (reply.status(), reply.header("x-seen"), reply.text()),
        (502, Some("500"), "sorry".to_owned())
    );
    assert_eq!(reply.outcome().error.as_ref().unwrap().to_string(), "early");
}

#[test]
fn an_error_with_the_status_of_no_answer_is_a_500() {
    let failing = |status: StatusCode| {
        app_fn(move |_, _: StartResponse| {
            Script::new([Step::Item(Err(Error::new("x").with_status(status)))])
        })
    };
    let text = "500 Length(26) | 500 Internal Server Error\n | end (x)";
    assert_eq!(answer(Method::GET, failing(StatusCode::EARLY_HINTS)), text);
    assert_eq!(answer(Method::CONNECT, failing(StatusCode::OK)), text);
}

#[test]
fn the_text_of_an_error_is_for_the_log_alone() {
    let app = app_fn(|_, _: StartResponse| Script::new([fail("the password is swordfish")]));
    let reply = Client::new(app).get("/").send();
    assert!(!reply.text().contains("swordfish"));
    let error = reply.outcome().error.as_ref().unwrap();
    assert_eq!(error.to_string(), "the password is swordfish");
}

#[test]
fn an_error_after_commit_cuts() {
    let steps = || vec![data("a"), fail("late")];
    assert_eq!(script(200, steps), "200 Unknown | a | CUT (late)");
    let steps = || vec![flush(), fail("late")];
    assert_eq!(script(200, steps), "200 Unknown | flush | CUT (late)");
}

#[test]
fn a_cut_is_the_end_however_often_it_is_asked_for() {
    let app = app_fn(|_, s: StartResponse| {
        Script::new([
            start(s.start(StatusCode::OK)),
            data("a"),
            fail("late"),
            data("b"),
        ])
    });
    let mut response = pin!(exchange(Method::GET, "/").call(&app));
    let mut cx = Context::from_waker(Waker::noop());
    assert!(response.as_mut().poll_head(&mut cx).is_ready());
    assert!(matches!(
        response.as_mut().poll_payload(&mut cx),
        Poll::Ready(Some(Ok(Payload::Data(_))))
    ));
    for _ in 0..3 {
        let polled = response.as_mut().poll_payload(&mut cx);
        assert!(matches!(polled, Poll::Ready(Some(Err(Cut)))));
        assert!(!response.is_end(), "a cut response is not whole");
    }
}

#[test]
fn the_grammar_of_events_is_held_up() {
    assert_eq!(
        answer(Method::GET, app_fn(|_, _: StartResponse| Script::new([]))),
        "500 Length(26) | 500 Internal Server Error\n | end (misuse: the body ended without a start)"
    );
    assert_eq!(
        answer(
            Method::GET,
            app_fn(|_, _: StartResponse| Script::new([data("a")]))
        ),
        "500 Length(26) | 500 Internal Server Error\n | end (misuse: an event came before the start)"
    );
    assert_eq!(
        answer(
            Method::GET,
            app_fn(|_, _: StartResponse| Script::new([data("")]))
        ),
        "500 Length(26) | 500 Internal Server Error\n | end (misuse: an event came before the start)"
    );
    assert_eq!(
        script(200, || vec![data(""), start(started(200))]),
        "500 Length(26) | 500 Internal Server Error\n | end (misuse: a second start)"
    );
    assert_eq!(
        script(200, || vec![data("a"), start(started(200))]),
        "200 Unknown | a | CUT (misuse: a start came after the head was sent)"
    );
    for status in [100, 101, 103] {
        assert_eq!(
            script(status, || vec![data("a")]),
            "500 Length(26) | 500 Internal Server Error\n | end \
             (misuse: a start with a 1xx status: use `inform`, or `upgrade`)"
        );
    }
}

#[test]
fn what_follows_trailers_is_never_asked_for() {
    let steps = || vec![data("a"), trailers(), data("b")];
    assert_eq!(script(200, steps), "200 Unknown | a | trailers | end");
}

#[test]
fn panics_are_failures() {
    let in_call = app_fn(|_, _: StartResponse| -> Full { scripted_panic() });
    let text = "500 Length(26) | 500 Internal Server Error\n | end (panicked: scripted)";
    assert_eq!(answer(Method::GET, in_call), text);
    assert_eq!(script(200, || vec![Step::Panic]), text);
    assert_eq!(script(200, || vec![data(""), Step::Panic]), text);
    assert_eq!(
        script(200, || vec![data("a"), Step::Panic]),
        "200 Unknown | a | CUT (panicked: scripted)"
    );
}

#[test]
fn panics_that_panic_when_dropped_are_survived() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            if !std::thread::panicking() {
                scripted_panic();
            }
        }
    }
    let app = app_fn(|_, _: StartResponse| -> Full { std::panic::panic_any(Bomb) });
    let mut exchange = exchange(Method::GET, "/");
    let told = told(&mut exchange);
    exchange
        .environ_mut()
        .on_finish(|_| std::panic::panic_any(Bomb));
    assert_eq!(drive(exchange.call(&app)).status, 500);
    assert_eq!(told.lock().unwrap().len(), 1);
}

#[test]
fn a_body_that_panics_in_its_drop_answers_all_the_same() {
    let app = app_fn(|_, s: StartResponse| {
        Script::new([start(s.start(StatusCode::OK)), data("a")])
            .exact()
            .on_drop(|| scripted_panic())
    });
    assert_eq!(answer(Method::GET, app), "200 Length(1) | a | end");
    assert_eq!(answer(Method::HEAD, app), "200 None | end");
}

#[test]
fn a_size_hint_that_panics_is_a_failure() {
    struct Liar(Option<Event>);
    impl Stream for Liar {
        type Item = Result<Event, Error>;
        fn poll_next(
            mut self: std::pin::Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Self::Item>> {
            let event = self.0.take().unwrap_or(Event::Data("a".into()));
            Poll::Ready(Some(Ok(event)))
        }
        fn size_hint(&self) -> (usize, Option<usize>) {
            scripted_panic()
        }
    }
    let app = app_fn(|_, s: StartResponse| Liar(Some(Event::Start(s.start(StatusCode::OK)))));
    assert_eq!(drive(exchange(Method::GET, "/").call(&app)).status, 500);
}

// ---- lengths

#[test]
fn a_single_block_tells_its_length() {
    let one = |exact: bool| {
        app_fn(move |_, s: StartResponse| {
            let script = Script::new([start(s.start(StatusCode::OK)), data("abc")]);
            if exact { script.exact() } else { script }
        })
    };
    assert_eq!(answer(Method::GET, one(true)), "200 Length(3) | abc | end");
    assert_eq!(answer(Method::GET, one(false)), "200 Unknown | abc | end");
    let iter = app_fn(|_, s: StartResponse| {
        s.start(StatusCode::OK)
            .iter(vec![Ok::<_, Error>(Bytes::from_static(b"abc"))])
    });
    assert_eq!(answer(Method::GET, iter), "200 Length(3) | abc | end");
    let iter = app_fn(|_, s: StartResponse| {
        let chunks = ["abc", "de"].map(|text| Ok::<_, Error>(Bytes::from_static(text.as_bytes())));
        s.start(StatusCode::OK).iter(chunks)
    });
    assert_eq!(answer(Method::GET, iter), "200 Unknown | abc | de | end");
}

#[test]
fn inference_delays_no_block() {
    // Were another poll needed to tell, the head would not be there yet.
    let app = app_fn(|_, s: StartResponse| {
        Script::new([start(s.start(StatusCode::OK)), data("abc"), Step::Hang])
    });
    let mut response = pin!(exchange(Method::GET, "/").call(&app));
    let mut cx = Context::from_waker(Waker::noop());
    assert!(response.as_mut().poll_head(&mut cx).is_ready());
    assert!(response.as_mut().poll_payload(&mut cx).is_ready());
    assert!(response.as_mut().poll_payload(&mut cx).is_pending());
}

#[test]
fn a_promise_is_held_or_broken_visibly() {
    let promised = |length: u64, steps: fn() -> Vec<Step>| {
        script_for(
            Method::GET,
            move |started| started.length(length),
            200,
            steps,
        )
    };
    assert_eq!(
        promised(3, || vec![data("abc")]),
        "200 Length(3) | abc | end"
    );
    assert_eq!(
        promised(3, || vec![data("ab"), data("c")]),
        "200 Length(3) | ab | c | end"
    );
    assert_eq!(promised(0, Vec::new), "200 Length(0) | end");
    assert_eq!(
        promised(2, || vec![data("abc")]),
        "500 Length(26) | 500 Internal Server Error\n | end (misuse: more bytes than the length promised)"
    );
    assert_eq!(
        promised(0, || vec![data("abc")]),
        "500 Length(26) | 500 Internal Server Error\n | end (misuse: more bytes than the length promised)"
    );
    assert_eq!(
        promised(3, || vec![data("ab"), data("cd")]),
        "200 Length(3) | ab | CUT (misuse: more bytes than the length promised)"
    );
    assert_eq!(
        promised(3, || vec![data("ab")]),
        "200 Length(3) | ab | CUT (misuse: fewer bytes than the length promised)"
    );
    assert_eq!(
        promised(3, Vec::new),
        "500 Length(26) | 500 Internal Server Error\n | end (misuse: fewer bytes than the length promised)"
    );
    assert_eq!(
        promised(3, || vec![flush()]),
        "200 Length(3) | flush | CUT (misuse: fewer bytes than the length promised)"
    );
    assert_eq!(
        promised(3, || vec![data("a"), fail("late")]),
        "200 Length(3) | a | CUT (late)"
    );
}

#[test]
fn a_known_single_block_that_is_too_short_is_refused() {
    let app = app_fn(|_, s: StartResponse| {
        Script::new([start(s.start(StatusCode::OK).length(5)), data("abc")]).exact()
    });
    assert_eq!(
        answer(Method::GET, app),
        "500 Length(26) | 500 Internal Server Error\n | end (misuse: fewer bytes than the length promised)"
    );
}

#[test]
fn at_the_promised_length_the_body_is_asked_no_more() {
    for (steps, length) in [
        (vec![data("ab"), data("c"), Step::Panic], 3),
        (vec![flush(), Step::Panic], 0),
    ] {
        let polls = Arc::new(AtomicUsize::new(0));
        let dropped = Arc::new(AtomicUsize::new(0));
        let (count, drops) = (polls.clone(), dropped.clone());
        let expected = steps.len();
        let steps = Mutex::new(Some(steps));
        let app = app_fn(move |_, s: StartResponse| {
            let mut all = vec![start(s.start(StatusCode::OK).length(length))];
            all.extend(steps.lock().unwrap().take().unwrap());
            let drops = drops.clone();
            Script::new(all).counting(&count).on_drop(move || {
                drops.fetch_add(1, Ordering::SeqCst);
            })
        });
        let seen = drive(exchange(Method::GET, "/").call(&app));
        assert!(!seen.cut);
        assert_eq!(seen.bytes, length);
        assert_eq!(
            polls.load(Ordering::SeqCst),
            expected,
            "the start and what came before"
        );
        assert_eq!(dropped.load(Ordering::SeqCst), 1);
    }
}

#[test]
fn the_body_is_dropped_with_its_last_block() {
    let dropped = Arc::new(AtomicUsize::new(0));
    let drops = dropped.clone();
    let app = app_fn(move |_, s: StartResponse| {
        let drops = drops.clone();
        let started = s.start(StatusCode::OK).length(3);
        Script::new([start(started), data("ab"), data("c")]).on_drop(move || {
            drops.fetch_add(1, Ordering::SeqCst);
        })
    });
    let mut response = pin!(exchange(Method::GET, "/").call(&app));
    let mut cx = Context::from_waker(Waker::noop());
    assert!(response.as_mut().poll_head(&mut cx).is_ready());
    assert!(response.as_mut().poll_payload(&mut cx).is_ready());
    assert_eq!(dropped.load(Ordering::SeqCst), 0);
    assert!(response.as_mut().poll_payload(&mut cx).is_ready());
    assert_eq!(
        dropped.load(Ordering::SeqCst),
        1,
        "not held while it is sent"
    );
}

#[test]
fn the_last_block_of_a_length_is_known_to_be_the_last() {
    let app = app_fn(|_, s: StartResponse| s.start(StatusCode::OK).full("abc"));
    let mut response = pin!(exchange(Method::GET, "/").call(&app));
    let mut cx = Context::from_waker(Waker::noop());
    assert!(response.as_mut().poll_head(&mut cx).is_ready());
    assert!(!response.is_end());
    assert!(response.as_mut().poll_payload(&mut cx).is_ready());
    assert!(response.is_end());
}

#[test]
fn trailers_need_an_unknown_length() {
    let steps = || vec![data("abc"), trailers()];
    assert_eq!(script(200, steps), "200 Unknown | abc | trailers | end");
    let promised = |length: u64, steps: fn() -> Vec<Step>| {
        script_for(
            Method::GET,
            move |started| started.length(length),
            200,
            steps,
        )
    };
    assert_eq!(
        promised(3, || vec![data("abc"), trailers()]),
        "200 Length(3) | abc | end"
    );
    assert_eq!(promised(0, || vec![trailers()]), "200 Length(0) | end");
    assert_eq!(
        promised(3, || vec![trailers()]),
        "500 Length(26) | 500 Internal Server Error\n | end (misuse: fewer bytes than the length promised)"
    );
    assert_eq!(
        promised(3, || vec![data("ab"), trailers()]),
        "200 Length(3) | ab | CUT (misuse: fewer bytes than the length promised)"
    );
}

#[test]
fn fields_of_framing_are_in_neither_trailers_nor_interim_responses() {
    let app = app_fn(|_, s: StartResponse| {
        let mut fields = HeaderMap::new();
        for name in [
            "content-length",
            "transfer-encoding",
            "connection",
            "x-kept",
        ] {
            fields.insert(name, HeaderValue::from_static("1"));
        }
        s.inform(StatusCode::EARLY_HINTS, &fields);
        let started = start(s.start(StatusCode::OK));
        let trailers = Step::Item(Ok(Event::Trailers(Box::new(fields))));
        Script::new([started, data("a"), trailers])
    });
    let reply = Client::new(app).get("/").send();
    let names = |fields: &HeaderMap| fields.keys().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(names(reply.trailers().unwrap()), ["x-kept"]);
    assert_eq!(names(&reply.interim()[0].1), ["x-kept"]);
}

// ---- heads without bodies

#[test]
fn head_requests_get_the_head_alone() {
    let polls = Arc::new(AtomicUsize::new(0));
    let count = polls.clone();
    let app = app_fn(move |_, s: StartResponse| {
        Script::new([start(s.start(StatusCode::OK)), data("abc")])
            .exact()
            .counting(&count)
    });
    let seen = drive(exchange(Method::HEAD, "/").call(&app));
    assert_eq!(seen.to_string(), "200 None | end");
    assert_eq!(seen.length, None, "never inferred, least of all to be 0");
    assert_eq!(polls.load(Ordering::SeqCst), 1, "its body is not pulled");

    let full = app_fn(|_, s: StartResponse| s.start(StatusCode::OK).full("abc"));
    assert_eq!(
        drive(exchange(Method::HEAD, "/").call(&full)).length,
        Some(3)
    );
    let empty = app_fn(|_, s: StartResponse| s.start(StatusCode::OK).length(9).empty());
    assert_eq!(
        drive(exchange(Method::HEAD, "/").call(&empty)).length,
        Some(9)
    );
    let bare = app_fn(|_, s: StartResponse| s.start(StatusCode::OK).empty());
    assert_eq!(drive(exchange(Method::HEAD, "/").call(&bare)).length, None);
}

#[test]
fn failures_of_head_requests_have_no_body() {
    let app = app_fn(|_, _: StartResponse| Script::new([fail("x")]));
    let seen = drive(exchange(Method::HEAD, "/").call(&app));
    assert_eq!(seen.to_string(), "500 None | end (x)");
    assert_eq!(seen.length, Some(26), "as GET has it");
}

#[test]
fn statuses_that_have_no_body_get_none() {
    let with = |status: u16, method: Method| {
        let app = app_fn(move |_, s: StartResponse| {
            s.start(StatusCode::from_u16(status).unwrap()).full("abc")
        });
        let seen = drive(exchange(method, "/").call(&app));
        (seen.framing.unwrap(), seen.length, seen.bytes)
    };
    assert_eq!(with(204, Method::GET), (Framing::None, None, 0));
    assert_eq!(with(204, Method::HEAD), (Framing::None, None, 0));
    assert_eq!(with(304, Method::GET), (Framing::None, Some(3), 0));
    assert_eq!(with(205, Method::GET), (Framing::Length(0), Some(0), 0));
    assert_eq!(with(200, Method::GET), (Framing::Length(3), Some(3), 3));
}

// ---- switching protocols

fn echo(protocol: &'static str) -> impl App<Body = impl Body> {
    app_fn(move |mut environ: Environ, s: StartResponse| {
        let offer = environ.take_offer().expect("an offer");
        let accepted = match protocol {
            "" => offer.tunnel(),
            protocol => offer.accept(protocol),
        };
        let started = s.start(StatusCode::OK);
        started.upgrade(accepted.expect("offered"), async |mut io| {
            let mut buf = [0; 16];
            let read = io.read(&mut buf).await?;
            io.write_all(&buf[..read]).await?;
            Ok(())
        })
    })
}

#[test]
fn an_upgrade_hands_the_connection_over() {
    let reply = Client::new(echo("chat"))
        .get("/")
        .upgrade("other, chat", b"hey")
        .send();
    assert_eq!(reply.status(), 101);
    assert_eq!(reply.framing(), Framing::Upgrade);
    assert_eq!(reply.head().protocol().unwrap(), "chat");
    assert_eq!(reply.switched(), b"hey");
    assert_eq!(reply.outcome().end, End::Sent);
}

#[test]
fn connect_tunnels() {
    let client = Client::new(echo(""));
    let reply = client
        .request(Method::CONNECT, "host:443")
        .tunnel(b"hey")
        .send();
    assert_eq!(reply.status(), 200);
    assert_eq!(reply.framing(), Framing::Upgrade);
    assert_eq!(reply.head().length(), None);
    assert_eq!(reply.switched(), b"hey");
}

#[test]
fn connect_is_answered_with_2xx_by_an_upgrade_alone() {
    let app = |status: u16| {
        app_fn(move |_, s: StartResponse| {
            s.start(StatusCode::from_u16(status).unwrap()).full("abc")
        })
    };
    let seen = answer(Method::CONNECT, app(200));
    assert!(
        seen.starts_with("501 Length(20) | 501 Not Implemented\n | end"),
        "{seen}"
    );
    assert_eq!(
        answer(Method::CONNECT, app(405)),
        "405 Length(3) | abc | end"
    );
    assert!(answer(Method::CONNECT, app(204)).starts_with("501 "));
}

#[test]
fn a_switch_whose_status_a_middleware_changed_is_refused() {
    let app = echo("chat").map_start(|head: &mut Head| head.status = StatusCode::OK);
    let reply = Client::new(app).get("/").upgrade("chat", b"").send();
    assert_eq!(reply.status(), 500);
    assert!(reply.outcome().error.as_ref().unwrap().is_misuse());
}

#[test]
fn a_length_promised_for_a_switch_is_left_out() {
    let app = echo("chat").map_start(|head: &mut Head| head.set_length(Some(5)));
    let reply = Client::new(app).get("/").upgrade("chat", b"x").send();
    assert_eq!((reply.status(), reply.head().length()), (101, None));
    assert_eq!(reply.switched(), b"x");
}

#[test]
fn head_may_switch_too() {
    let client = Client::new(echo("chat"));
    let reply = client.head("/").upgrade("chat", b"x").send();
    assert_eq!((reply.status(), reply.switched()), (101, &b"x"[..]));
}

#[test]
fn after_the_upgrade_nothing_but_the_end_comes() {
    // The demand of a real upgrade, behind which a hand-written body goes on.
    struct Tail<B>(B, bool);
    impl<B: Body + Unpin> Stream for Tail<B> {
        type Item = Result<Event, Error>;
        fn poll_next(
            mut self: std::pin::Pin<&mut Self>,
            cx: &mut Context<'_>,
        ) -> Poll<Option<Self::Item>> {
            if self.1 {
                return Poll::Ready(Some(Ok(Event::Flush)));
            }
            let polled = std::pin::Pin::new(&mut self.0).poll_next(cx);
            self.1 = matches!(polled, Poll::Ready(Some(Ok(Event::Upgrade(_)))));
            polled
        }
    }
    let app = echo("chat").around(|inner, e, s| Tail(Box::pin(inner.call(e, s)), false));
    let reply = Client::new(app).get("/").upgrade("chat", b"").send();
    assert_eq!(reply.status(), 101);
    assert!(reply.was_cut());
    assert_eq!(reply.outcome().end, End::Truncated);
}

#[test]
fn an_upgrade_behind_a_head_of_none_is_refused() {
    // Its head is replaced by one that does not switch.
    let app = echo("chat").around(|inner, e, s| {
        let (s, fallback) = s.with_fallback();
        let mut other = Some(fallback.start(StatusCode::OK, Error::new("replaced")));
        let mut body = Box::pin(inner.call(e, s));
        Poller(move |cx: &mut Context<'_>| {
            body.as_mut().poll_next(cx).map(|item| match item {
                Some(Ok(Event::Start(_))) => Some(Ok(Event::Start(other.take().unwrap()))),
                item => item,
            })
        })
    });
    let reply = Client::new(app).get("/").upgrade("chat", b"").send();
    assert_eq!(reply.status(), 500);
    assert!(reply.outcome().error.as_ref().unwrap().is_misuse());
}

/// A body of a function.
struct Poller<F>(F);

impl<F: FnMut(&mut Context<'_>) -> Poll<Option<Result<Event, Error>>> + Unpin> Stream
    for Poller<F>
{
    type Item = Result<Event, Error>;
    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Self::Item>> {
        (self.0)(cx)
    }
}

#[test]
fn a_token_of_another_exchange_switches_nothing() {
    let accepted = {
        let offer = Some(HeaderValue::from_static("chat"));
        let (mut environ, _) = tokens(exchange(Method::GET, "/").offer(offer));
        environ.take_offer().unwrap().accept("chat").unwrap()
    };
    let accepted = Mutex::new(Some(accepted));
    let app = app_fn(move |_, s: StartResponse| {
        let accepted = accepted.lock().unwrap().take().unwrap();
        let started = s.start(StatusCode::OK);
        started.upgrade(accepted, async |_| Ok(()))
    });
    let reply = Client::new(app).get("/").send();
    assert_eq!(reply.status(), 500);
    assert!(reply.outcome().error.as_ref().unwrap().is_misuse());
}

#[test]
fn an_offer_is_taken_once_and_by_its_name() {
    let app = app_fn(|mut environ: Environ, s: StartResponse| {
        let offer = environ.take_offer().unwrap();
        assert_eq!(offer.protocols().collect::<Vec<_>>(), ["h2c", "WebSocket"]);
        let offer = offer.accept("chat").unwrap_err();
        let offer = offer.tunnel().unwrap_err();
        assert!(offer.accept("websocket").is_ok());
        assert!(environ.take_offer().is_none());
        s.start(StatusCode::OK).empty()
    });
    let reply = Client::new(app)
        .get("/")
        .upgrade("h2c, , WebSocket", b"")
        .send();
    assert_eq!(reply.status(), 200);
}

// ---- rules alone

#[test]
fn rules_judge_without_polling() {
    let mut rules = Rules::plain();
    let verdict = rules.on(Some(Ok(Event::Start(started(200)))), true);
    assert!(matches!(verdict, Verdict::Pull));
    let verdict = rules.on(Some(Ok(Event::Data("abc".into()))), false);
    let Verdict::Commit(head, framing, Some(Payload::Data(block))) = verdict else {
        panic!("{verdict:?}");
    };
    assert_eq!((head.length(), framing), (Some(3), Framing::Length(3)));
    assert_eq!(block, "abc");
    assert!(rules.is_end());
    assert!(matches!(
        rules.on(Some(Ok(Event::Flush)), true),
        Verdict::End
    ));

    let mut rules = Rules::head();
    let verdict = rules.on(Some(Ok(Event::Start(started(200)))), true);
    assert!(matches!(verdict, Verdict::Commit(_, Framing::None, None)));
    assert!(rules.is_end());

    let mut rules = Rules::connect();
    assert!(matches!(
        rules.on(Some(Ok(Event::Start(started(200)))), true),
        Verdict::Pull
    ));
    assert!(matches!(rules.on(None, false), Verdict::Refuse(_)));

    let mut rules = Rules::plain();
    rules.on(Some(Ok(Event::Start(started(200)))), true);
    rules.on(Some(Ok(Event::Flush)), true);
    assert!(matches!(
        rules.on(Some(Err(Error::new("x"))), true),
        Verdict::Cut(_)
    ));
    assert!(matches!(rules.on(None, true), Verdict::End));
}

// ---- hooks and outcomes

#[test]
fn hooks_run_behind_the_body_last_registered_first() {
    let order: Arc<Mutex<Vec<&str>>> = Arc::default();
    let note = |what: &'static str| {
        let order = order.clone();
        move || order.lock().unwrap().push(what)
    };
    let app = app_fn(|environ: Environ, s: StartResponse| {
        for name in ["first", "second"] {
            let note = note(name);
            environ.on_finish(move |_| note());
        }
        environ.on_finish(|_| scripted_panic());
        let script = Script::new([start(s.start(StatusCode::OK)), data("a"), data("b")]);
        script.on_drop(note("body"))
    });
    let expected = ["body", "second", "first"];
    let run = |drive: &dyn Fn(server::Exchange)| {
        order.lock().unwrap().clear();
        drive(exchange(Method::GET, "/"));
        assert_eq!(*order.lock().unwrap(), expected);
    };
    // To the end; dropped at each stage; drained; finished early.
    run(&|exchange| assert!(!drive(exchange.call(&app)).cut));
    run(&|exchange| drop(exchange.call(&app)));
    let mut cx = Context::from_waker(Waker::noop());
    let cx = Mutex::new(&mut cx);
    run(&|exchange| {
        let mut response = pin!(exchange.call(&app));
        let cx = &mut **cx.lock().unwrap();
        assert!(response.as_mut().poll_head(cx).is_ready());
        assert!(response.as_mut().poll_drain(cx).is_ready());
        response.finish(Some(End::Disconnected));
    });
    run(&|exchange| {
        let mut response = pin!(exchange.call(&app));
        response.as_mut().finish(None);
        response.as_mut().finish(Some(End::Sent));
    });
}

#[test]
fn hooks_run_when_the_call_panicked() {
    let ends: Arc<Mutex<Vec<End>>> = Arc::default();
    let put = ends.clone();
    let app = app_fn(move |environ: Environ, _: StartResponse| -> Full {
        let put = put.clone();
        environ.on_finish(move |outcome| put.lock().unwrap().push(outcome.end));
        scripted_panic()
    });
    assert_eq!(drive(exchange(Method::GET, "/").call(&app)).status, 500);
    assert_eq!(*ends.lock().unwrap(), [End::Refused]);
}

#[test]
fn hooks_run_when_the_server_never_called() {
    let mut exchange = exchange(Method::GET, "/");
    let told = told(&mut exchange);
    drop(exchange);
    assert_eq!(told.lock().unwrap()[0].end, End::Disconnected);
}

#[test]
fn a_hook_of_an_exchange_that_is_over_runs_at_once() {
    let (environ, _start_response) = tokens(exchange(Method::GET, "/"));
    let ran = Arc::new(AtomicUsize::new(0));
    for _ in 0..2 {
        let ran = ran.clone();
        environ.on_finish(move |outcome| {
            assert_eq!(outcome.end, End::Disconnected);
            ran.fetch_add(1, Ordering::SeqCst);
        });
    }
    assert_eq!(ran.load(Ordering::SeqCst), 2);
}

#[test]
fn a_hook_may_register_hooks() {
    let kept: Arc<Mutex<Option<Environ>>> = Arc::default();
    let order: Arc<Mutex<Vec<u8>>> = Arc::default();
    let (keep, put) = (kept.clone(), order.clone());
    let app = app_fn(move |environ: Environ, s: StartResponse| {
        let (kept, put) = (keep.clone(), put.clone());
        environ.on_finish(move |_| {
            put.lock().unwrap().push(1);
            let environ = kept.lock().unwrap().take().unwrap();
            let late = put.clone();
            environ.on_finish(move |_| late.lock().unwrap().push(2));
        });
        *keep.lock().unwrap() = Some(environ);
        s.start(StatusCode::OK).empty()
    });
    drive(exchange(Method::GET, "/").call(&app));
    assert_eq!(*order.lock().unwrap(), [1, 2]);
}

#[test]
fn hooks_registered_while_it_ends_run_once_each() {
    for _ in 0..200 {
        let (keep, kept) = std::sync::mpsc::channel();
        let app = app_fn(move |environ: Environ, s: StartResponse| {
            keep.send(environ).unwrap();
            s.start(StatusCode::OK).full("x")
        });
        let response = exchange(Method::GET, "/").call(&app);
        let environ = kept.recv().unwrap();
        let ran = Arc::new(AtomicUsize::new(0));
        let count = ran.clone();
        let other = std::thread::spawn(move || {
            for _ in 0..20 {
                let count = count.clone();
                environ.on_finish(move |_| {
                    count.fetch_add(1, Ordering::SeqCst);
                });
            }
        });
        drive(response);
        other.join().unwrap();
        assert_eq!(ran.load(Ordering::SeqCst), 20);
    }
}

#[test]
fn outcomes_say_what_was_sent() {
    let outcome = |method: Method, app: BoxApp| {
        let mut exchange = exchange(method, "/");
        let told = told(&mut exchange);
        drive(exchange.call(&*app));
        told.lock().unwrap().pop().unwrap()
    };
    let told = |end, status, bytes, error: Option<&str>| Told {
        end,
        status: Some(status),
        bytes,
        error: error.map(str::to_owned),
    };
    let full = app_fn(|_, s: StartResponse| s.start(StatusCode::CREATED).full("abc"));
    assert_eq!(
        outcome(Method::GET, full.erased()),
        told(End::Sent, 201, 3, None)
    );
    let full = app_fn(|_, s: StartResponse| s.start(StatusCode::OK).full("abc"));
    assert_eq!(
        outcome(Method::HEAD, full.erased()),
        told(End::Sent, 200, 0, None)
    );
    let cut = app_fn(|_, s: StartResponse| {
        Script::new([start(s.start(StatusCode::OK)), data("ab"), fail("late")])
    });
    assert_eq!(
        outcome(Method::GET, cut.erased()),
        told(End::Truncated, 200, 2, Some("late"))
    );
    let refused = app_fn(|_, _: StartResponse| Script::new([fail("early")]));
    assert_eq!(
        outcome(Method::GET, refused.erased()),
        told(End::Refused, 500, 26, Some("early"))
    );
}

#[test]
fn the_cause_of_a_fallback_reaches_the_outcome() {
    let app = app_fn(|_, s: StartResponse| {
        let (_dropped, fallback) = s.with_fallback();
        fallback
            .start(StatusCode::BAD_GATEWAY, Error::new("upstream died"))
            .full("sorry")
    });
    let reply = Client::new(app).get("/").send();
    assert_eq!((reply.status(), reply.text().as_str()), (502, "sorry"));
    assert_eq!(reply.outcome().end, End::Sent);
    assert_eq!(
        reply.outcome().error.as_ref().unwrap().to_string(),
        "upstream died"
    );
    assert!(
        reply.head().cause().is_none(),
        "it goes to the log, not out"
    );
}

#[test]
fn a_peer_that_left_is_no_failure() {
    let gone = || Step::Item(Err(Error::disconnected()));
    let app = app_fn(move |_, s: StartResponse| {
        Script::new([start(s.start(StatusCode::OK)), data("a"), gone()])
    });
    let reply = Client::new(app).get("/").send();
    assert!(reply.was_cut());
    assert_eq!(reply.outcome().end, End::Disconnected);
}

#[test]
fn clients_that_leave_are_noticed() {
    let app = app_fn(|environ: Environ, s: StartResponse| {
        let peer = environ.peer();
        s.start(StatusCode::OK).push(async move |mut writer| {
            writer.write("abc").await?;
            writer.write("def").await?;
            peer.gone().await;
            assert!(peer.is_gone());
            writer.write("never seen").await
        })
    });
    let client = Client::new(app);
    for bytes in [0, 1, 3, 4, 6] {
        let reply = client.get("/").leave_after(bytes).send();
        let chunks = [0, 3, 3, 6, 6][[0, 1, 3, 4, 6].iter().position(|b| *b == bytes).unwrap()];
        assert_eq!(reply.body().len(), chunks);
        assert_eq!(reply.outcome().end, End::Disconnected);
        assert_eq!(reply.outcome().bytes, chunks as u64);
    }
}

#[test]
fn a_client_that_leaves_gets_no_more_and_the_app_ends_its_step() {
    let stepped = Arc::new(AtomicUsize::new(0));
    let steps = stepped.clone();
    let app = app_fn(move |environ: Environ, s: StartResponse| {
        let (timer, steps) = (environ.timer(), steps.clone());
        s.start(StatusCode::OK).push(async move |mut writer| {
            writer.write("abc").await?;
            timer.sleep(std::time::Duration::from_millis(2)).await;
            steps.fetch_add(1, Ordering::SeqCst);
            writer.write("def").await?;
            writer.write("ghi").await?;
            steps.fetch_add(1, Ordering::SeqCst);
            Ok(())
        })
    });
    let reply = Client::new(app).get("/").leave_after(1).send();
    assert_eq!(reply.text(), "abc");
    assert_eq!(stepped.load(Ordering::SeqCst), 1);
}

#[test]
fn who_asks_for_it_is_dropped_at_once() {
    let dropped = Arc::new(AtomicUsize::new(0));
    let drops = dropped.clone();
    let app = app_fn(move |_, s: StartResponse| {
        let drops = drops.clone();
        let steps = [start(s.start(StatusCode::OK)), data("a"), Step::Hang];
        Script::new(steps).on_drop(move || {
            drops.fetch_add(1, Ordering::SeqCst);
        })
    });
    let app = app.cancel_on_disconnect();
    let mut response = pin!(exchange(Method::GET, "/").call(&app));
    let (waker, wakes) = counter();
    let mut cx = Context::from_waker(&waker);
    assert!(response.as_mut().poll_head(&mut cx).is_ready());
    assert!(response.as_mut().poll_payload(&mut cx).is_ready());
    assert!(response.as_mut().poll_payload(&mut cx).is_pending());
    response.hang_up().unwrap().now();
    assert_eq!(wakes.load(Ordering::SeqCst), 1);
    // Without it the body would be waited for.
    assert!(response.as_mut().poll_drain(&mut cx).is_ready());
    assert_eq!(dropped.load(Ordering::SeqCst), 1);

    let whole = app_fn(|_, s: StartResponse| s.start(StatusCode::OK).full("abc"));
    let reply = Client::new(whole.cancel_on_disconnect()).get("/").send();
    assert_eq!(
        (reply.text().as_str(), reply.framing()),
        ("abc", Framing::Length(3))
    );
}

#[test]
fn a_refusal_of_the_server_itself_is_answered_alike() {
    let mut exchange = exchange(Method::HEAD, "/");
    let told = told(&mut exchange);
    let seen = drive(exchange.refuse::<Full>(Error::too_large("a head of 70 KiB")));
    assert_eq!(
        seen.to_string(),
        "413 None | end (too large: a head of 70 KiB)"
    );
    assert_eq!(told.lock().unwrap()[0].end, End::Refused);
}

#[test]
fn interim_responses_come_before_the_start() {
    let app = app_fn(|_, s: StartResponse| {
        let mut fields = HeaderMap::new();
        fields.insert("link", "</a.css>; rel=preload".parse().unwrap());
        s.inform(StatusCode::EARLY_HINTS, &fields);
        // None of these is an application's to send.
        for status in [
            StatusCode::CONTINUE,
            StatusCode::SWITCHING_PROTOCOLS,
            StatusCode::OK,
        ] {
            s.inform(status, &fields);
        }
        let s = s.start(StatusCode::CREATED).recall();
        s.inform(StatusCode::PROCESSING, &HeaderMap::new());
        s.start(StatusCode::OK).full("x")
    });
    let reply = Client::new(app).get("/").send();
    let statuses: Vec<_> = reply
        .interim()
        .iter()
        .map(|(status, _)| status.as_u16())
        .collect();
    assert_eq!(statuses, [103, 102]);
}

#[test]
fn a_start_that_is_recalled_leaves_nothing_behind() {
    let ran = Arc::new(AtomicUsize::new(0));
    let count = ran.clone();
    let app = app_fn(move |environ: Environ, s: StartResponse| {
        let count = count.clone();
        environ.on_finish(move |_| {
            count.fetch_add(1, Ordering::SeqCst);
        });
        let started = s.start(StatusCode::NOT_FOUND).length(7);
        let s = started
            .header(field::ETAG, HeaderValue::from_static("\"x\""))
            .recall();
        s.start(StatusCode::OK).empty()
    });
    let reply = Client::new(app).get("/").send();
    assert_eq!((reply.status(), reply.head().length()), (200, Some(0)));
    assert_eq!(reply.header("etag"), None);
    let ran = ran.load(Ordering::SeqCst);
    assert_eq!(ran, 1, "hooks are the exchange's and stay");
}
