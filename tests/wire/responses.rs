//! Responses: framing, interim ones, failures.

use std::sync::{Arc, mpsc};
use std::task::Poll;

use rgi_core::{
    BodyExt, BoxBody, End, Environ, Error, HeaderMap, HeaderValue, StartResponse, StatusCode,
    app_fn, async_fn, field,
};

use crate::server::HYPER;
use crate::wire::support::{PATIENCE, serve};

/// Not before the second poll: woken by itself.
pub(crate) async fn once_pending() {
    let mut first = true;
    std::future::poll_fn(|cx| {
        if std::mem::take(&mut first) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(())
    })
    .await;
}

#[test]
fn unknown_lengths_are_chunked_or_end_with_the_connection() {
    let server = serve(app_fn(|_: Environ, s: StartResponse| {
        s.start(StatusCode::OK).push(async |mut writer| {
            writer.write("one\r\n").await?;
            writer.write("").await?;
            once_pending().await;
            writer.write("two\n\0\u{e4}").await
        })
    }));
    let mut client = server.connect();
    for _ in 0..2 {
        client.get("/");
        let head = client.head();
        assert_eq!(head.field("transfer-encoding"), Some("chunked"));
        assert_eq!(head.field("content-length"), None);
        assert_eq!(client.chunk().unwrap(), b"one\r\n");
        assert_eq!(client.chunk().unwrap(), "two\n\0\u{e4}".as_bytes());
        assert!(client.chunk().is_none());
        assert_eq!(client.take(2), b"\r\n");
    }
    client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    let reply = client.reply();
    assert!(reply.closes() && reply.field("transfer-encoding").is_none());
    reply.assert(200, "one\r\ntwo\n\0\u{e4}");
}

#[test]
fn trailers_go_to_whom_takes_them() {
    let server = serve(app_fn(|_: Environ, s: StartResponse| {
        let s = s.start(StatusCode::OK);
        let announced = s.header(field::TRAILER, HeaderValue::from_static("x-sum"));
        announced.push(async |mut writer| {
            writer.write("x").await?;
            let mut trailers = HeaderMap::new();
            trailers.insert("x-sum", HeaderValue::from_static("1"));
            trailers.insert("connection", HeaderValue::from_static("close"));
            writer.trailers(trailers).await
        })
    }));
    let mut client = server.connect();
    client.send("GET / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nConnection: TE\r\n\r\n");
    let reply = client.reply();
    assert_eq!(
        (reply.text(), reply.trailers.as_str()),
        ("x", "x-sum: 1\r\n")
    );
    client.get("/");
    let reply = client.reply();
    assert_eq!((reply.text(), reply.trailers.as_str()), ("x", ""));
}

#[test]
fn early_hints_come_before_the_answer_and_without_it() {
    let (go, gate) = mpsc::channel::<()>();
    let gate = Arc::new(std::sync::Mutex::new(gate));
    let server = serve(async_fn(move |e: Environ, s: StartResponse| {
        let gate = gate.clone();
        async move {
            let mut hints = HeaderMap::new();
            hints.insert("link", HeaderValue::from_static("</a.css>"));
            hints.insert("transfer-encoding", HeaderValue::from_static("chunked"));
            s.inform(StatusCode::EARLY_HINTS, &hints);
            if e.target() == "/wait" {
                std::future::poll_fn(|cx| match gate.lock().unwrap().try_recv() {
                    Ok(()) => Poll::Ready(()),
                    Err(_) => {
                        cx.waker().wake_by_ref();
                        Poll::Pending
                    }
                })
                .await;
                s.inform(StatusCode::PROCESSING, &HeaderMap::new());
            }
            Ok(s.start(StatusCode::OK).full("x"))
        }
    }));
    let mut client = server.connect();
    client.get("/");
    let hint = "HTTP/1.1 103 Early Hints\r\nlink: </a.css>\r\n\r\n";
    assert_eq!(client.head().head, hint);
    client.reply().assert(200, "x");
    client.get("/wait");
    assert_eq!(client.head().head, hint);
    assert!(client.is_silent());
    go.send(()).unwrap();
    assert_eq!(client.head().status(), 102);
    client.reply().assert(200, "x");
    client.send("GET / HTTP/1.0\r\n\r\n");
    client.reply().assert(200, "x");
}

#[test]
fn failures_before_the_commit_are_answers() {
    let server = serve(app_fn(|e: Environ, s: StartResponse| -> BoxBody {
        match e.path_info() {
            "/panic" => panic!("in the call"),
            "/error" => BoxBody::future(async { Err::<BoxBody, _>(Error::new("broken")) }),
            "/late" => s
                .start(StatusCode::OK)
                .push(async |_| panic!("in the body"))
                .erased(),
            "/status" => BoxBody::future(async {
                Err::<BoxBody, _>(Error::new("tea").with_status(StatusCode::IM_A_TEAPOT))
            }),
            "/unused" => BoxBody::new(Nothing),
            _ => s.start(StatusCode::OK).full("lives").erased(),
        }
    }));
    let mut client = server.connect();
    for (path, status, line) in [
        ("/panic", 500, "in the call"),
        ("/error", 500, "broken"),
        ("/late", 500, "in the body"),
        ("/status", 418, "tea"),
        ("/unused", 500, "without a start"),
    ] {
        client.get(path);
        assert_eq!(client.reply().status(), status, "{path}");
        server.log.wait_for(line);
    }
    client.get("/");
    client.reply().assert(200, "lives");
}

/// A body that ends without having begun.
struct Nothing;

impl rgi_core::Stream for Nothing {
    type Item = Result<rgi_core::Event, Error>;

