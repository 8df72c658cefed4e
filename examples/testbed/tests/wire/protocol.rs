//! What not every server has.

use super::{Server, each};

/// Whether the server has it. If not, it must say so.
#[track_caller]
fn has(server: &Server, fact: &str, path: &str) -> bool {
    if server.says(fact) {
        return true;
    }
    let reply = server.get(path);
    assert_eq!(reply.status(), 501, "{}", reply.head);
    assert_eq!(reply.field("x-rgi-app"), Some("testbed"));
    false
}

#[test]
fn a_digest_comes_behind_its_body() {
    each(|server| {
        if !has(server, "trailers", "/trailers") {
            return;
        }
        let mut client = server.connect();
        client.ask("GET", "/trailers", "TE: trailers\r\nConnection: TE\r\n");
        let reply = client.reply();
        reply.assert(200, "What is known only at the end goes behind it.\n");
        assert_eq!(reply.field("trailer"), Some("x-sha256"));
        client.post("/digest", reply.text());
        let digest = client.reply().json()["sha256"].take();
        let trailers = format!("x-sha256: {}\r\n", digest.as_str().unwrap());
        assert_eq!(reply.trailers, trailers);

        // RFC 9110 6.5.1: nobody else gets what he may not understand.
        client.get("/trailers");
        let plain = client.reply();
        assert_eq!((plain.text(), &*plain.trailers), (reply.text(), ""));
    });
}

#[test]
fn hints_come_before_the_answer() {
    each(|server| {
        if !has(server, "informational", "/early-hints") {
            return;
        }
        let mut client = server.connect();
        client.get("/early-hints");
        let hints = client.head();
        assert_eq!(hints.status(), 103);
        assert_eq!(hints.field("link"), Some("</json>; rel=preload"));
        let reply = client.reply();
        reply.assert(200, "the hints came before\n");
        assert_eq!(reply.field("link"), hints.field("link"));
    });
}

#[test]
fn the_protocol_echo_is_spoken_until_the_client_ends() {
    each(|server| {
        if !has(server, "upgrade", "/upgrade") {
            return;
        }
        let mut client = server.connect();
        let fields = "Connection: upgrade\r\nUpgrade: chat, echo\r\n";
        client.ask("GET", "/upgrade", fields);
        // The first bytes of the new protocol may be there with the request.
        client.send("early ");
        let head = client.head();
        assert_eq!((head.status(), head.field("upgrade")), (101, Some("echo")));
        assert_eq!(client.take(6), b"early ");
        for text in ["over", "and", "out"] {
            client.send(text);
            assert_eq!(client.take(text.len()), text.as_bytes());
        }
        client.send("last");
        client.half_close();
        assert_eq!(client.rest(), "last");
    });
}

#[test]
fn without_an_offer_there_is_nothing_to_accept() {
    each(|server| {
        if !has(server, "upgrade", "/upgrade") {
            return;
        }
        let mut client = server.connect();
        let text = "ask for the protocol `echo`: \
                    send `Connection: upgrade` and `Upgrade: echo`\n";
        client.get("/upgrade");
        client.reply().assert(400, text);
        client.ask(
            "GET",
            "/upgrade",
            "Connection: upgrade\r\nUpgrade: chat\r\n",
        );
        client.reply().assert(400, text);
    });
}
