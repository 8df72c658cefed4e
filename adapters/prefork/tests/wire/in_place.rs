//! Applications that block the server's thread, and what goes on meanwhile.

use std::cell::Cell;
use std::io::{BufRead, Write};
use std::rc::Rc;
use std::sync::{Arc, Barrier, mpsc};
use std::task::Poll;
use std::time::Duration;

use rgi_core::server::{Config, Listener};
use rgi_core::{
    BodyExt, BoxBody, Environ, Error, Full, HeaderMap, IntoLifespan, StartResponse, StatusCode,
    Worker, app_fn, blocking, blocking_local, rt,
};

use crate::server;
use crate::wire::support::{Client, PATIENCE, Running, run, serve, serve_with, start};

/// Longer than what is gathered.
const LONG: usize = 300_000;

/// Ends a connection by a reset.
pub(crate) fn reset(client: Client) {
    rustix::net::sockopt::set_socket_linger(client.tcp(), Some(Duration::ZERO)).unwrap();
}

/// Reads its body in place, to the end, and answers with its length.
fn reads(set: impl FnOnce(&mut Config)) -> Running {
    serve_with(
        set,
        blocking(|mut e: Environ, s: StartResponse| {
            let n = std::io::copy(&mut e.input().reader(), &mut std::io::sink())?;
            Ok(s.start(StatusCode::OK).full(n.to_string()))
        }),
    )
}

fn post(length: usize) -> String {
    format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n")
}

#[test]
fn a_long_body_that_comes_slowly_is_read_to_its_end() {
    let server = reads(|config| config.body_timeout = Some(Duration::from_secs(5)));
    let mut client = server.connect();
    client.send(post(LONG));
    let (_never, pause) = mpsc::channel::<()>();
    for piece in vec![b'x'; LONG].chunks(LONG / 10) {
        client.send(piece);
        let _ = pause.recv_timeout(Duration::from_millis(10));
    }
    client.reply().assert(200, &LONG.to_string());
}

#[test]
fn a_long_body_that_stays_away_is_408() {
    let server = reads(|config| config.body_timeout = Some(Duration::from_millis(150)));
    let mut client = server.connect();
    client.send(post(LONG));
    client.send(vec![b'x'; LONG / 2]);
    assert_eq!(client.reply().status(), 408);
    assert_eq!(server.get("/").status(), 200);
}

#[test]
fn a_request_that_takes_too_long_to_read_is_503() {
    let server = reads(|config| config.request_timeout = Some(Duration::from_millis(150)));
    let mut client = server.connect();
    client.send(post(LONG));
    client.send(vec![b'x'; LONG / 2]);
    assert_eq!(client.reply().status(), 503);
}

#[test]
fn who_leaves_within_a_long_body_ends_the_read() {
    let (tell, told) = mpsc::channel();
    let server = serve(blocking(move |mut e: Environ, s: StartResponse| {
        let read = std::io::copy(&mut e.input().reader(), &mut std::io::sink());
        let error = Error::from(read.expect_err("it is half a body"));
        tell.send(error.is_disconnected()).unwrap();
        Ok(s.start(StatusCode::OK).empty())
    }));
    for resets in [false, true] {
        let mut client = server.connect();
        client.send(post(LONG));
        client.send(vec![b'x'; LONG / 2]);
        match resets {
            true => reset(client),
            false => drop(client),
        }
        assert_eq!(told.recv_timeout(PATIENCE), Ok(true));
    }
}

#[test]
fn a_stop_ends_a_read() {
    for now in [false, true] {
        let (tell, told) = mpsc::channel();
        let server = serve_with(
            |config| config.graceful_timeout = Some(Duration::from_millis(150)),
            blocking(move |mut e: Environ, s: StartResponse| {
                tell.send(()).unwrap();
                let n = std::io::copy(&mut e.input().reader(), &mut std::io::sink())?;
                Ok(s.start(StatusCode::OK).full(n.to_string()))
            }),
        );
        let mut client = server.connect();
        client.send(post(LONG));
        client.send(vec![b'x'; LONG / 2]);
        told.recv_timeout(PATIENCE).unwrap();
        match now {
            true => server.stop.now(),
            false => server.stop.graceful(),
        }
        assert!(client.cut().is_empty());
        server.join().unwrap();
    }
}

