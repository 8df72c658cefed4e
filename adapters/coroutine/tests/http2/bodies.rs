//! Bodies in both directions: as they come, with backpressure, from files and from the pool.

use std::io::{Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::Method;
use rgi_core::{
    BodyExt, BoxBody, Bytes, Environ, Error, FileRegion, StartResponse, StatusCode, app_fn,
    async_fn, blocking,
};

use crate::client::{Client, answer, data, request, run};
use crate::wire::support::{Running, serve, serve_with};

/// Gives each block back as it comes.
fn echo() -> Running {
    serve(app_fn(|mut e: Environ, s: StartResponse| {
        s.start(StatusCode::OK).push(async move |mut writer| {
            writer.flush().await?;
            while let Some(block) = std::future::poll_fn(|cx| e.input().poll_chunk(cx)).await {
                writer.write(block?).await?;
            }
            Ok(())
        })
    }))
}

#[test]
fn blocks_go_to_and_fro() {
    let server = echo();
    run(async {
        let mut client = Client::connect(&server).await;
        let (response, mut send) = client.begin(request(Method::POST, "/"), false).await;
        // The head comes before the body is begun.
        let mut stream = response.await.unwrap().into_body();
        for n in 0..50 {
            let block = Bytes::from(format!("block {n}"));
            send.send_data(block.clone(), false).unwrap();
            assert_eq!(data(&mut stream).await.unwrap(), Some(block));
        }
        send.send_data(Bytes::new(), true).unwrap();
        assert_eq!(data(&mut stream).await.unwrap(), None);
    });
}

#[test]
fn more_than_all_windows_goes_to_and_fro() {
    const SIZE: usize = 10 << 20;
    let server = echo();
    run(async {
        let mut client = Client::connect(&server).await;
        let (response, mut send) = client.begin(request(Method::POST, "/"), false).await;
        let sending = tokio::spawn(async move {
            let mut left = SIZE;
            while left > 0 {
                send.reserve_capacity(left.min(64 * 1024));
                let room = std::future::poll_fn(|cx| send.poll_capacity(cx)).await;
                let n = room.unwrap().unwrap().min(left);
                left -= n;
                send.send_data(vec![b'x'; n].into(), left == 0).unwrap();
            }
        });
        let answer = answer(response).await.unwrap();
        sending.await.unwrap();
        assert_eq!(answer.body.len(), SIZE);
    });
}

#[test]
fn a_client_without_a_window_stops_the_iterator_and_nobody_else() {
    const BLOCK: usize = 16 * 1024;
    const BLOCKS: usize = 64;
    let made = Arc::new(AtomicUsize::new(0));
    let counted = made.clone();
    let server = serve(app_fn(move |e: Environ, s: StartResponse| -> BoxBody {
        if e.path_info() == "/other" {
            return s.start(StatusCode::OK).full("other").erased();
        }
        let made = counted.clone();
        let blocks = (0..BLOCKS).map(move |_| {
            made.fetch_add(1, Ordering::SeqCst);
            Ok::<_, Error>(Bytes::from(vec![b'x'; BLOCK]))
        });
        s.start(StatusCode::OK).iter(blocks).erased()
    }));
    run(async {
        // The stream's window is 64 KiB, the connection's has room for others.
        let mut client =
            Client::connect_with(&server, |b| b.initial_connection_window_size(1 << 20)).await;
        let mut stream = client.ask("/").await.await.unwrap().into_body();
        let mut taken = 0;
        loop {
            // Others are answered, and then there is nothing left to do for this one.
            let mut last = usize::MAX;
            loop {
                client.get("/other").await.assert(200, "other");
                let now = made.load(Ordering::SeqCst);
                if std::mem::replace(&mut last, now) == now {
                    break;
                }
            }
            // What a window holds, what hyper has of a block, and h2's buffer of 64 KiB.
            let ahead = last * BLOCK - taken;
            assert!(ahead <= 3 * 64 * 1024, "{ahead} bytes ahead of {taken}");
            let Some(block) = data(&mut stream).await.unwrap() else {
                break;
            };
            taken += block.len();
        }
        assert_eq!(taken, BLOCKS * BLOCK);
    });
}

#[test]
fn one_large_block_is_sent_as_windows_allow() {
    let server = serve(app_fn(|_: Environ, s: StartResponse| {
        s.start(StatusCode::OK).full(vec![b'x'; 5_000_001])
    }));
    run(async {
        let mut client = Client::connect_with(&server, |b| b.initial_window_size(1000)).await;
        let answer = client.get("/").await;
        assert_eq!(answer.field("content-length"), Some("5000001"));
        assert_eq!(answer.body.len(), 5_000_001);
    });
}

#[test]
fn a_body_that_nobody_reads_stops_its_client() {
    const SIZE: usize = 2 << 20;
    let gate = Arc::new(tokio::sync::Notify::new());
    let opens = gate.clone();
    let server = serve(async_fn(move |mut e: Environ, s: StartResponse| {
        let gate = gate.clone();
        async move {
            if e.path_info() == "/other" {
                return Ok(s.start(StatusCode::OK).full("other"));
            }
            gate.notified().await;
            let body = e.input().collect(1 << 24).await?;
            Ok(s.start(StatusCode::OK).full(body.len().to_string()))
        }
    }));
    run(async {
        let mut client = Client::connect(&server).await;
        // Behind an answer the server's settings are known.
        client.get("/other").await.assert(200, "other");
        let (response, mut send) = client.begin(request(Method::POST, "/"), false).await;
        let mut sent = 0;
        send.reserve_capacity(SIZE);
        loop {
            // What may be sent without a read of the application's; in between the connection has
            // been heard.
            client.get("/other").await.assert(200, "other");
            let room = send.capacity();
            if room == 0 {
                break;
            }
            sent += room;
            send.send_data(vec![b'x'; room].into(), false).unwrap();
            send.reserve_capacity(SIZE - sent);
        }
        assert!((1..=256 * 1024).contains(&sent), "{sent} bytes were taken");
        opens.notify_one();
        while sent < SIZE {
            let room = std::future::poll_fn(|cx| send.poll_capacity(cx)).await;
            let room = room.unwrap().unwrap().min(SIZE - sent);
            sent += room;
            send.send_data(vec![b'x'; room].into(), sent == SIZE)
                .unwrap();
        }
        answer(response)
            .await
            .unwrap()
            .assert(200, &SIZE.to_string());
    });
}

#[test]
fn files_whole_and_in_part() {
    let mut file = tempfile::tempfile().unwrap();
    let bytes: Vec<u8> = (0..3_000_000u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    file.write_all(&bytes).unwrap();
    let server = serve(app_fn(move |e: Environ, s: StartResponse| {
        let file = file.try_clone().unwrap();
        let region = match e.path_info() {
            "/part" => FileRegion::new(file, 5..2_000_000),
            "/none" => FileRegion::new(file, 7..7),
            _ => FileRegion::whole(file),
        };
        let pushed = e.path_info() == "/part";
        let started = s.start(StatusCode::OK);
        match pushed {
            true => started
                .push(async |mut writer| {
                    writer.write("a").await?;
                    writer.file(region.unwrap()).await?;
                    writer.write("z").await
                })
                .erased(),
            false => started.file(region.unwrap()).erased(),
        }
    }));
    run(async {
        let mut client = Client::connect(&server).await;
        let whole = client.get("/").await;
        assert_eq!(whole.field("content-length"), Some("3000000"));
        assert!(whole.body == bytes);
        let part = client.get("/part").await;
        assert!(part.body == [b"a", &bytes[5..2_000_000], b"z"].concat());
        client.get("/none").await.assert(200, "");
        let (head, _) = client.begin(request(Method::HEAD, "/"), true).await;
        let head = answer(head).await.unwrap();
        head.assert(200, "");
        assert_eq!(head.field("content-length"), Some("3000000"));
    });
}

#[test]
fn blocking_applications_read_and_write_on_the_pool() {
    let server = serve_with(
        |config| config.buffer_body = 1000,
        blocking(|mut e: Environ, s: StartResponse| {
            assert_eq!(std::thread::current().name(), Some("rgi-blocking"));
            let mut body = Vec::new();
            e.input().reader().read_to_end(&mut body)?;
            assert_ne!(body, b"panic");
            let blocks = body
                .chunks(10_000)
                .map(|block| Ok::<_, Error>(block.to_vec().into()));
            let blocks: Vec<Result<Bytes, Error>> = blocks.collect();
            Ok(s.start(StatusCode::OK).iter(blocks))
        }),
    );
    run(async {
        let mut client = Client::connect(&server).await;
        for size in [0, 1, 999, 1000, 1001, 200_000, 1_000_000] {
            let (response, mut send) = client.begin(request(Method::POST, "/"), false).await;
            send.send_data(vec![b'x'; size].into(), true).unwrap();
            assert_eq!(answer(response).await.unwrap().body.len(), size);
        }
        assert_eq!(client.post("/", b"panic").await.status, 500);
        client.post("/", b"lives").await.assert(200, "lives");
    });
}

#[test]
fn a_body_that_is_left_unread_leaves_the_connection_alone() {
    let server = serve(app_fn(|_: Environ, s: StartResponse| {
        s.start(StatusCode::OK).full("unread")
    }));
    run(async {
        let mut client = Client::connect(&server).await;
        for _ in 0..20 {
            let (response, mut send) = client.begin(request(Method::POST, "/"), false).await;
            // More in all than the connection's window: what is thrown away is given back.
            let _ = send.send_data(vec![b'x'; 200_000].into(), false);
            answer(response).await.unwrap().assert(200, "unread");
        }
        client.get("/").await.assert(200, "unread");
    });
}
