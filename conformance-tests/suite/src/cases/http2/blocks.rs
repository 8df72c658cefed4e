//! Field blocks: their pieces, their code, what is padded.

use super::hello;
use crate::Case;
use crate::http2::{Frame, indexed, integer, literals};

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "field_block_is_interrupted_by_nothing",
        says: "a frame between HEADERS and CONTINUATION: PROTOCOL_ERROR",
        rules: &[280],
        app: hello,
        client: |c| {
            let usual = [
                (":method", "GET"),
                (":scheme", "http"),
                (":path", "{root}/"),
            ];
            for between in [
                Frame::new(Frame::PING, 0, 0, b"12345678"),
                Frame::new(Frame::DATA, 0, 1, b"x"),
                Frame::new(Frame::CONTINUATION, Frame::END_HEADERS, 3, &[]),
            ] {
                c.http2();
                c.headers(1, Frame::END_STREAM, &usual);
                c.frame(between);
                c.goaway();
            }
        },
        expect: "
            goaway:PROTOCOL_ERROR by the server
            closed
            goaway:PROTOCOL_ERROR by the server
            closed
            goaway:PROTOCOL_ERROR by the server
            closed
        ",
        ..Case::HTTP2
    },
    Case {
        name: "continuation_of_nothing_ends_the_connection",
        says: "CONTINUATION without HEADERS before it: PROTOCOL_ERROR",
        rules: &[280],
        app: hello,
        client: |c| {
            c.http2();
            c.frame(Frame::new(
                Frame::CONTINUATION,
                Frame::END_HEADERS,
                1,
                &[0x82],
            ));
            c.goaway();
        },
        expect: "
            goaway:PROTOCOL_ERROR by the server
            closed
        ",
        ..Case::HTTP2
    },
    Case {
        name: "field_block_may_come_in_pieces",
        says: "a head of HEADERS and CONTINUATION, of pieces of any size, is one head",
        rules: &[269],
        app: |environ, start_response| {
            let cookie = environ.header("x-long").unwrap_or_default().len();
            crate::cases::environ::text(start_response, format!("{cookie} bytes"))
        },
        client: |c| {
            c.http2();
            let long = "x".repeat(20_000);
            let block = c.field_block(&[
                (":method", "GET"),
                (":scheme", "http"),
                (":authority", "a"),
                (":path", "{root}/"),
                crate::client::CASE,
                ("x-long", &long),
            ]);
            let (first, rest) = block.split_at(3);
            c.frame(Frame::new(Frame::HEADERS, Frame::END_STREAM, 1, first));
            c.frame(Frame::new(Frame::CONTINUATION, 0, 1, &[]));
            let (middle, last) = rest.split_at(16_384);
            c.frame(Frame::new(Frame::CONTINUATION, 0, 1, middle));
            c.frame(Frame::new(Frame::CONTINUATION, Frame::END_HEADERS, 1, last));
            c.headers(
                3,
                Frame::END_HEADERS | Frame::END_STREAM,
                &[
                    (":method", "GET"),
                    (":scheme", "http"),
                    (":authority", "a"),
                    (":path", "{root}/"),
                    crate::client::CASE,
                ],
            );
            c.stream(1);
            c.stream(3);
        },
        expect: r#"
            200
            content-length: 11
            "20000 bytes"
            200
            content-length: 7
            "0 bytes"
        "#,
        ..Case::HTTP2
    },
    Case {
        name: "field_block_that_cannot_be_read_ends_the_connection",
        says: "an index of no field, a string that is cut, a table larger than allowed: \
               COMPRESSION_ERROR",
        rules: &[280],
        app: hello,
        client: |c| {
            let mut table = Vec::new();
            integer(1 << 20, 5, 0x20, &mut table);
            for block in [
                indexed(90),
                indexed(0),
                vec![0, 0x7f],
                table,
                vec![0x82, 0, 5, b'x'],
            ] {
                c.http2();
                let flags = Frame::END_HEADERS | Frame::END_STREAM;
                c.frame(Frame::new(Frame::HEADERS, flags, 1, &block));
                c.goaway();
            }
        },
        expect: "
            goaway:COMPRESSION_ERROR|goaway:PROTOCOL_ERROR by the server
            closed
            goaway:COMPRESSION_ERROR|goaway:PROTOCOL_ERROR by the server
            closed
            goaway:COMPRESSION_ERROR|goaway:PROTOCOL_ERROR by the server
            closed
            goaway:COMPRESSION_ERROR|goaway:PROTOCOL_ERROR by the server
            closed
            goaway:COMPRESSION_ERROR|goaway:PROTOCOL_ERROR by the server
            closed
        ",
        ..Case::HTTP2
    },
    Case {
        name: "padding_is_shorter_than_its_frame",
        says: "HEADERS and DATA with more padding than payload: PROTOCOL_ERROR",
        rules: &[280],
        app: hello,
        client: |c| {
            c.http2();
            let flags = Frame::END_HEADERS | Frame::END_STREAM | Frame::PADDED;
            let padded = [&[200][..], &literals(&[(":method", "GET")])].concat();
            c.frame(Frame::new(Frame::HEADERS, flags, 1, &padded));
            c.goaway();
            c.http2();
            c.begin(1, "POST", "/", &[]);
            c.frame(Frame::new(Frame::DATA, Frame::PADDED, 1, &[9, b'x']));
            c.goaway();
        },
        expect: "
            goaway:PROTOCOL_ERROR by the server
            closed
            goaway:PROTOCOL_ERROR by the server
            closed
        ",
        ..Case::HTTP2
    },
    Case {
        name: "padding_and_priority_say_nothing",
        says: "HEADERS with padding and priority, DATA with padding: the request is what is between",
        rules: &[269],
        app: super::echo,
        client: |c| {
            c.http2();
            let block = c.field_block(&[
                (":method", "POST"),
                (":scheme", "http"),
                (":authority", "a"),
                (":path", "{root}/"),
                crate::client::CASE,
            ]);
            let flags = Frame::END_HEADERS | Frame::PADDED | Frame::WITH_PRIORITY;
            let payload = [&[3, 0x80, 0, 0, 0, 255][..], &block, &[0; 3]].concat();
            c.frame(Frame::new(Frame::HEADERS, flags, 1, &payload));
            c.frame(Frame::new(
                Frame::DATA,
                Frame::PADDED,
                1,
                b"\x04body\0\0\0\0",
            ));
            c.frame(Frame::new(
                Frame::DATA,
                Frame::PADDED | Frame::END_STREAM,
                1,
                &[0],
            ));
            c.stream(1);
        },
        expect: r#"
            200
            content-length: 4
            "body"
        "#,
        ..Case::HTTP2
    },
];
