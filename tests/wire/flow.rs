//! Blocks one at a time, backpressure, files.

use std::fs::File;
use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::task::Poll;

use rgi_core::{BodyExt, Bytes, Environ, Error, FileRegion, StartResponse, StatusCode, app_fn};

use crate::wire::responses::once_pending;
use crate::wire::support::{PATIENCE, serve};

#[test]
fn a_block_is_on_the_wire_before_the_next_is_asked_for() {
    let (go, gate) = mpsc::channel::<()>();
    let gate = std::sync::Mutex::new(Some(gate));
    let server = serve(app_fn(move |_: Environ, s: StartResponse| {
        let gate = gate.lock().unwrap().take().unwrap();
        // The iterator holds the loop: the block before it must have gone out by itself.
        s.start(StatusCode::OK).iter((0..10).map(move |n| {
            if n > 0 {
                gate.recv_timeout(PATIENCE).map_err(Error::new)?;
            }
            Ok::<_, Error>(Bytes::from(format!("block {n}")))
        }))
    }));
    let mut client = server.connect();
    client.get("/");
    client.head();
    for n in 0..10 {
        assert_eq!(client.chunk().unwrap(), format!("block {n}").as_bytes());
        let _ = go.send(());
    }
    assert!(client.chunk().is_none());
}

#[test]
fn a_start_alone_sends_nothing() {
    let (tell, told) = mpsc::channel();
    let (go, gate) = mpsc::channel::<()>();
    let gate = Arc::new(std::sync::Mutex::new(gate));
    let server = serve(app_fn(move |e: Environ, s: StartResponse| {
        if e.path_info() == "/other" {
            return s.start(StatusCode::OK).full("other").erased();
        }
        let (tell, gate) = (tell.clone(), gate.clone());
        let waits = async move |mut writer: rgi_core::Writer| {
            writer.write("").await?;
            tell.send(()).map_err(Error::new)?;
            while gate.lock().unwrap().try_recv().is_err() {
                once_pending().await;
            }
            Err::<(), _>(Error::new("changed its mind").with_status(StatusCode::CONFLICT))
        };
        s.start(StatusCode::OK).push(waits).erased()
    }));
    let mut client = server.connect();
    client.get("/");
    told.recv_timeout(PATIENCE).unwrap();
    // The loop has been through that connection's step when it answers others.
    for _ in 0..3 {
        server.get("/other").assert(200, "other");
    }
    assert!(client.is_silent());
    go.send(()).unwrap();
    assert_eq!(client.reply().status(), 409);
}

#[test]
fn a_flush_sends_the_head() {
    let (go, gate) = mpsc::channel::<()>();
    let gate = std::sync::Mutex::new(Some(gate));
    let server = serve(app_fn(move |_: Environ, s: StartResponse| {
        let gate = gate.lock().unwrap().take().unwrap();
        s.start(StatusCode::OK).push(async move |mut writer| {
            writer.flush().await?;
            // A flush is done when the server has it; with the next poll it is sent.
            once_pending().await;
            gate.recv_timeout(PATIENCE).map_err(Error::new)?;
            writer.write("x").await
        })
    }));
    let mut client = server.connect();
    client.get("/");
    assert_eq!(client.head().status(), 200);
    go.send(()).unwrap();
    assert_eq!(client.chunk().unwrap(), b"x");
}

#[test]
fn a_slow_reader_stops_the_iterator() {
    const BLOCK: usize = 64 * 1024;
    let made = Arc::new(AtomicUsize::new(0));
    let counted = made.clone();
    let server = serve(app_fn(move |_: Environ, s: StartResponse| {
        let made = counted.clone();
        s.start(StatusCode::OK).push(async move |mut writer| {
            for _ in 0..2000 {
                made.fetch_add(1, Ordering::SeqCst);
                writer.write(vec![b'x'; BLOCK]).await?;
            }
            Ok(())
        })
    }));
    let mut client = server.connect();
    client.get("/");
    client.head();
    let mut read = 0;
    while client.chunk().is_some() {
        read += 1;
        // What the system buffers (a few MiB at most), and no more. Other requests go on.
        let ahead = made.load(Ordering::SeqCst) - read;
        assert!(ahead * BLOCK < 32 << 20, "{ahead} blocks ahead of {read}");
    }
    assert_eq!(read, 2000);
}

