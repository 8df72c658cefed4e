use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use rgi_core::testing::{Client, Reply};
use rgi_core::{
    App, AppExt, Bytes, Environ, Error, FileRegion, Full, HeaderValue, StartResponse, StatusCode,
    Writer, app_fn, field,
};

use super::Range;
use crate::turn::tests::counted;

const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

fn digits(_: Environ, start_response: StartResponse) -> Full {
    start_response
        .start(StatusCode::OK)
        .header(field::ETAG, HeaderValue::from_static("\"a\""))
        .header(field::LAST_MODIFIED, HeaderValue::from_static(DATE))
        .full("0123456789")
}

fn ask<A: App>(app: A, fields: &[(&str, &str)]) -> Reply {
    let client = Client::new(app.with(Range::new()));
    let get = client.get("/");
    let get = fields
        .iter()
        .fold(get, |get, (name, value)| get.header(name, value));
    get.send()
}

fn part(range: &str) -> (u16, String, Option<String>) {
    let reply = ask(app_fn(digits), &[("range", range)]);
    assert_eq!(reply.head().length(), Some(reply.body().len() as u64));
    let content_range = reply.header("content-range").map(str::to_owned);
    (reply.status(), reply.text(), content_range)
}

#[test]
fn one_range_is_a_part() {
    for (range, text, first, last) in [
        ("bytes=0-0", "0", 0, 0),
        ("bytes=2-4", "234", 2, 4),
        ("BYTES=7-", "789", 7, 9),
        ("bytes=-3", "789", 7, 9),
        ("bytes=-30", "0123456789", 0, 9),
        ("bytes=8-99999999999999999999999", "89", 8, 9),
    ] {
        let content_range = format!("bytes {first}-{last}/10");
        assert_eq!(part(range), (206, text.to_owned(), Some(content_range)));
    }
}

#[test]
fn behind_the_end_there_is_nothing() {
    for range in [
        "bytes=10-",
        "bytes=10-11",
        "bytes=-0",
        "bytes=99999999999999999999999-",
    ] {
        let nothing = (416, String::new(), Some("bytes */10".to_owned()));
        assert_eq!(part(range), nothing, "{range}");
    }
}

#[test]
fn what_is_no_range_or_several_is_the_whole() {
    for range in [
        "bytes=1-2,4-5",
        "bytes=2-1",
        "lines=1-2",
        "bytes",
        "bytes=",
        "bytes=+1-2",
        "bytes=-",
    ] {
        assert_eq!(part(range), (200, "0123456789".to_owned(), None), "{range}");
    }
    let reply = ask(app_fn(digits), &[]);
    assert_eq!(reply.header("accept-ranges"), Some("bytes"));
}

#[test]
fn if_range_has_to_hold() {
    for (validator, wanted) in [
        ("\"a\"", 206),
        ("W/\"a\"", 200),
        ("\"b\"", 200),
        (DATE, 206),
        ("Sun, 06 Nov 1994 08:49:38 GMT", 200),
        ("x", 200),
    ] {
        let reply = ask(
            app_fn(digits),
            &[("range", "bytes=1-2"), ("if-range", validator)],
        );
        assert_eq!(reply.status(), wanted, "{validator}");
    }
}

#[test]
fn a_tag_need_not_be_ascii() {
    let app = app_fn(|_, s: StartResponse| {
        let tag = HeaderValue::from_bytes("\"é\"".as_bytes()).expect("a value");
        s.start(StatusCode::OK)
            .header(field::ETAG, tag)
            .full("0123456789")
    });
    for (named, wanted) in [("\"é\"", 206), ("\"è\"", 200)] {
        let reply = ask(app, &[("range", "bytes=1-2"), ("if-range", named)]);
        assert_eq!(reply.status(), wanted, "{named}");
    }
}

#[test]
fn what_is_far_behind_takes_turns() {
    for (bytes, blocks) in [(64 * 1024, 256), (1, 16 << 10)] {
        let turns = Arc::default();
        let app = app_fn(move |_, s: StartResponse| {
            let block = Bytes::from(vec![b'a'; bytes]);
            let all = std::iter::repeat_n(block, blocks).map(Ok::<_, Error>);
            let length = (bytes * blocks) as u64;
            s.start(StatusCode::OK).length(length).iter(all)
        });
        let app = counted(app.with(Range::new()), &turns);
        let reply = Client::new(app).get("/").header("range", "bytes=-1").send();
        assert_eq!((reply.status(), reply.text().as_str()), (206, "a"));
        let turns = turns.load(Ordering::Relaxed);
        assert!((16..64).contains(&turns), "{turns}");
    }
}

#[test]
fn blocks_and_files_are_cut() {
    let app = app_fn(|_, s: StartResponse| {
        s.start(StatusCode::OK)
            .length(20)
            .push(async |mut writer: Writer| {
                writer.write("01234").await?;
                writer.flush().await?;
                let mut file = tempfile::tempfile()?;
                file.write_all(b"0123456789")?;
                writer.file(FileRegion::whole(file)?).await?;
                writer.write("56789").await?;
                Ok::<(), Error>(())
            })
    });
    for (range, text) in [
        ("bytes=3-16", "34012345678956"),
        ("bytes=7-8", "23"),
        ("bytes=1-1", "1"),
        ("bytes=16-", "6789"),
    ] {
        let reply = ask(app, &[("range", range)]);
        assert_eq!((reply.status(), reply.text().as_str()), (206, text));
    }
}

#[test]
fn others_are_passed_on() {
    let unknown = app_fn(|_, s: StartResponse| {
        s.start(StatusCode::OK)
            .iter(["a", "b"].map(|it| Ok::<_, Error>(it.into())))
    });
    let reply = ask(unknown, &[("range", "bytes=0-0")]);
    assert_eq!((reply.status(), reply.text().as_str()), (200, "ab"));
    let gone = app_fn(|_, s: StartResponse| s.start(StatusCode::GONE).full("gone"));
    assert_eq!(ask(gone, &[("range", "bytes=0-0")]).status(), 410);
    let client = Client::new(app_fn(digits).with(Range::new()));
    let head = client.head("/").header("range", "bytes=0-0").send();
    assert_eq!((head.status(), head.head().length()), (200, Some(10)));
}
