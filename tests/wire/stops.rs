//! How servers stop.

use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::time::Duration;

use rgi_core::{
    App, Either, Environ, IntoLifespan, StartResponse, StatusCode, Worker, app_fn, async_fn,
};

use crate::server::SERIAL;
use crate::wire::support::{PATIENCE, Running, serve, serve_with, start};

/// Who waits for it; `None` once it is open.
type Gate = Arc<Mutex<Option<Vec<std::task::Waker>>>>;

/// `/wait` is answered when the gate opens.
fn gated(set: impl FnOnce(&mut rgi_core::server::Config)) -> (Running, mpsc::Receiver<()>, Gate) {
    let (tell, called) = mpsc::channel();
    let gate = Arc::new(Mutex::new(Some(Vec::new())));
    let waits = gate.clone();
    let app = app_fn(move |e: Environ, s: StartResponse| {
        if e.path_info() != "/wait" {
            return Either::left(s.start(StatusCode::OK).full("x"));
        }
        let (tell, waits) = (tell.clone(), waits.clone());
        tell.send(()).unwrap();
        let slow = async_fn(move |_: Environ, s: StartResponse| {
            let waits = waits.clone();
            async move {
                std::future::poll_fn(|cx| match waits.lock().unwrap().as_mut() {
                    Some(wakers) => {
                        wakers.push(cx.waker().clone());
                        std::task::Poll::Pending
                    }
                    None => std::task::Poll::Ready(()),
                })
                .await;
                Ok(s.start(StatusCode::OK).full("waited"))
            }
        });
        Either::right(slow.call(e, s))
    });
    (serve_with(set, app), called, gate)
}

/// How many of `n` requests are under way at once.
fn under_way(n: usize) -> usize {
    if SERIAL { 1 } else { n }
}

#[test]
fn a_graceful_stop_ends_what_is_under_way_and_closes_what_is_idle() {
    for threads in [1, 2] {
        let (server, called, gate) = gated(|config| config.threads = threads);
        let mut idle: Vec<_> = (0..2).map(|_| server.connect()).collect();
        let mut busy: Vec<_> = (0..under_way(2)).map(|_| server.connect()).collect();
        for client in &mut idle {
            client.get("/");
            client.reply().assert(200, "x");
        }
        for client in &mut busy {
            client.get("/wait");
            called.recv_timeout(PATIENCE).unwrap();
        }
        server.stop.graceful();
        for client in &mut idle {
            client.assert_closed();
        }
        gate.lock()
            .unwrap()
            .take()
            .unwrap()
            .into_iter()
            .for_each(std::task::Waker::wake);
        for client in &mut busy {
            let reply = client.reply();
            reply.assert(200, "waited");
            assert!(reply.closes());
            client.assert_closed();
        }
        drop(busy);
        server.join().unwrap();
    }
}

#[test]
fn connections_in_the_queue_are_served_before_the_stop() {
    for round in 0..10 {
        let block = Arc::new(Barrier::new(2));
        let (blocks, threads) = (block.clone(), 1 + round % 2);
        let server = serve_with(
            |c| c.threads = threads,
            app_fn(move |e: Environ, s: StartResponse| {
                if e.path_info() == "/block" {
                    blocks.wait();
                    blocks.wait();
                }
                s.start(StatusCode::OK).full("served")
            }),
        );
        let mut first = server.connect();
        first.get("/block");
        // The loop that accepts is held up: what comes now stands in the queue.
        block.wait();
        let mut queued: Vec<_> = (0..8).map(|_| server.connect()).collect();
        queued.iter_mut().for_each(|client| client.get("/"));
        server.stop.graceful();
        block.wait();
        first.reply().assert(200, "served");
        for client in &mut queued {
            let reply = client.reply();
            reply.assert(200, "served");
            // With two threads the other may have answered before the stop.
            assert!(reply.closes() || threads == 2);
        }
        drop((first, queued));
        server.join().unwrap();
    }
}

#[test]
fn who_is_not_done_in_time_is_cut() {
    let (server, called, _gate) = gated(|config| {
        config.graceful_timeout = Some(Duration::from_millis(100));
    });
    let mut client = server.connect();
    client.get("/wait");
    called.recv_timeout(PATIENCE).unwrap();
    server.stop.graceful();
    assert!(client.cut().is_empty());
    server.log.wait_for("cut 1 connections");
    server.join().unwrap();
}

#[test]
fn a_stop_now_waits_for_nobody() {
    let (server, called, _gate) = gated(|config| config.threads = 2);
    let mut clients: Vec<_> = (0..4).map(|_| server.connect()).collect();
    for client in &mut clients {
        client.get("/wait");
    }
    for _ in 0..under_way(4) {
        called.recv_timeout(PATIENCE).unwrap();
    }
    server.stop.now();
    for client in &mut clients {
        assert!(client.cut().is_empty());
    }
    server.join().unwrap();
}

#[test]
fn an_application_is_told_of_the_stop() {
    let server = serve(app_fn(|e: Environ, s: StartResponse| {
        s.start(StatusCode::OK).full(e.is_stopping().to_string())
    }));
    let mut client = server.connect();
    client.get("/");
    client.reply().assert(200, "false");
    // A request that has begun is not idle.
    client.send("GET / HTTP/1.1\r\n");
    server.stop.graceful();
    client.send("Host: a\r\n\r\n");
    let reply = client.reply();
    reply.assert(200, "true");
    assert!(reply.closes());
    client.assert_closed();
    server.join().unwrap();
}

#[test]
fn an_answer_without_an_end_can_end_at_the_stop() {
    let server = serve(app_fn(|e: Environ, s: StartResponse| {
        let stopping = e.stopping();
        s.start(StatusCode::OK).push(async |mut writer| {
            writer.write("begun").await?;
            stopping.await;
            writer.write("told").await
        })
    }));
    let mut client = server.connect();
    client.get("/");
    client.head();
    assert_eq!(client.chunk().unwrap(), b"begun");
    server.stop.graceful();
    assert_eq!(client.chunk().unwrap(), b"told");
    assert!(client.chunk().is_none());
    drop(client);
    server.join().unwrap();
}

#[test]
fn a_server_that_was_told_to_stop_before_it_began() {
    let server = {
        let make = |_: &Worker| {
            Ok(app_fn(|_: Environ, s: StartResponse| {
                s.start(StatusCode::OK).empty()
            }))
        };
        start(
            |config| config.threads = 2,
            make.into_lifespan(),
            Vec::new(),
        )
    };
    server.stop.graceful();
    server.join().unwrap();
}
