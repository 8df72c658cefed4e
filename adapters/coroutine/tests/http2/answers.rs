//! Requests and their answers: methods, statuses, trailers, failures, many at once, the facts.

use std::sync::Arc;

use h2::Reason;
use http::{HeaderMap, HeaderValue, Method, Version};
use rgi_core::server::ServerInfo;
use rgi_core::{
    BodyExt, BoxBody, End, Environ, Error, StartResponse, StatusCode, app_fn, async_fn,
};
use rgi_coroutine::Coroutine;

use tokio::sync::Semaphore;

use crate::client::{Client, answer, assert_told, cut, data, request, run, tells};
use crate::wire::support::{Running, config, serve};

/// Answers with version, method, target and the length of the body.
fn echo() -> Running {
    serve(async_fn(async |mut e: Environ, s: StartResponse| {
        assert_eq!(e.version(), Version::HTTP_2);
        let body = e.input().collect(1 << 24).await?;
        let host = e.header("host").unwrap_or_default().to_vec();
        let host = String::from_utf8(host).unwrap();
        let text = format!("{} {} {host} {}", e.method(), e.target(), body.len());
        Ok(s.start(StatusCode::OK).full(text))
    }))
}

#[test]
fn get_head_and_post_on_one_connection() {
    let server = echo();
    run(async {
        let mut client = Client::connect(&server).await;
        for _ in 0..3 {
            let answer = client.get("/a?b").await;
            answer.assert(200, "GET /a?b a 0");
            assert_eq!(answer.field("content-length"), Some("12"));
            assert!(answer.field("date").is_some());
            assert_eq!(answer.field("connection"), None);
            let (head, _) = client.begin(request(Method::HEAD, "/"), true).await;
            let head = crate::client::answer(head).await.unwrap();
            head.assert(200, "");
            assert_eq!(head.field("content-length"), Some("10"));
            let post = client.post("/p", &[b'x'; 100_000]).await;
            post.assert(200, "POST /p a 100000");
        }
        client.ended().await.unwrap();
    });
}

#[test]
fn statuses_without_a_body_have_none() {
    let server = serve(app_fn(|e: Environ, s: StartResponse| match e.path_info() {
        "/204" => s.start(StatusCode::NO_CONTENT).full("x"),
        "/304" => s.start(StatusCode::NOT_MODIFIED).length(7).empty(),
        "/205" => s.start(StatusCode::RESET_CONTENT).full("x"),
        _ => s.start(StatusCode::OK).empty(),
    }));
    run(async {
        let mut client = Client::connect(&server).await;
        for (path, status, length) in [
            ("/204", 204, None),
            ("/304", 304, Some("7")),
            ("/205", 205, Some("0")),
            ("/", 200, Some("0")),
        ] {
            let answer = client.get(path).await;
            answer.assert(status, "");
            assert_eq!(answer.field("content-length"), length, "{path}");
        }
    });
}

#[test]
fn trailers_both_ways() {
    let server = serve(app_fn(|mut e: Environ, s: StartResponse| {
        assert!(e.server().trailers);
        s.start(StatusCode::OK).push(async move |mut writer| {
            let body = e.input().collect(100).await?;
            writer.write(body).await?;
            let mut trailers = e.input().trailers().cloned().unwrap_or_default();
            trailers.insert("x-mine", HeaderValue::from_static("2"));
            // Of the connection: no trailer.
            trailers.insert("connection", HeaderValue::from_static("close"));
            writer.trailers(trailers).await
        })
    }));
    run(async {
        let mut client = Client::connect(&server).await;
        let takes_trailers = || {
            let mut request = request(Method::POST, "/");
            let te = HeaderValue::from_static("trailers");
            request.headers_mut().insert("te", te);
            request
        };
        let (response, mut send) = client.begin(takes_trailers(), false).await;
        send.send_data("body".into(), false).unwrap();
        let mut trailers = HeaderMap::new();
        trailers.insert("x-sum", HeaderValue::from_static("1"));
        send.send_trailers(trailers).unwrap();
        let answer = answer(response).await.unwrap();
        answer.assert(200, "body");
        let trailers = answer.trailers.unwrap();
        assert_eq!(trailers.len(), 2);
        assert_eq!(
            (&trailers["x-sum"], &trailers["x-mine"]),
            (&"1".parse().unwrap(), &"2".parse().unwrap())
        );
        // Trailers alone, behind no byte of a body.
        let (response, mut send) = client.begin(takes_trailers(), false).await;
        send.send_trailers(HeaderMap::new()).unwrap();
        let answer = crate::client::answer(response).await.unwrap();
        answer.assert(200, "");
        assert_eq!(answer.trailers.unwrap()["x-mine"], "2");
        // None to a client that has not said it takes them.
        let answer = client.post("/", b"body").await;
        answer.assert(200, "body");
        assert_eq!(answer.trailers, None);
    });
}

