//! Ready-made bodies, and those that wrap others.

mod common;

use std::fs::File;
use std::io::Write as _;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::thread;

use common::*;
use rgi_core::server::Framing;
use rgi_core::testing::{Client, poll_once};
use rgi_core::*;

/// What a body yields next, in a word.
fn next<B: Body>(body: Pin<&mut B>) -> String {
    next_with(body, Waker::noop())
}

fn next_with<B: Body>(body: Pin<&mut B>, waker: &Waker) -> String {
    match body.poll_next(&mut Context::from_waker(waker)) {
        Poll::Pending => "pending".into(),
        Poll::Ready(None) => "end".into(),
        Poll::Ready(Some(Err(error))) => format!("error {error}"),
        Poll::Ready(Some(Ok(event))) => match event {
            Event::Start(started) => format!("start {}", started.head().status.as_u16()),
            Event::Data(data) => format!("data {}", String::from_utf8_lossy(&data)),
            Event::File(region) => format!("file {}", region.len()),
            Event::Flush => "flush".into(),
            Event::Trailers(fields) => format!("trailers {}", fields.len()),
            other => format!("{other:?}"),
        },
    }
}

fn all<B: Body>(body: B) -> Vec<String> {
    let mut body = pin!(body);
    let mut events = vec![];
    loop {
        let event = next(body.as_mut());
        if event == "end" {
            return events;
        }
        let last = event.starts_with("error");
        events.push(event);
        if last {
            return events;
        }
    }
}

fn chunk(text: &'static str) -> Result<Bytes, Error> {
    Ok(Bytes::from_static(text.as_bytes()))
}

fn file(text: &str) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

// ---- full, iter, stream

#[test]
fn full_knows_its_length_and_its_end() {
    let full = started(200).full("abc");
    assert_eq!(full.size_hint(), (2, Some(2)));
    assert_eq!(full.data(), "abc");
    assert_eq!(all(full), ["start 200", "data abc"]);
    let mut empty = started(204).empty();
    assert_eq!(empty.size_hint(), (1, Some(1)));
    assert_eq!(empty.started().unwrap().head().length(), None);
    assert_eq!(all(empty), ["start 204"]);
    let mut none = started(200).full("");
    assert_eq!(none.started().unwrap().head().length(), Some(0));
}

#[test]
fn iter_runs_as_it_is_polled() {
    let runs = Arc::new(AtomicUsize::new(0));
    let count = runs.clone();
    let chunks = std::iter::from_fn(move || {
        let n = count.fetch_add(1, Ordering::SeqCst);
        (n < 2).then(|| Ok::<_, std::io::Error>(Bytes::from(n.to_string())))
    });
    let mut body = pin!(started(200).iter(chunks));
    for (event, ran) in [("start 200", 0), ("data 0", 1), ("data 1", 2), ("end", 3)] {
        assert_eq!(next(body.as_mut()), event);
        assert_eq!(runs.load(Ordering::SeqCst), ran);
    }
}

#[test]
fn errors_of_iterators_keep_their_status() {
    let chunks = vec![Err(std::io::Error::from(Error::too_large("x")))];
    let mut body = pin!(started(200).iter(chunks));
    assert_eq!(next(body.as_mut()), "start 200");
    let Poll::Ready(Some(Err(error))) = poll_once(body.as_mut()) else {
        panic!("an error");
    };
    assert_eq!(error.status(), StatusCode::PAYLOAD_TOO_LARGE);
}

#[test]
fn streams_are_passed_on() {
    struct Slow(Vec<Option<&'static str>>);
    impl Stream for Slow {
        type Item = Result<Bytes, Error>;
        fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
            match self.0.pop() {
                Some(None) => Poll::Pending,
                Some(Some(text)) => Poll::Ready(Some(chunk(text))),
                None => Poll::Ready(None),
            }
        }
        fn size_hint(&self) -> (usize, Option<usize>) {
            (0, Some(self.0.len()))
        }
    }
    let body = started(200).stream(Slow(vec![Some("b"), None, Some("a")]));
    assert_eq!(body.size_hint(), (1, Some(4)));
    assert_eq!(all(body), ["start 200", "data a", "pending", "data b"]);
}

// ---- push

