//! Clients that leave, and connections that are handed over.

use std::future::poll_fn;
use std::sync::{Arc, mpsc};
use std::task::Poll;

use rgi_core::{
    BodyExt, BoxBody, End, Environ, Error, StartResponse, StatusCode, Upgraded, app_fn, async_fn,
    rt,
};

use crate::wire::support::{PATIENCE, Running, once_pending, serve, serve_with};

/// Waits for the client's leave, and tells in this order: woken, dropped, how it ended.
fn waits_for_the_leave() -> (Running, mpsc::Receiver<String>) {
    struct Tell(mpsc::Sender<String>);
    impl Drop for Tell {
        fn drop(&mut self) {
            let _ = self.0.send("dropped".into());
        }
    }
    let (tell, told) = mpsc::channel();
    let server = serve(app_fn(move |e: Environ, s: StartResponse| -> BoxBody {
        let tell = tell.clone();
        if e.path_info() == "/now" {
            return s.start(StatusCode::OK).full("now").erased();
        }
        let (dropped, ended) = (Tell(tell.clone()), tell.clone());
        e.on_finish(move |outcome| ended.send(format!("{:?}", outcome.end)).unwrap());
        let committed = e.path_info() == "/begun";
        s.start(StatusCode::OK)
            .push(async move |mut writer| {
                let dropped = dropped;
                if committed {
                    writer.write("begun").await?;
                }
                tell.send("called".into()).unwrap();
                e.peer().gone().await;
                dropped.0.send("woken".into()).unwrap();
                writer.write("to nobody").await
            })
            .erased()
    }));
    (server, told)
}

#[track_caller]
fn assert_told(told: &mpsc::Receiver<String>, texts: &[&str]) {
    for text in texts {
        assert_eq!(told.recv_timeout(PATIENCE).as_deref(), Ok(*text));
    }
}

#[test]
fn a_client_that_leaves_while_the_application_is_pending() {
    let (server, told) = waits_for_the_leave();
    for path in ["/", "/begun"] {
        let mut client = server.connect();
        client.get(path);
        assert_told(&told, &["called"]);
        drop(client);
        assert_told(&told, &["woken", "dropped", "Disconnected"]);
    }
    // Its end comes in one piece with its request.
    let mut client = server.connect();
    client.get("/");
    client.half_close();
    assert_told(&told, &["called", "woken", "dropped", "Disconnected"]);
    assert!(client.cut().is_empty());
    assert!(
        !server.log.contain("Error:"),
        "a peer that is gone is no failure"
    );
}

#[test]
fn a_client_that_leaves_behind_pipelined_requests() {
    let (server, told) = waits_for_the_leave();
    let mut client = server.connect();
    client.get("/");
    assert_told(&told, &["called"]);
    // Request and end may arrive together.
    client.get("/now");
    drop(client);
    assert_told(&told, &["woken", "dropped", "Disconnected"]);
}

#[test]
fn a_large_answer_reaches_a_client_that_half_closed() {
    let server = serve(app_fn(|_: Environ, s: StartResponse| {
        let blocks = (0..300).map(|_| Ok::<_, rgi_core::Error>(vec![b'x'; 65536].into()));
        s.start(StatusCode::OK).iter(blocks)
    }));
    let mut client = server.connect();
    client.get("/");
    client.half_close();
    assert_eq!(client.reply().body.len(), 300 * 65536);
    client.assert_closed();
}

/// Echoes in the new protocol, in upper case, until the client ends; then says `bye`.
fn echo() -> Running {
    serve(async_fn(async |mut e: Environ, s: StartResponse| {
        let Some(offer) = e.take_offer() else {
            return Ok(s.start(StatusCode::OK).full("no offer").erased());
        };
        let accepted = match e.method() == rgi_core::Method::CONNECT {
            true => offer.tunnel(),
            false => offer.accept("shout"),
        };
        let Ok(accepted) = accepted else {
            return Ok(s
                .start(StatusCode::UPGRADE_REQUIRED)
                .full("shout!")
                .erased());
        };
        let echo = s.start(StatusCode::OK).upgrade(accepted, async |mut io| {
            let mut buf = [0; 4096];
            loop {
                once_pending().await;
                match io.read(&mut buf).await? {
                    0 => break,
                    n => io.write_all(&buf[..n].to_ascii_uppercase()).await?,
                }
            }
            io.write_all(b"bye").await?;
            Ok(())
        });
        Ok(echo.erased())
    }))
}

#[test]
fn much_goes_both_ways_at_once() {
    let server = echo();
    let mut client = server.connect();
    client.send("CONNECT there:1 HTTP/1.1\r\nHost: there:1\r\n\r\n");
    let head = client.head();
    assert_eq!((head.status(), head.field("content-length")), (200, None));
    assert_eq!(head.field("transfer-encoding"), None);
    let mut writer = client.tcp().try_clone().unwrap();
    let sender = std::thread::spawn(move || {
        use std::io::Write;
        for _ in 0..500 {
            writer.write_all(&[b'x'; 20_000]).unwrap();
        }
        writer.shutdown(std::net::Shutdown::Write).unwrap();
    });
    let got = client.rest().unwrap();
    sender.join().unwrap();
    assert_eq!(got.len(), 500 * 20_000 + 3);
    assert!(got.ends_with(b"XXXbye"));
}

