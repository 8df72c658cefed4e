//! Loops, and what stays on one.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use rgi_core::{Environ, Error, IntoLifespan, StartResponse, StatusCode, Worker, app_fn};

use crate::server;
use crate::wire::support::{Running, run, serve, serve_with, start};

#[test]
fn an_application_that_stays_on_its_loop() {
    let make = |_: &Worker| {
        let count = Rc::new(Cell::new(0));
        Ok(app_fn(move |_: Environ, s: StartResponse| {
            count.set(count.get() + 1);
            s.start(StatusCode::OK).full(count.get().to_string())
        }))
    };
    let lifespan = make.into_lifespan();
    let server = run(
        |_| {},
        Vec::new(),
        |config, listeners, stop| server::serve(config, lifespan, listeners, stop),
    );
    server.get("/").assert(200, "1");
    server.get("/").assert(200, "2");
}

#[test]
fn the_last_loop_that_does_not_start_stops_the_server() {
    for panics in [false, true] {
        let make = move |worker: &Worker| {
            assert!(!panics || worker.index < 2, "the last loop panics");
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

/// Tells the name of the loop that answered.
fn named(set: impl FnOnce(&mut rgi_core::server::Config)) -> Running {
    serve_with(
        set,
        app_fn(|_: Environ, s: StartResponse| {
            let name = std::thread::current().name().unwrap().to_owned();
            s.start(StatusCode::OK).full(name)
        }),
    )
}

#[test]
fn loops_share_the_connections() {
    let server = named(|config| config.threads = 2);
    let mut clients: Vec<_> = (0..10).map(|_| server.connect()).collect();
    let mut names: Vec<String> = Vec::new();
    for client in &mut clients {
        client.get("/");
        names.push(client.reply().text().to_owned());
    }
    names.sort();
    assert_eq!(names[..5], ["rgi-loop-0"; 5]);
    assert_eq!(names[5..], ["rgi-loop-1"; 5]);
}

#[test]
fn loops_run_within_what_is_around_them() {
    thread_local! {
        static INSIDE: Cell<bool> = const { Cell::new(false) };
    }
    let server = serve_with(
        |config| {
            config.around = Some(Arc::new(|run: &mut dyn FnMut()| {
                INSIDE.set(true);
                run();
            }));
        },
        app_fn(|_: Environ, s: StartResponse| {
            s.start(StatusCode::OK).full(INSIDE.get().to_string())
        }),
    );
    server.get("/").assert(200, "true");
    let server = serve(app_fn(|_: Environ, s: StartResponse| {
        s.start(StatusCode::OK).empty()
    }));
    assert_eq!(server.get("/").status(), 200);
}
