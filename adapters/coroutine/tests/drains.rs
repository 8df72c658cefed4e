//! Exchanges whose clients have left, on HTTP/1.1: the application finishes its step.

#[path = "wire/server.rs"]
#[allow(dead_code)]
mod server;
#[path = "../../../tests/wire/harness.rs"]
#[allow(dead_code)]
mod wire;

use std::sync::mpsc::{self, Receiver, Sender, TryRecvError};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rgi_core::server::Config;
use rgi_core::{
    App, AppExt, BodyExt, BoxBody, Environ, Error, StartResponse, StatusCode, app_fn, blocking, rt,
};
use tokio::sync::Semaphore;

use crate::wire::support::{PATIENCE, Running, serve, serve_with};

/// Tells that it is dropped.
struct Tell(Sender<String>);

impl Drop for Tell {
    fn drop(&mut self) {
        let _ = self.0.send("dropped".into());
    }
}

/// Tells how an exchange ends.
fn on_end(environ: &Environ, tell: &Sender<String>) {
    let tell = tell.clone();
    environ.on_finish(move |outcome| drop(tell.send(format!("{:?}", outcome.end))));
}

#[track_caller]
fn assert_told(told: &Receiver<String>, texts: &[&str]) {
    for text in texts {
        assert_eq!(told.recv_timeout(PATIENCE).as_deref(), Ok(*text));
    }
}

/// `/` and `/begun` wait for the client's leave, then for the server's clock and the gate, and
/// write; `/other` is answered at once.
fn app(
    tell: Sender<String>,
    gate: Arc<Semaphore>,
) -> impl App<Body = BoxBody> + Send + Sync + 'static {
    let tell = Mutex::new(tell);
    app_fn(move |e: Environ, s: StartResponse| -> BoxBody {
        if e.path_info() == "/other" {
            return s.start(StatusCode::OK).full("other").erased();
        }
        let (tell, gate) = (tell.lock().unwrap().clone(), gate.clone());
        on_end(&e, &tell);
        let dropped = Tell(tell.clone());
        s.start(StatusCode::OK)
            .push(async move |mut writer| {
                let _dropped = dropped;
                if e.path_info() == "/begun" {
                    writer.write("begun").await?;
                }
                tell.send("called".into()).unwrap();
                e.peer().gone().await;
                tell.send("woken".into()).unwrap();
                e.timer().sleep(Duration::from_millis(20)).await;
                let _ = gate.acquire().await.unwrap();
                tell.send("done".into()).unwrap();
                writer.write("to nobody").await?;
                writer.write("never").await?;
                tell.send("never".into()).unwrap();
                Ok(())
            })
            .erased()
    })
}

fn waits(set: impl FnOnce(&mut Config)) -> (Running, Receiver<String>, Arc<Semaphore>) {
    let (tell, told) = mpsc::channel();
    let gate = Arc::new(Semaphore::new(0));
    (serve_with(set, app(tell, gate.clone())), told, gate)
}

#[test]
fn an_application_that_is_under_way_finishes_its_step() {
    for threads in [1, 2] {
        let (server, told, gate) = waits(|config| config.threads = threads);
        gate.add_permits(1);
        for path in ["/", "/begun"] {
            let mut client = server.connect();
            client.get(path);
            assert_told(&told, &["called"]);
            drop(client);
            assert_told(&told, &["woken", "done", "dropped", "Disconnected"]);
        }
        assert!(
            !server.log.contain("Error:") && !server.log.contain("Warn:"),
            "a peer that is gone is no failure"
        );
    }
}

#[test]
fn a_writer_that_outlives_its_body_is_told() {
    let (tell, told) = mpsc::channel();
    let tell = Mutex::new(tell);
    let server = serve(app_fn(move |e: Environ, s: StartResponse| {
        let tell = tell.lock().unwrap().clone();
        on_end(&e, &tell);
        s.start(StatusCode::OK).push(async move |mut writer| {
            tokio::spawn(async move {
                tell.send("called".into()).unwrap();
                e.peer().gone().await;
                // One is taken and thrown away, with which the step ends.
                let mut end = Ok(());
                while end.is_ok() {
                    end = writer.write("to nobody").await;
                }
                tell.send(format!("{}", end.unwrap_err().is_disconnected()))
            });
            Ok(())
        })
    }));
    let mut client = server.connect();
    client.get("/");
    assert_told(&told, &["called"]);
    drop(client);
    let mut heard = [(); 2].map(|()| told.recv_timeout(PATIENCE).unwrap());
    heard.sort();
    assert_eq!(heard, ["Disconnected", "true"]);
}

