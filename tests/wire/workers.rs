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

#[test]
fn a_rush_beside_other_processes_is_served() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
    let block = Arc::new(Barrier::new(2));
    let blocks = block.clone();
    let app = app_fn(move |e: Environ, s: StartResponse| {
        if e.path_info() == "/block" {
            blocks.wait();
            blocks.wait();
        }
        s.start(StatusCode::OK).full("served")
    });
    let lifespan = IntoLifespan::<rgi_core::marker::IsApp>::into_lifespan(app);
    let more = vec![Listener::Unix(listener)];
    let server = start(|config| config.multiprocess = true, lifespan, more);
    let mut first = server.connect();
    first.get("/block");
    block.wait();
    // All stand in the queues before the first of them is taken.
    let mut clients: Vec<_> = (0..20).map(|_| server.connect()).collect();
    clients.extend((0..20).map(|_| Client::unix(&path)));
    clients.iter_mut().for_each(|client| client.get("/"));
    block.wait();
    first.reply().assert(200, "served");
    for client in &mut clients {
        client.reply().assert(200, "served");
    }
}
