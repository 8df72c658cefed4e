//! Bodies of requests, and of many blocks.

use super::each;

/// FIPS 180-2, appendix B.1.
const ABC: &str = "{\"length\":3,\"sha256\":\
                   \"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\"}\n";

#[test]
fn a_body_comes_back_while_it_arrives() {
    each(|server| {
        // Others may read a body before the application does.
        if !server.says("lazy_continue") {
            return;
        }
        for path in ["/", "/echo"] {
            let mut client = server.connect();
            client.ask("POST", path, "Content-Length: 10\r\n");
            client.send("first");
            let head = client.head();
            assert_eq!(
                (head.status(), head.field("content-length")),
                (200, Some("10"))
            );
            assert_eq!(client.take(5), b"first");
            client.send("later");
            assert_eq!(client.take(5), b"later");

            // actix-http closes behind an answer that began before its request was over.
            let mut client = server.connect();
            client.ask("POST", path, "Transfer-Encoding: chunked\r\n");
            client.send("5\r\nfirst\r\n");
            assert_eq!(client.head().status(), 200);
            assert_eq!(client.chunk().unwrap(), b"first");
            client.send("5\r\nlater\r\n");
            assert_eq!(client.chunk().unwrap(), b"later");
            client.send("0\r\n\r\n");
            assert_eq!(client.chunk(), None);
        }
    });
}

#[test]
fn every_method_has_an_echo() {
    each(|server| {
        let mut client = server.connect();
        for method in ["GET", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW"] {
            client.ask(method, "/echo", "Content-Length: 3\r\n");
            client.send("abc");
            client.reply().assert(200, "abc");
        }
    });
}

#[test]
fn bodies_are_digested() {
    each(|server| {
        let mut client = server.connect();
        for path in ["/digest", "/digest-blocking"] {
            client.post(path, "abc");
            client.reply().assert(200, ABC);
            client.ask("PUT", path, "Transfer-Encoding: chunked\r\n");
            client.send("1\r\na\r\n2\r\nbc\r\n0\r\n\r\n");
            client.reply().assert(200, ABC);
        }
        let long = "a".repeat(1 << 20);
        client.post("/digest", &long);
        let streamed = client.reply();
        client.post("/digest-blocking", &long);
        assert_eq!(client.reply().text(), streamed.text());
        assert_eq!(streamed.json()["length"], 1 << 20);
    });
}

#[test]
fn a_malformed_body_is_the_servers_to_refuse() {
    each(|server| {
        for path in ["/echo", "/digest", "/digest-blocking"] {
            let mut client = server.connect();
            client.ask("POST", path, "Transfer-Encoding: chunked\r\n");
            client.send("no number\r\n");
            assert_eq!(client.head().status(), 400, "{path}");
        }
    });
}

#[test]
fn streams_have_the_blocks_that_were_asked_for() {
    each(|server| {
        let mut client = server.connect();
        let blocks = b"abcdefghijklmnopqrstuvwxyzab".repeat(3);
        for target in [
            "/stream?chunks=3&size=28",
            "/stream?chunks=3&size=28&delay_ms=1",
            "/push?chunks=3&size=28",
        ] {
            client.get(target);
            let reply = client.reply();
            assert_eq!((reply.status(), &reply.body), (200, &blocks), "{target}");
            assert_eq!(reply.field("x-rgi-app"), Some("testbed"));
        }
        for path in ["/stream", "/push"] {
            client.get(&format!("{path}?chunks=0"));
            client.reply().assert(200, "");
            client.get(&format!("{path}?chunks=20&size=1048576"));
            assert_eq!(client.reply().body.len(), 20 << 20, "{path}");
        }
    });
}

#[test]
fn a_block_goes_out_before_the_next_is_made() {
    for target in [
        "/stream?chunks=2&size=1&delay_ms=60000",
        "/events?count=2&delay_ms=60000",
    ] {
        each(|server| {
            // Nobody waits for the second.
            let mut client = server.connect();
            client.get(target);
            assert_eq!(client.head().status(), 200);
            assert!(client.chunk().is_some(), "{target}");
        });
    }
}

#[test]
fn events_are_events() {
    each(|server| {
        let reply = server.get("/events?count=2&delay_ms=1");
        reply.assert(200, "id: 0\ndata: event 0\n\nid: 1\ndata: event 1\n\n");
        assert_eq!(reply.field("content-type"), Some("text/event-stream"));
    });
}
