//! What is written, byte by byte.

use std::panic::catch_unwind;
use std::time::{Duration, SystemTime};

use rgi_core::server::Payload;
use rgi_core::{
    Bytes, Environ, Event, FieldName, HeaderMap, HeaderName, HeaderValue, StartResponse,
    StatusCode, Stream, app_fn, field,
};
use rgi_http1::{CONTINUE, Output, Stamp, Turn, interim, refuse};

use crate::client::{End, Reply, To};
use crate::server::{DATE, Events, answer, drive, region, stamp, text, turn, wire};

const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const CLOSING: &str = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
const HEAD: &str = "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n";
const OLD: &str = "GET / HTTP/1.0\r\n\r\n";
const OLD_KEPT: &str = "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
const TRAILERS: &str = "GET / HTTP/1.1\r\nHost: a\r\nConnection: TE\r\nTE: trailers\r\n\r\n";

/// A head as it goes out: the stamp is in every one.
fn head(status: &str, behind: &str) -> String {
    format!("HTTP/1.1 {status}\r\ndate: {DATE}\r\nserver: rgi\r\n{behind}\r\n")
}

fn status(code: u16) -> StatusCode {
    StatusCode::from_u16(code).unwrap()
}

#[test]
fn framing_and_connection() {
    let close = "connection: close\r\n";
    let keep = "connection: keep-alive\r\n";
    let chunked = "transfer-encoding: chunked\r\n";
    let three = "content-length: 3\r\n";
    let chunks = "2\r\nab\r\n1\r\nc\r\n0\r\n\r\n";
    // Request, whether a length is promised, fields, payload, whether the connection lives on.
    for (request, known, fields, payload, lives) in [
        (GET, true, three.to_owned(), "abc", true),
        (GET, false, chunked.to_owned(), chunks, true),
        (CLOSING, true, format!("{three}{close}"), "abc", false),
        (CLOSING, false, format!("{chunked}{close}"), chunks, false),
        (HEAD, true, three.to_owned(), "", true),
        (HEAD, false, String::new(), "", true),
        (OLD, true, format!("{three}{close}"), "abc", false),
        (OLD, false, close.to_owned(), "abc", false),
        (OLD_KEPT, true, format!("{three}{keep}"), "abc", true),
        (OLD_KEPT, false, close.to_owned(), "abc", false),
    ] {
        let written = wire(request, |start_response| {
            let mut started = start_response.start(StatusCode::OK);
            if known {
                started = started.length(3);
            }
            Events::blocks(started, &["ab", "", "c"])
        });
        assert_eq!(
            written,
            (head("200 OK", &fields) + payload, lives),
            "{request}"
        );
    }
}

#[test]
fn statuses() {
    // Status, promised length, what is written.
    for (code, length, line, fields) in [
        (200, None, "200 OK", "content-length: 0\r\n"),
        (204, Some(5), "204 No Content", ""),
        (205, None, "205 Reset Content", "content-length: 0\r\n"),
        (304, Some(5), "304 Not Modified", "content-length: 5\r\n"),
        (304, None, "304 Not Modified", ""),
        (404, None, "404 Not Found", "content-length: 0\r\n"),
        // RFC 9112 4: the space stays.
        (799, None, "799 ", "content-length: 0\r\n"),
    ] {
        let (written, lives) = wire(GET, |start_response| {
            let mut started = start_response.start(status(code));
            started.head_mut().set_length(length);
            Events::blocks(started, &[])
        });
        assert_eq!((written, lives), (head(line, fields), true), "{code}");
    }
}

#[test]
fn a_204_has_no_length_whoever_sets_one() {
    let app = app_fn(|_: Environ, start_response: StartResponse| {
        start_response.start(StatusCode::NO_CONTENT).empty()
    });
    let mut output = Output::new();
    drive(GET, &app, |commit, _| {
        commit.head.set_length(Some(3));
        turn(GET).head(commit, &stamp(), &mut output);
    });
    assert_eq!(text(&mut output), head("204 No Content", ""));
}