#[test]
fn a_write_is_done_when_the_server_asks_for_more() {
    let done = Arc::new(AtomicUsize::new(0));
    let count = done.clone();
    let mut body = pin!(started(200).push(async move |mut writer| {
        for text in ["a", "b", "", "c"] {
            writer.write(text).await?;
            count.fetch_add(1, Ordering::SeqCst);
        }
        Ok(())
    }));
    let (waker, wakes) = counter();
    let mut expect = |event: &str, writes: usize| {
        assert_eq!(next_with(body.as_mut(), &waker), event);
        assert_eq!(done.load(Ordering::SeqCst), writes, "after {event}");
    };
    expect("start 200", 0);
    expect("data a", 0);
    expect("data b", 1);
    expect("data c", 3);
    expect("end", 4);
    assert_eq!(
        wakes.load(Ordering::SeqCst),
        0,
        "its own task needs no waking"
    );
}

#[test]
fn all_that_events_say_can_be_written() {
    let body = started(200).push(async |mut writer| {
        writer.flush().await?;
        writer.write("a").await?;
        writer.file(FileRegion::whole(file("four"))?).await?;
        writer.file(FileRegion::whole(file(""))?).await?;
        let mut fields = HeaderMap::new();
        fields.insert("x", HeaderValue::from_static("1"));
        writer.trailers(fields).await
    });
    assert_eq!(
        all(body),
        ["start 200", "flush", "data a", "file 4", "trailers 1"]
    );
}

#[test]
fn what_was_written_goes_before_the_error() {
    let body = started(200).push(async |mut writer| {
        writer.write("a").await?;
        writer.write("b").await?;
        Err(Error::new("broken"))
    });
    assert_eq!(all(body), ["start 200", "data a", "data b", "error broken"]);
}

#[test]
fn a_writer_may_move_to_a_thread() {
    let app = app_fn(|_, s: StartResponse| {
        s.start(StatusCode::OK).push(|mut writer: Writer| {
            thread::spawn(move || {
                rt::block_on(async {
                    for n in 0..200 {
                        writer.write(format!("{n},")).await.unwrap();
                    }
                });
            });
            std::future::ready(Ok(()))
        })
    });
    let reply = Client::new(app).get("/").send();
    let expected: String = (0..200).map(|n| format!("{n},")).collect();
    assert_eq!(reply.text(), expected);
    assert_eq!(reply.outcome().end, End::Sent);
}

#[test]
fn a_writer_elsewhere_wakes_and_is_woken() {
    let moved = Arc::new(Mutex::new(None));
    let put = moved.clone();
    let mut body = pin!(started(200).push(move |writer| {
        *put.lock().unwrap() = Some(writer);
        std::future::ready(Ok(()))
    }));
    let mut writer: Writer = moved.lock().unwrap().take().unwrap();
    let (server, served) = counter();
    let (task, tasked) = counter();
    let mut cx = Context::from_waker(&task);
    assert_eq!(next_with(body.as_mut(), &server), "start 200");
    assert_eq!(next_with(body.as_mut(), &server), "pending");
    {
        let mut write = pin!(writer.write("a"));
        assert!(write.as_mut().poll(&mut cx).is_pending());
        assert_eq!(served.load(Ordering::SeqCst), 1);
        assert!(write.as_mut().poll(&mut cx).is_pending());
        assert_eq!(next_with(body.as_mut(), &server), "data a");
        assert_eq!(tasked.load(Ordering::SeqCst), 1);
        assert!(write.as_mut().poll(&mut cx).is_ready());
    }
    // One that is given up stays, and the next waits for it.
    assert!(pin!(writer.write("b")).poll(&mut cx).is_pending());
    {
        let mut write = pin!(writer.write("c"));
        assert!(write.as_mut().poll(&mut cx).is_pending());
        assert_eq!(next_with(body.as_mut(), &server), "data b");
        assert!(write.as_mut().poll(&mut cx).is_pending());
        assert_eq!(next_with(body.as_mut(), &server), "data c");
    }
    assert_eq!(next_with(body.as_mut(), &server), "pending");
    drop(writer);
    assert_eq!(served.load(Ordering::SeqCst), 2);
    assert_eq!(next_with(body.as_mut(), &server), "end");
}

