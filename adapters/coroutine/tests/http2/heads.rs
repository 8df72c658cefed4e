//! What heads may say, and how large they may be.

use http::{Method, Request};
use rgi_core::{Environ, StartResponse, StatusCode, app_fn, async_fn};

use crate::client::{Client, answer, request, run};
use crate::raw::Raw;
use crate::wire::support::{Running, serve, serve_with};

/// Answers with the fields it was given, in their order.
fn fields() -> Running {
    serve(app_fn(|e: Environ, s: StartResponse| {
        let fields = e.headers().iter();
        let fields: Vec<_> = fields
            .map(|(name, value)| format!("{name}={}", value.to_str().unwrap()))
            .collect();
        s.start(StatusCode::OK).full(fields.join(";"))
    }))
}

async fn send(client: &mut Client, uri: &str, host: &[&str]) -> crate::client::Answer {
    let mut request = Request::builder().uri(uri);
    for host in host {
        request = request.header("host", *host);
    }
    let (response, _) = client.begin(request.body(()).unwrap(), true).await;
    answer(response).await.unwrap()
}

#[test]
fn authority_stands_for_host_and_agrees_with_it() {
    let server = fields();
    run(async {
        let mut client = Client::connect(&server).await;
        let sent = send(&mut client, "http://a:80/", &[]).await;
        sent.assert(200, "host=a:80");
        let sent = send(&mut client, "http://a/", &["A"]).await;
        sent.assert(200, "host=a");
        let sent = send(&mut client, "/", &["b"]).await;
        sent.assert(200, "host=b");
        for (uri, hosts) in [
            ("/", &[][..]),
            ("http://a/", &["b"]),
            ("http://a/", &["a:80"]),
            ("http://a/", &["a", "a"]),
            ("/", &["a", "a"]),
            ("/", &["a b"]),
            ("/", &[""]),
            ("http://user@a/", &[]),
        ] {
            let refused = send(&mut client, uri, hosts).await;
            assert_eq!(refused.status, 400, "{uri} {hosts:?}");
        }
        client.get("/").await.assert(200, "host=a");
    });
}

#[test]
fn te_is_the_connections_and_cookies_are_not() {
    let server = fields();
    run(async {
        let mut client = Client::connect(&server).await;
        let mut request = request(Method::GET, "/");
        let headers = request.headers_mut();
        headers.insert("te", "trailers".parse().unwrap());
        headers.append("cookie", "a=1".parse().unwrap());
        headers.append("cookie", "b=2".parse().unwrap());
        let (response, _) = client.begin(request, true).await;
        let answer = answer(response).await.unwrap();
        assert!(!answer.text().contains("te="), "{}", answer.text());
        assert!(answer.text().contains("cookie=a=1;cookie=b=2"));
    });
}

#[test]
fn fields_of_the_connection_are_malformed() {
    let server = fields();
    // RFC 9113 8.2.2. h2 resets such a stream itself: there is no 400 to be had.
    for field in [
        ("connection", "x-a"),
        ("connection", "keep-alive"),
        ("transfer-encoding", "chunked"),
        ("upgrade", "h2c"),
        ("keep-alive", "1"),
        ("proxy-connection", "close"),
        ("te", "gzip"),
    ] {
        let mut raw = Raw::connect(&server);
        raw.get(1, "/", &[field, ("x-a", "1")]);
        let reset = raw.frame_of(1);
        assert_eq!(
            (reset.kind, &reset.payload[..]),
            (3, &[0, 0, 0, 1][..]),
            "{field:?}"
        );
        // The connection lives.
        raw.get(3, "/", &[("x-a", "1")]);
        assert_eq!(raw.frame_of(3).kind, 1);
    }
}

#[test]
fn a_name_in_upper_case_ends_the_connection() {
    let server = fields();
    let mut raw = Raw::connect(&server);
    raw.get(1, "/", &[("Upper", "case")]);
    // RFC 9113 8.2.1 has the message malformed, which is the stream's error alone; h2 takes it for
    // the connection's.
    assert_eq!(raw.until(7).payload[4..8], [0, 0, 0, 1], "PROTOCOL_ERROR");
    raw.client().cut();
    server.get("/").assert(200, "host=a");
}

