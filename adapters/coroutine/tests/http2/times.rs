//! Time-outs of streams and of connections: each is short where it is to expire.

use std::io::Read;
use std::time::Duration;

use h2::Reason;
use http::Method;
use rgi_core::{
    BodyExt, BoxBody, Bytes, Environ, Error, StartResponse, StatusCode, app_fn, async_fn, blocking,
};

use crate::client::{Client, answer, assert_told, cut, request, run, tells};
use crate::raw::Raw;
use crate::wire::support::{serve, serve_with};

const SHORT: Option<Duration> = Some(Duration::from_millis(150));

#[test]
fn a_request_that_takes_too_long_is_503_or_reset() {
    let (tell, mut told) = tells();
    let server = serve_with(
        |config| config.request_timeout = SHORT,
        app_fn(move |e: Environ, s: StartResponse| -> BoxBody {
            if e.path_info() == "/other" {
                return s.start(StatusCode::OK).full("other").erased();
            }
            let tell = tell.clone();
            e.on_finish(move |outcome| tell.send(format!("{:?}", outcome.end)).unwrap());
            let begun = e.path_info() == "/begun";
            s.start(StatusCode::OK)
                .push(async move |mut writer| {
                    if begun {
                        writer.write("begun").await?;
                    }
                    std::future::pending::<()>().await;
                    writer.write("never").await
                })
                .erased()
        }),
    );
    run(async {
        let mut client = Client::connect(&server).await;
        let (first, begun) = (client.ask("/").await, client.ask("/begun").await);
        let first = answer(first).await.unwrap();
        assert_eq!(first.status, 503);
        let (body, error) = cut(begun.await.unwrap().into_body()).await;
        assert_eq!(body, b"begun");
        assert!(error.is_reset() && error.is_remote(), "{error}");
        assert_ne!(error.reason(), Some(Reason::NO_ERROR));
        let mut ends = [told.recv().await.unwrap(), told.recv().await.unwrap()];
        ends.sort();
        assert_eq!(ends, ["Refused", "Truncated"]);
        client.get("/other").await.assert(200, "other");
    });
}

#[test]
fn a_body_that_takes_too_long_is_408() {
    let server = serve_with(
        |config| config.body_timeout = SHORT,
        async_fn(async |mut e: Environ, s: StartResponse| {
            let body = e.input().collect(100).await?;
            Ok(s.start(StatusCode::OK).full(body))
        }),
    );
    run(async {
        let mut client = Client::connect(&server).await;
        let (response, mut send) = client.begin(request(Method::POST, "/"), false).await;
        send.send_data("12".into(), false).unwrap();
        assert_eq!(answer(response).await.unwrap().status, 408);
        // The stream alone is over.
        client.post("/", b"12").await.assert(200, "12");
    });
}

#[test]
fn a_body_for_the_pool_that_takes_too_long_is_408() {
    let server = serve_with(
        |config| {
            config.body_timeout = SHORT;
            config.buffer_body = 0;
        },
        blocking(|mut e: Environ, s: StartResponse| {
            let mut body = Vec::new();
            e.input().reader().read_to_end(&mut body)?;
            Ok(s.start(StatusCode::OK).full(body))
        }),
    );
    run(async {
        let mut client = Client::connect(&server).await;
        let (response, mut send) = client.begin(request(Method::POST, "/"), false).await;
        send.send_data("12".into(), false).unwrap();
        assert_eq!(answer(response).await.unwrap().status, 408);
        client.post("/", b"12").await.assert(200, "12");
    });
}

#[test]
fn a_stream_whose_client_gives_no_window_is_reset_and_no_other() {
    let (tell, mut told) = tells();
    let server = serve_with(
        |config| config.write_timeout = SHORT,
        app_fn(move |e: Environ, s: StartResponse| -> BoxBody {
            if e.path_info() == "/other" {
                return s.start(StatusCode::OK).empty().erased();
            }
            let tell = tell.clone();
            e.on_finish(move |outcome| tell.send(format!("{:?}", outcome.end)).unwrap());
            match e.path_info() {
                "/small" => s.start(StatusCode::OK).full("small").erased(),
                // It waits for its application, not for its client.
                "/patient" => {
                    let (go, timer) = (told_later(&e), e.timer());
                    s.start(StatusCode::OK)
                        .push(async move |mut writer| {
                            writer.flush().await?;
                            timer.sleep(go).await;
                            writer.trailers(http::HeaderMap::new()).await
                        })
                        .erased()
                }
                _ => {
                    let endless =
                        std::iter::repeat_with(|| Ok::<_, Error>(Bytes::from(vec![b'x'; 65536])));
                    s.start(StatusCode::OK).iter(endless).erased()
                }
            }
        }),
    );
    run(async {
        let mut client = Client::connect_with(&server, |b| b.initial_window_size(0)).await;
        let patient = client.ask("/patient").await;
        for path in ["/endless", "/small"] {
            let stream = client.ask(path).await.await.unwrap().into_body();
            client.get("/other").await.assert(200, "");
            let (body, error) = cut(stream).await;
            assert!(
                body.is_empty() && error.is_reset() && error.is_remote(),
                "{path}: {error}"
            );
            assert_told(&mut told, &["Truncated"]).await;
            client.get("/other").await.assert(200, "");
        }
        answer(patient).await.unwrap().assert(200, "");
        assert_told(&mut told, &["Sent"]).await;
    });
}