#[test]
fn a_writer_is_told_that_the_body_is_gone() {
    let moved = Arc::new(Mutex::new(None));
    let put = moved.clone();
    let mut body = Box::pin(started(200).push(move |writer| {
        *put.lock().unwrap() = Some(writer);
        std::future::ready(Ok(()))
    }));
    let mut writer: Writer = moved.lock().unwrap().take().unwrap();
    assert_eq!(next(body.as_mut()), "start 200");
    assert_eq!(next(body.as_mut()), "pending");
    let (task, woken) = counter();
    let mut cx = Context::from_waker(&task);
    {
        let mut write = pin!(writer.write("a"));
        assert!(write.as_mut().poll(&mut cx).is_pending());
        drop(body);
        assert_eq!(woken.load(Ordering::SeqCst), 1);
        let Poll::Ready(Err(error)) = write.as_mut().poll(&mut cx) else {
            panic!("an error");
        };
        assert!(error.is_disconnected());
    }
    let polled = pin!(writer.write("")).poll(&mut cx);
    assert!(matches!(polled, Poll::Ready(Err(error)) if error.is_disconnected()));
}

#[test]
fn wakers_may_come_straight_back() {
    // An executor that polls inside of `wake` must not meet the body's lock.
    let moved = Arc::new(Mutex::new(None));
    let put = moved.clone();
    let mut body = pin!(started(200).push(move |writer| {
        *put.lock().unwrap() = Some(writer);
        std::future::ready(Ok(()))
    }));
    assert_eq!(next(body.as_mut()), "start 200");
    let writer: Writer = moved.lock().unwrap().take().unwrap();
    let writer = Arc::new(Mutex::new(writer));
    let again = writer.clone();
    let wrote = Arc::new(AtomicUsize::new(0));
    let count = wrote.clone();
    let task = waker(move || {
        let mut writer = again.lock().unwrap();
        let mut write = pin!(writer.write("b"));
        let polled = write.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(polled.is_pending());
        count.fetch_add(1, Ordering::SeqCst);
    });
    let mut cx = Context::from_waker(&task);
    assert!(
        pin!(writer.lock().unwrap().write("a"))
            .poll(&mut cx)
            .is_pending()
    );
    assert_eq!(next(body.as_mut()), "data a");
    assert_eq!(wrote.load(Ordering::SeqCst), 1);
    assert_eq!(next(body.as_mut()), "data b");
}

// ---- files

#[test]
fn a_file_body_is_one_event() {
    let region = FileRegion::new(file("0123456789"), 2..5).unwrap();
    let body = started(200).file(region);
    assert_eq!(body.size_hint(), (2, Some(2)));
    assert_eq!(all(body), ["start 200", "file 3"]);
    assert_eq!(
        all(started(200).file(FileRegion::whole(file("")).unwrap())),
        ["start 200"]
    );

    let app = app_fn(|_, s: StartResponse| {
        s.start(StatusCode::OK)
            .file(FileRegion::new(file("0123456789"), 2..5).unwrap())
    });
    let reply = Client::new(app).get("/").send();
    assert_eq!(
        (reply.text().as_str(), reply.framing()),
        ("234", Framing::Length(3))
    );
}

#[test]
fn regions_lie_inside_their_file() {
    let refused = |start: u64, end: u64| {
        let region = FileRegion::new(file("abc"), std::ops::Range { start, end });
        region.unwrap_err().kind()
    };
    assert_eq!(refused(0, 4), std::io::ErrorKind::InvalidInput);
    assert_eq!(refused(2, 1), std::io::ErrorKind::InvalidInput);
    assert!(FileRegion::new(file("abc"), 3..3).unwrap().is_empty());
}

#[test]
fn regions_are_read_advanced_and_cut() {
    let mut region = FileRegion::whole(file("0123456789")).unwrap();
    region.advance(1);
    region.truncate(6);
    assert_eq!(region.range(), 1..7);
    assert_eq!(region.next_chunk(4).unwrap().unwrap(), "1234");
    assert_eq!(
        region.next_chunk(0).unwrap().unwrap(),
        "5",
        "no chunk is empty"
    );
    assert_eq!(region.next_chunk(100).unwrap().unwrap(), "6");
    assert_eq!(region.next_chunk(100).unwrap(), None);
    region.advance(u64::MAX);
    assert!(region.is_empty());
}

