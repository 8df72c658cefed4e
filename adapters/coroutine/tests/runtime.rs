//! The runtime around an application: tokio is there, and one worker has all of its threads.

#[path = "wire/server.rs"]
#[allow(dead_code)]
mod server;
#[path = "../../../tests/wire/harness.rs"]
#[allow(dead_code)]
mod wire;

use std::cell::Cell;
use std::collections::HashSet;
use std::io::Read;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rgi_core::{
    App, BodyExt, BoxBody, Either, Environ, Error, StartResponse, StatusCode, Worker, app_fn,
    async_fn, blocking, launch, rt,
};
use rgi_coroutine::Coroutine;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::runtime::Handle;

use crate::wire::support::{PATIENCE, config, serve, serve_with, start};

const MOMENT: Duration = Duration::from_millis(1);

#[test]
fn tokio_works_in_async_applications() {
    for threads in [1, 3] {
        // The application asks its own server.
        let server = serve_with(
            |config| config.threads = threads,
            async_fn(async |e: Environ, s: StartResponse| {
                let Some(port) = e.query() else {
                    return Ok(s.start(StatusCode::OK).full("inner"));
                };
                let address = format!("127.0.0.1:{port}");
                tokio::time::sleep(MOMENT).await;
                let asks = tokio::spawn(async move {
                    let mut stream = tokio::net::TcpStream::connect(address).await?;
                    let request = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
                    stream.write_all(request).await?;
                    let mut reply = String::new();
                    stream.read_to_string(&mut reply).await?;
                    Ok::<_, std::io::Error>(reply)
                });
                let reply = asks.await??;
                let computed = tokio::task::spawn_blocking(|| 7).await?;
                let inner = reply.ends_with("\r\n\r\ninner");
                Ok(s.start(StatusCode::OK).full(format!("{inner} {computed}")))
            }),
        );
        let port = server.address.port();
        for _ in 0..3 {
            server.get(&format!("/?{port}")).assert(200, "true 7");
        }
    }
}

