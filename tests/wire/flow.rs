//! Blocks one at a time, backpressure, files.

use std::fs::File;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use rgi_core::{BodyExt, Bytes, Environ, Error, FileRegion, StartResponse, StatusCode, app_fn};

use crate::wire::support::serve;

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