#[test]
fn a_file_that_became_shorter_is_an_error() {
    let file = file("0123456789");
    let mut region = FileRegion::whole(file.try_clone().unwrap()).unwrap();
    file.set_len(4).unwrap();
    assert_eq!(region.next_chunk(100).unwrap().unwrap(), "0123");
    let error = region.next_chunk(100).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::UnexpectedEof);
}

// ---- upgrading

#[test]
fn a_demand_that_is_dropped_ends_the_handler() {
    let app = app_fn(|mut environ: Environ, s: StartResponse| {
        let accepted = environ.take_offer().unwrap().accept("chat").unwrap();
        s.start(StatusCode::OK).upgrade(accepted, async |_| Ok(()))
    });
    let offer = Some(HeaderValue::from_static("chat"));
    let exchange = exchange(Method::GET, "/").offer(offer);
    // The driver of these tests drops the demand.
    let seen = drive(exchange.call(&app));
    assert_eq!(
        seen.to_string(),
        "101 Upgrade | upgrade | CUT (the peer has left)"
    );
}

#[test]
fn errors_of_a_handler_cut() {
    let app = app_fn(|mut environ: Environ, s: StartResponse| {
        let accepted = environ.take_offer().unwrap().accept("chat").unwrap();
        s.start(StatusCode::OK)
            .upgrade(accepted, async |mut io: Upgraded| {
                io.write_all(b"a").await?;
                Err(Error::new("tired"))
            })
    });
    let reply = Client::new(app).get("/").upgrade("chat", b"").send();
    assert!(reply.was_cut());
    assert_eq!(reply.switched(), b"a");
}

#[test]
fn a_connection_may_be_used_as_read_and_write() {
    use std::io::{BufRead, BufReader};
    let app = app_fn(|mut environ: Environ, s: StartResponse| {
        let accepted = environ.take_offer().unwrap().accept("chat").unwrap();
        s.start(StatusCode::OK)
            .upgrade(accepted, async |mut io: Upgraded| {
                let mut line = String::new();
                BufReader::new(io.blocking()).read_line(&mut line)?;
                io.blocking().write_all(line.to_uppercase().as_bytes())?;
                io.blocking().flush()?;
                io.shutdown().await?;
                Ok(())
            })
    });
    let reply = Client::new(app)
        .get("/")
        .upgrade("chat", b"hey\nyou")
        .send();
    assert_eq!(reply.switched(), b"HEY\n");
}

// ---- flatten

#[test]
fn a_future_of_a_body_is_a_body() {
    let body = Flatten::new(async { Ok::<_, Error>(started(200).full("abc")) });
    assert_eq!(body.size_hint(), (0, None));
    assert_eq!(all(body), ["start 200", "data abc"]);
    let body = Flatten::new(async { Err::<Full, _>(Error::new("x")) });
    let mut body = pin!(body);
    assert_eq!(next(body.as_mut()), "error x");
    assert_eq!(next(body.as_mut()), "end");
}

#[test]
fn async_functions_are_given_a_clone_of_their_state() {
    async fn greet(name: String, _: Environ, s: StartResponse) -> Result<Full, Error> {
        Ok(s.start(StatusCode::OK).full(name))
    }
    let client = Client::new(async_fn_with("you".to_owned(), greet));
    assert_eq!(client.get("/").send().text(), "you");
    assert_eq!(client.get("/").send().text(), "you");
    assert_eq!(client.get("/").send().framing(), Framing::Length(3));
}

// ---- maps

#[test]
fn map_start_sees_the_head_once() {
    let edits = AtomicUsize::new(0);
    let body = started(200).full("abc").map_start(|head: &mut Head| {
        edits.fetch_add(1, Ordering::SeqCst);
        head.status = StatusCode::CREATED;
    });
    assert_eq!(body.size_hint(), (2, Some(2)));
    assert_eq!(all(body), ["start 201", "data abc"]);
    assert_eq!(edits.load(Ordering::SeqCst), 1);
}

