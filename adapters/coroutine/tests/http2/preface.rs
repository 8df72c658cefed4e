//! Which protocol is spoken on a connection.

use rgi_core::server::ProxyProtocol;
use rgi_core::{Environ, StartResponse, StatusCode, app_fn};

use crate::client::{Client, run};
use crate::raw::{PREFACE, Raw, SETTINGS};
use crate::wire::support::{Running, serve, serve_with};

/// Answers with the version of the request.
fn version() -> Running {
    serve(app_fn(|e: Environ, s: StartResponse| {
        s.start(StatusCode::OK).full(format!("{:?}", e.version()))
    }))
}

#[test]
fn both_protocols_on_one_port() {
    let server = version();
    run(async {
        let mut client = Client::connect(&server).await;
        client.get("/").await.assert(200, "HTTP/2.0");
        let mut old = server.connect();
        for _ in 0..3 {
            old.get("/");
            old.reply().assert(200, "HTTP/1.1");
            client.get("/").await.assert(200, "HTTP/2.0");
        }
    });
}

#[test]
fn a_preface_that_comes_byte_by_byte() {
    let server = version();
    let mut client = server.connect();
    client.tcp().set_nodelay(true).unwrap();
    for byte in [PREFACE, SETTINGS].concat() {
        client.send([byte]);
        // By the time another is answered this byte has been looked at, or comes with the next.
        server.get("/").assert(200, "HTTP/1.1");
    }
    let mut raw = Raw::over(client);
    assert_eq!(
        (raw.frame().kind, raw.frame().kind),
        (4, 8),
        "settings, then the window"
    );
    raw.get(1, "/", &[]);
    assert_eq!(raw.frame_of(1).kind, 1);
    assert_eq!(raw.frame_of(1).payload, b"HTTP/2.0");
}

#[test]
fn a_request_in_one_piece_with_the_preface() {
    let server = version();
    let mut raw = Raw::connect(&server);
    raw.get(1, "/", &[]);
    assert_eq!(raw.frame_of(1).kind, 1);
    let data = raw.frame_of(1);
    assert_eq!((&data.payload[..], data.flags), (&b"HTTP/2.0"[..], 1));
}

#[test]
fn a_proxys_header_comes_before_the_preface() {
    let server = serve_with(
        |config| config.proxy_protocol = ProxyProtocol::On,
        app_fn(|e: Environ, s: StartResponse| {
            let text = format!("{:?} {}", e.version(), e.remote());
            s.start(StatusCode::OK).full(text)
        }),
    );
    let header = b"PROXY TCP4 192.0.2.7 192.0.2.1 4711 443\r\n";
    let mut client = server.connect();
    client.send([header, PREFACE, SETTINGS].concat());
    let mut raw = Raw::over(client);
    raw.get(1, "/", &[]);
    assert_eq!(raw.frame_of(1).kind, 1);
    assert_eq!(raw.frame_of(1).payload, b"HTTP/2.0 192.0.2.7:4711");
}

#[test]
fn what_only_begins_like_the_preface() {
    let server = version();
    for garbage in [
        &b"PRI * HTTP/2.0\r\n\r\nXX"[..],
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\rX",
        b"PRI * HTTP/2.0\r\nHost: a\r\n\r\n",
        b"PRI * HTTP/1.1\r\nHost: a\r\n\r\n",
    ] {
        let mut client = server.connect();
        client.send(garbage);
        let head = client.head();
        assert_eq!(head.status() / 100, 4, "{}", head.head);
        assert!(head.closes());
        client.cut();
    }
    // A method that begins like it is a method like others.
    for method in ["PRINT", "P", "PR"] {
        let mut client = server.connect();
        client.send(format!("{method} / HTTP/1.1\r\nHost: a\r\n\r\n"));
        client.reply().assert(200, "HTTP/1.1");
    }
}

#[test]
fn a_preface_that_does_not_end() {
    let server = serve_with(
        |config| config.header_timeout = Some(std::time::Duration::from_millis(150)),
        app_fn(|_: Environ, s: StartResponse| s.start(StatusCode::OK).full("x")),
    );
    let mut client = server.connect();
    client.send(&PREFACE[..10]);
    assert_eq!(client.reply().status(), 408);
    client.assert_closed();
    let mut client = server.connect();
    client.send(&PREFACE[..10]);
    client.half_close();
    client.cut();
    server.get("/").assert(200, "x");
}

#[test]
fn frames_that_break_the_protocol_end_the_connection_and_no_other() {
    let server = version();
    // Behind the preface: no SETTINGS, a frame that is too large, DATA of an idle stream.
    let data = [0, 0, 1, 0, 0, 0, 0, 0, 1, b'x'];
    let ping = [0, 0, 8, 6, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8];
    for bytes in [
        &data[..],
        &ping,
        // An acknowledgement of nothing.
        &[0, 0, 0, 4, 1, 0, 0, 0, 0],
        &[0xff, 0xff, 0xff, 4, 0, 0, 0, 0, 0],
        &[SETTINGS, &data].concat(),
    ] {
        let mut client = server.connect();
        client.send([PREFACE, bytes].concat());
        client.cut();
    }
    server.get("/").assert(200, "HTTP/1.1");
}
