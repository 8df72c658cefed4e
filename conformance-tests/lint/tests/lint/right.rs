//! Applications that are right: nothing is found.

use std::io::{Read, Write};
use std::pin::pin;
use std::task::Poll;

use rgi_core::testing::{Client, poll_once};
use rgi_core::{
    App, Bytes, Environ, Error, Event, FileRegion, Full, HeaderMap, Input, StartResponse,
    StatusCode, Stream, app_fn, async_fn, blocking, field,
};
use rgi_lint::{Findings, Lint};

use crate::support::{Items, typed, value};

#[track_caller]
fn is_right<A: App>(app: A) {
    let findings = Findings::new();
    for client in [false, true] {
        let linted = Lint::new(&app).collect(&findings);
        let client = match client {
            false => Client::new(linted),
            true => Client::new(linted).lifting().mounted("/a"),
        };
        for target in ["/a/b?c=d", "/a", "/a/?"] {
            let _ = client.get(target).send();
            let _ = client.head(target).send();
            let _ = client.get(target).leave_after(1).send();
        }
        let _ = client.post("/a").body("a body").send();
        let _ = client.post("/a").chunks(["a", "body"]).send();
    }
    let found = findings.take();
    assert!(found.is_empty(), "{found:#?}");
}

fn ok(start_response: StartResponse) -> rgi_core::Started {
    typed(start_response.start(StatusCode::OK))
}

#[test]
fn ready_made_bodies() {
    is_right(app_fn(|_: Environ, s| ok(s).full("full")));
    is_right(app_fn(|_: Environ, s: StartResponse| {
        s.start(StatusCode::NO_CONTENT).empty()
    }));
    is_right(app_fn(|_: Environ, s| {
        ok(s)
            .length(2)
            .iter(["a", "b"].map(|b| Ok::<_, Error>(Bytes::from(b))))
    }));
    is_right(app_fn(|_: Environ, s| {
        let started = ok(s).header(field::TRAILER, value("x-sum, x-more"));
        started.push(async |mut out| {
            out.write("a").await?;
            out.flush().await?;
            let mut trailers = HeaderMap::new();
            trailers.insert("x-sum", value("1"));
            out.trailers(trailers).await
        })
    }));
    is_right(app_fn(|_: Environ, s| {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"a file").unwrap();
        ok(s).file(FileRegion::new(file, 2..6).unwrap())
    }));
}

#[test]
fn applications_of_all_kinds() {
    is_right(async_fn(async |mut environ: Environ, s| {
        let body = environ.input().collect(100).await?;
        Ok(ok(s).full(body))
    }));
    is_right(blocking(|mut environ: Environ, s| {
        let mut text = String::new();
        environ.input().reader().read_to_string(&mut text)?;
        Ok(ok(s).full(text))
    }));
    // Fails, and does so by the rules.
    is_right(app_fn(|_: Environ, s| {
        ok(s).iter([Ok(Bytes::from("a")), Err(Error::new("broken"))])
    }));
    is_right(async_fn(async |_: Environ, _: StartResponse| {
        Err::<Full, _>(Error::overloaded("not now"))
    }));
    is_right(app_fn(|_: Environ, s: StartResponse| -> Full {
        drop(s);
        panic!("in the call")
    }));
}

/// The server gathers the body before the call, and the application does not ask for it.
#[test]
fn who_was_not_told_that_the_input_failed() {
    let findings = Findings::new();
    let app = blocking(|_: Environ, s| Ok(ok(s).full("x")));
    let client = Client::new(Lint::new(app).collect(&findings)).lifting();
    let request = client.post("/").chunks(["some"]);
    let reply = request.break_off(Error::malformed("a bad chunk")).send();
    assert_eq!(reply.status(), 200);
    assert!(findings.is_empty(), "{:#?}", findings.take());
}

/// A middleware that asks once more when the first body is gone: one exchange, and no two bodies
/// at once.
#[test]
fn a_second_try() {
    let findings = Findings::new();
    let linted = Lint::new(app_fn(|_: Environ, s| ok(s).full("x"))).collect(&findings);
    let retry = app_fn(|environ: Environ, s: StartResponse| {
        let (s, fallback) = s.with_fallback();
        let (lent, loan) = environ.lend();
        drop(linted.call(lent, s));
        let environ = loan.reclaim().expect("the first has dropped it");
        let again = fallback.start(StatusCode::OK, Error::new("the first was no good"));
        linted.call(environ, again.recall())
    });
    let reply = Client::new(retry).get("/").send();
    assert_eq!(reply.text(), "x");
    let recalled = app_fn(|environ: Environ, s: StartResponse| {
        let (lent, loan) = environ.lend();
        let mut first = Box::pin(linted.call(lent, s));
        let Poll::Ready(Some(Ok(Event::Start(start)))) = poll_once(first.as_mut()) else {
            panic!("no start");
        };
        drop(first);
        let environ = loan.reclaim().expect("the first has dropped it");
        linted.call(environ, start.recall())
    });
    let reply = Client::new(recalled).get("/").send();
    assert_eq!(reply.text(), "x");
    assert!(findings.is_empty(), "{:#?}", findings.take());
}

