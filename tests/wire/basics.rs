//! Requests one after the other: methods, versions, keep-alive, pipelines, what heads say.

use rgi_core::{Environ, StartResponse, StatusCode, app_fn, async_fn};

use crate::server::{HYPER, NAME};
use crate::wire::support::{Client, Running, serve, serve_with};

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
