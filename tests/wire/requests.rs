//! Bodies of requests: framing, `100 Continue`, what is left unread, what is malformed.

use rgi_core::{Environ, Input, StartResponse, StatusCode, Stream, async_fn};

use crate::wire::support::{Running, serve_with};

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
