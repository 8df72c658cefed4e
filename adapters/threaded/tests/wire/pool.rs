//! The pool: who gets a thread, and what holds one.

use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use rgi_core::{
    App, Either, Environ, Error, IntoLifespan, StartResponse, StatusCode, Worker, app_fn, async_fn,
};

use crate::server;
use crate::wire::support::{PATIENCE, Running, run, serve_with};

/// `/block` holds its thread from one meeting at the barrier to the next; other paths are answered at
/// once.
fn blocking(set: impl FnOnce(&mut rgi_core::server::Config)) -> (Running, Arc<Barrier>) {
    let barrier = Arc::new(Barrier::new(2));
    let blocks = barrier.clone();
    let app = app_fn(move |e: Environ, s: StartResponse| {
        if e.path_info() == "/block" {
            blocks.wait();
            blocks.wait();
        }
        s.start(StatusCode::OK).full("served")
    });
    (serve_with(set, app), barrier)
}

#[test]
fn who_waits_too_long_for_a_thread_is_told_to_come_again() {
    let (server, barrier) = blocking(|c| c.queue_timeout = Some(Duration::from_millis(100)));
    let mut first = server.connect();
    first.get("/block");
    barrier.wait();
    let mut second = server.connect();
    for _ in 0..2 {
        second.post("/", b"a body");
        let reply = second.reply();
        assert_eq!(reply.status(), 503);
        assert_eq!(reply.field("retry-after"), Some("1"));
        assert!(!reply.closes());
    }
    server.log.wait_for("no thread was free");
    barrier.wait();
    first.reply().assert(200, "served");
    // The thread is free soon after its answer.
    let mut third = server.connect();
    third.get("/");
    assert!([200, 503].contains(&third.reply().status()));
    let free = (0..1000).any(|_| {
        second.get("/");
        second.reply().status() == 200
    });
    assert!(free);
}

#[test]
fn an_application_can_ask_how_busy_the_threads_are() {
    let (tell, called) = mpsc::channel();
    let told = move |environ: Environ, start_response: StartResponse| {
        tell.send(()).unwrap();
        let until = Instant::now() + PATIENCE;
        let waits = environ.path_info() == "/until-one-waits";
        let mut pool = environ.pool().unwrap();
        while waits && pool.waiting == 0 && Instant::now() < until {
            thread::yield_now();
            pool = environ.pool().unwrap();
        }
        start_response.start(StatusCode::OK).full(format!(
            "{} of {} of {}, {} waiting",
            pool.threads - pool.idle,
            pool.threads,
            pool.most,
            pool.waiting
        ))
    };
    let server = serve_with(|config| config.threads = 1, app_fn(told));
    let (mut first, mut second) = (server.connect(), server.connect());
    first.get("/until-one-waits");
    called.recv_timeout(PATIENCE).unwrap();
    second.get("/");
    first.reply().assert(200, "1 of 1 of 1, 1 waiting");
    second.reply().assert(200, "1 of 1 of 1, 0 waiting");
}

#[test]
fn a_connection_that_always_has_a_request_keeps_no_other_waiting() {
    let server = serve_with(
        |_| {},
        app_fn(|_: Environ, s: StartResponse| s.start(StatusCode::OK).full("served")),
    );
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut client = server.connect();
            for _ in 0..64 {
                client.get("/");
            }
            while !is_over.load(Ordering::SeqCst) {
                client.get("/");
                client.reply().assert(200, "served");
            }
        });
        // Neither new connections nor kept ones.
        let mut kept = server.connect();
        for _ in 0..50 {
            server.get("/").assert(200, "served");
            kept.get("/");
            kept.reply().assert(200, "served");
        }
        is_over.store(true, Ordering::SeqCst);
    });
}

#[test]
fn clients_that_wait_for_each_other_share_a_thread() {
    let server = serve_with(
        |_| {},
        app_fn(|_: Environ, s: StartResponse| s.start(StatusCode::OK).full("served")),
    );
    let mut clients: Vec<_> = (0..8).map(|_| server.connect()).collect();
    for _ in 0..50 {
        for client in &mut clients {
            client.get("/");
            client.reply().assert(200, "served");
        }
    }
}