#[test]
fn an_empty_block_does_not_end_the_chunks() {
    let app = app_fn(|_: Environ, start_response: StartResponse| {
        Events::blocks(start_response.start(StatusCode::OK), &["a"])
    });
    let mut output = Output::new();
    let mut turn = turn(GET);
    drive(GET, &app, |commit, _| {
        turn.head(commit, &stamp(), &mut output);
    });
    text(&mut output);
    turn.data(Bytes::new(), &mut output);
    turn.file(region(b""), &mut output);
    assert!(output.is_empty());
    turn.end(None, &mut output);
    assert_eq!(text(&mut output), "0\r\n\r\n");
}

#[test]
fn date_and_server_are_the_applications_where_it_sets_them() {
    let with = |name: FieldName| {
        let (written, _) = wire(GET, |start_response| {
            let started = start_response.start(StatusCode::OK);
            let started = started.header(name.clone(), HeaderValue::from_static("mine"));
            Events::blocks(started, &[])
        });
        written
    };
    assert_eq!(
        with(field::DATE),
        "HTTP/1.1 200 OK\r\ndate: mine\r\nserver: rgi\r\ncontent-length: 0\r\n\r\n"
    );
    assert_eq!(
        with(field::SERVER),
        format!("HTTP/1.1 200 OK\r\nserver: mine\r\ndate: {DATE}\r\ncontent-length: 0\r\n\r\n")
    );
}

#[test]
fn switching_protocols() {
    let request = "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n";
    let app = app_fn(|mut environ: Environ, start_response: StartResponse| {
        let accepted = environ.take_offer().unwrap().accept("echo").unwrap();
        let started = start_response.start(StatusCode::OK);
        started.upgrade(accepted, async |_| Ok(()))
    });
    let mut turn = turn(request);
    let mut output = Output::new();
    answer(request, &app, &mut turn, &mut output);
    let fields = "connection: upgrade\r\nupgrade: echo\r\n";
    assert_eq!(
        text(&mut output),
        head("101 Switching Protocols", fields),
        "neither a length nor a coding"
    );
    assert!(!turn.keep_alive(), "what follows is not HTTP");
    assert!(!turn.takes_interim());
    // The other protocol's bytes go out as they are.
    turn.data(Bytes::from_static(b"echo"), &mut output);
    assert_eq!(text(&mut output), "echo");
}

#[test]
fn a_tunnel_begins_behind_the_head() {
    let request = "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n";
    let app = app_fn(|mut environ: Environ, start_response: StartResponse| {
        let accepted = environ.take_offer().unwrap().tunnel().unwrap();
        let started = start_response.start(StatusCode::OK);
        started.upgrade(accepted, async |_| Ok(()))
    });
    let mut turn = turn(request);
    let mut output = Output::new();
    answer(request, &app, &mut turn, &mut output);
    let written = text(&mut output);
    assert_eq!(written, head("200 OK", ""), "RFC 9110 8.6, 9.3.6");
    assert!(!turn.keep_alive());
    let mut wire = written.as_bytes();
    assert_eq!(Reply::read(&mut wire, To::Connect).end, End::None);
}

#[test]
fn chunk_sizes() {
    for len in [
        1, 9, 10, 15, 16, 255, 256, 4096, 16_384, 16_385, 65_535, 65_536,
    ] {
        for file in [false, true] {
            let (written, _) = wire(GET, |start_response| {
                let started = start_response.start(StatusCode::OK);
                let bytes = vec![b'x'; len];
                let event = match file {
                    false => Event::Data(bytes.into()),
                    true => Event::File(region(&bytes)),
                };
                Events::new(started, [event])
            });
            let payload = written.split_once("\r\n\r\n").unwrap().1;
            let x = "x".repeat(len);
            assert!(
                payload == format!("{len:x}\r\n{x}\r\n0\r\n\r\n"),
                "{len}, {file}"
            );
        }
    }
}

