//! The page of the file.

use std::ops::Range;

use super::each;

/// What the file has in a range.
fn content(range: Range<u64>) -> Vec<u8> {
    range.map(|at| (at % 251) as u8).collect()
}

#[test]
fn a_file_is_as_large_as_asked() {
    each(|server| {
        let mut client = server.connect();
        for size in [0, 1, 3_000_000, 1_000_000] {
            client.get(&format!("/file?size={size}"));
            let reply = client.reply();
            assert_eq!(reply.status(), 200);
            assert_eq!(reply.field("accept-ranges"), Some("bytes"));
            assert!(reply.body == content(0..size), "{size} bytes");
        }
        client.ask("HEAD", "/file?size=77", "");
        assert_eq!(client.head().field("content-length"), Some("77"));
    });
}

#[test]
fn parts_are_given_out() {
    each(|server| {
        let mut client = server.connect();
        for (range, said, part) in [
            ("0-0", "bytes 0-0/200000", 0..1),
            ("100000-", "bytes 100000-199999/200000", 100_000..200_000),
            ("-7", "bytes 199993-199999/200000", 199_993..200_000),
        ] {
            client.ask(
                "GET",
                "/file?size=200000",
                &format!("Range: bytes={range}\r\n"),
            );
            let reply = client.reply();
            assert_eq!(
                (reply.status(), reply.field("content-range")),
                (206, Some(said))
            );
            assert!(reply.body == content(part), "{range}");
        }
        client.ask("GET", "/file?size=20", "Range: bytes=20-\r\n");
        let reply = client.reply();
        reply.assert(416, "the file has 20 bytes, and the range lies outside\n");
        assert_eq!(reply.field("content-range"), Some("bytes */20"));
        for range in ["bytes=0-1,4-5", "bytes=5-1", "lines=0-1"] {
            client.ask("GET", "/file?size=20", &format!("Range: {range}\r\n"));
            let reply = client.reply();
            assert_eq!(
                (reply.status(), reply.body),
                (200, content(0..20)),
                "{range}"
            );
        }
    });
}
