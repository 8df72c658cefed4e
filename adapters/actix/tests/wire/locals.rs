//! Workers, and what stays on one.

use std::cell::Cell;
use std::rc::Rc;

use rgi_core::{
    Environ, Error, IntoLifespan, StartResponse, StatusCode, Worker, app_fn, async_fn, blocking,
};

use crate::server;
use crate::wire::support::{run, serve, serve_with, start};

#[test]
fn an_application_that_stays_on_its_worker() {
    let make = |_: &Worker| {
        let count = Rc::new(Cell::new(0));
        Ok(async_fn(move |_: Environ, s: StartResponse| {
            let count = count.clone();
            async move {
                // Tasks of a worker may hold what is not `Send`, too.
                let counted = tokio::task::spawn_local(async move {
                    count.set(count.get() + 1);
                    count.get()
                });
                let count = counted.await?;
                Ok(s.start(StatusCode::OK).full(count.to_string()))
            }
        }))
    };
    let lifespan = make.into_lifespan();
    let server = run(
        |config| config.threads = 1,
        Vec::new(),
        |config, listeners, stop| server::serve(config, lifespan, listeners, stop),
    );
    server.get("/").assert(200, "1");
    server.get("/").assert(200, "2");
}

#[test]
fn the_last_worker_that_does_not_start_stops_the_server() {
    for panics in [false, true] {
        let make = move |worker: &Worker| {
            assert!(!panics || worker.index < 2, "the last worker panics");
            match worker.index {
                2 => Err(Error::new("no database")),
                _ => Ok(app_fn(|_: Environ, s: StartResponse| {
                    s.start(StatusCode::OK).empty()
                })),
            }
        };
        let server = start(|c| c.threads = 3, make.into_lifespan(), Vec::new());
        let error = server.join().unwrap_err();
        assert_eq!(error.is_panic(), panics, "{error}");
    }
}

#[test]
fn workers_share_the_connections() {
    let server = serve_with(
        |config| config.threads = 2,
        app_fn(|_: Environ, s: StartResponse| {
            let name = std::thread::current().name().unwrap().to_owned();
            s.start(StatusCode::OK).full(name)
        }),
    );
    let mut clients: Vec<_> = (0..10).map(|_| server.connect()).collect();
    let mut names: Vec<String> = Vec::new();
    for client in &mut clients {
        client.get("/");
        names.push(client.reply().text().to_owned());
    }
    names.sort();
    assert_eq!(names[..5], ["rgi-actix-0"; 5]);
    assert_eq!(names[5..], ["rgi-actix-1"; 5]);
}

#[test]
fn tokio_is_there_for_what_blocks_as_well() {
    let server = serve(blocking(|_: Environ, s: StartResponse| {
        let slept = tokio::runtime::Handle::current().block_on(async {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
            "slept"
        });
        Ok(s.start(StatusCode::OK).full(slept))
    }));
    server.get("/").assert(200, "slept");
}