#[test]
fn who_asks_for_it_is_dropped_at_once() {
    let (tell, told) = mpsc::channel();
    let gate = Arc::new(Semaphore::new(0));
    let server = serve(app(tell, gate).cancel_on_disconnect());
    for path in ["/", "/begun"] {
        let mut client = server.connect();
        client.get(path);
        assert_told(&told, &["called"]);
        drop(client);
        assert_told(&told, &["dropped", "Disconnected"]);
    }
    server.get("/other").assert(200, "other");
}

#[test]
fn a_drain_that_does_not_end_ends_with_the_time_of_its_request() {
    let (server, told, _gate) = waits(|config| {
        config.request_timeout = Some(Duration::from_millis(300));
    });
    for path in ["/", "/begun"] {
        let mut client = server.connect();
        client.get(path);
        assert_told(&told, &["called"]);
        drop(client);
        assert_told(&told, &["woken", "dropped", "Disconnected"]);
    }
    server.get("/other").assert(200, "other");
}

#[test]
fn a_drain_counts_as_a_connection() {
    let (server, told, gate) = waits(|config| config.max_connections = Some(1));
    let mut client = server.connect();
    client.get("/");
    assert_told(&told, &["called"]);
    drop(client);
    assert_told(&told, &["woken"]);
    let mut next = server.connect();
    next.get("/other");
    assert!(next.is_silent());
    gate.add_permits(1);
    assert_told(&told, &["done", "dropped", "Disconnected"]);
    next.reply().assert(200, "other");
}

#[test]
fn a_graceful_stop_waits_for_drains() {
    let (server, told, gate) = waits(|_| {});
    let mut client = server.connect();
    client.get("/");
    assert_told(&told, &["called"]);
    drop(client);
    assert_told(&told, &["woken"]);
    server.stop.graceful();
    gate.add_permits(1);
    assert_told(&told, &["done", "dropped", "Disconnected"]);
    let log = server.log.clone();
    server.join().unwrap();
    assert!(!log.contain("cut"));
}

#[test]
fn a_stop_now_waits_for_no_drain() {
    for threads in [1, 2] {
        let (server, told, _gate) = waits(|config| config.threads = threads);
        let mut client = server.connect();
        client.get("/");
        assert_told(&told, &["called"]);
        drop(client);
        assert_told(&told, &["woken"]);
        server.stop.now();
        server.join().unwrap();
        // The body is dropped with the runtime, and its hooks run all the same.
        assert_told(&told, &["dropped", "Disconnected"]);
    }
}

#[test]
fn many_leave_at_once() {
    let (server, told, gate) = waits(|config| config.threads = 2);
    let mut clients: Vec<_> = (0..50).map(|_| server.connect()).collect();
    for client in &mut clients {
        client.get("/begun");
        assert_told(&told, &["called"]);
    }
    drop(clients);
    gate.add_permits(50);
    let texts = ["woken", "done", "dropped", "Disconnected"];
    let heard = (0..50 * texts.len()).map(|_| told.recv_timeout(PATIENCE).unwrap());
    let heard: Vec<_> = heard.collect();
    for text in texts {
        assert_eq!(
            heard.iter().filter(|heard| *heard == text).count(),
            50,
            "{text}"
        );
    }
    server.stop.graceful();
    server.join().unwrap();
}

#[test]
fn a_blocking_step_is_finished_too() {
    let (tell, told) = mpsc::channel();
    let tell = Mutex::new(tell);
    let server = serve(blocking(move |e: Environ, s: StartResponse| {
        let tell = tell.lock().unwrap().clone();
        on_end(&e, &tell);
        tell.send("called".into()).unwrap();
        rt::block_on(e.peer().gone());
        tell.send("done".into()).unwrap();
        Ok(s.start(StatusCode::OK).full("to nobody"))
    }));
    let mut client = server.connect();
    client.get("/");
    assert_told(&told, &["called"]);
    drop(client);
    assert_told(&told, &["done", "Disconnected"]);
}

/// Answers with a block that no socket's buffers hold; hooks tell in their order.
fn large(set: impl FnOnce(&mut Config)) -> (Running, Receiver<String>) {
    let (tell, told) = mpsc::channel();
    let tell = Mutex::new(tell);
    let server = serve_with(
        set,
        app_fn(move |e: Environ, s: StartResponse| -> BoxBody {
            if e.path_info() == "/other" {
                return s.start(StatusCode::OK).full("other").erased();
            }
            let tell = tell.lock().unwrap().clone();
            for n in [1, 2] {
                let tell = tell.clone();
                e.on_finish(move |outcome| {
                    let status = outcome.status.unwrap().as_u16();
                    tell.send(format!("{n} {status} {:?}", outcome.end))
                        .unwrap();
                });
            }
            let dropped = Tell(tell);
            let mut block = Some(vec![b'x'; LARGE]);
            let blocks = std::iter::from_fn(move || {
                let _ = &dropped;
                block.take().map(|block| Ok::<_, Error>(block.into()))
            });
            s.start(StatusCode::OK)
                .length(LARGE as u64)
                .iter(blocks)
                .erased()
        }),
    );
    (server, told)
}

