//! Pages that read a body, and those that make one of many blocks.

use rgi_core::Error;
use rgi_core::server::Framing;
use rgi_core::testing::Reply;

use super::{client, get, json};

#[test]
fn a_body_comes_back_block_by_block() {
    for path in ["/", "/echo"] {
        let reply = client().post(path).chunks(["ab", "c", "def"]).send();
        assert_eq!(reply.chunks(), ["ab", "c", "def"]);
        assert_eq!(reply.framing(), Framing::Unknown);
        let reply = client().post(path).body("abc").send();
        assert_eq!(reply.framing(), Framing::Length(3));
        assert_eq!(reply.text(), "abc");
    }
    let reply = get("/echo");
    assert_eq!((reply.status(), reply.framing()), (200, Framing::Length(0)));
}

#[test]
fn bodies_are_digested() {
    for client in [client(), client().lifting()] {
        for path in ["/digest", "/digest-blocking"] {
            let reply = client.post(path).chunks(["a", "bc"]).send();
            let value = json(&reply);
            assert_eq!(value["length"], 3);
            // FIPS 180-2, appendix B.1.
            let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
            assert_eq!(value["sha256"], abc, "{path}");
            let reply = client.get(path).send();
            assert_eq!(json(&reply)["length"], 0, "{path}");
        }
    }
}

#[test]
fn what_is_wrong_with_a_body_is_the_answer() {
    for client in [client(), client().lifting()] {
        for path in ["/echo", "/digest", "/digest-blocking"] {
            let error = Error::malformed("a chunk size");
            let none: [&str; 0] = [];
            let reply = client.post(path).chunks(none).break_off(error).send();
            assert_eq!(reply.status(), 400, "{path}");
        }
    }
}

/// The sizes of the blocks.
fn sizes(reply: &Reply) -> Vec<usize> {
    reply.chunks().iter().map(|chunk| chunk.len()).collect()
}

#[test]
fn streams_have_the_blocks_that_were_asked_for() {
    for path in ["/stream", "/push"] {
        let reply = get(&format!("{path}?chunks=3&size=28"));
        assert_eq!(sizes(&reply), [28; 3], "{path}");
        assert_eq!(reply.chunks()[2], "abcdefghijklmnopqrstuvwxyzab");
        let none = get(&format!("{path}?chunks=0"));
        assert_eq!((none.status(), none.framing()), (200, Framing::Length(0)));
        let largest = get(&format!("{path}?chunks=1&size=1048576"));
        assert_eq!(sizes(&largest), [1 << 20]);
    }
    let slow = get("/stream?chunks=3&size=1&delay_ms=1");
    assert_eq!(sizes(&slow), [1; 3]);
    let one = get("/stream?chunks=1&size=5");
    assert_eq!(one.framing(), Framing::Length(5), "it knows its last block");
}

#[test]
fn events_are_events() {
    let reply = get("/events?count=2&delay_ms=1");
    assert_eq!(reply.header("content-type"), Some("text/event-stream"));
    let [first, second] = ["id: 0\ndata: event 0\n\n", "id: 1\ndata: event 1\n\n"];
    assert_eq!(reply.chunks(), [first, second]);
}

#[test]
fn the_digest_is_the_trailer() {
    let reply = get("/trailers");
    assert_eq!(reply.header("trailer"), Some("x-sha256"));
    let digest = client().post("/digest").body(reply.body()).send();
    let trailers = reply.trailers().unwrap();
    assert_eq!(
        json(&digest)["sha256"],
        trailers["x-sha256"].to_str().unwrap()
    );
}

#[test]
fn hints_come_before_the_answer() {
    let client = client().mounted("/shop");
    let reply = client.get("/shop/early-hints").send();
    let [(status, hints)] = reply.interim() else {
        panic!("not one interim response: {reply:?}");
    };
    assert_eq!((status.as_u16(), reply.status()), (103, 200));
    assert_eq!(hints["link"], "</shop/json>; rel=preload");
    assert_eq!(reply.header("link"), Some("</shop/json>; rel=preload"));
}

#[test]
fn the_protocol_echo_sends_back_what_it_gets() {
    let client = client();
    let request = client
        .get("/upgrade")
        .upgrade("chat, echo", b"over and out");
    let reply = request.send();
    assert_eq!(reply.status(), 101);
    assert_eq!(reply.header("x-rgi-app"), Some("testbed"));
    assert_eq!(reply.switched(), b"over and out");
}

#[test]
fn another_protocol_is_not_spoken() {
    for reply in [
        client().get("/upgrade").send(),
        client().get("/upgrade").upgrade("chat", b"").send(),
    ] {
        assert_eq!(reply.status(), 400);
        assert!(reply.text().contains("`Upgrade: echo`"));
    }
}