#[test]
fn who_asks_while_the_server_is_blocked_is_in_time() {
    let block = Arc::new(Barrier::new(2));
    let blocks = block.clone();
    let server = serve_with(
        |config| {
            let short = Some(Duration::from_millis(100));
            config.keep_alive = short;
            config.header_timeout = short;
            config.body_timeout = short;
        },
        blocking(move |mut e: Environ, s: StartResponse| {
            if e.path_info() == "/block" {
                blocks.wait();
                blocks.wait();
            }
            let n = std::io::copy(&mut e.input().reader(), &mut std::io::sink())?;
            Ok(s.start(StatusCode::OK).full(n.to_string()))
        }),
    );
    let (mut idle, mut head, mut body) = (server.connect(), server.connect(), server.connect());
    let mut blocker = server.connect();
    idle.get("/");
    idle.reply().assert(200, "0");
    head.send("GET / HT");
    body.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\no");
    blocker.get("/block");
    block.wait();
    idle.get("/");
    head.send("TP/1.1\r\nHost: a\r\n\r\n");
    body.send("k");
    // Longer than any of them may wait.
    let (_never, pause) = mpsc::channel::<()>();
    let _ = pause.recv_timeout(Duration::from_millis(300));
    block.wait();
    idle.reply().assert(200, "0");
    head.reply().assert(200, "0");
    body.reply().assert(200, "2");
}

#[test]
fn wakes_and_sleeps_end_a_wait_in_place() {
    let server = serve(blocking(|e: Environ, s: StartResponse| {
        let (put, take) = mpsc::channel();
        let mut thread = None;
        let timer = e.timer();
        let from_there = rt::block_on(async {
            timer.sleep(Duration::from_millis(20)).await;
            std::future::poll_fn(|cx| {
                if let Ok(text) = take.try_recv() {
                    return Poll::Ready(text);
                }
                let (put, waker) = (put.clone(), cx.waker().clone());
                thread.get_or_insert_with(|| {
                    std::thread::spawn(move || {
                        let _ = put.send("from there");
                        waker.wake();
                    })
                });
                Poll::Pending
            })
            .await
        });
        Ok(s.start(StatusCode::OK).full(from_there))
    }));
    for _ in 0..50 {
        server.get("/").assert(200, "from there");
    }
}

#[test]
fn a_sleep_of_another_thread_ends_while_the_loop_is_parked() {
    let server = serve(blocking(|e: Environ, s: StartResponse| {
        let timer = e.timer();
        let (put, take) = mpsc::channel();
        let mut thread = None;
        rt::block_on(std::future::poll_fn(|cx| {
            if take.try_recv().is_ok() {
                return Poll::Ready(());
            }
            let (put, timer, waker) = (put.clone(), timer.clone(), cx.waker().clone());
            thread.get_or_insert_with(|| {
                std::thread::spawn(move || {
                    rt::block_on(timer.sleep(Duration::from_millis(20)));
                    let _ = put.send(());
                    waker.wake();
                })
            });
            Poll::Pending
        }));
        Ok(s.start(StatusCode::OK).full("slept"))
    }));
    server.get("/").assert(200, "slept");
}

#[test]
fn a_client_that_leaves_is_missed_in_place() {
    let (tell, told) = mpsc::channel();
    let server = serve(blocking(move |e: Environ, s: StartResponse| {
        tell.send(false).unwrap();
        rt::block_on(e.peer().gone());
        tell.send(e.peer().is_gone()).unwrap();
        Ok(s.start(StatusCode::OK).full("to nobody"))
    }));
    for resets in [false, true] {
        let mut client = server.connect();
        client.get("/");
        assert_eq!(told.recv_timeout(PATIENCE), Ok(false));
        match resets {
            true => reset(client),
            false => drop(client),
        }
        assert_eq!(told.recv_timeout(PATIENCE), Ok(true));
    }
}