#[test]
fn expectations() {
    let server = fields();
    run(async {
        let mut client = Client::connect(&server).await;
        for (expect, status) in [("100-continue", 200), ("100-Continue", 200), ("gold", 417)] {
            let mut request = request(Method::POST, "/");
            request
                .headers_mut()
                .insert("expect", expect.parse().unwrap());
            let (response, _) = client.begin(request, true).await;
            assert_eq!(answer(response).await.unwrap().status, status, "{expect}");
        }
    });
}

#[test]
fn heads_that_are_too_large() {
    let server = serve_with(
        |config| {
            config.limits.head = 4000;
            config.limits.headers = 20;
            config.limits.target = 100;
        },
        app_fn(|_: Environ, s: StartResponse| s.start(StatusCode::OK).full("x")),
    );
    run(async {
        let mut client = Client::connect(&server).await;
        let with = |field: &str, value: String, times: usize| {
            let mut request = request(Method::GET, "/");
            for n in 0..times {
                let name: http::HeaderName = format!("{field}{n}").parse().unwrap();
                request.headers_mut().insert(name, value.parse().unwrap());
            }
            request
        };
        for (request, status) in [
            (with("x", "v".repeat(3000), 1), 200),
            (with("x", "v".repeat(4000), 1), 431),
            (with("x", "v".repeat(500), 9), 431),
            (with("x", "v".into(), 19), 200),
            (with("x", "v".into(), 21), 431),
            (request(Method::GET, &"/".repeat(100)), 200),
            (request(Method::GET, &"/".repeat(101)), 414),
        ] {
            let (response, _) = client.begin(request, true).await;
            let answer = answer(response).await.unwrap();
            assert_eq!(answer.status, status);
        }
    });
}

#[test]
fn bodies_that_are_too_large() {
    let server = serve_with(
        |config| config.limits.body = 1000,
        async_fn(async |mut e: Environ, s: StartResponse| {
            let body = e.input().collect(1 << 20).await?;
            Ok(s.start(StatusCode::OK).full(body.len().to_string()))
        }),
    );
    run(async {
        let mut client = Client::connect(&server).await;
        for (size, status) in [(1000, 200), (1001, 413)] {
            // Announced, and not.
            for announced in [true, false] {
                let mut request = request(Method::POST, "/");
                if announced {
                    request.headers_mut().insert("content-length", size.into());
                }
                let (response, mut send) = client.begin(request, false).await;
                let _ = send.send_data(vec![b'x'; size].into(), true);
                let answer = answer(response).await.unwrap();
                assert_eq!(answer.status, status, "{size} {announced}");
            }
        }
        // What was announced is refused before it is sent.
        let mut request = request(Method::POST, "/");
        request.headers_mut().insert("content-length", 1001.into());
        let (response, _send) = client.begin(request, false).await;
        assert_eq!(answer(response).await.unwrap().status, 413);
    });
}

#[test]
fn connect_has_no_tunnel() {
    let server = serve(app_fn(|mut e: Environ, s: StartResponse| {
        assert!(e.take_offer().is_none());
        let status = match e.target() {
            "there:1" => StatusCode::OK,
            _ => StatusCode::METHOD_NOT_ALLOWED,
        };
        s.start(status).full("x")
    }));
    run(async {
        let mut client = Client::connect(&server).await;
        // RFC 9110 9.3.6: success would be a tunnel, and there is none.
        for (target, status) in [("there:1", 501), ("there:2", 405)] {
            let request = Request::builder().method(Method::CONNECT);
            let request = request.uri(target).body(()).unwrap();
            let (response, _) = client.begin(request, true).await;
            assert_eq!(answer(response).await.unwrap().status, status);
        }
        assert_eq!(client.get("/").await.status, 405);
    });
}
