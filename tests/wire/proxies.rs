//! The PROXY protocol: what a proxy says of a connection before the client's bytes.

use std::os::unix::net::UnixListener;
use std::time::Duration;

use rgi_core::server::{Config, Listener, ProxyProtocol};
use rgi_core::{Environ, Full, IntoLifespan, StartResponse, StatusCode, app_fn, marker};

use crate::wire::support::{Client, Running, serve_with, start};

/// Says what it is told of the connection.
fn seen(environ: Environ, start_response: StartResponse) -> Full {
    let (peer, local) = (environ.remote(), environ.local());
    let text = format!(
        "{peer} {local} {} {}",
        environ.scheme(),
        environ.path_info()
    );
    start_response.start(StatusCode::OK).full(text)
}

fn behind_a_proxy(set: impl FnOnce(&mut Config)) -> Running {
    let all = |config: &mut Config| {
        config.proxy_protocol = ProxyProtocol::On;
        set(config);
    };
    serve_with(all, app_fn(seen))
}

const LINE: &[u8] = b"PROXY TCP4 192.0.2.7 192.0.2.1 4711 443\r\n";
const SEEN: &str = "192.0.2.7:4711 192.0.2.1:443";
const GET: &[u8] = b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n";

/// A header of version 2.
fn binary(command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
    let length = u16::try_from(rest.len()).unwrap().to_be_bytes();
    let fixed = [command, family, length[0], length[1]];
    [b"\r\n\r\n\0\r\nQUIT\n", &fixed[..], rest].concat()
}

/// IPv6, and a TLS session of version 1.3.
fn binary_with_tls() -> Vec<u8> {
    let mut ends = [0; 36];
    ends[15] = 7;
    ends[31] = 1;
    ends[32..].copy_from_slice(&[0x12, 0x67, 0x01, 0xBB]);
    let version = [&[0x21, 0, 7][..], b"TLSv1.3"].concat();
    let session = [&[0x20, 0, 15, 1, 0, 0, 0, 0][..], &version].concat();
    binary(0x21, 0x21, &[&ends[..], &session].concat())
}

const SEEN_BINARY: &str = "[::7]:4711 [::1]:443";

#[track_caller]
fn ask(client: &mut Client, expected: &str) {
    client.send(GET);
    client.reply().assert(200, expected);
}

#[test]
fn both_versions_say_whose_the_connection_is() {
    let server = behind_a_proxy(|_| {});
    let mut client = server.connect();
    client.send(LINE);
    // It is said once, of all requests.
    ask(&mut client, &format!("{SEEN} http /a"));
    ask(&mut client, &format!("{SEEN} http /a"));
    let mut client = server.connect();
    client.send(binary_with_tls());
    ask(&mut client, &format!("{SEEN_BINARY} https /a"));
}

#[test]
fn a_proxy_that_asks_for_itself_is_the_client() {
    let server = behind_a_proxy(|_| {});
    for header in [binary(0x20, 0, b""), b"PROXY UNKNOWN\r\n".to_vec()] {
        let mut client = server.connect();
        client.send(header);
        let peer = client.tcp().local_addr().unwrap();
        ask(&mut client, &format!("{peer} {} http /a", server.address));
    }
}

#[test]
fn a_header_comes_in_one_piece_with_requests() {
    let server = behind_a_proxy(|_| {});
    let post = b"POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc";
    for (header, seen) in [
        (LINE.to_vec(), format!("{SEEN} http")),
        (binary_with_tls(), format!("{SEEN_BINARY} https")),
    ] {
        let mut client = server.connect();
        client.send([&header, GET, &post[..], GET].concat());
        for path in ["/a", "/b", "/a"] {
            client.reply().assert(200, &format!("{seen} {path}"));
        }
    }
}

#[test]
fn a_header_comes_byte_by_byte() {
    let server = behind_a_proxy(|_| {});
    for (header, seen) in [
        (LINE.to_vec(), format!("{SEEN} http /a")),
        (binary_with_tls(), format!("{SEEN_BINARY} https /a")),
    ] {
        let mut client = server.connect();
        client.tcp().set_nodelay(true).unwrap();
        for byte in [&header, GET].concat() {
            client.send([byte]);
        }
        client.reply().assert(200, &seen);
    }
}