#[test]
fn map_data_sees_all_bytes_and_no_length() {
    let shout = |data: Bytes| Ok(Bytes::from(data.to_ascii_uppercase()));
    let app =
        app_fn(move |_, s: StartResponse| s.start(StatusCode::OK).full("abc").map_data(shout));
    let reply = Client::new(app).get("/").send();
    // Of one block it is known all the same.
    assert_eq!(
        (reply.text().as_str(), reply.framing()),
        ("ABC", Framing::Length(3))
    );

    let app = app_fn(move |_, s: StartResponse| {
        let region = FileRegion::whole(file("abc")).unwrap();
        s.start(StatusCode::OK).file(region).map_data(shout)
    });
    let reply = Client::new(app).get("/").send();
    assert_eq!(
        (reply.text().as_str(), reply.framing()),
        ("ABC", Framing::Unknown)
    );

    let longer = started(200).length(6).iter([chunk("abc"), chunk("def")]);
    let mut longer = pin!(longer.map_data(|_| Ok(Bytes::from_static(b"x"))));
    let Poll::Ready(Some(Ok(Event::Start(started)))) = poll_once(longer.as_mut()) else {
        panic!("a start");
    };
    assert_eq!(started.head().length(), None);
    assert_eq!(next(longer.as_mut()), "data x");
}

#[test]
fn map_data_keeps_the_promise_that_it_takes_away() {
    let same = |data: Bytes| Ok(data);
    let short = started(200).length(6).iter([chunk("abc")]).map_data(same);
    assert_eq!(
        all(short),
        [
            "start 200",
            "data abc",
            "error misuse: fewer bytes than the length promised"
        ]
    );
    let long = started(200).length(4).iter([chunk("abc"), chunk("de")]);
    assert_eq!(
        all(long.map_data(same)),
        [
            "start 200",
            "data abc",
            "error misuse: more bytes than the length promised"
        ]
    );
    // What is behind the length is never asked for.
    let blocks = [chunk("abc")]
        .into_iter()
        .chain(std::iter::from_fn(|| panic!("asked on")));
    assert_eq!(
        all(started(200).length(3).iter(blocks).map_data(same)),
        ["start 200", "data abc"]
    );
    let none = started(304).length(3).empty();
    assert_eq!(all(none.map_data(same)), ["start 304"]);
}

#[test]
fn map_data_may_fail() {
    let body = started(200)
        .full("abc")
        .map_data(|_| Err(Error::malformed("x")));
    assert_eq!(all(body), ["start 200", "error malformed request: x"]);
}

#[test]
fn map_data_reads_files_piece_by_piece() {
    let big = "x".repeat(150 * 1024);
    let body = started(200).file(FileRegion::whole(file(&big)).unwrap());
    let events = all(body.map_data(|data| Ok(Bytes::from(data.len().to_string()))));
    assert_eq!(
        events,
        ["start 200", "data 65536", "data 65536", "data 22528"]
    );
}

// ---- recover, catch_panics

fn recovered(steps: Vec<Step>) -> Vec<String> {
    let (_, s) = tokens(exchange(Method::GET, "/"));
    let (s, fallback) = s.with_fallback();
    let mut all_steps = vec![start(s.start(StatusCode::OK))];
    all_steps.extend(steps);
    all(Script::new(all_steps)
        .catch_panics()
        .recover(fallback, |fallback, error| {
            let text = error.to_string();
            fallback.start(StatusCode::BAD_GATEWAY, error).full(text)
        }))
}

#[test]
fn recover_answers_for_what_fails_before_commit() {
    let instead = |text: &str| vec!["start 502".to_owned(), format!("data {text}")];
    assert_eq!(recovered(vec![fail("x")]), instead("x"));
    assert_eq!(recovered(vec![data(""), fail("x")]), instead("x"));
    assert_eq!(recovered(vec![Step::Panic]), instead("panicked: scripted"));
    assert_eq!(
        recovered(vec![start(started(200))]),
        instead("misuse: a second start")
    );
    let (_, s) = tokens(exchange(Method::GET, "/"));
    let (_, fallback) = s.with_fallback();
    let body = Script::new([data("a")]).recover(fallback, |fallback, error| {
        fallback.start(StatusCode::BAD_GATEWAY, error).empty()
    });
    assert_eq!(all(body), ["start 502"]);
}

#[test]
fn recover_leaves_what_was_committed() {
    assert_eq!(recovered(vec![]), ["start 200"]);
    assert_eq!(recovered(vec![data("a")]), ["start 200", "data a"]);
    assert_eq!(
        recovered(vec![data("a"), fail("x")]),
        ["start 200", "data a", "error x"]
    );
    assert_eq!(
        recovered(vec![flush(), fail("x")]),
        ["start 200", "flush", "error x"]
    );
}

