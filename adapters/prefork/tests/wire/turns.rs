//! Whose turn it is: who is slow keeps nobody waiting, and who is there is served in order.

use std::io::Read;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Poll};

use rgi_core::{BodyExt, BoxBody, Environ, StartResponse, StatusCode, app_fn, blocking};

use crate::in_place::reset;
use crate::wire::support::{Client, PATIENCE, Running, serve};

/// Answers with the method and the body's length; `/large` with 60 KiB.
fn lengths() -> Running {
    serve(blocking(|mut e: Environ, s: StartResponse| {
        if e.path_info() == "/large" {
            return Ok(s.start(StatusCode::OK).full(vec![b'x'; 60 * 1024]));
        }
        let mut body = Vec::new();
        e.input().reader().read_to_end(&mut body)?;
        let text = format!("{} {}", e.method(), body.len());
        Ok(s.start(StatusCode::OK).full(text))
    }))
}

#[test]
fn slow_and_idle_clients_keep_nobody_waiting() {
    const ANSWERS: usize = 200;
    let server = lengths();
    let many = |begin: &dyn Fn(&mut Client)| -> Vec<Client> {
        let clients = (0..30).map(|_| {
            let mut client = server.connect();
            begin(&mut client);
            client
        });
        clients.collect()
    };
    let post = "POST / HTTP/1.1\r\nHost: a\r\n";
    let mut heads = many(&|client| client.send("GET / HTTP/1.1\r\nHo"));
    let mut bodies = many(&|client| client.send(format!("{post}Content-Length: 4\r\n\r\nab")));
    let mut chunks = many(&|client| {
        client.send(format!(
            "{post}Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n"
        ))
    });
    let mut told = many(&|client| {
        client.send(format!(
            "{post}Expect: 100-continue\r\nContent-Length: 2\r\n\r\n"
        ));
        assert!(client.head().head.starts_with("HTTP/1.1 100 "));
    });
    let mut idle = many(&|client| {
        client.get("/");
        client.reply().assert(200, "GET 0");
    });
    // More than their sockets take.
    let mut readers: Vec<_> = (0..3).map(|_| server.connect()).collect();
    for client in &mut readers {
        for _ in 0..ANSWERS {
            client.get("/large");
        }
    }

    server.get("/").assert(200, "GET 0");
    for client in &mut idle {
        client.get("/");
        client.reply().assert(200, "GET 0");
    }
    for client in &mut heads {
        client.send("st: a\r\n\r\n");
        client.reply().assert(200, "GET 0");
    }
    for client in &mut bodies {
        client.send("cd");
        client.reply().assert(200, "POST 4");
    }
    for client in &mut chunks {
        client.send("0\r\n\r\n");
        client.reply().assert(200, "POST 1");
    }
    for client in &mut told {
        client.send("ok");
        client.reply().assert(200, "POST 2");
    }
    for client in &mut readers {
        for _ in 0..ANSWERS {
            assert_eq!(client.reply().body.len(), 60 * 1024);
        }
    }
}

/// A server that answers with the path, and notes the order of the calls. `/hold` is pending until
/// what it gives is told to go, from another thread.
struct Holding {
    server: Running,
    held: mpsc::Receiver<mpsc::Sender<()>>,
    calls: Arc<Mutex<Vec<String>>>,
}

fn holding() -> Holding {
    let calls = Arc::new(Mutex::new(Vec::new()));
    let (hold, held) = mpsc::channel();
    let noted = calls.clone();
    let app = app_fn(move |e: Environ, s: StartResponse| -> BoxBody {
        let path = e.path_info().to_owned();
        noted.lock().unwrap().push(path.clone());
        if path != "/hold" {
            return s.start(StatusCode::OK).full(path).erased();
        }
        let hold = hold.clone();
        let goes = Arc::new(AtomicBool::new(false));
        let mut held = false;
        let wait = async move {
            std::future::poll_fn(move |cx: &mut Context<'_>| {
                if goes.load(Ordering::SeqCst) {
                    return Poll::Ready(());
                }
                if !std::mem::replace(&mut held, true) {
                    let (go, gate) = mpsc::channel();
                    hold.send(go).unwrap();
                    let (goes, waker) = (goes.clone(), cx.waker().clone());
                    std::thread::spawn(move || {
                        let _ = gate.recv();
                        goes.store(true, Ordering::SeqCst);
                        waker.wake();
                    });
                }
                Poll::Pending
            })
            .await;
            Ok(s.start(StatusCode::OK).full(path))
        };
        BoxBody::future(wait)
    });
    Holding {
        server: serve(app),
        held,
        calls,
    }
}

#[test]
fn requests_wait_for_an_answer_that_is_under_way() {
    let it = holding();
    let mut last = it.server.connect();
    let mut others: Vec<_> = (0..5).map(|_| it.server.connect()).collect();
    let mut first = it.server.connect();
    first.get("/hold");
    let go = it.held.recv_timeout(PATIENCE).unwrap();
    for (n, client) in others.iter_mut().enumerate() {
        client.get(&format!("/{n}"));
    }
    // A refusal needs no turn. When it is there what came before it was read.
    last.send("GARBAGE\r\n\r\n");
    assert_eq!(last.reply().status(), 400);
    assert_eq!(*it.calls.lock().unwrap(), ["/hold"]);
    go.send(()).unwrap();
    first.reply().assert(200, "/hold");
    for (n, client) in others.iter_mut().enumerate() {
        client.reply().assert(200, &format!("/{n}"));
    }
    let calls = ["/hold", "/0", "/1", "/2", "/3", "/4"];
    assert_eq!(*it.calls.lock().unwrap(), calls);
}

#[test]
fn pipelined_requests_take_turns_with_others() {
    let it = holding();
    let mut last = it.server.connect();
    let (mut many, mut one) = (it.server.connect(), it.server.connect());
    let mut first = it.server.connect();
    first.get("/hold");
    let go = it.held.recv_timeout(PATIENCE).unwrap();
    for n in 0..4 {
        many.get(&format!("/many/{n}"));
    }
    one.get("/one");
    last.send("GARBAGE\r\n\r\n");
    assert_eq!(last.reply().status(), 400);
    go.send(()).unwrap();
    first.reply().assert(200, "/hold");
    one.reply().assert(200, "/one");
    for n in 0..4 {
        many.reply().assert(200, &format!("/many/{n}"));
    }
    let calls = ["/hold", "/many/0", "/one", "/many/1", "/many/2", "/many/3"];
    assert_eq!(*it.calls.lock().unwrap(), calls);
}

#[test]
fn who_leaves_the_queue_is_not_called_for_and_lets_the_others_on() {
    let it = holding();
    let mut last = it.server.connect();
    let (mut leaves, mut stays) = (it.server.connect(), it.server.connect());
    let mut first = it.server.connect();
    first.get("/hold");
    let go = it.held.recv_timeout(PATIENCE).unwrap();
    leaves.get("/leaves");
    stays.get("/stays");
    reset(leaves);
    last.send("GARBAGE\r\n\r\n");
    assert_eq!(last.reply().status(), 400);
    go.send(()).unwrap();
    first.reply().assert(200, "/hold");
    stays.reply().assert(200, "/stays");
    assert_eq!(*it.calls.lock().unwrap(), ["/hold", "/stays"]);
}