#[test]
fn failures_before_the_commit_are_answers() {
    let server = serve(app_fn(|e: Environ, s: StartResponse| -> BoxBody {
        match e.path_info() {
            "/panic" => panic!("in the call"),
            "/late" => s
                .start(StatusCode::OK)
                .push(async |_| panic!("in the body"))
                .erased(),
            "/error" => BoxBody::future(async { Err::<BoxBody, _>(Error::new("broken")) }),
            "/status" => BoxBody::future(async {
                Err::<BoxBody, _>(Error::new("tea").with_status(StatusCode::IM_A_TEAPOT))
            }),
            _ => s.start(StatusCode::OK).full("lives").erased(),
        }
    }));
    run(async {
        let mut client = Client::connect(&server).await;
        for (path, status, line) in [
            ("/panic", 500, "in the call"),
            ("/late", 500, "in the body"),
            ("/error", 500, "broken"),
            ("/status", 418, "tea"),
        ] {
            let answer = client.get(path).await;
            assert_eq!(answer.status, status, "{path}");
            server.log.wait_for(line);
        }
        client.get("/").await.assert(200, "lives");
    });
}

#[test]
fn failures_behind_the_commit_reset_the_stream_and_no_other() {
    let (tell, mut told) = tells();
    let gate = Arc::new(Semaphore::new(0));
    let opens = gate.clone();
    let server = serve(app_fn(move |e: Environ, s: StartResponse| {
        let (tell, gate) = (tell.clone(), gate.clone());
        e.on_finish(move |outcome| {
            tell.send(format!("{:?} {}", outcome.end, outcome.bytes))
                .unwrap();
        });
        let started = match e.path_info() {
            "/short" => s.start(StatusCode::OK).length(10),
            "/long" => s.start(StatusCode::OK).length(5),
            _ => s.start(StatusCode::OK),
        };
        started.push(async move |mut writer| {
            writer.write("half").await?;
            // h2 throws away what a stream that it resets has not sent yet.
            gate.acquire().await.unwrap().forget();
            match e.path_info() {
                "/panic" => panic!("midway"),
                "/long" => writer.write("more").await,
                "/short" | "/whole" => Ok(()),
                _ => Err(Error::new("midway")),
            }
        })
    }));
    run(async {
        let mut client = Client::connect(&server).await;
        for path in ["/error", "/panic", "/short", "/long"] {
            let response = client.ask(path).await.await.unwrap();
            assert_eq!(response.status(), 200);
            let mut stream = response.into_body();
            assert_eq!(data(&mut stream).await.unwrap().unwrap(), "half", "{path}");
            opens.add_permits(1);
            let (body, error) = cut(stream).await;
            assert!(body.is_empty(), "{path}");
            assert!(error.is_reset() && error.is_remote(), "{path}: {error}");
            assert_eq!(error.reason(), Some(Reason::INTERNAL_ERROR), "{path}");
            assert_told(&mut told, &["Truncated 4"]).await;
            opens.add_permits(1);
            client.get("/whole").await.assert(200, "half");
            assert_told(&mut told, &["Sent 4"]).await;
        }
    });
    server.log.wait_for("midway");
    server.log.wait_for("fewer bytes than the length promised");
    server.log.wait_for("more bytes than the length promised");
}