#[test]
fn wakes_do_not_pull_blocks_that_nobody_takes() {
    let (made, wakers) = (
        Arc::new(AtomicUsize::new(0)),
        Arc::new(std::sync::Mutex::new(None)),
    );
    let (counted, kept) = (made.clone(), wakers.clone());
    let server = serve(app_fn(move |e: Environ, s: StartResponse| {
        let (made, kept) = (counted.clone(), kept.clone());
        if e.path_info() == "/fast" {
            return s.start(StatusCode::OK).full("fast").erased();
        }
        let mut left = 10_000;
        let blocks = std::iter::from_fn(move || {
            left -= 1;
            made.fetch_add(1, Ordering::SeqCst);
            (left > 0).then(|| Ok::<_, Error>(Bytes::from(vec![b'x'; 64 * 1024])))
        });
        let body = s.start(StatusCode::OK).iter(blocks);
        Keep { body, kept }.erased()
    }));
    let mut slow = server.connect();
    slow.get("/");
    slow.head();
    let settled = || {
        let mut last = usize::MAX;
        loop {
            server.get("/fast").assert(200, "fast");
            let now = made.load(Ordering::SeqCst);
            if now == last {
                return now;
            }
            last = now;
        }
    };
    let before = settled();
    for _ in 0..200 {
        let waker: std::task::Waker = wakers.lock().unwrap().clone().unwrap();
        waker.wake();
        server.get("/fast").assert(200, "fast");
    }
    let after = made.load(Ordering::SeqCst);
    assert!(
        after - before < 50,
        "{} blocks were pulled by wakes",
        after - before
    );
}

/// Keeps the last waker it was polled with.
struct Keep<B> {
    body: B,
    kept: Arc<std::sync::Mutex<Option<std::task::Waker>>>,
}

impl<B: rgi_core::Body + Unpin> rgi_core::Stream for Keep<B> {
    type Item = Result<rgi_core::Event, Error>;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> Poll<Option<Self::Item>> {
        *self.kept.lock().unwrap() = Some(cx.waker().clone());
        std::pin::Pin::new(&mut self.body).poll_next(cx)
    }
}

#[test]
fn files_whole_and_in_part() {
    let mut file = tempfile::tempfile().unwrap();
    let bytes: Vec<u8> = (0..5_000_000u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    file.write_all(&bytes).unwrap();
    let server = serve(app_fn(move |e: Environ, s: StartResponse| {
        let file: File = file.try_clone().unwrap();
        let region = match e.query() {
            Some(query) => {
                let (start, end) = query.split_once('-').unwrap();
                FileRegion::new(file, start.parse().unwrap()..end.parse().unwrap())
            }
            None => FileRegion::whole(file),
        };
        match e.path_info() {
            // Through a layer that must see the bytes.
            "/mapped" => s
                .start(StatusCode::OK)
                .file(region.unwrap())
                .map_data(Ok)
                .erased(),
            "/pushed" => s
                .start(StatusCode::OK)
                .push(async |mut writer| {
                    writer.write("a").await?;
                    writer.file(region.unwrap()).await?;
                    writer.write("z").await
                })
                .erased(),
            _ => s.start(StatusCode::OK).file(region.unwrap()).erased(),
        }
    }));
    let mut client = server.connect();
    for path in ["/", "/mapped"] {
        client.get(path);
        assert!(client.reply().body == bytes, "{path}");
        client.get(&format!("{path}?1000-70000"));
        assert!(client.reply().body == bytes[1000..70000]);
        client.get(&format!("{path}?7-7"));
        client.reply().assert(200, "");
    }
    client.get("/pushed?5-4000000");
    assert!(client.reply().body == [b"a", &bytes[5..4_000_000], b"z"].concat());
    client.send("GET / HTTP/1.0\r\n\r\n");
    assert!(client.reply().body == bytes);
}
