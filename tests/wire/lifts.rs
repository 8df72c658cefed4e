//! Blocking applications, on the pool.

use std::io::Read;
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use rgi_core::{App, Either, Environ, Error, StartResponse, StatusCode, app_fn, blocking};

use crate::wire::support::{PATIENCE, Running, serve_with};

/// `/block` waits on a thread of the pool for the gate, other paths read their body there; `/fast`
/// is answered on the loop.
struct Lifts {
    server: Running,
    begun: mpsc::Receiver<()>,
    gate: mpsc::Sender<()>,
}

fn lifts(set: impl FnOnce(&mut rgi_core::server::Config)) -> Lifts {
    let (begin, begun) = mpsc::channel();
    let (gate, wait) = mpsc::channel();
    let wait = Arc::new(Mutex::new(wait));
    let slow = blocking(move |mut e: Environ, s: StartResponse| {
        assert_eq!(std::thread::current().name(), Some("rgi-blocking"));
        if e.path_info() == "/block" {
            begin.send(()).map_err(Error::new)?;
            wait.lock()
                .unwrap()
                .recv_timeout(PATIENCE)
                .map_err(Error::new)?;
            return Ok(s.start(StatusCode::OK).full("unblocked"));
        }
        let mut body = Vec::new();
        e.input().reader().read_to_end(&mut body)?;
        Ok(s.start(StatusCode::OK).full(body.len().to_string()))
    });
    let fast = app_fn(|_: Environ, s: StartResponse| s.start(StatusCode::OK).full("fast"));
    let app = app_fn(move |e: Environ, s: StartResponse| match e.path_info() {
        "/fast" => Either::left(fast.call(e, s)),
        _ => Either::right(slow.call(e, s)),
    });
    Lifts {
        server: serve_with(set, app),
        begun,
        gate,
    }
}

#[test]
fn a_lift_that_blocks_stalls_nobody() {
    let lifts = lifts(|_| {});
    let mut client = lifts.server.connect();
    client.get("/block");
    lifts.begun.recv_timeout(PATIENCE).unwrap();
    for _ in 0..3 {
        lifts.server.get("/fast").assert(200, "fast");
    }
    assert!(client.is_silent());
    lifts.gate.send(()).unwrap();
    client.reply().assert(200, "unblocked");
}

#[test]
fn a_pool_without_a_free_thread_is_503() {
    let lifts = lifts(|config| {
        config.blocking_threads = 1;
        config.queue_timeout = Some(Duration::from_millis(150));
    });
    let mut first = lifts.server.connect();
    first.get("/block");
    lifts.begun.recv_timeout(PATIENCE).unwrap();
    let reply = lifts.server.get("/");
    assert_eq!(
        (reply.status(), reply.field("retry-after")),
        (503, Some("1"))
    );
    lifts.gate.send(()).unwrap();
    first.reply().assert(200, "unblocked");
    lifts.server.get("/").assert(200, "0");
}

#[test]
fn slow_bodies_hold_no_thread() {
    let lifts = lifts(|config| config.blocking_threads = 1);
    let mut slow: Vec<_> = (0..20).map(|_| lifts.server.connect()).collect();
    for client in &mut slow {
        client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12345");
    }
    lifts.server.get("/").assert(200, "0");
    for client in &mut slow {
        client.send("67890");
        client.reply().assert(200, "10");
    }
}

#[test]
fn bodies_are_read_on_the_pool_as_the_loop_goes_on() {
    let lifts = lifts(|config| config.buffer_body = 1000);
    let server = &lifts.server;
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

#[test]
fn an_expected_continue_is_sent_for_a_thread_of_the_pool() {
    let lifts = lifts(|config| config.buffer_body = 0);
    let mut client = lifts.server.connect();
    for _ in 0..20 {
        client.send(
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n",
        );
        assert_eq!(client.head().status(), 100);
        client.send("abc");
        client.reply().assert(200, "3");
    }
}

#[test]
fn a_client_that_leaves_frees_its_thread() {
    let lifts = lifts(|config| {
        config.blocking_threads = 1;
        config.buffer_body = 0;
    });
    for half in [false, true] {
        let mut client = lifts.server.connect();
        client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12345");
        lifts.server.get("/fast").assert(200, "fast");
        if half {
            client.half_close();
            assert!(client.cut().is_empty());
        }
        drop(client);
        lifts.server.get("/").assert(200, "0");
    }
}

#[test]
fn a_panic_on_the_pool_is_500() {
    let server = serve_with(
        |c| c.blocking_threads = 1,
        blocking(|e: Environ, s: StartResponse| {
            assert_ne!(e.path_info(), "/panic", "on purpose");
            Ok(s.start(StatusCode::OK).full("lives"))
        }),
    );
    assert_eq!(server.get("/panic").status(), 500);
    server.log.wait_for("on purpose");
    server.get("/").assert(200, "lives");
}
