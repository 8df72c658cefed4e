//! Bodies of requests: framing, `100 Continue`, what is left unread, what is malformed.

use std::sync::mpsc;

use rgi_core::{
    BodyExt, BoxBody, Environ, Input, StartResponse, StatusCode, Stream, app_fn, async_fn,
};

use crate::server::HYPER;
use crate::wire::support::{Running, serve, serve_with};

/// Answers with the number of bytes and the trailers; `/unread` is answered without a read.
fn count(set: impl FnOnce(&mut rgi_core::server::Config)) -> Running {
    let read = async |mut environ: Environ, start: StartResponse| {
        if environ.path_info() == "/unread" {
            return Ok(start.start(StatusCode::OK).full("unread"));
        }
        let mut bytes = 0;
        while let Some(chunk) = next(environ.input()).await {
            bytes += chunk?.len();
        }
        let trailers = environ
            .input()
            .trailers()
            .map_or(String::new(), |t| format!(" {t:?}"));
        Ok(start
            .start(StatusCode::OK)
            .full(format!("{bytes}{trailers}")))
    };
    serve_with(set, async_fn(read))
}

async fn next(input: &mut Input) -> Option<Result<rgi_core::Bytes, rgi_core::Error>> {
    std::future::poll_fn(|cx| std::pin::Pin::new(&mut *input).poll_next(cx)).await
}

const CHUNKED: &str = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";

