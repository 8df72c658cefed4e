//! What clients see of a server that was told to stop: it is not ready.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use rgi_core::marker::IsApp;
use rgi_core::server::{Config, Listener, Server, Stop};
use rgi_core::{AppExt, BoxApp, Error, IntoLifespan, Shared, StartResponse, StatusCode, app_fn};
use rgi_middleware::Health;

/// Long enough for whatever must happen.
const PATIENCE: Duration = Duration::from_secs(20);

type Serve = fn(Config, Shared<BoxApp>, Vec<Listener>, Stop) -> Result<(), Error>;

/// Stops the server behind the beginning of a request, on a connection that has had an answer.
fn a_kept_connection_sees_that_it_is_not_ready(serve: Serve) {
    let app =
        app_fn(|_, start_response: StartResponse| start_response.start(StatusCode::OK).empty());
    let app = app.with(Health::new()).erased();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    client.set_read_timeout(Some(PATIENCE)).unwrap();
    let stop = Stop::new();
    let told = stop.clone();
    let mut config = Config::default();
    config.threads = 2;
    let lifespan = IntoLifespan::<IsApp>::into_lifespan(app);
    let server = thread::spawn(move || serve(config, lifespan, vec![listener.into()], told));

    client
        .write_all(b"GET /readyz HTTP/1.1\r\nHost: a\r\n\r\n")
        .unwrap();
    let reply = read_until(&mut client, "ok\n");
    assert!(reply.starts_with("HTTP/1.1 200 "), "{reply}");
    client.write_all(b"GET /readyz HTTP/1.1\r\n").unwrap();
    stop.graceful();
    client.write_all(b"Host: a\r\n\r\n").unwrap();
    let mut reply = String::new();
    client.read_to_string(&mut reply).unwrap();
    assert!(reply.starts_with("HTTP/1.1 503 "), "{reply}");
    assert!(reply.ends_with("\r\n\r\nnot ready: stopping\n"), "{reply}");
    assert!(
        reply.to_lowercase().contains("\r\nconnection: close\r\n"),
        "{reply}"
    );
    drop(client);
    server.join().unwrap().unwrap();
}

fn read_until(client: &mut TcpStream, end: &str) -> String {
    let mut text = Vec::new();
    while !text.ends_with(end.as_bytes()) {
        let mut byte = [0];
        client.read_exact(&mut byte).unwrap();
        text.push(byte[0]);
    }
    String::from_utf8(text).unwrap()
}

#[test]
fn evented() {
    a_kept_connection_sees_that_it_is_not_ready(|config, lifespan, listeners, stop| {
        rgi_evented::Evented::new(config).serve(lifespan, listeners, stop)
    });
}

#[test]
fn prefork() {
    a_kept_connection_sees_that_it_is_not_ready(|config, lifespan, listeners, stop| {
        rgi_prefork::Prefork::new(config).serve(lifespan, listeners, stop)
    });
}

#[test]
fn threaded() {
    a_kept_connection_sees_that_it_is_not_ready(|config, lifespan, listeners, stop| {
        rgi_threaded::Threaded::new(config).serve(lifespan, listeners, stop)
    });
}

#[test]
fn coroutine() {
    a_kept_connection_sees_that_it_is_not_ready(|config, lifespan, listeners, stop| {
        rgi_coroutine::Coroutine::new(config).serve(lifespan, listeners, stop)
    });
}

#[test]
fn actix() {
    a_kept_connection_sees_that_it_is_not_ready(|config, lifespan, listeners, stop| {
        rgi_actix::Actix::new(config).serve(lifespan, listeners, stop)
    });
}
