//! Clients that reset their streams, and clients that leave altogether.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

use h2::Reason;
use http::Method;
use rgi_core::{App, AppExt, BodyExt, BoxBody, Environ, Error, StartResponse, StatusCode, app_fn};
use tokio::sync::Semaphore;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};

use crate::client::{Client, assert_told, data, request, run, tells};
use crate::raw::{self, Raw};
use crate::wire::support::{Running, serve, serve_with};

/// Tells that it is dropped.
struct Tell(UnboundedSender<String>);

impl Drop for Tell {
    fn drop(&mut self) {
        let _ = self.0.send("dropped".into());
    }
}

/// `/` and `/begun` wait for the client's leave, then for the server's clock, and then write once
/// more, `/endless` for ever; `/input` reads its body; `/other` is answered at once.
fn app(tell: UnboundedSender<String>) -> impl App<Body = BoxBody> + Send + Sync + 'static {
    app_fn(move |mut e: Environ, s: StartResponse| -> BoxBody {
        let tell = tell.clone();
        if e.path_info() == "/other" {
            return s.start(StatusCode::OK).full("other").erased();
        }
        let (dropped, ended) = (Tell(tell.clone()), tell.clone());
        e.on_finish(move |outcome| ended.send(format!("{:?}", outcome.end)).unwrap());
        let path = e.path_info().to_owned();
        s.start(StatusCode::OK)
            .push(async move |mut writer| {
                let _dropped = dropped;
                if path == "/begun" {
                    writer.write("begun").await?;
                }
                tell.send("called".into()).unwrap();
                if path == "/input" {
                    loop {
                        let chunk = std::future::poll_fn(|cx| e.input().poll_chunk(cx)).await;
                        match chunk {
                            Some(Ok(chunk)) => {
                                tell.send(format!("read {}", chunk.len())).unwrap();
                            }
                            Some(Err(error)) => {
                                assert!(error.is_disconnected(), "{error}");
                                tell.send("broken off".into()).unwrap();
                                return Err(error);
                            }
                            None => return Ok(()),
                        }
                    }
                }
                e.peer().gone().await;
                assert!(e.peer().is_gone());
                tell.send("woken".into()).unwrap();
                if path == "/endless" {
                    std::future::pending::<()>().await;
                }
                // Its step goes on.
                e.timer().sleep(Duration::from_millis(20)).await;
                tell.send("slept".into()).unwrap();
                writer.write("to nobody").await?;
                writer.write("never").await?;
                tell.send("never".into()).unwrap();
                Err(Error::new("never"))
            })
            .erased()
    })
}

fn waits() -> (Running, UnboundedReceiver<String>) {
    let (tell, told) = tells();
    (serve(app(tell)), told)
}

const FINISHED: [&str; 4] = ["woken", "slept", "dropped", "Disconnected"];

#[test]
fn a_stream_that_its_client_resets() {
    let (server, mut told) = waits();
    run(async {
        let mut client = Client::connect(&server).await;
        for path in ["/", "/begun"] {
            let (response, mut send) = client.begin(request(Method::POST, path), false).await;
            assert_told(&mut told, &["called"]).await;
            if path == "/begun" {
                let mut stream = response.await.unwrap().into_body();
                assert_eq!(data(&mut stream).await.unwrap().unwrap(), "begun");
                send.send_reset(Reason::CANCEL);
                assert_told(&mut told, &FINISHED).await;
            } else {
                send.send_reset(Reason::CANCEL);
                assert_told(&mut told, &FINISHED).await;
                assert!(response.await.unwrap_err().is_reset());
            }
            client.get("/other").await.assert(200, "other");
        }
    });
    assert!(
        !server.log.contain("Error:"),
        "a peer that is gone is no failure"
    );
}

#[test]
fn a_body_that_its_client_breaks_off() {
    let (server, mut told) = waits();
    run(async {
        let mut client = Client::connect(&server).await;
        let (_response, mut send) = client.begin(request(Method::POST, "/input"), false).await;
        assert_told(&mut told, &["called"]).await;
        send.send_data("12345".into(), false).unwrap();
        assert_told(&mut told, &["read 5"]).await;
        send.send_reset(Reason::CANCEL);
        assert_told(&mut told, &["broken off", "dropped", "Disconnected"]).await;
        client.get("/other").await.assert(200, "other");
    });
    assert!(
        !server.log.contain("Error:"),
        "a peer that is gone is no failure"
    );
}

#[test]
fn a_connection_that_ends_under_its_streams() {
    let (server, mut told) = waits();
    run(async {
        let mut client = Client::connect(&server).await;
        let mut asked = Vec::new();
        for _ in 0..20 {
            asked.push(client.ask("/").await);
            asked.push(client.ask("/begun").await);
        }
        for _ in 0..40 {
            assert_told(&mut told, &["called"]).await;
        }
        client.vanish().await;
        let mut heard = Vec::new();
        for _ in 0..40 * FINISHED.len() {
            heard.push(told.recv().await.unwrap());
        }
        for text in FINISHED {
            assert_eq!(
                heard.iter().filter(|heard| *heard == text).count(),
                40,
                "{text}"
            );
        }
    });
}

#[test]
fn a_drain_that_does_not_end_ends_with_the_time_of_its_request() {
    let (tell, mut told) = tells();
    let server = serve_with(
        |config| config.request_timeout = Some(Duration::from_millis(300)),
        app(tell),
    );
    run(async {
        let mut client = Client::connect(&server).await;
        let (_response, mut send) = client.begin(request(Method::POST, "/endless"), false).await;
        assert_told(&mut told, &["called"]).await;
        send.send_reset(Reason::CANCEL);
        assert_told(&mut told, &["woken", "dropped", "Disconnected"]).await;
        client.get("/other").await.assert(200, "other");
    });
}