#[test]
fn a_chunked_body_in_pieces_of_any_size() {
    let server = count(|_| {});
    let body =
        format!("{CHUNKED}5;x=y\r\nhello\r\n00b\r\nhello again\r\n0\r\nX-T: 1\r\nX-U: 2\r\n\r\n");
    let mut client = server.connect();
    for size in [1, 2, 3, 5, 8, 13, 1000] {
        for piece in body.as_bytes().chunks(size) {
            client.send(piece);
        }
        client.reply().assert(200, r#"16 {"x-t": "1", "x-u": "2"}"#);
    }
}

#[test]
fn small_and_large_bodies() {
    let server = count(|_| {});
    let mut client = server.connect();
    for size in [0, 1, 1000, 65536, 65537, 1 << 20, 20 << 20] {
        client.post("/", &vec![b'x'; size]);
        client.reply().assert(200, &size.to_string());
    }
    // In many chunks.
    client.send(CHUNKED);
    let chunk = [b"3e8\r\n".as_slice(), &[b'x'; 1000], b"\r\n"].concat();
    for _ in 0..2000 {
        client.send(&chunk);
    }
    client.send("0\r\n\r\n");
    client.reply().assert(200, "2000000");
}

#[test]
fn continue_is_sent_on_the_first_read() {
    let server = count(|_| {});
    let mut client = server.connect();
    for _ in 0..2 {
        client.send(
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n",
        );
        assert_eq!(client.head().head, "HTTP/1.1 100 Continue\r\n\r\n");
        assert!(client.is_silent());
        client.send("abc");
        client.reply().assert(200, "3");
    }
}

#[test]
fn continue_is_not_sent_for_an_input_that_nobody_reads() {
    let server = count(|_| {});
    let mut client = server.connect();
    client.send(
        "POST /unread HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n",
    );
    let reply = client.reply();
    reply.assert(200, "unread");
    // Whether the body will come cannot be known.
    assert!(reply.closes());
    client.assert_closed();
}

#[test]
fn continue_is_not_sent_when_the_body_came_along_or_to_http_1_0() {
    let server = count(|_| {});
    let mut client = server.connect();
    // hyper does not look whether the body is there already, and it need not.
    if !HYPER {
        client.send(
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\nabc",
        );
        client.reply().assert(200, "3");
        client.send(
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nExpect: 100-continue\r\n\r\nabc",
        );
        client.send("def");
        client.reply().assert(200, "6");
    }
    client.send("POST / HTTP/1.0\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
    client.send("abc");
    client.reply().assert(200, "3");
}

#[test]
fn continue_is_not_sent_for_what_no_application_sees() {
    let server = serve_with(
        |config| config.script_name = "/app".into(),
        app_fn(|_, s: StartResponse| s.start(StatusCode::OK).full("seen")),
    );
    let mut client = server.connect();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
    assert_eq!(client.reply().status(), 404);
    client.assert_closed();
}

#[test]
fn a_small_body_that_nobody_reads_is_skipped() {
    let server = count(|_| {});
    let mut client = server.connect();
    for _ in 0..3 {
        client.post("/unread", &[b'G'; 3000]);
        let reply = client.reply();
        reply.assert(200, "unread");
        assert!(!reply.closes());
    }
    // One whose rest comes only behind the answer.
    client.send("POST /unread HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12345");
    client.reply().assert(200, "unread");
    client.send("67890GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    client.reply().assert(200, "0");
}

#[test]
fn a_large_body_that_nobody_reads_ends_the_connection_behind_the_answer() {
    let server = count(|_| {});
    let mut client = server.connect();
    client.send("POST /unread HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000\r\n\r\n");
    // The client goes on sending; the answer must not be destroyed by a reset.
    for _ in 0..50 {
        client.send(vec![b'x'; 10_000]);
    }
    let reply = client.reply();
    reply.assert(200, "unread");
    assert!(reply.closes());
    client.send("more");
    client.assert_closed();
}

#[test]
fn trailers_that_come_too_late_are_left_out() {
    let server = count(|_| {});
    let mut client = server.connect();
    client.send(format!(
        "{CHUNKED}3\r\nabc\r\n0\r\nX-Sum: 1\r\nAuthorization: x\r\n\r\n"
    ));
    let reply = client.reply();
    assert_eq!(reply.status(), 200);
    assert!(reply.text().contains("x-sum"), "{}", reply.text());
    assert!(!reply.text().contains("authorization"), "{}", reply.text());
}

#[test]
fn malformed_and_large_bodies_are_refused() {
    let server = count(|config| config.limits.body = 1000);
    for (body, status) in [
        (format!("{CHUNKED}zz\r\n"), 400),
        (format!("{CHUNKED}1\r\nabc\r\n"), 400),
        (format!("{CHUNKED}3\nabc\n"), 400),
        (format!("{CHUNKED}3 \r\nabc\r\n0\r\n\r\n"), 400),
        (format!("{CHUNKED}3;\r\nabc\r\n0\r\n\r\n"), 400),
        (format!("{CHUNKED}3\r\nabc\r\n0\r\nX: 1\n\r\n"), 400),
        (format!("{CHUNKED}3\r\nabc\r\n0\r\nHost: b\r\n\r\n"), 400),
        (format!("{CHUNKED}3e9\r\n{}", "x".repeat(1001)), 413),
    ] {
        let mut client = server.connect();
        client.send(&body);
        let reply = client.reply();
        assert_eq!(reply.status(), status, "{body:.90}");
        assert!(reply.closes());
        client.assert_closed();
    }
    let mut client = server.connect();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n");
    let reply = client.reply();
    assert_eq!((reply.status(), reply.closes()), (413, true));
    client.assert_closed();
}

#[test]
fn the_end_of_an_input_is_told_each_time() {
    let server = serve(async_fn(async |mut environ: Environ, s: StartResponse| {
        let body = environ.input().collect(100).await?;
        for _ in 0..3 {
            assert!(next(environ.input()).await.is_none());
        }
        assert!(environ.input().is_end());
        Ok(s.start(StatusCode::OK).full(body))
    }));
    let mut client = server.connect();
    // What stands behind the body is not its part.
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nabGET / HTTP/1.1\r\nHost: a\r\n\r\n");
    client.reply().assert(200, "ab");
    client.reply().assert(200, "");
}

#[test]
fn a_body_that_breaks_off_is_a_client_that_has_left() {
    let (tell, told) = mpsc::channel();
    let server = serve(app_fn(
        move |mut environ: Environ, start: StartResponse| -> BoxBody {
            let tell = tell.clone();
            environ.on_finish(move |outcome| tell.send(outcome.end).unwrap());
            BoxBody::future(async move {
                let body = environ.input().collect(100).await?;
                Ok(start.start(StatusCode::OK).full(body).erased())
            })
        },
    ));
    let mut client = server.connect();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 20\r\n\r\nabc");
    client.half_close();
    assert_eq!(
        told.recv_timeout(crate::wire::support::PATIENCE).unwrap(),
        rgi_core::End::Disconnected
    );
    assert!(client.cut().is_empty());
}

#[test]
fn an_input_that_outlives_its_exchange_is_told() {
    let (tell, told) = mpsc::channel();
    let server = serve(app_fn(move |mut environ: Environ, start: StartResponse| {
        let (mut input, tell) = (environ.take_input(), tell.clone());
        let (waits, waiting) = mpsc::channel();
        std::thread::spawn(move || {
            let mut first = true;
            let read = rgi_core::rt::block_on(std::future::poll_fn(|cx| {
                let polled = std::pin::Pin::new(&mut input).poll_next(cx);
                if std::mem::take(&mut first) {
                    waits.send(()).unwrap();
                }
                polled
            }));
            tell.send(read.is_some_and(|read| read.is_err())).unwrap();
            input
        });
        waiting.recv().unwrap();
        start.start(StatusCode::OK).full("early")
    }));
    let mut client = server.connect();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n");
    client.reply().assert(200, "early");
    assert!(
        told.recv_timeout(crate::wire::support::PATIENCE).unwrap(),
        "it is an error"
    );
}
