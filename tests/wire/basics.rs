//! Requests one after the other: methods, versions, keep-alive, pipelines, what heads say.

use rgi_core::{
    Environ, FieldName, Full, HeaderValue, StartResponse, StatusCode, app_fn, async_fn, field,
};

use crate::server::{HYPER, NAME};
use crate::wire::support::{Client, Running, serve, serve_with};

const X_TEST: FieldName = FieldName::from_static("x-test");

/// Answers with method, target and body.
fn echo() -> Running {
    serve(async_fn(
        async |mut environ: Environ, start: StartResponse| {
            let body = environ.input().collect(1 << 24).await?;
            let line = format!("{} {} {}", environ.method(), environ.target(), body.len());
            let sum: u64 = body.iter().map(|b| u64::from(*b)).sum();
            Ok(start.start(StatusCode::OK).full(format!("{line} {sum}")))
        },
    ))
}

#[test]
fn get_head_and_post_on_one_connection() {
    let server = echo();
    let mut client = server.connect();
    for _ in 0..3 {
        client.get("/a?b");
        client.reply().assert(200, "GET /a?b 0 0");
        client.send("HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n");
        let head = client.head();
        assert_eq!(
            (head.status(), head.field("content-length")),
            (200, Some("11"))
        );
        client.post("/p", b"\x01\x02");
        client.reply().assert(200, "POST /p 2 3");
    }
}

#[test]
fn http_1_0_closes_unless_asked_to_stay() {
    let server = echo();
    let mut client = server.connect();
    client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    let reply = client.reply();
    assert_eq!(reply.field("connection"), Some("keep-alive"));
    client.send("GET /2 HTTP/1.0\r\n\r\n");
    let reply = client.reply();
    reply.assert(200, "GET /2 0 0");
    assert!(reply.closes());
    client.assert_closed();
}

#[test]
fn connection_close_is_heeded() {
    let server = echo();
    let mut client = server.connect();
    client.send(
        "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
    );
    assert!(client.reply().closes());
    client.assert_closed();
}

