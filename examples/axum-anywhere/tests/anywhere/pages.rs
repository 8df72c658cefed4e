//! Extractors, routers, layers and events.

use std::io::Read;

use crate::client::{Answer, Program};

pub(crate) fn extractors(program: &Program) {
    let greeting = program.get("/greet/you%20all?loud=true");
    assert_eq!(
        (greeting.status, greeting.text()),
        (200, "HELLO, YOU ALL!\n")
    );
    assert!(greeting.has("content-length: 16"), "{}", greeting.head);
    assert_eq!(program.get("/greet/you?loud=perhaps").status, 400);
    let json = "Content-Type: application/json\r\n";
    let sum = program.ask("POST /sum", json, br#"{"numbers": [1, 2, 39]}"#);
    assert_eq!((sum.status, sum.text()), (200, r#"{"sum":42}"#));
    assert_eq!(program.ask("POST /sum", json, b"{").status, 400);
    assert_eq!(program.ask("POST /sum", "", b"{}").status, 415);
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    let signed = program.ask("POST /sign", form, b"name=Ada+L.&note=%E2%9C%93");
    assert_eq!(
        (signed.status, signed.text()),
        (200, "Ada L. says: \u{2713}\n")
    );
    assert_eq!(program.ask("POST /sign", form, b"note=").status, 422);
    assert_eq!(program.get("/count").text(), "1\n");
    assert_eq!(program.get("/count").text(), "2\n");
    assert_eq!(program.get("/peer").text(), "127.0.0.1\n");
    assert_eq!(program.ask("DELETE /count", "", b"").status, 405);
    let head = program.ask("HEAD /greet/you", "", b"");
    assert_eq!((head.status, head.text()), (200, ""));
    assert!(head.has("content-length: 12"), "{}", head.head);
}

pub(crate) fn routers(program: &Program) {
    let lost = program.get("/nowhere?x");
    assert_eq!((lost.status, lost.text()), (404, "nothing at /nowhere\n"));
    let word = "X-Word: swordfish\r\n";
    assert_eq!(program.get("/staff/rota").status, 403);
    let rota = program.ask("GET /staff/rota?today", word, b"");
    assert_eq!(
        (rota.status, rota.text()),
        (200, "/staff/rota of /staff/rota?today\n")
    );
    let lost = program.ask("GET /staff/cellar", word, b"");
    assert_eq!((lost.status, lost.text()), (404, "no such room\n"));
}

pub(crate) fn layers(program: &Program) {
    let named = program.ask("GET /greet/you", "X-Request-Id: Seven\r\n", b"");
    for field in [
        "x-request-id: seven",
        "access-control-allow-origin: *",
        "x-served-by: axum",
    ] {
        assert!(named.has(field), "{}", named.head);
    }
    let numbered = program.get("/greet/you");
    assert!(
        numbered.head.contains("\r\nx-request-id: "),
        "{}",
        numbered.head
    );
    // By tokio's clock.
    assert_eq!(program.get("/never").status, 503);
    // A layer around the whole changes the target.
    assert_eq!(program.get("/greet/you/").text(), "Hello, you!\n");
    assert_eq!(
        program.get("/greet/you//?loud=true").text(),
        "HELLO, YOU!\n"
    );
    let plain = program.get("/poem");
    assert!(plain.has("content-length: 5600"), "{}", plain.head);
    let packed = program.ask("GET /poem", "Accept-Encoding: gzip\r\n", b"");
    assert!(packed.has("content-encoding: gzip"), "{}", packed.head);
    assert!(packed.body.len() < 500);
    let mut poem = Vec::new();
    let mut decoder = flate2::read::GzDecoder::new(&packed.body[..]);
    decoder.read_to_end(&mut poem).unwrap();
    assert_eq!(poem, plain.body);
}

pub(crate) fn events(program: &Program) {
    let events = program.ask("GET /events", "Accept-Encoding: gzip\r\n", b"");
    assert!(
        events.has("content-type: text/event-stream"),
        "{}",
        events.head
    );
    let tick = |n: u32| format!("event: tick\ndata: {n}\n\n");
    assert_eq!(events.text(), [tick(1), tick(2), tick(3)].concat());
}

/// An event arrives an hour before the next is made; and a server that is told to stop has the events end,
/// and ends itself.
pub(crate) fn events_until_the_stop(program: Program) {
    let mut stream = program.connect("GET /events?apart=3600000", "", 0);
    let mut all = Vec::new();
    while !all.ends_with(b"data: 1\n\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        all.push(byte[0]);
    }
    program.terminate();
    stream.read_to_end(&mut all).unwrap();
    let events = Answer::parse(&all);
    assert_eq!(events.text(), "event: tick\ndata: 1\n\n");
    assert!(program.ends_well());
}
