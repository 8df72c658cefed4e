//! What actix-http would misread, or say by itself.

use std::fmt::Write;
use std::io::Read;

use rgi_core::{Environ, Error, Full, StartResponse, StatusCode, app_fn, async_fn};

use crate::wire::support::{Running, serve, serve_with};

fn told(environ: Environ, start_response: StartResponse) -> Full {
    let text = format!(
        "{} {} {}",
        environ.method(),
        environ.target().len(),
        environ.headers().len()
    );
    start_response.start(StatusCode::OK).full(text)
}

/// Echoes of the server, with more room than actix-http has.
fn roomy() -> Running {
    serve_with(
        |config| {
            config.limits.headers = 200;
            config.limits.target = 100_000;
            config.limits.head = 300_000;
        },
        app_fn(told),
    )
}

#[test]
fn heads_for_which_actix_http_has_no_room() {
    let server = roomy();
    let mut client = server.connect();
    let mut fields = String::new();
    for number in 0..199 {
        write!(fields, "x-{number}: a\r\n").unwrap();
    }
    client.send(format!("GET / HTTP/1.1\r\nHost: a\r\n{fields}\r\n"));
    client.reply().assert(200, "GET 1 200");
    let target = format!("/{}", "a".repeat(80_000));
    client.send(format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n"));
    client.reply().assert(200, "GET 80001 1");
    let value = "a".repeat(200_000);
    client.send(format!("PUT / HTTP/1.1\r\nHost: a\r\nx: {value}\r\n\r\n"));
    client.reply().assert(200, "PUT 1 2");
    client.send(format!("GET / HTTP/1.1\r\nHost: a\r\n{fields}y: b\r\n\r\n"));
    assert_eq!(client.reply().status(), 431);
    client.assert_closed();
}

#[test]
fn methods_that_actix_http_does_not_know_frame_as_any_other() {
    let server = roomy();
    let mut client = server.connect();
    client.send("A#B / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET / HTTP/1.1\r\nHost: a\r\n\r\n");
    client.reply().assert(200, "A#B 1 2");
    client.reply().assert(200, "GET 1 1");
    for byte in b"A#B / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" {
        client.send([*byte]);
    }
    let kept = client.reply();
    kept.assert(200, "A#B 1 0");
    assert_eq!(kept.field("connection"), Some("keep-alive"));
    client.send("A#B / HTTP/1.0\r\n\r\n");
    client.reply().assert(200, "A#B 1 0");
    client.assert_closed();
}

#[test]
fn what_looks_like_an_interim_response_is_a_body_as_any_other() {
    const TEXT: &str = "HTTP/1.1 100 Continue\r\n\r\n";
    let server = serve(async_fn(async |mut e: Environ, s: StartResponse| {
        let body = e.input().collect(100).await?;
        Ok::<_, Error>(
            s.start(StatusCode::OK)
                .length(25)
                .stream(Blocks(Some(body))),
        )
    }));
    let mut client = server.connect();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 25\r\n\r\n");
    assert_eq!(client.take(TEXT.len()), TEXT.as_bytes());
    client.send(TEXT);
    client.reply().assert(200, TEXT);
}

/// One block.
struct Blocks(Option<rgi_core::Bytes>);

impl rgi_core::Stream for Blocks {
    type Item = Result<rgi_core::Bytes, Error>;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        std::task::Poll::Ready(self.0.take().map(Ok))
    }
}

#[test]
fn the_rest_of_a_short_body_may_come_late() {
    let server = serve(app_fn(|mut e: Environ, s: StartResponse| {
        let unread = e.take_input();
        drop(unread);
        s.start(StatusCode::OK).full(e.method().to_string())
    }));
    let mut client = server.connect();
    for _ in 0..3 {
        client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\nabc");
        let reply = client.reply();
        reply.assert(200, "POST");
        assert!(!reply.closes());
        client.send(vec![b'x'; 59_997]);
    }
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 70000\r\n\r\nabc");
    assert!(client.reply().closes());
    let mut rest = Vec::new();
    client
        .tcp()
        .try_clone()
        .unwrap()
        .read_to_end(&mut rest)
        .unwrap();
    assert!(rest.is_empty());
}