fn trailers(names: &[&'static str]) -> HeaderMap {
    names
        .iter()
        .map(|name| {
            let value = HeaderValue::from_static("1");
            (HeaderName::from_static(name), value)
        })
        .collect()
}

#[test]
fn trailers_go_where_framing_and_client_take_them() {
    let ended = |request, length: Option<u64>| {
        let (written, _) = wire(request, |start_response| {
            let mut started = start_response.start(StatusCode::OK);
            started.head_mut().set_length(length);
            let trailers = Event::Trailers(Box::new(trailers(&["etag", "x-sum"])));
            Events::new(started, [Event::Data("abc".into()), trailers])
        });
        written.split_once("\r\n\r\n").unwrap().1.to_owned()
    };
    let all = "3\r\nabc\r\n0\r\netag: 1\r\nx-sum: 1\r\n\r\n";
    assert_eq!(ended(TRAILERS, None), all);
    assert_eq!(ended(GET, None), "3\r\nabc\r\n0\r\n\r\n", "without TE");
    assert_eq!(ended(TRAILERS, Some(3)), "abc", "with a length");
    let old = "GET / HTTP/1.0\r\nConnection: TE\r\nTE: trailers\r\n\r\n";
    assert_eq!(ended(old, None), "abc", "until close");
}

#[test]
fn trailers_that_may_not_be_are_left_out() {
    for name in [
        "age",
        "authorization",
        "cache-control",
        "connection",
        "content-encoding",
        "content-language",
        "content-length",
        "content-location",
        "content-range",
        "content-type",
        "date",
        "expires",
        "host",
        "keep-alive",
        "location",
        "proxy-authenticate",
        "proxy-connection",
        "retry-after",
        "set-cookie",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "vary",
        "warning",
        "www-authenticate",
    ] {
        assert_eq!(written_trailers(&[name]), "", "{name}");
    }
    // RFC 9110 8.8.3, 11.6.3, 14.3.
    for name in [
        "accept-ranges",
        "authentication-info",
        "etag",
        "server-timing",
        "x-sum",
    ] {
        let written = written_trailers(&["host", name]);
        assert_eq!(written, format!("{name}: 1\r\n"));
    }
}

fn written_trailers(names: &[&'static str]) -> String {
    let (written, _) = wire(TRAILERS, |start_response| {
        let started = start_response.start(StatusCode::OK);
        Events::new(started, [Event::Trailers(Box::new(trailers(names)))])
    });
    let (_, section) = written.split_once("\r\n\r\n0\r\n").unwrap();
    section.strip_suffix("\r\n").unwrap().to_owned()
}

#[test]
fn a_payload_is_nothing_out_of_turn() {
    fn try_all(turn: &Turn, output: &mut Output) {
        turn.data(Bytes::from_static(b"x"), output);
        turn.file(region(b"y"), output);
    }
    for request in [GET, HEAD, OLD] {
        let app = app_fn(|_: Environ, start_response: StartResponse| {
            Events::blocks(start_response.start(StatusCode::OK), &["a"])
        });
        let mut output = Output::new();
        let mut turn = turn(request);
        assert_eq!(turn.is_head(), request == HEAD);
        try_all(&turn, &mut output);
        turn.end(None, &mut output);
        assert!(output.is_empty() && !turn.is_started(), "before the head");
        answer(request, &app, &mut turn, &mut output);
        assert!(turn.is_started());
        text(&mut output);
        try_all(&turn, &mut output);
        turn.end(None, &mut output);
        assert!(output.is_empty(), "behind the end");
    }
    let app = app_fn(|_: Environ, start_response: StartResponse| {
        start_response.start(StatusCode::OK).full("abc")
    });
    drive(HEAD, &app, |commit, next| {
        let mut output = Output::new();
        let mut turn = turn(HEAD);
        turn.head(commit, &stamp(), &mut output);
        text(&mut output);
        try_all(&turn, &mut output);
        assert!(output.is_empty(), "where there is none");
        assert!(next().is_none());
    });
}

#[test]
fn closing_is_said_while_it_can_be() {
    let app = app_fn(|_: Environ, start_response: StartResponse| {
        start_response.start(StatusCode::OK).full("a")
    });
    for (early, fields) in [
        (true, "content-length: 1\r\nconnection: close\r\n"),
        (false, "content-length: 1\r\n"),
    ] {
        let mut output = Output::new();
        let mut turn = turn(GET);
        assert!(turn.keep_alive());
        if early {
            turn.close();
        }
        drive(GET, &app, |commit, next| {
            turn.head(commit, &stamp(), &mut output);
            turn.close();
            let Some(Payload::Data(data)) = next() else {
                panic!("one block");
            };
            turn.data(data, &mut output);
        });
        assert_eq!(text(&mut output), head("200 OK", fields) + "a");
        assert!(!turn.keep_alive());
    }
}

#[test]
fn interim_responses() {
    let mut fields = trailers(&["link", "content-length", "connection", "transfer-encoding"]);
    fields.append("link", HeaderValue::from_static("2"));
    let written = |code| {
        let mut out = b"before ".to_vec();
        interim(status(code), &fields, &mut out);
        String::from_utf8(out).unwrap()
    };
    let links = "link: 1\r\nlink: 2\r\n\r\n";
    assert_eq!(
        written(103),
        format!("before HTTP/1.1 103 Early Hints\r\n{links}")
    );
    assert_eq!(written(199), format!("before HTTP/1.1 199 \r\n{links}"));
    for code in [101, 200, 204, 304, 404, 500, 999] {
        assert_eq!(written(code), "before ", "{code} is no interim response");
    }
    let mut wire = CONTINUE;
    let reply = Reply::read(&mut wire, To::Other);
    assert_eq!((reply.status, &*reply.reason), (100, "Continue"));
    assert!(reply.fields.is_empty() && wire.is_empty());
}

#[test]
fn interim_responses_come_before_the_head_and_not_to_old_clients() {
    for (request, takes) in [(GET, true), (HEAD, true), (OLD, false), (OLD_KEPT, false)] {
        let mut turn = turn(request);
        assert_eq!(turn.takes_interim(), takes, "{request}");
        let app = app_fn(|_: Environ, start_response: StartResponse| {
            start_response.start(StatusCode::OK).empty()
        });
        answer(request, &app, &mut turn, &mut Output::new());
        assert!(!turn.takes_interim());
    }
}

#[test]
fn refusals() {
    for code in [400, 408, 413, 414, 417, 431, 499, 500, 501, 503, 505, 599] {
        let mut output = Output::new();
        refuse(status(code), &stamp(), &mut output);
        let written = text(&mut output);
        let mut wire = written.as_bytes();
        let reply = Reply::read(&mut wire, To::Other);
        assert!(wire.is_empty());
        let reason = status(code).canonical_reason().unwrap_or("");
        assert_eq!((reply.status, &*reply.reason), (code, reason));
        assert_eq!(reply.end, End::Length);
        assert_eq!(reply.body, b"");
        let field = |name| reply.field(name).map(String::from_utf8_lossy);
        assert_eq!(field("connection").as_deref(), Some("close"));
        assert_eq!(field("content-length").as_deref(), Some("0"));
        assert_eq!(field("date").as_deref(), Some(DATE));
        assert_eq!(field("server").as_deref(), Some("rgi"));
    }
}

#[test]
fn stamps() {
    let fields = |stamp: &Stamp| {
        let mut output = Output::new();
        refuse(StatusCode::BAD_REQUEST, stamp, &mut output);
        let written = text(&mut output);
        let fields = written.split_once("\r\n").unwrap().1;
        fields.split_once("content-length").unwrap().0.to_owned()
    };
    let at = |millis| SystemTime::UNIX_EPOCH + Duration::from_millis(millis);
    let mut stamp = Stamp::new("");
    for (now, date) in [
        (at(784_111_777_000), DATE),
        (at(784_111_777_999), DATE),
        (at(784_111_778_000), "Sun, 06 Nov 1994 08:49:38 GMT"),
        (at(0), "Thu, 01 Jan 1970 00:00:00 GMT"),
        (
            SystemTime::UNIX_EPOCH - Duration::from_secs(1),
            "Thu, 01 Jan 1970 00:00:00 GMT",
        ),
        (at(253_402_300_800_000), "Fri, 31 Dec 9999 23:59:59 GMT"),
    ] {
        stamp.tick(now);
        assert_eq!(fields(&stamp), format!("date: {date}\r\n"));
    }
    let mut stamp = Stamp::new("rgi/0.1 (test)");
    stamp.tick(at(0));
    assert_eq!(
        fields(&stamp),
        "date: Thu, 01 Jan 1970 00:00:00 GMT\r\nserver: rgi/0.1 (test)\r\n"
    );
    for name in ["a\r\nb", "a\tb", "caf\u{e9}", "\u{7f}"] {
        assert!(catch_unwind(|| Stamp::new(name)).is_err(), "{name:?}");
    }
}

/// `Events` promises nothing of its length, which the tables rely on.
#[test]
fn events_know_no_length() {
    assert_eq!(Events(Default::default()).size_hint(), (0, None));
}