#[test]
fn a_hundred_streams_at_once() {
    let both = Arc::new(tokio::sync::Barrier::new(100));
    for threads in [1, 3] {
        let both = both.clone();
        let server = crate::wire::support::serve_with(
            |config| config.threads = threads,
            app_fn(move |mut e: Environ, s: StartResponse| {
                let both = both.clone();
                s.start(StatusCode::OK).push(async move |mut writer| {
                    // All of them are called before one is answered.
                    both.wait().await;
                    let body = e.input().collect(100_000).await?;
                    writer.write(format!("{}: ", e.target())).await?;
                    writer.write(body).await
                })
            }),
        );
        run(async {
            // Or it takes the many small blocks that it has not read yet for a flood.
            let mut client = Client::connect_with(&server, |b| b.data_frame_budget(1 << 20)).await;
            let mut asked = Vec::new();
            for n in 0..100 {
                let path = format!("/{n}");
                let (response, mut send) = client.begin(request(Method::POST, &path), false).await;
                send.send_data(format!("body of {n}").into(), true).unwrap();
                asked.push(response);
            }
            for (n, response) in asked.into_iter().enumerate() {
                let answer = answer(response).await.unwrap();
                answer.assert(200, &format!("/{n}: body of {n}"));
            }
        });
    }
}

#[test]
fn the_facts_are_those_of_http2() {
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel::<ServerInfo>();
    let server = serve(app_fn(move |mut e: Environ, s: StartResponse| {
        tell.send(e.server().clone()).unwrap();
        assert!(e.take_offer().is_none());
        // Nothing comes of it, and nothing breaks.
        s.inform(StatusCode::EARLY_HINTS, &HeaderMap::new());
        s.start(StatusCode::OK).full("x")
    }));
    let info = run(async {
        let mut client = Client::connect(&server).await;
        client.get("/").await.assert(200, "x");
        told.recv().await.unwrap()
    });
    assert_eq!(info, Coroutine::new(config(|_| {})).info_http2());
    assert!(!info.informational && !info.upgrade && !info.lazy_continue && !info.sendfile);
    assert!(info.trailers && info.told_of_disconnect && info.reentrant && info.multithread);
    assert!(!info.may_block && !info.run_once && !info.multiprocess);
    let mut old = server.connect();
    old.get("/");
    assert_eq!(old.head().status(), 103);
    old.reply().assert(200, "x");
    let info = told.blocking_recv().unwrap();
    assert_eq!(info, Coroutine::new(config(|_| {})).info());
    assert!(info.informational && info.upgrade && info.lazy_continue);
}

#[test]
fn an_exchange_that_is_answered_ends_well() {
    let (tell, mut told) = tells();
    let server = serve(app_fn(move |e: Environ, s: StartResponse| {
        for n in [1, 2] {
            let tell = tell.clone();
            e.on_finish(move |o| {
                assert_eq!(o.end, End::Sent);
                tell.send(format!("{n}: {:?} {}", o.status, o.bytes))
                    .unwrap();
            });
        }
        match e.path_info() {
            "/204" => s.start(StatusCode::NO_CONTENT).empty(),
            _ => s.start(StatusCode::OK).full("whole"),
        }
    }));
    run(async {
        let mut client = Client::connect(&server).await;
        client.get("/").await.assert(200, "whole");
        // The last that was registered first.
        assert_told(&mut told, &["2: Some(200) 5", "1: Some(200) 5"]).await;
        client.get("/204").await.assert(204, "");
        assert_told(&mut told, &["2: Some(204) 0", "1: Some(204) 0"]).await;
    });
}