/// Some times as long as a client may take nothing.
fn told_later(_: &Environ) -> Duration {
    Duration::from_millis(600)
}

#[test]
fn a_client_that_takes_slowly_gets_it_all() {
    let server = serve_with(
        |config| config.write_timeout = Some(Duration::from_millis(500)),
        app_fn(|_: Environ, s: StartResponse| s.start(StatusCode::OK).full(vec![b'x'; 1 << 20])),
    );
    run(async {
        let mut client = Client::connect(&server).await;
        let mut stream = client.ask("/").await.await.unwrap().into_body();
        let mut taken = 0;
        while let Some(block) = crate::client::data(&mut stream).await.unwrap() {
            taken += block.len();
            // Altogether longer than it may take nothing.
            tokio::time::sleep(Duration::from_millis(15)).await;
        }
        assert_eq!(taken, 1 << 20);
    });
}

#[test]
fn a_client_that_does_not_read_at_all_is_cut() {
    let (tell, mut told) = tells();
    let server = serve_with(
        |config| config.write_timeout = SHORT,
        app_fn(move |e: Environ, s: StartResponse| {
            let tell = tell.clone();
            e.on_finish(move |outcome| tell.send(format!("{:?}", outcome.end)).unwrap());
            let endless = std::iter::repeat_with(|| Ok::<_, Error>(Bytes::from(vec![b'x'; 65536])));
            s.start(StatusCode::OK).iter(endless)
        }),
    );
    let mut raw = Raw::connect(&server);
    raw.window(0, 0x7fff_0000);
    raw.get(1, "/", &[]);
    raw.window(1, 0x7fff_0000);
    // The socket's buffers fill, and nobody empties them.
    assert_eq!(told.blocking_recv().as_deref(), Some("Truncated"));
    raw.client().cut();
}

#[test]
fn an_idle_connection_is_told_and_closed() {
    let server = serve_with(
        |config| config.keep_alive = SHORT,
        app_fn(|e: Environ, s: StartResponse| {
            let timer = e.timer();
            s.start(StatusCode::OK).push(async move |mut writer| {
                timer.sleep(Duration::from_millis(400)).await;
                writer.write("x").await
            })
        }),
    );
    let mut raw = Raw::connect(&server);
    // A request that is under way is not idle, however long it takes.
    raw.get(1, "/", &[]);
    assert_eq!(raw.frame_of(1).kind, 1);
    let goaway = raw.until(7);
    assert_eq!(goaway.payload[4..8], [0, 0, 0, 0], "no error");
    raw.client().cut();
    // One that never asked, too.
    let mut raw = Raw::connect(&server);
    raw.until(7);
    raw.client().cut();
    run(async {
        let mut client = Client::connect(&server).await;
        client.get("/").await.assert(200, "x");
        client.closed().await.unwrap();
    });
}

#[test]
fn requests_move_the_end_of_idleness() {
    let server = serve_with(
        |config| config.keep_alive = Some(Duration::from_millis(600)),
        app_fn(|_: Environ, s: StartResponse| s.start(StatusCode::OK).full("x")),
    );
    run(async {
        let mut client = Client::connect(&server).await;
        // Longer than the time-out altogether, shorter each.
        for _ in 0..10 {
            client.get("/").await.assert(200, "x");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        client.get("/").await.assert(200, "x");
        client.closed().await.unwrap();
    });
}

#[test]
fn a_head_that_does_not_end_is_no_way_to_stay() {
    let server = serve_with(
        |config| {
            config.keep_alive = SHORT;
            config.header_timeout = SHORT;
        },
        app_fn(|_: Environ, s: StartResponse| s.start(StatusCode::OK).full("x")),
    );
    let mut raw = Raw::connect(&server);
    // HEADERS without END_HEADERS, of which nothing more comes.
    raw.client().send([0, 0, 1, 1, 0, 0, 0, 0, 1, 0x82]);
    raw.client().cut();
}

#[test]
fn threads_that_wait_for_time_outs_serve_others() {
    let server = serve(async_fn(async |e: Environ, s: StartResponse| {
        let ms = e.query().unwrap().parse().unwrap();
        e.timer().sleep(Duration::from_millis(ms)).await;
        Ok(s.start(StatusCode::OK).full("awake"))
    }));
    run(async {
        let mut client = Client::connect(&server).await;
        let mut late = Vec::new();
        for _ in 0..50 {
            late.push(client.ask("/?300").await);
        }
        client.get("/?0").await.assert(200, "awake");
        for late in late {
            answer(late).await.unwrap().assert(200, "awake");
        }
    });
}
