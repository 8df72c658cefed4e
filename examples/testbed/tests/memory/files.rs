//! The page of the file, and its ranges.

use rgi_core::testing::Reply;

use super::{client, get};

/// Asks for a part of a file of 1000 bytes.
fn ask(range: &str) -> Reply {
    client()
        .get("/file?size=1000")
        .header("range", range)
        .send()
}

/// What the file has in a range.
fn content(range: std::ops::Range<u32>) -> Vec<u8> {
    range.map(|at| (at % 251) as u8).collect()
}

#[test]
fn a_file_is_as_large_as_asked() {
    // Growing, and then as it is.
    for client in [client(), client().lifting()] {
        for size in [0, 1, 251, 64_256, 64_257, 300_000, 5] {
            let reply = client.get(&format!("/file?size={size}")).send();
            assert_eq!(reply.status(), 200);
            assert_eq!(reply.head().length(), Some(size.into()));
            assert_eq!(reply.header("accept-ranges"), Some("bytes"));
            assert_eq!(reply.body(), content(0..size), "{size} bytes");
        }
    }
}

#[test]
fn a_head_tells_the_length_alone() {
    let request = client();
    let reply = request
        .head("/file?size=1000")
        .header("range", "bytes=0-1")
        .send();
    assert_eq!((reply.status(), reply.head().length()), (200, Some(1000)));
    assert_eq!(reply.chunks().len(), 0);
}

#[test]
fn a_range_is_a_part() {
    for (range, said, part) in [
        ("bytes=0-0", "bytes 0-0/1000", 0..1),
        ("bytes=250-599", "bytes 250-599/1000", 250..600),
        ("bytes=990-", "bytes 990-999/1000", 990..1000),
        ("bytes=-10", "bytes 990-999/1000", 990..1000),
        ("bytes=0-5000", "bytes 0-999/1000", 0..1000),
    ] {
        let reply = ask(range);
        assert_eq!(reply.status(), 206, "{range}");
        assert_eq!(reply.header("content-range"), Some(said));
        assert_eq!(reply.header("x-rgi-app"), Some("testbed"));
        assert_eq!(reply.body(), content(part));
    }
}

#[test]
fn a_range_outside_cannot_be_had() {
    for range in ["bytes=1000-", "bytes=-0"] {
        let reply = ask(range);
        assert_eq!(reply.status(), 416, "{range}");
        assert_eq!(reply.header("content-range"), Some("bytes */1000"));
        assert_eq!(reply.header("x-rgi-app"), Some("testbed"));
    }
}

#[test]
fn other_ranges_are_not_looked_at() {
    for range in ["bytes=0-1,5-6", "bytes=5-1", "lines=0-1", "bytes=x"] {
        let reply = ask(range);
        assert_eq!(reply.status(), 200, "{range}");
        assert_eq!(reply.header("content-range"), None);
        assert_eq!(reply.body(), content(0..1000));
    }
    let client = client();
    let twice = client.get("/file?size=9").header("range", "bytes=0-1");
    assert_eq!(twice.header("range", "bytes=0-1").send().status(), 200);
    let dated = client.get("/file?size=9").header("range", "bytes=0-1");
    assert_eq!(dated.header("if-range", "\"a\"").send().status(), 200);
    assert_eq!(get("/file?size=9").status(), 200);
}