#[test]
fn recover_drops_what_failed_before_it_answers() {
    let dropped = Arc::new(AtomicUsize::new(0));
    let count = dropped.clone();
    let (_, s) = tokens(exchange(Method::GET, "/"));
    let (_, fallback) = s.with_fallback();
    let failing = Script::new([fail("x")]).on_drop(move || {
        count.fetch_add(1, Ordering::SeqCst);
    });
    let mut body = pin!(failing.recover(fallback, |fallback, error| {
        assert_eq!(dropped.load(Ordering::SeqCst), 1);
        fallback.start(StatusCode::BAD_GATEWAY, error).empty()
    }));
    assert_eq!(next(body.as_mut()), "start 502");
}

#[test]
fn recover_keeps_the_length_of_one_block() {
    let app = app_fn(|_, s: StartResponse| {
        let (s, fallback) = s.with_fallback();
        let body = s.start(StatusCode::OK).iter([chunk("abc")]);
        body.recover(fallback, |fallback, error| {
            fallback.start(StatusCode::BAD_GATEWAY, error).empty()
        })
    });
    assert_eq!(
        Client::new(app).get("/").send().framing(),
        Framing::Length(3)
    );
}

#[test]
fn catch_panics_ends_behind_the_panic_and_drops_the_body() {
    let dropped = Arc::new(AtomicUsize::new(0));
    let count = dropped.clone();
    let body = Script::new([start(started(200)), Step::Panic]).on_drop(move || {
        count.fetch_add(1, Ordering::SeqCst);
        scripted_panic()
    });
    let mut body = pin!(body.catch_panics());
    assert_eq!(next(body.as_mut()), "start 200");
    assert_eq!(next(body.as_mut()), "error panicked: scripted");
    assert_eq!(dropped.load(Ordering::SeqCst), 1);
    assert_eq!(next(body.as_mut()), "end");
    assert_eq!(body.size_hint(), (0, Some(0)));
}

// ---- erased, either, hold

#[test]
fn erased_bodies_behave_as_what_they_hold() {
    let hint = |body: BoxBody| body.size_hint();
    assert_eq!(hint(started(200).full("abc").erased()), (2, Some(2)));
    assert_eq!(
        hint(started(200).iter([chunk("a"), chunk("b")]).erased()),
        (3, Some(3))
    );
    assert_eq!(
        all(BoxBody::from(started(200).full("abc"))),
        ["start 200", "data abc"]
    );
    let boxed = started(200).iter([chunk("a")]).erased().erased();
    assert_eq!(all(boxed), ["start 200", "data a"]);
    let future = BoxBody::future(async { Ok(started(200).full("abc")) });
    assert_eq!(all(future), ["start 200", "data abc"]);

    let local = std::rc::Rc::new("a");
    let chunks = std::iter::once(()).map(move |()| chunk(*local));
    assert_eq!(
        all(started(200).iter(chunks).erased_local()),
        ["start 200", "data a"]
    );
    let local = LocalBoxBody::future(async { Ok(started(200).full("abc").erased()) });
    assert_eq!(all(local), ["start 200", "data abc"]);
}

#[test]
fn either_is_the_one_it_is() {
    let either = |left: bool| match left {
        true => Either::left(started(200).full("abc")),
        false => Either::right(started(201).iter([chunk("a"), chunk("b")])),
    };
    assert_eq!(either(true).size_hint(), (2, Some(2)));
    assert_eq!(all(either(true)), ["start 200", "data abc"]);
    assert_eq!(all(either(false)), ["start 201", "data a", "data b"]);

    type App = Either<AppFn<fn(Environ, StartResponse) -> Full>, BoxApp>;
    let right = app_fn(|_, s: StartResponse| s.start(StatusCode::ACCEPTED).empty());
    let app: App = Either::right(right.erased());
    assert_eq!(Client::new(app).get("/").send().status(), 202);
}