#[test]
fn who_asks_for_it_is_dropped_at_once() {
    let (tell, mut told) = tells();
    let server = serve(app(tell).cancel_on_disconnect());
    run(async {
        let mut client = Client::connect(&server).await;
        for path in ["/", "/begun"] {
            let (_response, mut send) = client.begin(request(Method::POST, path), false).await;
            assert_told(&mut told, &["called"]).await;
            send.send_reset(Reason::CANCEL);
            assert_told(&mut told, &["dropped", "Disconnected"]).await;
        }
        client.get("/other").await.assert(200, "other");
    });
}

#[test]
fn an_answer_that_was_not_taken_was_not_sent() {
    let (tell, mut told) = tells();
    let server = serve(app_fn(move |e: Environ, s: StartResponse| -> BoxBody {
        if e.path_info() == "/other" {
            return s.start(StatusCode::OK).empty().erased();
        }
        let tell = tell.clone();
        e.on_finish(move |outcome| tell.send(format!("{:?}", outcome.end)).unwrap());
        let size = e.query().unwrap().parse().unwrap();
        s.start(StatusCode::OK).full(vec![b'x'; size]).erased()
    }));
    run(async {
        // What fits into no window hyper holds for the client: all of what is short.
        let mut client = Client::connect_with(&server, |b| b.initial_window_size(10)).await;
        for size in [11, 64 * 1024, 64 * 1024 + 1, 200_000] {
            let response = client.ask(&format!("/?{size}")).await.await.unwrap();
            client.get("/other").await.assert(200, "");
            assert!(told.is_empty(), "nobody has taken it");
            drop(response);
            assert_told(&mut told, &["Disconnected"]).await;
        }
        let response = client.ask("/?11").await.await.unwrap();
        client.get("/other").await.assert(200, "");
        assert!(told.is_empty(), "nobody has taken it");
        let mut stream = response.into_body();
        while data(&mut stream).await.unwrap().is_some() {}
        assert_told(&mut told, &["Sent"]).await;
        let _response = client.ask("/?11").await.await.unwrap();
        client.get("/other").await.assert(200, "");
        client.vanish().await;
        assert_told(&mut told, &["Disconnected"]).await;
    });
}

#[test]
fn resets_in_great_number_end_the_connection_and_no_other() {
    let (server, _told) = waits();
    let mut raw = Raw::connect(&server);
    // CVE-2023-44487: streams that are reset before anybody has looked at them.
    let mut bytes = Vec::new();
    for n in 0..100 {
        let stream = 2 * n + 1;
        bytes.extend(raw::get(stream, "/other", &[]));
        bytes.extend_from_slice(&[0, 0, 4, 3, 0]);
        bytes.extend_from_slice(&stream.to_be_bytes());
        bytes.extend_from_slice(&[0, 0, 0, 8]);
    }
    raw.client().send(bytes);
    let goaway = raw.until(7);
    assert_eq!(goaway.payload[4..8], [0, 0, 0, 11], "ENHANCE_YOUR_CALM");
    raw.client().cut();
    server.get("/other").assert(200, "other");
}

#[test]
fn errors_in_great_number_end_the_connection_and_no_other() {
    let (server, _told) = waits();
    let mut raw = Raw::connect(&server);
    // What has the server reset streams is no cheaper than resets of the client's.
    let mut bytes = Vec::new();
    for n in 0..150 {
        let stream = 2 * n + 1;
        bytes.extend(raw::get(stream, "/other", &[("connection", "close")]));
    }
    raw.client().send(bytes);
    let goaway = raw.until(7);
    assert_eq!(goaway.payload[4..8], [0, 0, 0, 11], "ENHANCE_YOUR_CALM");
    raw.client().cut();
    server.get("/other").assert(200, "other");
}

#[test]
fn what_a_connection_has_left_behind_is_bounded() {
    let alive = Arc::new(AtomicUsize::new(0));
    struct Alive(Arc<AtomicUsize>);
    impl Drop for Alive {
        fn drop(&mut self) {
            self.0.fetch_sub(1, Ordering::SeqCst);
        }
    }
    let count = alive.clone();
    let (tell, mut told) = tells();
    let gate = Arc::new(Semaphore::new(0));
    let opens = gate.clone();
    let server = serve(app_fn(move |_: Environ, s: StartResponse| {
        count.fetch_add(1, Ordering::SeqCst);
        let (alive, tell, gate) = (Alive(count.clone()), tell.clone(), opens.clone());
        s.start(StatusCode::OK).push(async move |mut writer| {
            let _alive = alive;
            tell.send("called".into()).unwrap();
            let _ = gate.acquire().await.unwrap();
            writer.write("x").await
        })
    }));
    run(async {
        let mut client = Client::connect(&server).await;
        let mut refused = 0;
        for _ in 0..500 {
            let (response, mut send) = client.begin(request(Method::POST, "/"), false).await;
            let mut response = std::pin::pin!(response);
            let status = std::future::poll_fn(|cx| match response.as_mut().poll(cx) {
                Poll::Ready(answer) => Poll::Ready(Some(answer.unwrap().status())),
                Poll::Pending => told.poll_recv(cx).map(|_| None),
            });
            if let Some(status) = status.await {
                assert_eq!(status, 503);
                refused += 1;
            }
            send.send_reset(Reason::CANCEL);
        }
        assert!(refused >= 200, "{refused} of 500 were refused");
        assert!(alive.load(Ordering::SeqCst) <= 300);
        // What is left behind ends, and then there is room again.
        gate.add_permits(500);
        while alive.load(Ordering::SeqCst) > 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        client.get("/").await.assert(200, "x");
    });
}
