use rgi_core::testing::{Client, Reply};
use rgi_core::{
    App, AppExt, Environ, Full, HeaderValue, StartResponse, StatusCode, app_fn, field, media,
};

use super::Conditional;

const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
const BEFORE: &str = "Sun, 06 Nov 1994 08:49:36 GMT";
const AFTER: &str = "Sun, 06 Nov 1994 08:49:38 GMT";

fn page(_: Environ, start_response: StartResponse) -> Full {
    start_response
        .start(StatusCode::OK)
        .header(field::CONTENT_TYPE, media::TEXT_HTML)
        .header(field::ETAG, HeaderValue::from_static("\"a\""))
        .header(field::LAST_MODIFIED, HeaderValue::from_static(DATE))
        .full("page")
}

fn ask<A: App>(app: A, fields: &[(&str, &str)]) -> Reply {
    let client = Client::new(app.with(Conditional::new()));
    let get = client.get("/");
    let get = fields
        .iter()
        .fold(get, |get, (name, value)| get.header(name, value));
    get.send()
}

fn status(fields: &[(&str, &str)]) -> u16 {
    let reply = ask(app_fn(page), fields);
    let has_body = !reply.body().is_empty();
    assert_eq!(has_body, reply.status() == 200, "{fields:?}");
    assert_eq!(reply.header("content-type").is_some(), has_body);
    reply.status()
}

#[test]
fn tags_are_compared() {
    for same in [
        "\"a\"",
        "W/\"a\"",
        "\"x\", \"a\"",
        "*",
        "\"x,\\\", W/\"a\", \"b\"",
    ] {
        assert_eq!(status(&[("if-none-match", same)]), 304, "{same}");
    }
    for other in ["\"b\"", "a", "", "\"x, W/\"a\", \""] {
        assert_eq!(status(&[("if-none-match", other)]), 200, "{other}");
    }
    for (tag, wanted) in [("\"a\"", 200), ("*", 200), ("W/\"a\"", 412), ("\"b\"", 412)] {
        assert_eq!(status(&[("if-match", tag)]), wanted, "{tag}");
    }
}

/// RFC 9110 8.8.3: the bytes of a tag are any but quotes, spaces and controls.
#[test]
fn tags_need_not_be_ascii() {
    let app = |tag: &'static str| {
        app_fn(move |_, s: StartResponse| {
            let tag = HeaderValue::from_bytes(tag.as_bytes()).expect("a value");
            s.start(StatusCode::OK)
                .header(field::ETAG, tag)
                .full("page")
        })
    };
    let ask = |tag, named: &str| ask(app(tag), &[("if-none-match", named)]).status();
    assert_eq!(ask("\"é\"", "\"é\""), 304);
    assert_eq!(ask("\"é\"", "W/\"é\""), 304);
    assert_eq!(ask("\"a\"", "\"é\", \"a\""), 304);
    assert_eq!(ask("\"a\"", "\"é\""), 200);
}

#[test]
fn dates_are_compared() {
    for (date, wanted) in [(BEFORE, 200), (DATE, 304), (AFTER, 304), ("yesterday", 200)] {
        assert_eq!(status(&[("if-modified-since", date)]), wanted, "{date}");
    }
    for (date, wanted) in [(BEFORE, 412), (DATE, 200), (AFTER, 200), ("yesterday", 200)] {
        assert_eq!(status(&[("if-unmodified-since", date)]), wanted, "{date}");
    }
}

#[test]
fn they_come_in_their_order() {
    let (same, other) = ("\"a\"", "\"b\"");
    let tags_before_dates = [("if-none-match", other), ("if-modified-since", AFTER)];
    assert_eq!(status(&tags_before_dates), 200);
    assert_eq!(
        status(&[("if-match", same), ("if-unmodified-since", BEFORE)]),
        200
    );
    assert_eq!(status(&[("if-match", other), ("if-none-match", same)]), 412);
    assert_eq!(status(&[("if-match", same), ("if-none-match", same)]), 304);
}

#[test]
fn a_tag_is_made_of_one_block() {
    let text =
        |text: &'static str| app_fn(move |_, s: StartResponse| s.start(StatusCode::OK).full(text));
    let (one, two) = (ask(text("one"), &[]), ask(text("two"), &[]));
    let tag = one.header("etag").expect("a tag");
    assert_ne!(Some(tag), two.header("etag"));
    assert_eq!((one.text().as_str(), one.head().length()), ("one", Some(3)));
    let again = ask(text("one"), &[("if-none-match", tag)]);
    assert_eq!((again.status(), again.header("etag")), (304, Some(tag)));
    let blocks = app_fn(|_, s: StartResponse| {
        s.start(StatusCode::OK)
            .iter(["a", "b"].map(|it| Ok::<_, rgi_core::Error>(it.into())))
    });
    let reply = ask(blocks, &[]);
    assert_eq!((reply.text().as_str(), reply.header("etag")), ("ab", None));
    let client = Client::new(text("one").with(Conditional::new().without_tags()));
    assert_eq!(client.get("/").send().header("etag"), None);
}

#[test]
fn others_are_passed_on() {
    let client = Client::new(app_fn(page).with(Conditional::new()));
    let post = client.post("/").header("if-match", "\"b\"").send();
    assert_eq!(post.status(), 200);
    let gone = app_fn(|_, s: StartResponse| s.start(StatusCode::GONE).full("gone"));
    assert_eq!(ask(gone, &[("if-match", "\"b\"")]).status(), 410);
    let head = client.head("/").header("if-none-match", "*").send();
    assert_eq!(head.status(), 304);
}
