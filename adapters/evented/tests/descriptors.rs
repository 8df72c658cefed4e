//! Descriptors: none is left behind, and to have none left is survived. One test, because the
//! count and the limit are the process's.

#[path = "wire/server.rs"]
#[allow(dead_code)]
mod server;
#[path = "../../../tests/wire/harness.rs"]
#[allow(dead_code)]
mod wire;

use rgi_core::{BodyExt, Environ, Error, FileRegion, StartResponse, StatusCode, app_fn};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

fn open() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

/// Waits until as many are open as before: a client sees its connection's end a little earlier.
#[track_caller]
fn assert_settles(before: usize) {
    let deadline = std::time::Instant::now() + wire::support::PATIENCE;
    while open() > before {
        assert!(
            std::time::Instant::now() < deadline,
            "{} are open, and were {before}",
            open()
        );
        std::thread::yield_now();
    }
}

#[test]
fn descriptors_are_given_back_and_waited_for() {
    let file = tempfile::tempfile().unwrap();
    file.set_len(3_000_000).unwrap();
    let server = wire::support::serve_with(
        |config| {
            config.keep_alive = Some(std::time::Duration::from_millis(200));
        },
        app_fn(move |e: Environ, s: StartResponse| match e.path_info() {
            "/cut" => s
                .start(StatusCode::OK)
                .iter([Ok("half".into()), Err(Error::new("cut"))])
                .erased(),
            "/wait" => {
                let gone = e.peer().gone();
                let wait = async move |_| {
                    gone.await;
                    Ok(())
                };
                s.start(StatusCode::OK).push(wait).erased()
            }
            "/file" => {
                let region = FileRegion::whole(file.try_clone().unwrap()).unwrap();
                s.start(StatusCode::OK).file(region).erased()
            }
            _ => s.start(StatusCode::OK).full("x").erased(),
        }),
    );
    server.get("/").assert(200, "x");
    let before = {
        // The first request's connection may still be open.
        let mut client = server.connect();
        client.assert_closed();
        open()
    };

    for round in 0..60 {
        let mut clients: Vec<_> = (0..10).map(|_| server.connect()).collect();
        for (n, client) in clients.iter_mut().enumerate() {
            match (n + round) % 7 {
                0 => client.get("/"),
                1 => client.get("/wait"),
                2 => client.get("/cut"),
                3 => client.get("/file"),
                4 => client.send("GARBAGE\r\n\r\n"),
                5 => client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n123"),
                _ => {}
            }
            // Some leave before they have their answer.
            if (n + round) % 2 == 0 && matches!((n + round) % 7, 0 | 2..=4) {
                let _ = client.fill();
            }
        }
    }
    assert_settles(before);

    // With none left connections wait in the queue, and are served when there are some again. The
    // client's ends are opened before the limit falls: what is left below it is the server's.
    use rustix::net::{AddressFamily, SocketAddrV4, SocketType, connect, socket};
    let waiting: Vec<_> = (0..10)
        .map(|_| socket(AddressFamily::INET, SocketType::STREAM, None).unwrap())
        .collect();
    let limit = getrlimit(Resource::Nofile);
    setrlimit(
        Resource::Nofile,
        Rlimit {
            current: Some(open() as u64 + 4),
            maximum: limit.maximum,
        },
    )
    .unwrap();
    for socket in &waiting {
        let address: SocketAddrV4 = server.address.to_string().parse().unwrap();
        connect(socket, &address).unwrap();
    }
    server.log.wait_for("cannot accept connections");
    setrlimit(Resource::Nofile, limit).unwrap();
    let mut waiting: Vec<_> = waiting.into_iter().map(std::net::TcpStream::from).collect();
    for socket in &mut waiting {
        use std::io::{Read, Write};
        socket
            .set_read_timeout(Some(wire::support::PATIENCE))
            .unwrap();
        socket.write_all(b"GET / HTTP/1.0\r\n\r\n").unwrap();
        let mut reply = String::new();
        // The first may have been idle for too long.
        let read = socket.read_to_string(&mut reply);
        assert!(
            read.is_err() || reply.is_empty() || reply.starts_with("HTTP/1.1 200"),
            "{reply}"
        );
    }
    server.get("/").assert(200, "x");
    drop(waiting);
    assert_settles(before);
}
