//! Time-outs: each is short where it is to expire.

use std::sync::mpsc;
use std::time::Duration;

use rgi_core::{
    BodyExt, BoxBody, End, Environ, FileRegion, StartResponse, StatusCode, app_fn, blocking,
};

use crate::wire::support::{PATIENCE, serve_with};

const SHORT: Option<Duration> = Some(Duration::from_millis(150));

/// Tells how its exchange ended, as it is dropped.
fn on_end(environ: &Environ, tell: &mpsc::Sender<End>) {
    let tell = tell.clone();
    environ.on_finish(move |outcome| tell.send(outcome.end).unwrap());
}

#[test]
fn requests_move_the_end_of_idleness() {
    let server = serve_with(
        |c| c.keep_alive = Some(Duration::from_millis(600)),
        app_fn(|_, s: StartResponse| s.start(StatusCode::OK).full("x")),
    );
    let (_never, pause) = mpsc::channel::<()>();
    let mut client = server.connect();
    // Longer than the time-out altogether, shorter each.
    for _ in 0..10 {
        client.get("/");
        client.reply().assert(200, "x");
        let _ = pause.recv_timeout(Duration::from_millis(100));
    }
    client.assert_closed();
}

#[test]
fn an_application_that_takes_its_time_between_reads_is_no_slow_client() {
    let (begin, begun) = mpsc::channel();
    let (_busy, work) = mpsc::channel::<()>();
    let work = std::sync::Mutex::new(work);
    let server = serve_with(
        |config| {
            config.body_timeout = Some(Duration::from_millis(200));
            config.buffer_body = 0;
        },
        blocking(move |mut e: Environ, s: StartResponse| {
            use std::io::Read;
            let mut all = [0; 8];
            e.input().reader().read_exact(&mut all[..4])?;
            begin.send(()).map_err(rgi_core::Error::new)?;
            // Work: longer than a client may take.
            let _ = work
                .lock()
                .unwrap()
                .recv_timeout(Duration::from_millis(500));
            e.input().reader().read_exact(&mut all[4..])?;
            Ok(s.start(StatusCode::OK).full(all.to_vec()))
        }),
    );
    let mut client = server.connect();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\n\r\n");
    let (_never, pause) = mpsc::channel::<()>();
    // The thread waits for the body by then, or has not begun: both must do.
    let _ = pause.recv_timeout(Duration::from_millis(50));
    client.send("abcd");
    begun.recv_timeout(PATIENCE).unwrap();
    client.send("efgh");
    client.reply().assert(200, "abcdefgh");
}

#[test]
fn a_client_that_takes_a_large_answer_slowly_gets_it() {
    const SIZE: u64 = 12 << 20;
    let file = tempfile::tempfile().unwrap();
    file.set_len(SIZE).unwrap();
    let server = serve_with(
        |config| config.write_timeout = Some(Duration::from_millis(300)),
        app_fn(move |_: Environ, s: StartResponse| {
            let region = FileRegion::whole(file.try_clone().unwrap()).unwrap();
            s.start(StatusCode::OK).file(region)
        }),
    );
    let mut client = server.connect();
    client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    client.head();
    let (_never, pause) = mpsc::channel::<()>();
    for _ in 0..SIZE / (1 << 18) {
        client.take(1 << 18);
        let _ = pause.recv_timeout(Duration::from_millis(20));
    }
    client.assert_closed();
}

#[test]
fn a_request_that_takes_too_long_is_503_or_cut() {
    let (tell, told) = mpsc::channel();
    let server = serve_with(
        |c| c.request_timeout = SHORT,
        app_fn(move |e: Environ, s: StartResponse| -> BoxBody {
            on_end(&e, &tell);
            let begun = e.path_info() == "/begun";
            if e.path_info() == "/taken" {
                return s.start(StatusCode::OK).full(vec![b'x'; 64 << 20]).erased();
            }
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
    let mut client = server.connect();
    client.get("/");
    let reply = client.reply();
    assert_eq!((reply.status(), reply.closes()), (503, true));
    client.assert_closed();
    assert_eq!(told.recv_timeout(PATIENCE).unwrap(), End::Refused);
    let mut client = server.connect();
    client.get("/begun");
    let got = String::from_utf8(client.cut()).unwrap();
    assert!(got.ends_with("5\r\nbegun\r\n"), "{got}");
    assert_eq!(told.recv_timeout(PATIENCE).unwrap(), End::Truncated);
    // One that was answered, but to a client that takes its time with it.
    let mut client = server.connect();
    client.get("/taken");
    assert_eq!(told.recv_timeout(PATIENCE).unwrap(), End::Truncated);
    assert!(client.cut().len() < 64 << 20);
}