#[test]
fn tokio_works_in_calls_bodies_drops_and_hooks() {
    struct Spawns(std::sync::mpsc::Sender<&'static str>);
    impl Drop for Spawns {
        fn drop(&mut self) {
            let tell = self.0.clone();
            tokio::spawn(async move { tell.send("from the drop") });
        }
    }
    let (tell, told) = std::sync::mpsc::channel();
    let tell = Mutex::new(tell);
    let server = serve(app_fn(move |e: Environ, s: StartResponse| {
        let tell = tell.lock().unwrap().clone();
        let (spawns, hook) = (Spawns(tell.clone()), tell.clone());
        tokio::spawn(async move { tell.send("from the call") });
        e.on_finish(move |_| {
            tokio::spawn(async move { hook.send("from the hook") });
        });
        let mut left = 3;
        s.start(StatusCode::OK).iter(std::iter::from_fn(move || {
            let _ = (&spawns, Handle::current());
            left -= 1;
            (left > 0).then(|| Ok::<_, Error>("x".into()))
        }))
    }));
    server.get("/").assert(200, "xx");
    let mut heard = [(); 3].map(|()| told.recv_timeout(PATIENCE).unwrap());
    heard.sort();
    assert_eq!(heard, ["from the call", "from the drop", "from the hook"]);
}

#[test]
fn tokio_works_on_the_pools_threads() {
    for threads in [1, 3] {
        let server = serve_with(
            |config| config.threads = threads,
            blocking(|_: Environ, s: StartResponse| {
                assert_eq!(std::thread::current().name(), Some("rgi-blocking"));
                let slept = Handle::current().block_on(async {
                    tokio::time::sleep(MOMENT).await;
                    tokio::spawn(async { "slept" }).await
                })?;
                // The iterator's steps run there, too.
                let blocks = [slept, " and ", "woke"].into_iter().map(|block| {
                    Handle::current().block_on(tokio::time::sleep(MOMENT));
                    Ok::<_, Error>(block.into())
                });
                Ok(s.start(StatusCode::OK).iter(blocks))
            }),
        );
        for _ in 0..3 {
            server.get("/").assert(200, "slept and woke");
        }
    }
}

#[test]
fn tokio_works_in_the_lifespan_and_there_is_one_worker() {
    for threads in [1, 3] {
        let told = Arc::new(Mutex::new(Vec::new()));
        let (starts, ends) = (told.clone(), told.clone());
        let expected = Coroutine::new(config(|config| config.threads = threads)).info();
        let lifespan = launch(
            async move |worker: &Worker| {
                assert_eq!((worker.index, &worker.server), (0, &expected));
                tokio::time::sleep(MOMENT).await;
                // A task of the startup's goes on for as long as the server does.
                let (ask, mut asked) =
                    tokio::sync::mpsc::channel::<tokio::sync::oneshot::Sender<_>>(1);
                tokio::spawn(async move {
                    while let Some(answer) = asked.recv().await {
                        let _ = answer.send("from the task");
                    }
                });
                starts.lock().unwrap().push("startup");
                Ok(async_fn(move |_: Environ, s: StartResponse| {
                    let ask = ask.clone();
                    async move {
                        let (answer, answered) = tokio::sync::oneshot::channel();
                        ask.send(answer).await?;
                        Ok(s.start(StatusCode::OK).full(answered.await?))
                    }
                }))
            },
            async move |_app| {
                tokio::time::sleep(MOMENT).await;
                let ended = tokio::spawn(async { "shutdown" }).await.unwrap();
                ends.lock().unwrap().push(ended);
            },
        );
        let server = start(|config| config.threads = threads, lifespan, Vec::new());
        for _ in 0..5 {
            server.get("/").assert(200, "from the task");
        }
        server.stop.graceful();
        server.join().unwrap();
        assert_eq!(*told.lock().unwrap(), ["startup", "shutdown"]);
    }
}

#[test]
fn any_number_of_threads_serves_and_no_more_than_were_asked_for() {
    for threads in [1, 3] {
        let all = Arc::new(tokio::sync::Barrier::new(30));
        let seen = Arc::new(Mutex::new(HashSet::new()));
        let sees = seen.clone();
        let server = serve_with(
            |config| config.threads = threads,
            async_fn(move |_: Environ, s: StartResponse| {
                let (all, sees) = (all.clone(), sees.clone());
                async move {
                    all.wait().await;
                    sees.lock().unwrap().insert(std::thread::current().id());
                    Ok(s.start(StatusCode::OK).full("met"))
                }
            }),
        );
        let mut clients: Vec<_> = (0..30).map(|_| server.connect()).collect();
        for _ in 0..3 {
            clients.iter_mut().for_each(|client| client.get("/"));
            for client in &mut clients {
                client.reply().assert(200, "met");
            }
        }
        let seen = seen.lock().unwrap().len();
        assert!((1..=threads).contains(&seen), "{seen} threads");
    }
}

#[test]
fn blocking_faces_do_not_wait_on_the_runtimes_threads() {
    let server = serve(app_fn(|mut e: Environ, s: StartResponse| -> BoxBody {
        assert!(!rt::may_park());
        if e.path_info() == "/body" {
            let mut asked = false;
            // Not in the call alone, in a body's step as well.
            return s
                .start(StatusCode::OK)
                .iter(std::iter::from_fn(move || {
                    let error = e.input().reader().read(&mut [0; 8]).unwrap_err();
                    (!std::mem::replace(&mut asked, true))
                        .then(|| Ok::<_, Error>(format!("{:?}: {error}", error.kind()).into()))
                }))
                .erased();
        }
        let error = e.input().reader().read(&mut [0; 8]).unwrap_err();
        let text = format!("{:?}: {error}", error.kind());
        s.start(StatusCode::OK).full(text).erased()
    }));
    for path in ["/", "/body"] {
        let mut client = server.connect();
        // A body that is not there yet.
        client.send(format!(
            "POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n"
        ));
        let reply = client.reply();
        assert!(reply.text().starts_with("WouldBlock: "), "{}", reply.text());
        assert!(
            reply.text().contains("rgi_core::blocking"),
            "{}",
            reply.text()
        );
    }
}

#[test]
fn the_servers_clock_goes_for_any_thread() {
    let server = serve(async_fn(async |e: Environ, s: StartResponse| {
        let timer = e.timer();
        let (tell, told) = tokio::sync::oneshot::channel();
        std::thread::spawn(move || {
            assert!(
                Handle::try_current().is_err(),
                "a thread that tokio knows nothing of"
            );
            let began = std::time::Instant::now();
            rt::block_on(timer.sleep(Duration::from_millis(20)));
            tell.send(began.elapsed() >= Duration::from_millis(20))
        });
        let slept = told.await?;
        Ok(s.start(StatusCode::OK).full(slept.to_string()))
    }));
    server.get("/").assert(200, "true");
}

#[test]
fn a_blocked_pool_leaves_the_runtime_alone() {
    let gate = Arc::new((Mutex::new(false), std::sync::Condvar::new()));
    let waits = gate.clone();
    let called = Arc::new(AtomicUsize::new(0));
    let calls = called.clone();
    let slow = blocking(move |_: Environ, s: StartResponse| {
        calls.fetch_add(1, Ordering::SeqCst);
        let open = waits.0.lock().unwrap();
        drop(
            waits
                .1
                .wait_timeout_while(open, PATIENCE, |open| !*open)
                .unwrap(),
        );
        Ok(s.start(StatusCode::OK).full("slow"))
    });
    let fast = async_fn(async |e: Environ, s: StartResponse| {
        e.timer().sleep(MOMENT).await;
        Ok(s.start(StatusCode::OK).full("fast"))
    });
    let server = serve_with(
        |config| config.blocking_threads = 2,
        app_fn(move |e: Environ, s: StartResponse| match e.path_info() {
            "/slow" => Either::left(slow.call(e, s)),
            _ => Either::right(fast.call(e, s)),
        }),
    );
    let mut clients: Vec<_> = (0..5).map(|_| server.connect()).collect();
    clients.iter_mut().for_each(|client| client.get("/slow"));
    for _ in 0..10 {
        server.get("/").assert(200, "fast");
    }
    assert!(
        called.load(Ordering::SeqCst) <= 2,
        "no more than there are threads"
    );
    *gate.0.lock().unwrap() = true;
    gate.1.notify_all();
    for client in &mut clients {
        client.reply().assert(200, "slow");
    }
    assert_eq!(called.load(Ordering::SeqCst), 5);
}

thread_local! {
    static AROUND: Cell<bool> = const { Cell::new(false) };
}

#[test]
fn the_pools_threads_are_in_the_context_that_was_asked_for_and_in_tokios() {
    let server = serve_with(
        |config| {
            config.around = Some(Arc::new(|work: &mut dyn FnMut()| {
                AROUND.set(true);
                work();
                AROUND.set(false);
            }));
        },
        blocking(|_: Environ, s: StartResponse| {
            let text = format!("{} {}", AROUND.get(), Handle::try_current().is_ok());
            Ok(s.start(StatusCode::OK).full(text))
        }),
    );
    server.get("/").assert(200, "true true");
}
