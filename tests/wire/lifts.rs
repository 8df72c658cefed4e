//! Blocking applications, on the pool or in place.

use std::io::Read;

use rgi_core::{App, Either, Environ, StartResponse, StatusCode, app_fn, blocking};

use crate::server::SERIAL;
use crate::wire::support::{Running, serve_with};

/// `/fast` is answered at once, other paths read their body, on a thread of the pool where the
/// server may not block.
fn lifts(set: impl FnOnce(&mut rgi_core::server::Config)) -> Running {
    let slow = blocking(|mut e: Environ, s: StartResponse| {
        let is_lifted = std::thread::current().name() == Some("rgi-blocking");
        assert_eq!(is_lifted, !SERIAL);
        let mut body = Vec::new();
        e.input().reader().read_to_end(&mut body)?;
        Ok(s.start(StatusCode::OK).full(body.len().to_string()))
    });
    let fast = app_fn(|_: Environ, s: StartResponse| s.start(StatusCode::OK).full("fast"));
    let app = app_fn(move |e: Environ, s: StartResponse| match e.path_info() {
        "/fast" => Either::left(fast.call(e, s)),
        _ => Either::right(slow.call(e, s)),
    });
    serve_with(set, app)
}

#[test]
fn bodies_are_read_by_blocking_as_others_are_answered() {
    let server = &lifts(|config| config.buffer_body = 1000);
    std::thread::scope(|scope| {
        for n in 0..4 {
            scope.spawn(move || {
                let mut client = server.connect();
                for size in [0, 999, 1000, 1001, 200_000, 3_000_000 + n] {
                    client.post("/", &vec![b'x'; size]);
                    client.reply().assert(200, &size.to_string());
                    let chunk = format!("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{size:x}\r\n");
                    if size > 0 {
                        client.send(chunk);
                        client.send(vec![b'y'; size]);
                        client.send("\r\n0\r\n\r\n");
                        client.reply().assert(200, &size.to_string());
                    }
                }
            });
        }
        for _ in 0..100 {
            server.get("/fast").assert(200, "fast");
        }
    });
}