#[test]
fn hints_go_out_before_the_call_blocks() {
    let (go, gate) = mpsc::channel::<()>();
    let gate = std::sync::Mutex::new(gate);
    let server = serve(blocking(move |_: Environ, s: StartResponse| {
        s.inform(StatusCode::EARLY_HINTS, &HeaderMap::new());
        gate.lock().unwrap().recv().map_err(Error::new)?;
        Ok(s.start(StatusCode::OK).full("done"))
    }));
    let mut client = server.connect();
    client.get("/");
    assert!(client.head().head.starts_with("HTTP/1.1 103 "));
    go.send(()).unwrap();
    client.reply().assert(200, "done");
}

#[test]
fn continue_goes_out_on_a_read_in_place_where_nothing_is_gathered() {
    let server = reads(|config| config.buffer_body = 0);
    let mut client = server.connect();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
    assert!(client.head().head.starts_with("HTTP/1.1 100 "));
    client.send("ok");
    client.reply().assert(200, "2");
}

#[test]
fn a_connection_that_was_handed_over_is_used_by_blocking() {
    let server = serve(app_fn(|mut e: Environ, s: StartResponse| -> BoxBody {
        let Some(offer) = e.take_offer() else {
            return s.start(StatusCode::OK).full("free again").erased();
        };
        let accepted = offer.accept("shout").expect("it was offered");
        let shout = s.start(StatusCode::OK).upgrade(accepted, async |mut io| {
            let mut lines = std::io::BufReader::new(io.blocking());
            let mut line = String::new();
            while lines.read_line(&mut line)? > 0 {
                lines.get_mut().write_all(line.to_uppercase().as_bytes())?;
                line.clear();
            }
            lines.get_mut().write_all(&vec![b'.'; 8 << 20])?;
            Ok(())
        });
        shout.erased()
    }));
    let mut client = server.connect();
    client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: shout\r\n\r\n");
    assert!(client.head().head.starts_with("HTTP/1.1 101 "));
    for word in ["one\n", "two\n"] {
        client.send(word);
        assert_eq!(client.until(b"\n"), word.to_uppercase().as_bytes());
    }
    client.half_close();
    // More than the socket takes: it waits for room.
    assert_eq!(client.take(8 << 20), vec![b'.'; 8 << 20]);
    client.assert_closed();
    server.get("/").assert(200, "free again");
}

#[test]
fn an_application_that_is_not_thread_safe_at_all() {
    let server = run(
        |_| {},
        Vec::new(),
        |config, listeners, stop| {
            // Neither can the lifespan leave its thread.
            let made = Rc::new(Cell::new(0));
            let make = move |_: &Worker| {
                made.set(made.get() + 1);
                let count = Rc::new(Cell::new(made.get() * 100));
                Ok(blocking_local(move |_: Environ, s: StartResponse| {
                    count.set(count.get() + 1);
                    Ok::<Full, Error>(s.start(StatusCode::OK).full(count.get().to_string()))
                }))
            };
            server::serve(config, make.into_lifespan(), listeners, stop)
        },
    );
    server.get("/").assert(200, "101");
    server.get("/").assert(200, "102");
}

#[test]
fn others_take_the_connections_of_one_that_is_busy() {
    let both = Arc::new(Barrier::new(2));
    let (tell, called) = mpsc::channel();
    let app = || {
        let (both, tell) = (both.clone(), tell.clone());
        blocking(move |_: Environ, s: StartResponse| {
            tell.send(()).unwrap();
            both.wait();
            Ok(s.start(StatusCode::OK).full("met"))
        })
    };
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let shared = || vec![Listener::Tcp(listener.try_clone().unwrap())];
    let lifespan = || IntoLifespan::<rgi_core::marker::IsApp>::into_lifespan(app());
    let _servers = [(); 2].map(|()| start(|_| {}, lifespan(), shared()));
    for _ in 0..20 {
        // One that took both would wait for itself.
        let clients = [(); 2].map(|()| {
            let socket = std::net::TcpStream::connect(address).unwrap();
            let mut client = Client::tcp_stream(socket);
            client.get("/");
            called.recv_timeout(PATIENCE).unwrap();
            client
        });
        for mut client in clients {
            client.reply().assert(200, "met");
        }
    }
}
