//! The pages answer alike, however they are asked.

use rgi_conformance::{FaultKind, check_app};
use rgi_core::Bytes;

type Request = http::Request<Bytes>;

fn get(target: &str) -> Request {
    http::Request::get(target).body(Bytes::new()).unwrap()
}

fn post(target: &str, body: impl Into<Bytes>) -> Request {
    http::Request::post(target).body(body.into()).unwrap()
}

#[test]
fn pages_have_no_fault_in_any_way() {
    let large = "0123456789abcdef".repeat(20_000);
    let requests = [
        get("/"),
        post("/", "some text"),
        get("/json"),
        post("/echo", large.clone()),
        post("/digest", large.clone()),
        post("/digest-blocking", large),
        get("/stream?chunks=100&size=10000"),
        get("/events?count=3&delay_ms=1"),
        get("/push?chunks=100&size=10000"),
        get("/file?size=100000"),
        get("/sleep?ms=1"),
        get("/block?ms=1"),
        get("/status/404"),
        get("/trailers"),
        get("/early-hints"),
        get("/no-such-page"),
    ];
    check_app(testbed::app(), requests).assert();
}

#[test]
fn pages_that_fail_are_found() {
    for (target, kind) in [
        ("/fail/before", FaultKind::Failure),
        ("/fail/during", FaultKind::Failure),
        ("/fail/short", FaultKind::Rule),
        ("/panic", FaultKind::Panic),
    ] {
        let checked = check_app(testbed::app(), [get(target)]);
        let first = checked.faults.first().map(|fault| fault.kind);
        assert_eq!(first, Some(kind), "{target}: {checked}");
    }
}