#[test]
fn hold_opens_at_the_event_that_commits() {
    let mut inner = pin!(Script::new([
        start(started(200)),
        data(""),
        Step::Pending,
        data("a"),
        data("b"),
    ]));
    let mut hold = Hold::default();
    let mut cx = Context::from_waker(Waker::noop());
    assert!(hold.poll_open(inner.as_mut(), &mut cx).is_pending());
    assert!(!hold.is_open());
    let Poll::Ready(Ok((mut head, first))) = hold.poll_open(inner.as_mut(), &mut cx) else {
        panic!("open");
    };
    assert!(matches!(&first, Some(Event::Data(data)) if data == "a"));
    head.head_mut().status = StatusCode::ACCEPTED;
    hold.release(head, first);
    assert!(hold.is_open() && !hold.drained());
    let mut events = vec![];
    loop {
        match hold.poll_next(inner.as_mut(), &mut cx) {
            Poll::Ready(Some(Ok(Event::Start(started)))) => {
                events.push(started.head().status.to_string());
            }
            Poll::Ready(Some(Ok(Event::Data(data)))) => {
                events.push(String::from_utf8(data.to_vec()).unwrap());
            }
            Poll::Ready(None) => break,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(events, ["202 Accepted", "a", "b"]);
    assert!(hold.drained());
}

#[test]
fn hold_does_not_poll_behind_the_end() {
    let mut inner = pin!(Script::new([start(started(200))]));
    let mut hold = Hold::default();
    let mut cx = Context::from_waker(Waker::noop());
    let Poll::Ready(Ok((head, None))) = hold.poll_open(inner.as_mut(), &mut cx) else {
        panic!("open, at the end");
    };
    hold.release(head, None);
    assert_eq!(hold.size_hint(&*inner), (1, Some(1)));
    let polled = hold.poll_next(inner.as_mut(), &mut cx);
    assert!(matches!(polled, Poll::Ready(Some(Ok(Event::Start(_))))));
    // The script panics when it is polled behind its end.
    assert!(matches!(
        hold.poll_next(inner.as_mut(), &mut cx),
        Poll::Ready(None)
    ));
}

// ---- heads

#[test]
fn heads_of_other_libraries_are_adopted_without_the_connections_fields() {
    let adopt = |fields: &[(&'static str, &'static str)]| {
        let mut map = HeaderMap::new();
        for (name, value) in fields {
            map.append(*name, HeaderValue::from_static(value));
        }
        let mut started = started(200);
        started.head_mut().adopt(map);
        let names = started.head().iter();
        let names: Vec<_> = names
            .map(|(n, v)| format!("{n}={}", v.to_str().unwrap()))
            .collect();
        (names.join(" "), started.head().length())
    };
    assert_eq!(
        adopt(&[
            ("set-cookie", "a"),
            ("set-cookie", "b"),
            ("content-length", "12")
        ]),
        ("set-cookie=a set-cookie=b".to_owned(), Some(12))
    );
    let (names, _) = adopt(&[
        ("connection", "close, X-Hop"),
        ("x-hop", "1"),
        ("keep-alive", "timeout=5"),
        ("transfer-encoding", "chunked"),
        ("upgrade", "h2c"),
        ("te", "trailers"),
        ("etag", "x"),
    ]);
    assert_eq!(names, "etag=x");
    for value in ["", "+5", "-1", "5, 5", "0x5", "99999999999999999999"] {
        assert_eq!(adopt(&[("content-length", value)]).1, None, "{value:?}");
    }
}

#[test]
fn fields_keep_their_order() {
    let one = |text: &'static str| HeaderValue::from_static(text);
    let mut started = started(200);
    let head = started.head_mut();
    head.append(field::SET_COOKIE, one("a"));
    head.append(field::ETAG, one("e"));
    head.append(field::SET_COOKIE, one("b"));
    let cookies: Vec<_> = head.get_all(&field::SET_COOKIE).collect();
    assert_eq!(cookies, ["a", "b"]);
    assert_eq!(head.insert(field::SET_COOKIE, one("c")), Some(one("a")));
    assert_eq!(head.get_all(&field::SET_COOKIE).count(), 1);
    assert_eq!(head.remove(&field::SET_COOKIE), Some(one("c")));
    assert_eq!(head.remove(&field::SET_COOKIE), None);
    assert_eq!(head.iter().len(), 1);
    head.append(field::SET_COOKIE, one("d"));
    let map = head.take_header_map();
    let cookies: Vec<_> = map.get_all("set-cookie").iter().collect();
    assert_eq!(cookies, ["d"]);
    assert_eq!((map.len(), head.iter().len()), (2, 0));
}