#[test]
fn what_begins_otherwise_is_closed_without_an_answer() {
    let server = behind_a_proxy(|_| {});
    for (wrong, why) in [
        (GET.to_vec(), "does not begin with a header"),
        (b"PROXY TCP4 a b c d\r\n".to_vec(), "not two addresses"),
        (binary(0x21, 0x11, b"short"), "too short for addresses"),
        (binary(0x31, 0x11, b""), "no known version"),
        // A second one is no request.
        ([LINE, LINE, b"\r\n"].concat(), "400"),
    ] {
        let mut client = server.connect();
        // The server may be faster.
        let _ = client.try_send(&wrong);
        let said = client.cut();
        match why {
            "400" => assert!(said.starts_with(b"HTTP/1.1 400 ")),
            why => {
                assert!(said.is_empty(), "{:?}", String::from_utf8_lossy(&said));
                server.log.wait_for(why);
            }
        }
    }
    // Who leaves again is no matter for the log.
    drop(server.connect());
    let mut client = server.connect();
    client.send(LINE);
    ask(&mut client, &format!("{SEEN} http /a"));
}

#[test]
fn who_is_not_believed_is_closed_whatever_it_says() {
    let from = |networks: &str| {
        let setting = networks.parse::<ProxyProtocol>().unwrap();
        behind_a_proxy(|config| config.proxy_protocol = setting)
    };
    let server = from("10.0.0.0/8,192.0.2.7");
    let mut client = server.connect();
    let _ = client.try_send([LINE, GET].concat());
    assert!(client.cut().is_empty());
    server.log.wait_for("none of the proxies that are believed");
    let server = from("10.0.0.0/8,127.0.0.0/8");
    let mut client = server.connect();
    client.send(LINE);
    ask(&mut client, &format!("{SEEN} http /a"));
}

#[test]
fn a_header_that_takes_too_long_is_not_waited_for() {
    let server = behind_a_proxy(|config| {
        config.header_timeout = Some(Duration::from_millis(150));
    });
    for part in [&b""[..], &LINE[..20], &binary_with_tls()[..20]] {
        let mut client = server.connect();
        client.send(part);
        client.assert_closed();
    }
    server
        .log
        .wait_for("no header of the PROXY protocol came in time");
    // From there on the deadlines are those of requests.
    let mut client = server.connect();
    client.send(LINE);
    client.send("GET");
    assert_eq!(client.reply().status(), 408);
}

#[test]
fn a_stop_does_not_wait_for_headers() {
    let server = behind_a_proxy(|config| config.header_timeout = None);
    let mut silent = server.connect();
    let mut client = server.connect();
    client.send(LINE);
    ask(&mut client, &format!("{SEEN} http /a"));
    server.stop.graceful();
    silent.assert_closed();
    let log = server.log.clone();
    server.join().unwrap();
    assert!(!log.contain("cut "), "nothing was under way");
}

#[test]
fn unix_sockets_have_it_as_well() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let listener = Listener::Unix(UnixListener::bind(&path).unwrap());
    let _server = start(
        // Who can connect to them, their files' permissions say.
        |config| config.proxy_protocol = ProxyProtocol::From(Vec::new()),
        IntoLifespan::<marker::IsApp>::into_lifespan(app_fn(seen)),
        vec![listener],
    );
    let mut client = Client::unix(&path);
    client.send(LINE);
    ask(&mut client, &format!("{SEEN} http /a"));
    let mut unix = [0; 216];
    unix[..8].copy_from_slice(b"/the/one");
    let mut client = Client::unix(&path);
    client.send(binary(0x21, 0x31, &unix));
    ask(&mut client, "unix:/the/one unix: http /a");
    let mut client = Client::unix(&path);
    let _ = client.try_send("GET ");
    assert!(client.cut().is_empty());
}