#[test]
fn sixteen_pipelined_requests_with_bodies_between() {
    let server = echo();
    let mut client = server.connect();
    let mut all = Vec::new();
    for n in 0..16usize {
        if n % 2 == 0 {
            all.extend(format!("GET /{n} HTTP/1.1\r\nHost: a\r\n\r\n").bytes());
        } else if n % 4 == 1 {
            all.extend(
                format!("POST /{n} HTTP/1.1\r\nHost: a\r\nContent-Length: {n}\r\n\r\n").bytes(),
            );
            all.extend(vec![1; n]);
        } else {
            all.extend(
                format!("POST /{n} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
                    .bytes(),
            );
            all.extend(b"2\r\n\x01\x01\r\n1\r\n\x01\r\n0\r\n\r\n");
        }
    }
    let check = |client: &mut Client| {
        for n in 0..16 {
            let (method, length) = match n % 4 {
                0 | 2 => ("GET", 0),
                1 => ("POST", n),
                _ => ("POST", 3),
            };
            client
                .reply()
                .assert(200, &format!("{method} /{n} {length} {length}"));
        }
    };
    client.send(&all);
    check(&mut client);
    // The same, in pieces that cut heads and bodies anywhere.
    for piece in all.chunks(7) {
        client.send(piece);
    }
    check(&mut client);
}

#[test]
fn many_pipelined_requests_of_a_client_that_reads_late() {
    let server = serve(app_fn(|_: Environ, s: StartResponse| {
        s.start(StatusCode::OK).full(vec![b'x'; 4096])
    }));
    let mut client = server.connect();
    let mut writer = client.tcp().try_clone().unwrap();
    let sender = std::thread::spawn(move || {
        use std::io::Write;
        for _ in 0..5000 {
            writer
                .write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                .unwrap();
        }
    });
    for _ in 0..5000 {
        assert_eq!(client.reply().body.len(), 4096);
    }
    sender.join().unwrap();
}

#[test]
fn date_and_server_are_added_and_what_the_application_says_stands() {
    let server = serve(app_fn(|e: Environ, s: StartResponse| -> Full {
        let started = s
            .start(StatusCode::OK)
            .header(X_TEST, HeaderValue::from_static("A, b"));
        let started = started.header(X_TEST, HeaderValue::from_static("c"));
        if e.target() == "/own" {
            let started = started.header(field::DATE, HeaderValue::from_static("today"));
            return started
                .header(field::SERVER, HeaderValue::from_static("mine"))
                .full("x");
        }
        started.full("x")
    }));
    let reply = server.get("/");
    let date = reply.field("date").expect("a date");
    assert!(date.ends_with(" GMT") && date.len() == 29, "{date}");
    assert!(reply.field("server").is_none());
    assert!(
        reply.head.contains("x-test: A, b\r\nx-test: c\r\n"),
        "{}",
        reply.head
    );
    let reply = server.get("/own");
    assert_eq!(
        (reply.field("date"), reply.field("server")),
        (Some("today"), Some("mine"))
    );
    assert_eq!(
        reply.head.matches("date:").count() + reply.head.matches("server:").count(),
        2
    );
}

#[test]
fn the_environ_tells_the_facts() {
    let server = serve_with(
        |config| {
            config.vars.push(("deployer".into(), "me".into()));
            config.multiprocess = true;
        },
        app_fn(|e: Environ, s: StartResponse| {
            let info = e.server();
            assert!(info.software.starts_with(NAME));
            assert_eq!(info.sendfile, !HYPER);
            let may = [
                info.informational,
                info.trailers,
                info.upgrade,
                info.reentrant,
            ];
            assert_eq!(may, [true; 4]);
            assert!(info.lazy_continue && info.told_of_disconnect && !info.may_block);
            assert_eq!(e.var("deployer"), Some("me"));
            let (remote, local) = (e.remote(), e.local());
            let (threads, processes) = (info.multithread, info.multiprocess);
            let text = format!("{remote} {local} {} {threads} {processes}", e.url());
            s.start(StatusCode::OK).full(text)
        }),
    );
    let mut client = server.connect();
    client.send("GET /p?q HTTP/1.1\r\nHost: there:1\r\n\r\n");
    let (here, there) = (client.tcp().local_addr().unwrap(), server.address);
    client
        .reply()
        .assert(200, &format!("{here} {there} http://there:1/p?q true true"));
}

#[test]
fn hop_by_hop_fields_stay_with_the_server() {
    let server = serve(app_fn(|e: Environ, s: StartResponse| {
        let mut names: Vec<_> = e.headers().keys().map(|name| name.as_str()).collect();
        names.sort_unstable();
        s.start(StatusCode::OK).full(names.join(" "))
    }));
    let mut client = server.connect();
    client.send(
        "POST / HTTP/1.1\r\nHost: a\r\nX-Stays: 1\r\nConnection: keep-alive, x-goes\r\nX-Goes: 1\r\n\
         Keep-Alive: 5\r\nTE: trailers\r\nProxy-Connection: x\r\n\
         Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    );
    client.reply().assert(200, "host x-stays");
}

#[test]
fn a_prefix_is_split_off_and_outside_of_it_is_404() {
    let server = serve_with(
        |config| config.script_name = "/app".into(),
        app_fn(|e: Environ, s: StartResponse| {
            s.start(StatusCode::OK)
                .full(format!("{} {}", e.script_name(), e.path_info()))
        }),
    );
    server.get("/app/x").assert(200, "/app /x");
    assert_eq!(server.get("/apple").status(), 404);
    assert_eq!(server.get("/").status(), 404);
}

#[test]
fn malformed_heads_are_refused_and_the_server_lives() {
    let server = serve_with(
        |config| config.limits.target = 100,
        app_fn(|_, s: StartResponse| s.start(StatusCode::OK).full("ok")),
    );
    let long = format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "x".repeat(200));
    let wide = format!(
        "GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n",
        "x".repeat(70_000)
    );
    let many = format!(
        "GET / HTTP/1.1\r\nHost: a\r\n{}\r\n",
        "X: 1\r\n".repeat(200)
    );
    let cases: [(&str, u16); 14] = [
        ("GET / HTTP/1.1\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nX : 1\r\n\r\n", 400),
        (
            "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
            400,
        ),
        (
            "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
            400,
        ),
        ("GET / HTTP/1.1\r\nHost: a\nX: 1\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nX: 1\r2\r\n\r\n", 400),
        ("GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("\x16\x03\x01\x02\x00\x01\x00", 400),
        // hyper tells no version apart from nonsense.
        (
            "GET / HTTP/3.0\r\nHost: a\r\n\r\n",
            if HYPER { 400 } else { 505 },
        ),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
            501,
        ),
        (&long, 414),
        (&wide, 431),
        (&many, 431),
    ];
    for (request, status) in cases {
        let mut client = server.connect();
        client.send(request);
        let reply = client.reply();
        assert_eq!(reply.status(), status, "{request:.60}");
        assert!(reply.closes());
        client.assert_closed();
        server.get("/").assert(200, "ok");
    }
}