async fn shout(io: &mut Upgraded) -> Result<(), Error> {
    let mut buf = [0; 7];
    loop {
        match io.read(&mut buf).await? {
            0 => return Ok(()),
            n => io.write_all(&buf[..n].to_ascii_uppercase()).await?,
        }
    }
}

/// A thread reads and writes what was handed over, while the body waits for it.
#[test]
fn what_was_handed_over_may_be_another_threads() {
    let server = serve(async_fn(async |mut e: Environ, s: StartResponse| {
        let accepted = e.take_offer().unwrap().tunnel().unwrap();
        Ok(s.start(StatusCode::OK).upgrade(accepted, async |io| {
            let (tell, told) = mpsc::channel();
            let mut io = Some(io);
            poll_fn(move |cx| {
                let Some(mut io) = io.take() else {
                    return told.try_recv().map_or(Poll::Pending, Poll::Ready);
                };
                let (tell, waker) = (tell.clone(), cx.waker().clone());
                std::thread::spawn(move || {
                    tell.send(rt::block_on(shout(&mut io))).unwrap();
                    waker.wake();
                });
                Poll::Pending
            })
            .await
        }))
    }));
    let mut client = server.connect();
    client.send("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n");
    client.head();
    for _ in 0..100 {
        client.send("hey");
        assert_eq!(client.take(3), b"HEY");
    }
    client.half_close();
    client.assert_closed();
}

#[test]
fn what_was_sent_before_both_sides_ended_is_read() {
    let (tell, told) = mpsc::channel();
    let (go, gate) = mpsc::channel::<()>();
    let gate = Arc::new(std::sync::Mutex::new(gate));
    let server = serve(async_fn(move |mut e: Environ, s: StartResponse| {
        let (tell, gate) = (tell.clone(), gate.clone());
        async move {
            let accepted = e.take_offer().unwrap().tunnel().unwrap();
            Ok(s.start(StatusCode::OK)
                .upgrade(accepted, async move |mut io| {
                    io.shutdown().await?;
                    // Both ends are closed when it begins to read.
                    while gate.lock().unwrap().try_recv().is_err() {
                        once_pending().await;
                    }
                    let (mut all, mut buf) = (Vec::new(), [0; 7]);
                    loop {
                        match io.read(&mut buf).await? {
                            0 => break,
                            n => all.extend_from_slice(&buf[..n]),
                        }
                    }
                    tell.send(all).map_err(rgi_core::Error::new)
                }))
        }
    }));
    let (mut other, mut client) = (server.connect(), server.connect());
    client.send("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n");
    client.head();
    client.assert_closed();
    client.send("the last words");
    client.half_close();
    // The loop has heard of the end when it answers another.
    other.send("GARBAGE\r\n\r\n");
    assert_eq!(other.reply().status(), 400);
    go.send(()).unwrap();
    assert_eq!(told.recv_timeout(PATIENCE).unwrap(), b"the last words");
}

#[test]
fn a_waker_that_outlives_its_connection_does_not_hold_it_open() {
    let (keep, kept) = mpsc::channel();
    let (tell, told) = mpsc::channel();
    let server = serve(app_fn(move |e: Environ, s: StartResponse| {
        let (keep, tell) = (keep.clone(), tell.clone());
        e.on_finish(move |outcome| tell.send(outcome.end).unwrap());
        s.start(StatusCode::OK).push(async move |mut writer| {
            writer.write("begun").await?;
            std::future::poll_fn(|cx| {
                let _ = keep.send(cx.waker().clone());
                std::task::Poll::Ready(())
            })
            .await;
            once_pending().await;
            Err(rgi_core::Error::new("midway"))
        })
    }));
    let mut client = server.connect();
    client.send("GET / HTTP/1.0\r\n\r\n");
    client.assert_reset();
    assert_eq!(told.recv_timeout(PATIENCE).unwrap(), End::Truncated);
    // Its token is another connection's by now, or nobody's.
    let waker = kept.recv_timeout(PATIENCE).unwrap();
    let mut other = server.connect();
    waker.wake_by_ref();
    other.send("GET / HTTP/1.0\r\n\r\n");
    waker.wake();
    other.assert_reset();
}

#[test]
fn a_client_that_leaves_a_body_nobody_reads_is_missed() {
    let (tell, told) = mpsc::channel();
    let app = app_fn(move |mut e: Environ, s: StartResponse| {
        let tell = tell.clone();
        drop(e.take_input());
        let peer = e.peer();
        s.start(StatusCode::OK).push(async move |_writer| {
            tell.send("called".to_owned()).unwrap();
            peer.gone().await;
            tell.send("gone".to_owned()).unwrap();
            Ok(())
        })
    });
    let server = serve_with(|config| config.buffer_body = 0, app);
    let mut client = server.connect();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nabc");
    assert_told(&told, &["called"]);
    client.send("def");
    drop(client);
    assert_told(&told, &["gone"]);
}
