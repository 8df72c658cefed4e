//! Workers, their lives, and how many connections they take.

use std::sync::{Arc, Barrier, Mutex};

use rgi_core::server::Listener;
use rgi_core::{
    Environ, Error, IntoLifespan, StartResponse, StatusCode, Worker, app_fn, async_fn, launch,
};

use crate::wire::support::{Client, serve_with, start};

#[test]
fn a_factory_that_fails_stops_the_server_with_its_message() {
    for threads in [1, 3] {
        let make = move |worker: &Worker| match worker.index {
            0 => Err(Error::new("no database")),
            _ => Ok(app_fn(|_: Environ, s: StartResponse| {
                s.start(StatusCode::OK).empty()
            })),
        };
        let server = start(|c| c.threads = threads, make.into_lifespan(), Vec::new());
        let error = server.join().unwrap_err();
        assert!(error.to_string().contains("no database"), "{error}");
    }
}

#[test]
fn a_factory_that_panics_stops_the_server() {
    let make = |worker: &Worker| {
        assert_ne!(worker.index, 0, "the first worker panics");
        Ok(app_fn(|_: Environ, s: StartResponse| {
            s.start(StatusCode::OK).empty()
        }))
    };
    for threads in [1, 2] {
        let server = start(|c| c.threads = threads, make.into_lifespan(), Vec::new());
        assert!(server.join().unwrap_err().is_panic());
    }
}

#[test]
fn shutdown_comes_behind_the_last_connection() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let tell = {
        let told = told.clone();
        move |text: &str| told.lock().unwrap().push(text.to_owned())
    };
    let (tell_start, tell_end) = (tell.clone(), tell.clone());
    let lifespan = launch(
        async move |_: &Worker| {
            let tell = tell_start.clone();
            tell("startup");
            Ok(app_fn(move |e: Environ, s: StartResponse| {
                let tell = tell.clone();
                tell("call");
                e.on_finish(move |_| tell("finish"));
                s.start(StatusCode::OK).full("x")
            }))
        },
        async move |_app| tell_end("shutdown"),
    );
    let server = start(|_| {}, lifespan, Vec::new());
    server.get("/").assert(200, "x");
    server.stop.graceful();
    server.join().unwrap();
    assert_eq!(
        *told.lock().unwrap(),
        ["startup", "call", "finish", "shutdown"]
    );
}

#[test]
fn a_unix_socket() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
    let app = async_fn(async |mut e: Environ, s: StartResponse| {
        let body = e.input().collect(1 << 24).await?;
        let text = format!("{} {} {}", e.remote(), e.local(), body.len());
        Ok(s.start(StatusCode::OK).full(text))
    });
    let more = vec![Listener::Unix(listener)];
    let lifespan = IntoLifespan::<rgi_core::marker::IsApp>::into_lifespan(app);
    let server = start(|_| {}, lifespan, more);
    let mut client = Client::unix(&path);
    for size in [0, 5, 1_000_000] {
        client.post("/", &vec![b'x'; size]);
        client
            .reply()
            .assert(200, &format!("unix: unix:{} {size}", path.display()));
    }
    client.get("/");
    client.half_close();
    assert_eq!(client.reply().status(), 200);
    client.assert_closed();
    assert_eq!(server.get("/").status(), 200);
}

#[test]
fn two_threads_call_a_shared_application_at_the_same_time() {
    let both = Arc::new(Barrier::new(2));
    let server = serve_with(
        |c| c.threads = 2,
        app_fn(move |e: Environ, s: StartResponse| {
            assert!(e.server().multithread);
            both.wait();
            s.start(StatusCode::OK).full("met")
        }),
    );
    let (mut one, mut two) = (server.connect(), server.connect());
    one.get("/");
    two.get("/");
    one.reply().assert(200, "met");
    two.reply().assert(200, "met");
}

#[test]
fn above_the_most_connections_the_next_waits() {
    for threads in [1, 2] {
        let server = serve_with(
            |config| {
                config.threads = threads;
                config.max_connections = Some(2);
            },
            app_fn(|_: Environ, s: StartResponse| s.start(StatusCode::OK).empty()),
        );
        let mut open = Vec::new();
        for _ in 0..2 {
            let mut client = server.connect();
            client.get("/");
            client.reply();
            open.push(client);
        }
        for _ in 0..20 {
            let mut next = server.connect();
            next.get("/");
            assert!(next.is_silent());
            open.remove(0);
            assert_eq!(next.reply().status(), 200);
            open.push(next);
        }
    }
}