/// What others have read of an input is not missed, and what is there already is as it was.
#[test]
fn inputs_are_as_they_were() {
    let findings = Findings::new();
    let app = async_fn(async |mut environ: Environ, s| {
        let input = environ.input();
        let (hint, before) = (Stream::size_hint(&*input), input.consumed());
        let rest = input.collect(100).await?;
        let text = format!("{hint:?} {before} {rest:?}");
        Ok(ok(s).full(text))
    });
    let linted = Lint::new(&app).collect(&findings);
    let first_read = app_fn(|mut environ: Environ, s| {
        let mut byte = [0];
        environ.input().reader().read_exact(&mut byte).unwrap();
        linted.call(environ, s)
    });
    let reply = Client::new(first_read).post("/").body("abc").send();
    assert_eq!(reply.text(), "(1, None) 1 b\"bc\"");
    let whole = app_fn(|mut environ: Environ, s| {
        environ.map_input(|_| Input::whole("abc".into()));
        linted.call(environ, s)
    });
    let reply = Client::new(whole).get("/").send();
    assert_eq!(reply.text(), "(1, Some(1)) 0 b\"abc\"");
    assert!(findings.is_empty(), "{:#?}", findings.take());
}

#[test]
fn a_switch_of_protocols() {
    let findings = Findings::new();
    let app = app_fn(|mut environ: Environ, s: StartResponse| {
        let accepted = environ.take_offer().unwrap().accept("echo").unwrap();
        s.start(StatusCode::OK).upgrade(accepted, async |mut io| {
            io.write_all(b"hello").await?;
            Ok(())
        })
    });
    let client = Client::new(Lint::new(app).collect(&findings));
    let reply = client.get("/").upgrade("echo", b"").send();
    assert_eq!(reply.switched(), b"hello");
    assert!(findings.is_empty(), "{:#?}", findings.take());
}

/// A body under lint goes where the application's goes, and is hardly larger.
#[test]
fn it_is_no_other_kind_of_application() {
    fn sends<T: Send>(_: &T) {}
    fn shares<T: Sync>(_: &T) {}
    fn linted<A: App>(app: A) -> (Lint<A>, Option<<Lint<A> as App>::Body>) {
        (Lint::new(app), None)
    }
    let (lint, body) = linted(app_fn(|_: Environ, s| ok(s).full("x")));
    sends(&lint);
    shares(&lint);
    sends(&body);
    shares(&body);
    let rc = std::rc::Rc::new("x");
    let local = app_fn(move |_: Environ, s| {
        let rc = rc.clone();
        ok(s).iter(std::iter::once_with(move || {
            Ok::<_, Error>(Bytes::from(*rc))
        }))
    });
    is_right(&local);
    assert_eq!(
        size_of::<rgi_lint::Linted<Full>>(),
        size_of::<Full>() + size_of::<usize>()
    );
}

#[test]
fn what_passes_is_as_it_was() {
    let app = app_fn(|environ: Environ, s| match environ.path_info() {
        "/full" => rgi_core::BoxBody::from(ok(s).full("abc")),
        "/blocks" => rgi_core::BoxBody::new(
            ok(s).iter(["a", "", "b"].map(|b| Ok::<_, Error>(Bytes::from(b)))),
        ),
        _ => rgi_core::BoxBody::new(ok(s).push(async |mut out| out.write("a").await)),
    });
    let (plain, linted) = (Client::new(&app), Client::new(Lint::new(&app).panic()));
    for target in ["/full", "/blocks", "/push"] {
        let (plain, linted) = (plain.get(target).send(), linted.get(target).send());
        assert_eq!(plain.chunks(), linted.chunks(), "{target}");
        assert_eq!(plain.framing(), linted.framing(), "{target}");
        assert_eq!(plain.outcome().end, linted.outcome().end, "{target}");
    }
}

/// Of a head that stands alone a length may be told without content, to whomever asks on behind it.
#[test]
fn lengths_of_heads_alone() {
    let findings = Findings::new();
    let linted = Lint::new(app_fn(|_: Environ, s: StartResponse| {
        Items::new([Event::Start(typed(s.start(StatusCode::OK)).length(5))])
    }));
    let linted = linted.collect(&findings);
    let client = Client::new(app_fn(|environ: Environ, s: StartResponse| {
        let mut body = pin!(linted.call(environ, s));
        let mut events = Vec::new();
        while let Poll::Ready(Some(Ok(event))) = poll_once(body.as_mut()) {
            events.push(event);
        }
        Items::new(events)
    }));
    assert_eq!(client.head("/").send().status(), 200);
    assert_eq!(findings.take(), []);
    let _ = client.get("/").send();
    assert_eq!(findings.take().len(), 1);
}
