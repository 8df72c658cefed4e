//! `check_app` finds each sort of fault, and none in an application that is right.

use std::sync::atomic::{AtomicUsize, Ordering};

use rgi_conformance::{Checked, FaultKind, check_app};
use rgi_core::{
    App, Body, Bytes, Environ, Error, Full, HeaderValue, Method, StartResponse, StatusCode, app_fn,
    async_fn, blocking, field, media,
};

type Request = http::Request<Bytes>;

fn get(target: &str) -> Request {
    http::Request::get(target).body(Bytes::new()).unwrap()
}

fn post(target: &str, body: &'static str) -> Request {
    let request = http::Request::post(target);
    request.body(Bytes::from_static(body.as_bytes())).unwrap()
}

fn text(start_response: StartResponse, status: StatusCode, text: String) -> Full {
    let started = start_response.start(status);
    started
        .header(field::CONTENT_TYPE, media::TEXT_PLAIN)
        .full(text)
}

fn block(text: impl Into<Bytes>) -> Result<Bytes, Error> {
    Ok(text.into())
}

/// The faults, a way and a kind each.
fn kinds(checked: &Checked) -> Vec<(&'static str, FaultKind)> {
    let faults = checked.faults.iter();
    faults.map(|fault| (fault.way, fault.kind)).collect()
}

/// Of an application of a function of environ and token, asked for `/` once.
fn of<B: Body>(app: impl Fn(Environ, StartResponse) -> B) -> Checked {
    check_app(app_fn(app), [get("/")])
}

async fn echo(mut environ: Environ, start_response: StartResponse) -> Result<Full, Error> {
    let body = environ.input().collect(1 << 20).await?;
    let started = start_response.start(StatusCode::OK);
    Ok(started
        .header(field::CONTENT_TYPE, media::OCTET_STREAM)
        .full(body))
}

#[test]
fn applications_that_are_right() {
    let large = "0123456789abcdef".repeat(20_000).leak();
    let requests = [
        get("/"),
        get("/a%20b?c"),
        post("/", "some text"),
        post("/", large),
        http::Request::options("*").body(Bytes::new()).unwrap(),
        http::Request::head("/").body(Bytes::new()).unwrap(),
    ];
    check_app(async_fn(echo), requests).assert();

    // In many blocks, without a length, longer than a connection holds.
    let many = app_fn(|environ: Environ, start_response: StartResponse| {
        let started = start_response.start(StatusCode::OK);
        let started = started.header(field::CONTENT_TYPE, media::TEXT_PLAIN);
        drop(environ);
        started.iter((0..1000).map(|n| block(format!("{n:0100}\n"))))
    });
    check_app(many, [get("/")]).assert();

    // Links that begin with the prefix are right under it.
    let linked = of(|environ, start_response| {
        let url = format!("{}/next", environ.script_name());
        let value = HeaderValue::try_from(&url).unwrap();
        let started = start_response.start(StatusCode::SEE_OTHER);
        started.header(field::LOCATION, value).full("")
    });
    linked.assert();
}

#[test]
fn what_changes_with_each_request_is_not_compared() {
    let count = AtomicUsize::new(0);
    let checked = of(|_, start_response| {
        let number = count.fetch_add(1, Ordering::Relaxed);
        let started = start_response.start(StatusCode::OK);
        let value = HeaderValue::from(number);
        started
            .header(field::CONTENT_TYPE, media::TEXT_PLAIN)
            .header(field::ETAG, value)
            .full(format!("{number} requests"))
    });
    checked.assert();
}