    fn poll_next(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> Poll<Option<Self::Item>> {
        Poll::Ready(None)
    }
}

#[test]
fn failures_behind_the_commit_cut_the_connection_and_close_the_body() {
    struct Close(mpsc::Sender<&'static str>);
    impl Drop for Close {
        fn drop(&mut self) {
            let _ = self.0.send("closed");
        }
    }
    let (tell, told) = mpsc::channel();
    let (tell_end, told_end) = mpsc::channel();
    let server = serve(app_fn(move |e: Environ, s: StartResponse| {
        let close = Close(tell.clone());
        let tell_end = tell_end.clone();
        e.on_finish(move |outcome| tell_end.send((outcome.end, outcome.bytes)).unwrap());
        let short = e.path_info() == "/short";
        let started = s.start(StatusCode::OK);
        let started = if short { started.length(10) } else { started };
        started.push(async move |mut writer| {
            let _close = close;
            writer.write("half").await?;
            once_pending().await;
            match e.path_info() {
                "/short" => Ok(()),
                "/panic" => panic!("midway"),
                _ => Err(Error::new("midway")),
            }
        })
    }));
    for path in ["/error", "/panic", "/short"] {
        for version in ["HTTP/1.1", "HTTP/1.0"] {
            let mut client = server.connect();
            client.send(format!("GET {path} {version}\r\nHost: a\r\n\r\n"));
            if version == "HTTP/1.0" && path != "/short" {
                // Where the end of the connection would be the end of the body it is a reset.
                client.assert_reset();
            } else {
                let got = String::from_utf8(client.cut()).unwrap();
                assert!(
                    !got.ends_with("0\r\n\r\n") && !got.contains("midway"),
                    "{got}"
                );
            }
            assert_eq!(told.recv_timeout(PATIENCE).unwrap(), "closed");
            assert_eq!(
                told_end.recv_timeout(PATIENCE).unwrap(),
                (End::Truncated, 4)
            );
        }
    }
    server.log.wait_for("midway");
    server.log.wait_for("fewer bytes than the length promised");
}

#[test]
fn no_more_than_the_length_is_sent() {
    let server = serve(app_fn(|_: Environ, s: StartResponse| {
        s.start(StatusCode::OK).length(6).push(async |mut writer| {
            writer.write("abc").await?;
            writer.write("defghi").await?;
            Ok(())
        })
    }));
    let mut client = server.connect();
    client.get("/");
    let got = client.cut();
    assert!(!String::from_utf8(got).unwrap().contains("abcdefg"));
    server.log.wait_for("more bytes than the length promised");
}

#[test]
fn statuses_and_methods_without_a_body_have_none() {
    let server = serve(app_fn(|e: Environ, s: StartResponse| match e.path_info() {
        "/204" => s.start(StatusCode::NO_CONTENT).full("x"),
        "/304" => s.start(StatusCode::NOT_MODIFIED).length(7).empty(),
        _ => s.start(StatusCode::OK).full("body"),
    }));
    let mut client = server.connect();
    client.send("GET /204 HTTP/1.1\r\nHost: a\r\n\r\nGET /304 HTTP/1.1\r\nHost: a\r\n\r\n");
    client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
    let head = client.head();
    assert_eq!((head.status(), head.field("content-length")), (204, None));
    let head = client.head();
    assert_eq!(
        (head.status(), head.field("content-length")),
        (304, Some("7").filter(|_| !HYPER))
    );
    let head = client.head();
    assert_eq!(
        (head.status(), head.field("content-length")),
        (200, Some("4"))
    );
    client.reply().assert(200, "body");
}

#[test]
fn a_token_that_is_kept_writes_no_hints_into_the_next_answer() {
    let kept: std::sync::Mutex<Option<StartResponse>> = std::sync::Mutex::default();
    let server = serve(app_fn(move |e: Environ, s: StartResponse| -> BoxBody {
        let mut kept = kept.lock().unwrap();
        if e.path_info() == "/keep" {
            let (s, fallback) = s.with_fallback();
            *kept = Some(s);
            let cause = rgi_core::Error::new("gave up");
            return fallback
                .start(StatusCode::GATEWAY_TIMEOUT, cause)
                .empty()
                .erased();
        }
        let mut hints = rgi_core::HeaderMap::new();
        hints.insert("link", rgi_core::HeaderValue::from_static("</secret>"));
        let stale = kept.take().unwrap();
        stale.inform(StatusCode::EARLY_HINTS, &hints);
        s.start(StatusCode::OK).full("mine").erased()
    }));
    let mut client = server.connect();
    client.get("/keep");
    assert_eq!(client.reply().status(), 504);
    client.get("/");
    client.reply().assert(200, "mine");
}

#[test]
fn a_file_that_became_shorter_is_a_cut() {
    let (tell, told) = std::sync::mpsc::channel();
    let server = serve(app_fn(move |e: Environ, s: StartResponse| {
        let tell = tell.clone();
        e.on_finish(move |outcome| tell.send(outcome.end).unwrap());
        let file = tempfile::tempfile().unwrap();
        file.set_len(1000).unwrap();
        let region = rgi_core::FileRegion::whole(file.try_clone().unwrap()).unwrap();
        file.set_len(10).unwrap();
        s.start(StatusCode::OK).file(region)
    }));
    let mut client = server.connect();
    client.get("/");
    client.cut();
    assert_eq!(
        told.recv_timeout(PATIENCE).unwrap(),
        rgi_core::End::Truncated
    );
    server.log.wait_for("a file cannot be sent");
}
