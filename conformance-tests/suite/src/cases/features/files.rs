//! Files: whole, in part, among blocks.

use std::io::Write as _;

use rgi_core::{BodyExt, Bytes, FileRegion};

use crate::cases::bodies::ok;
use crate::cases::environ::text;
use crate::{Case, pattern};

/// A file of ten bytes, `0123456789`.
fn digits() -> std::fs::File {
    let mut file = tempfile::tempfile().expect("a file");
    file.write_all(b"0123456789").expect("room for ten bytes");
    file
}

fn region(range: std::ops::Range<u64>) -> FileRegion {
    FileRegion::new(digits(), range).expect("a region of the file")
}

/// A file of the pattern.
fn pattern_file(len: usize) -> FileRegion {
    let mut file = tempfile::tempfile().expect("a file");
    file.write_all(&pattern(len)).expect("room for it");
    FileRegion::whole(file).expect("all of the file")
}

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "file_regions_are_sent_exactly",
        says: "a region of a file is sent as it is: whole, in part, and not at all to HEAD",
        rules: &[118, 119, 121],
        app: |environ, start_response| {
            let range = match environ.path_info() {
                "/part" => 2..6,
                "/none" => 4..4,
                _ => 0..10,
            };
            ok(start_response).file(region(range)).erased()
        },
        client: |c| {
            c.get("/whole");
            c.get("/part");
            c.get("/none");
            c.head("/part");
        },
        expect: r#"
            200
            content-length: 10
            "0123456789"
            200
            content-length: 4
            "2345"
            200
            content-length: 0
            200
            content-length: 4
        "#,
        ..Case::APP
    },
    Case {
        name: "big_file_is_sent_whole",
        says: "a file larger than any buffer arrives byte for byte",
        rules: &[118, 213],
        app: |_, start_response| ok(start_response).file(pattern_file(3_000_000)).erased(),
        client: |c| c.get("/"),
        expect: "
            200
            content-length: 3000000
            3000000 bytes of the pattern
        ",
        ..Case::APP
    },
    Case {
        name: "files_pass_through_layers",
        says: "a layer that looks at blocks sees those of a file",
        rules: &[121],
        app: |_, start_response| {
            let body = ok(start_response).file(region(1..4));
            body.map_data(|data| Ok(Bytes::from([&data[..], b"!"].concat())))
                .erased()
        },
        client: |c| c.get("/"),
        expect: r#"
            200
            "123!"
        "#,
        ..Case::APP
    },
    Case {
        name: "files_and_blocks_mix",
        says: "blocks and regions of files follow each other in their order",
        rules: &[182],
        app: |_, start_response| {
            let push = ok(start_response).push(async |mut out| {
                out.write("a").await?;
                out.file(region(0..2)).await?;
                out.write("b").await?;
                out.flush().await?;
                out.file(region(8..10)).await?;
                out.file(region(3..3)).await?;
                out.write("c").await
            });
            push.erased()
        },
        client: |c| c.get("/"),
        expect: r#"
            200
            "a01b89c"
        "#,
        ..Case::APP
    },
    Case {
        name: "shortened_file_is_cut",
        says: "a file that became shorter than its region cuts the answer",
        rules: &[181],
        app: |_, start_response| {
            let file = digits();
            let same = file.try_clone().expect("a second handle");
            let region = FileRegion::new(file, 0..10).expect("all of the file");
            same.set_len(4).expect("a shorter file");
            ok(start_response).file(region).erased()
        },
        client: |c| {
            c.get("/");
            c.notes(1);
        },
        expect: r#"
            200
            content-length: 10
            "0123"
            cut
            app: truncated 200 10 bytes
        "#,
        ..Case::APP
    },
    Case {
        name: "big_file_passes_through_a_layer",
        says: "a layer that looks at the blocks of a large file leaves their order and number",
        rules: &[121],
        app: |_, start_response| {
            let body = ok(start_response).file(pattern_file(3_000_000));
            body.map_data(Ok).erased()
        },
        client: |c| c.get("/"),
        expect: "
            200
            3000000 bytes of the pattern
        ",
        ..Case::APP
    },
    Case {
        name: "file_is_sent_to_http_1_0",
        says: "a file goes to HTTP/1.0 as it does to HTTP/1.1, and the connection ends behind it",
        rules: &[119],
        app: |_, start_response| ok(start_response).file(pattern_file(3_000_000)).erased(),
        client: |c| {
            c.send("GET {root}/ HTTP/1.0\r\n{case}\r\n");
            c.answer();
            c.end();
        },
        expect: "
            200
            connection: close
            content-length: 3000000
            3000000 bytes of the pattern
            closed
        ",
        ..Case::WIRE
    },
    Case {
        name: "region_of_a_big_file_is_sent",
        says: "a large part of a file, from its midst, arrives byte for byte",
        rules: &[118, 119],
        app: |_, start_response| {
            let mut file = tempfile::tempfile().expect("a file");
            let (before, behind) = ([b'<'; 5_001], [b'>'; 7_003]);
            for part in [&before[..], &pattern(1_500_000), &behind] {
                file.write_all(part).expect("room for 1.5 MB");
            }
            let region = FileRegion::new(file, 5_001..1_505_001).expect("a part of the file");
            ok(start_response).file(region).erased()
        },
        client: |c| c.get("/"),
        expect: "
            200
            content-length: 1500000
            1500000 bytes of the pattern
        ",
        ..Case::APP
    },
    Case {
        name: "file_beyond_the_length_is_not_sent",
        says: "a region longer than the promised length is refused, or cut once the answer began",
        rules: &[71, 72, 165],
        app: |environ, start_response| {
            let path = environ.path_info().to_owned();
            let length = if path == "/short" { 4 } else { 12 };
            let push = ok(start_response)
                .length(length)
                .push(async move |mut out| {
                    if path == "/begun" {
                        out.write("abc").await?;
                    }
                    out.file(region(0..10)).await?;
                    out.file(region(0..10)).await
                });
            push.erased()
        },
        client: |c| {
            c.get("/short");
            c.get("/begun");
            c.get("/file");
        },
        breaks: &["length-too-long"],
        expect: r#"
            500 by the server
            200
            content-length: 12
            "abc"
            cut
            200
            content-length: 12
            "0123456789"
            cut
        "#,
        ..Case::APP
    },
    Case {
        name: "files_keep_the_order_of_pipelined_answers",
        says: "answers of files and of bytes to pipelined requests come in their order",
        rules: &[118, 250],
        app: |environ, start_response| match environ.path_info() {
            "/file" => ok(start_response).file(region(0..10)).erased(),
            "/part" => ok(start_response).file(region(3..5)).erased(),
            _ => text(start_response, "bytes"),
        },
        client: |c| {
            c.send(
                "GET {root}/file HTTP/1.1\r\nHost: a\r\n{case}\r\n\
                 GET {root}/bytes HTTP/1.1\r\nHost: a\r\n{case}\r\n\
                 GET {root}/part HTTP/1.1\r\nHost: a\r\n{case}\r\n\
                 GET {root}/bytes HTTP/1.1\r\nHost: a\r\n{case}\r\n",
            );
            c.answer();
            c.answer();
            c.answer();
            c.answer();
        },
        expect: r#"
            200
            content-length: 10
            "0123456789"
            200
            content-length: 5
            "bytes"
            200
            content-length: 2
            "34"
            200
            content-length: 5
            "bytes"
        "#,
        ..Case::WIRE
    },
];
