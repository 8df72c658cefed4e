//! How connections of HTTP/2 end when the server is told to stop.

use std::sync::Arc;
use std::time::Duration;

use h2::Reason;
use rgi_core::{BodyExt, BoxBody, Environ, StartResponse, StatusCode, app_fn};
use tokio::sync::Semaphore;
use tokio::sync::mpsc::UnboundedReceiver;

use crate::client::{Client, answer, assert_told, cut, data, run, tells};
use crate::raw::Raw;
use crate::wire::support::{Running, serve_with};

/// `/wait` and `/begun` end when the gate opens.
fn gated(
    set: impl FnOnce(&mut rgi_core::server::Config),
) -> (Running, UnboundedReceiver<String>, Arc<Semaphore>) {
    let (tell, told) = tells();
    let gate = Arc::new(Semaphore::new(0));
    let waits = gate.clone();
    let app = app_fn(move |e: Environ, s: StartResponse| -> BoxBody {
        let started = s.start(StatusCode::OK);
        let begun = match e.path_info() {
            "/wait" => false,
            "/begun" => true,
            _ => return started.full("x").erased(),
        };
        let (tell, ended, waits) = (tell.clone(), tell.clone(), waits.clone());
        e.on_finish(move |outcome| drop(ended.send(format!("{:?}", outcome.end))));
        started
            .push(async move |mut writer| {
                if begun {
                    writer.write("begun ").await?;
                }
                tell.send("called".into()).unwrap();
                let _ = waits.acquire().await.unwrap();
                writer.write("waited").await
            })
            .erased()
    });
    (serve_with(set, app), told, gate)
}

#[test]
fn a_graceful_stop_ends_what_is_under_way() {
    for threads in [1, 2] {
        let (server, mut told, gate) = gated(|config| config.threads = threads);
        run(async {
            let mut idle = Client::connect(&server).await;
            idle.get("/").await.assert(200, "x");
            let mut client = Client::connect(&server).await;
            let (wait, begun) = (client.ask("/wait").await, client.ask("/begun").await);
            assert_told(&mut told, &["called", "called"]).await;
            server.stop.graceful();
            idle.closed().await.unwrap();
            // The stop is over nowhere else.
            gate.add_permits(2);
            answer(wait).await.unwrap().assert(200, "waited");
            answer(begun).await.unwrap().assert(200, "begun waited");
            assert_told(&mut told, &["Sent", "Sent"]).await;
            client.closed().await.unwrap();
        });
        server.join().unwrap();
    }
}

#[test]
fn a_graceful_stop_waits_for_windows() {
    let (server, mut told, gate) = gated(|_| {});
    gate.add_permits(1);
    run(async {
        let mut client = Client::connect_with(&server, |b| b.initial_window_size(3)).await;
        let response = client.ask("/wait").await.await.unwrap();
        assert_told(&mut told, &["called"]).await;
        server.stop.graceful();
        // Longer than what idles may stay behind a stop.
        tokio::time::sleep(Duration::from_millis(2500)).await;
        let mut stream = response.into_body();
        for expected in ["wai", "ted"] {
            assert_eq!(data(&mut stream).await.unwrap().unwrap(), expected);
        }
        assert!(data(&mut stream).await.unwrap().is_none());
        assert_told(&mut told, &["Sent"]).await;
        client.closed().await.unwrap();
    });
    server.join().unwrap();
}

#[test]
fn a_client_is_told_before_its_streams_are_done() {
    let (server, mut told, gate) = gated(|_| {});
    let mut raw = Raw::connect(&server);
    raw.get(1, "/wait", &[]);
    assert_eq!(told.blocking_recv().as_deref(), Some("called"));
    server.stop.graceful();
    // RFC 9113 6.8: first that there will be an end, then which stream is the last.
    let goaway = raw.until(7);
    assert_eq!(goaway.payload[..8], [0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0]);
    let ping = raw.until(6);
    raw.pong(&ping);
    let goaway = raw.until(7);
    assert_eq!(goaway.payload[..8], [0, 0, 0, 1, 0, 0, 0, 0]);
    gate.add_permits(1);
    assert_eq!(raw.frame_of(1).kind, 1);
    assert_eq!(raw.frame_of(1).payload, b"waited");
    raw.client().cut();
    server.join().unwrap();
}

#[test]
fn who_is_not_done_in_time_is_cut() {
    let (server, mut told, _gate) = gated(|config| {
        config.graceful_timeout = Some(Duration::from_millis(100));
    });
    run(async {
        let mut client = Client::connect(&server).await;
        let (wait, begun) = (client.ask("/wait").await, client.ask("/begun").await);
        let begun = begun.await.unwrap().into_body();
        assert_told(&mut told, &["called", "called"]).await;
        server.stop.graceful();
        assert!(answer(wait).await.is_err());
        let (body, error) = cut(begun).await;
        assert_eq!(body, b"begun ");
        assert_ne!(error.reason(), Some(Reason::NO_ERROR));
        assert_told(&mut told, &["Truncated", "Truncated"]).await;
        let _ = client.closed().await;
    });
    server.log.wait_for("cut 1 connections");
    server.join().unwrap();
}

#[test]
fn a_stop_now_waits_for_nobody() {
    let (server, mut told, _gate) = gated(|config| config.threads = 2);
    run(async {
        let mut clients = Vec::new();
        for _ in 0..3 {
            let mut client = Client::connect(&server).await;
            let asked = (client.ask("/wait").await, client.ask("/begun").await);
            assert_told(&mut told, &["called", "called"]).await;
            clients.push((client, asked));
        }
        server.stop.now();
        for (client, (wait, begun)) in clients {
            assert!(answer(wait).await.is_err());
            assert!(answer(begun).await.is_err());
            let _ = client.closed().await;
        }
    });
    server.join().unwrap();
}

#[test]
fn a_connection_that_has_said_nothing_is_no_reason_to_stay() {
    let (server, _told, _gate) = gated(|config| config.graceful_timeout = None);
    let mut silent = server.connect();
    let mut raw = Raw::connect(&server);
    raw.frame();
    server.stop.graceful();
    silent.assert_closed();
    raw.until(7);
    raw.client().cut();
    server.join().unwrap();
}