const LARGE: usize = 64 << 20;

#[test]
fn sent_is_what_the_socket_has_taken() {
    let (server, told) = large(|_| {});
    let mut client = server.connect();
    client.get("/");
    client.head();
    // hyper has all of it, and the body is asked no more.
    assert_told(&told, &["dropped"]);
    for _ in 0..3 {
        server.get("/other").assert(200, "other");
    }
    assert_eq!(told.try_recv(), Err(TryRecvError::Empty));
    assert!(client.take(LARGE).iter().all(|byte| *byte == b'x'));
    // The last that was registered first.
    assert_told(&told, &["2 200 Sent", "1 200 Sent"]);
    client.get("/other");
    client.reply().assert(200, "other");
}

#[test]
fn what_a_client_left_behind_was_not_sent() {
    let (server, told) = large(|_| {});
    let mut client = server.connect();
    client.get("/");
    client.head();
    assert_told(&told, &["dropped"]);
    drop(client);
    assert_told(&told, &["2 200 Disconnected", "1 200 Disconnected"]);
}

#[test]
fn what_was_not_taken_in_time_was_not_sent() {
    let (server, told) = large(|config| config.write_timeout = Some(Duration::from_millis(150)));
    let mut client = server.connect();
    client.get("/");
    client.head();
    assert_told(&told, &["dropped", "2 200 Truncated", "1 200 Truncated"]);
    assert!(client.cut().len() < LARGE);
}

#[test]
fn what_a_stop_has_cut_was_not_sent() {
    let (server, told) = large(|_| {});
    let mut client = server.connect();
    client.get("/");
    client.head();
    assert_told(&told, &["dropped"]);
    server.stop.now();
    assert_told(&told, &["2 200 Truncated", "1 200 Truncated"]);
    assert!(client.cut().len() < LARGE);
    server.join().unwrap();
}

#[test]
fn a_refusal_waits_for_the_answer_before_it() {
    let (server, told) = large(|_| {});
    let mut client = server.connect();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12345");
    client.head();
    // hyper has all of the answer; once it has the rest of the body, it reads on.
    client.send("67890GET / HTTP/1.1\r\n");
    std::thread::sleep(Duration::from_millis(50));
    client.send("Host: a\n\r\n");
    assert_told(&told, &["dropped"]);
    assert!(client.take(LARGE).iter().all(|byte| *byte == b'x'));
    assert_told(&told, &["2 200 Sent", "1 200 Sent"]);
    let reply = client.reply();
    assert_eq!((reply.status(), reply.closes()), (400, true));
    client.assert_closed();
}

#[test]
fn a_refusal_is_not_written_into_an_answer_that_is_not_taken() {
    let (server, told) = large(|config| config.write_timeout = Some(Duration::from_millis(150)));
    let mut client = server.connect();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12345");
    client.head();
    // hyper has all of the answer; once it has the rest of the body, it reads on.
    client.send("67890GET / HTTP/1.1\r\n");
    std::thread::sleep(Duration::from_millis(50));
    client.send("Host: a\n\r\n");
    assert_told(&told, &["dropped", "2 200 Truncated", "1 200 Truncated"]);
    assert!(client.cut().iter().all(|byte| *byte == b'x'));
}

#[test]
fn the_rest_of_a_body_begins_no_head() {
    let server = serve_with(
        |config| {
            config.header_timeout = Some(Duration::from_millis(150));
            config.keep_alive = Some(PATIENCE);
        },
        app_fn(|_: Environ, s: StartResponse| s.start(StatusCode::OK).full("unread")),
    );
    let mut client = server.connect();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12345");
    client.reply().assert(200, "unread");
    client.send("67890");
    std::thread::sleep(Duration::from_millis(400));
    client.get("/");
    client.reply().assert(200, "unread");
}

#[test]
fn a_read_of_nothing_is_not_the_end_of_a_switched_connection() {
    let server = serve(app_fn(|mut e: Environ, s: StartResponse| -> BoxBody {
        let accepted = e.take_offer().unwrap().accept("shout").unwrap();
        s.start(StatusCode::OK)
            .upgrade(accepted, async move |mut io| {
                assert_eq!(io.read(&mut []).await.unwrap(), 0);
                let mut buf = [0; 5];
                let n = io.read(&mut buf).await.unwrap();
                io.write_all(&buf[..n]).await.unwrap();
                Ok(())
            })
            .erased()
    }));
    for early in ["", "hello"] {
        let mut client = server.connect();
        client.send(format!(
            "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: shout\r\n\r\n{early}"
        ));
        assert_eq!(client.head().status(), 101);
        if early.is_empty() {
            client.send("hello");
        }
        assert_eq!(client.take(5), b"hello");
    }
}