#[test]
fn who_does_not_read_holds_no_thread() {
    const SIZE: usize = 8 << 20;
    let (tell, told) = mpsc::channel();
    let server = serve_with(
        |c| c.buffer_body = 2 * SIZE,
        app_fn(move |e: Environ, s: StartResponse| {
            if e.path_info() != "/much" {
                return Either::left(s.start(StatusCode::OK).full("served"));
            }
            let tell = tell.clone();
            e.on_finish(move |outcome| tell.send(outcome.bytes).unwrap());
            let blocks = (0..SIZE / (1 << 16)).map(|_| Ok::<_, Error>(vec![b'x'; 1 << 16].into()));
            Either::right(s.start(StatusCode::OK).length(SIZE as u64).iter(blocks))
        }),
    );
    let mut slow: Vec<_> = (0..3).map(|_| server.connect()).collect();
    for client in &mut slow {
        client.get("/much");
    }
    for _ in 0..10 {
        server.get("/").assert(200, "served");
    }
    assert!(told.try_recv().is_err(), "the sockets take it all");
    for client in &mut slow {
        assert_eq!(client.reply().text().len(), SIZE);
        assert_eq!(told.recv_timeout(PATIENCE).unwrap(), SIZE as u64);
        client.get("/");
        client.reply().assert(200, "served");
    }
}

#[test]
fn a_pending_body_parks_its_thread_and_no_other() {
    let wakers = Arc::new(Mutex::new(Vec::new()));
    let waits = wakers.clone();
    let (tell, told) = mpsc::channel();
    let waiting = async_fn(move |_: Environ, s: StartResponse| {
        let (waits, tell) = (waits.clone(), tell.clone());
        async move {
            let mut first = true;
            std::future::poll_fn(|cx| {
                if !std::mem::take(&mut first) {
                    return std::task::Poll::Ready(());
                }
                waits.lock().unwrap().push(cx.waker().clone());
                tell.send(()).unwrap();
                std::task::Poll::Pending
            })
            .await;
            Ok(s.start(StatusCode::OK).full("woken"))
        }
    });
    let app = app_fn(move |e: Environ, s: StartResponse| match e.path_info() {
        "/wait" => Either::right(waiting.call(e, s)),
        _ => Either::left(s.start(StatusCode::OK).full("served")),
    });
    let server = serve_with(|c| c.threads = 2, app);
    let mut client = server.connect();
    client.get("/wait");
    told.recv_timeout(PATIENCE).unwrap();
    for _ in 0..10 {
        server.get("/").assert(200, "served");
    }
    assert!(client.is_silent());
    let wakers = std::mem::take(&mut *wakers.lock().unwrap());
    wakers.into_iter().for_each(std::task::Waker::wake);
    client.reply().assert(200, "woken");
}

#[test]
fn a_body_that_stays_on_its_thread() {
    let make = |_: &Worker| {
        Ok(app_fn(|_: Environ, s: StartResponse| {
            let text = Rc::<str>::from("shared by nobody");
            s.start(StatusCode::OK)
                .iter((0..2).map(move |_| Ok::<_, Error>(text.to_string().into())))
        }))
    };
    let lifespan = make.into_lifespan();
    let server = run(
        |_| {},
        Vec::new(),
        |config, listeners, stop| server::serve(config, lifespan, listeners, stop),
    );
    server
        .get("/")
        .assert(200, "shared by nobodyshared by nobody");
}

#[test]
fn a_thread_that_is_stuck_does_not_hold_up_the_end() {
    let (server, barrier) = blocking(|_| {});
    let mut client = server.connect();
    client.get("/block");
    barrier.wait();
    server.stop.now();
    assert!(client.cut().is_empty());
    let log = server.log.clone();
    server.join().unwrap();
    log.wait_for("left 1 threads behind");
    barrier.wait();
}

#[test]
fn threads_run_within_what_is_around_them() {
    thread_local! {
        static INSIDE: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
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
}