#[test]
fn host_and_other_fields_are_sent() {
    let request = || {
        let request = http::Request::get("/");
        let request = request.header("host", "shop.example").header("x-a", "1");
        request
            .header("x-a", "2")
            .header("connection", "close")
            .body("")
    };
    let app = app_fn(|environ: Environ, start_response: StartResponse| {
        let headers = environ.headers();
        let hosts: Vec<_> = headers.get_all("host").iter().collect();
        let values: Vec<_> = headers.get_all("x-a").iter().collect();
        let told = format!("{hosts:?} {values:?} {:?}", headers.get("connection"));
        assert_eq!(told, r#"["shop.example"] ["1", "2"] None"#);
        text(start_response, StatusCode::OK, told)
    });
    check_app(app, [request().unwrap()]).assert();
}

#[test]
fn rules_that_are_broken() {
    let checked = of(|_, start_response| {
        let started = start_response.start(StatusCode::OK);
        let started = started.header(field::CONTENT_TYPE, media::TEXT_PLAIN);
        started.length(5).iter([block("abc")])
    });
    let first = &checked.faults[0];
    assert_eq!((first.kind, first.rule), (FaultKind::Rule, Some(164)));
    let told = checked.to_string();
    assert!(
        told.contains("(RGI 164)") && told.contains("GET /, in memory"),
        "{told}"
    );
}

#[test]
fn panics_and_failures_are_told_once() {
    let checked = of(|_, _| -> Full { panic!("no such shop") });
    assert_eq!(kinds(&checked), [("in memory", FaultKind::Panic)]);
    assert!(checked.faults[0].happened.contains("no such shop"));

    let failing = async_fn(async |_: Environ, _: StartResponse| {
        Err::<Full, _>(Error::new("the database is gone"))
    });
    let checked = check_app(failing, [get("/")]);
    assert_eq!(kinds(&checked), [("in memory", FaultKind::Failure)]);
    assert!(checked.faults[0].happened.contains("the database is gone"));

    // A status that is meant is an answer like others.
    let refusing = async_fn(async |_: Environ, _: StartResponse| {
        Err::<Full, _>(Error::new("not today").with_status(StatusCode::NOT_IMPLEMENTED))
    });
    check_app(refusing, [get("/")]).assert();

    // Only behind a client that leaves: its body panics when dropped, unless it was asked to its end.
    let leaving = of(|_, start_response| {
        struct Unfinished(bool);
        impl Drop for Unfinished {
            fn drop(&mut self) {
                assert!(self.0 || std::thread::panicking(), "not asked to the end");
            }
        }
        let mut blocks = 0;
        let mut guard = Unfinished(false);
        let started = start_response.start(StatusCode::OK);
        let started = started.header(field::CONTENT_TYPE, media::TEXT_PLAIN);
        started.iter(std::iter::from_fn(move || {
            blocks += 1;
            let guard = &mut guard;
            guard.0 = blocks > 2;
            (blocks <= 2).then_some(block("block"))
        }))
    });
    let left = ("by a client that leaves", FaultKind::Panic);
    let head = ("as a HEAD", FaultKind::Panic);
    assert_eq!(kinds(&leaving), [left, head], "{leaving}");
}

#[test]
fn answers_that_depend_on_where_it_stands() {
    let checked = of(|environ, start_response| {
        let found = match environ.target() {
            "/" => StatusCode::OK,
            _ => StatusCode::NOT_FOUND,
        };
        text(start_response, found, String::new())
    });
    assert_eq!(kinds(&checked), [("under a prefix", FaultKind::Difference)]);
    assert!(
        checked.faults[0]
            .happened
            .contains("the status is 404, not 200")
    );
}

#[test]
fn answers_that_depend_on_how_the_body_comes() {
    // It takes the length for the presence of a body.
    let app = async_fn(
        async |mut environ: Environ, start_response: StartResponse| {
            let length = environ.header("content-length").map(<[u8]>::len);
            let body = environ.input().collect(1 << 20).await?;
            let told =
                length.map_or_else(String::new, |_| String::from_utf8_lossy(&body).into_owned());
            Ok(text(start_response, StatusCode::OK, told))
        },
    );
    let checked = check_app(app, [post("/", "item=1")]);
    let in_pieces = ("with its body in pieces", FaultKind::Difference);
    let in_chunks = ("over HTTP/1.1 in chunks", FaultKind::Difference);
    assert_eq!(kinds(&checked), [in_pieces, in_chunks], "{checked}");
    assert!(
        checked.faults[0]
            .happened
            .contains(r#"the body is "", not "item=1""#)
    );

    // Whoever wants a length may say so.
    let wanting = async_fn(async |environ: Environ, start_response: StartResponse| {
        let status = match environ.header("content-length") {
            Some(_) => StatusCode::OK,
            None => StatusCode::LENGTH_REQUIRED,
        };
        Ok(text(start_response, status, String::new()))
    });
    check_app(wanting, [post("/", "item=1")]).assert();
}

#[test]
fn a_body_that_breaks_off_is_no_success() {
    let app = async_fn(
        async |mut environ: Environ, start_response: StartResponse| {
            let body = environ.input().collect(1 << 20).await.unwrap_or_default();
            Ok(text(start_response, StatusCode::OK, body.len().to_string()))
        },
    );
    let checked = check_app(app, [post("/", "some text")]);
    let broken_off = ("with a body that breaks off", FaultKind::Rule);
    assert_eq!(kinds(&checked), [broken_off], "{checked}");
    assert_eq!(checked.faults[0].rule, Some(185));
}

fn shout(mut environ: Environ, start_response: StartResponse) -> Result<Full, Error> {
    let mut body = String::new();
    std::io::Read::read_to_string(&mut environ.input().reader(), &mut body)?;
    Ok(text(start_response, StatusCode::OK, body.to_uppercase()))
}

#[test]
fn blocking_without_a_lift() {
    struct Unlifted;
    impl App for Unlifted {
        type Body = rgi_core::BoxBody;

        fn call(&self, environ: Environ, start_response: StartResponse) -> Self::Body {
            match shout(environ, start_response) {
                Ok(body) => body.into(),
                Err(error) => rgi_core::BoxBody::future(async { Err::<Full, _>(error) }),
            }
        }
    }
    let checked = check_app(Unlifted, [post("/", "hey")]);
    let way = "where it may not block";
    let expected = [(way, FaultKind::Failure), (way, FaultKind::Difference)];
    assert_eq!(kinds(&checked), expected, "{checked}");
    check_app(blocking(shout), [post("/", "hey")]).assert();
}

#[test]
fn a_head_that_is_unlike_its_get() {
    let checked = of(|environ, start_response| {
        let status = match *environ.method() {
            Method::GET => StatusCode::OK,
            _ => StatusCode::METHOD_NOT_ALLOWED,
        };
        text(start_response, status, String::new())
    });
    assert_eq!(kinds(&checked), [("as a HEAD", FaultKind::Difference)]);
}

#[test]
fn trailers_and_cuts_are_told_apart() {
    let checked = of(|environ, start_response| {
        let at_root = environ.script_name().is_empty();
        let started = start_response.start(StatusCode::OK);
        let started = started.header(field::CONTENT_TYPE, media::TEXT_PLAIN);
        let blocks = [block("a"), Err(Error::new("it broke")), block("b")];
        let kept = if at_root { 1 } else { 3 };
        started.iter(blocks.into_iter().take(kept))
    });
    let way = "under a prefix";
    let expected = [(way, FaultKind::Failure), (way, FaultKind::Difference)];
    assert_eq!(kinds(&checked), expected, "{checked}");
    assert!(
        checked.faults[1].happened.contains("the body is cut"),
        "{checked}"
    );
}

/// Answers with a trailer, and a field, of the value that `value` makes of where it stands.
fn with_trailer(value: fn(&Environ) -> &'static str) -> Checked {
    of(move |environ, start_response| {
        let value = HeaderValue::from_static(value(&environ));
        let started = start_response.start(StatusCode::OK);
        let started = started
            .header(field::CONTENT_TYPE, media::TEXT_PLAIN)
            .header(field::VARY, value.clone())
            .header(field::TRAILER, HeaderValue::from_static("x-sum"));
        started.push(async move |mut out| {
            out.write("body").await?;
            out.trailers([("x-sum".parse().unwrap(), value)].into_iter().collect())
                .await
        })
    })
}

#[test]
fn fields_and_trailers_are_compared() {
    with_trailer(|_| "1").assert();
    let checked = with_trailer(|environ| match environ.script_name() {
        "" => "1",
        _ => "2",
    });
    let difference = ("under a prefix", FaultKind::Difference);
    assert_eq!(kinds(&checked), [difference; 2], "{checked}");
    let told = checked.to_string();
    assert!(
        told.contains("the field vary is \"2\", not \"1\""),
        "{told}"
    );
    assert!(
        told.contains("the trailers are [(\"x-sum\", \"2\")]"),
        "{told}"
    );
}

#[test]
fn applications_that_stay_on_their_thread() {
    let count = std::rc::Rc::new(std::cell::Cell::new(0));
    let seen = count.clone();
    let local = app_fn(move |_: Environ, start_response: StartResponse| {
        seen.set(seen.get() + 1);
        text(start_response, StatusCode::OK, String::new())
    });
    check_app(local, [get("/")]).assert();
    // Twice, under a prefix, unblocked, left, as a HEAD, and over HTTP/1.1.
    assert_eq!(count.get(), 7);
}
