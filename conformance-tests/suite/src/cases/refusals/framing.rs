//! Requests whose end cannot be told.

use crate::Case;
use crate::cases::refusals::{refusals, refused};
use crate::cases::requests::{echo, noted_echo};

pub(in crate::cases) const CASES: &[Case] = &[
    Case {
        name: "two_framings_are_400",
        says: "a request with a length and a transfer-coding is answered 400, whatever their order",
        rules: &[237],
        app: noted_echo,
        client: |c| {
            refused(
                c,
                &[
                    "POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                    "POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
                    "POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                ],
            );
        },
        expect: refusals!("400" "400" "400"),
        ..Case::WIRE
    },
    Case {
        name: "second_length_is_400",
        says: "two lengths are answered 400, on two lines or on one, and where they agree too",
        rules: &[238],
        app: noted_echo,
        client: |c| {
            refused(
                c,
                &[
                    "POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
                    "POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
                    "POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Content-Length: 3, 4\r\n\r\nabcd",
                    "POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Content-Length: 3, 3\r\n\r\nabc",
                ],
            );
        },
        expect: refusals!("400" "400" "400" "400"),
        ..Case::WIRE
    },
    Case {
        name: "length_that_is_no_number_is_400",
        says: "a length with a sign, with letters, of no digit or of too many is answered 400",
        rules: &[238],
        app: noted_echo,
        client: |c| {
            refused(
                c,
                &[
                    "POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Content-Length: +3\r\n\r\nabc",
                    "POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Content-Length: -1\r\n\r\nabc",
                    "POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Content-Length: 0x3\r\n\r\nabc",
                    "POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Content-Length: 3 3\r\n\r\nabc",
                    "POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Content-Length: three\r\n\r\nabc",
                    "POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Content-Length: \r\n\r\nabc",
                    "POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Content-Length: 18446744073709551616\r\n\r\nabc",
                ],
            );
        },
        expect: refusals!("400" "400" "400" "400" "400" "400" "400"),
        ..Case::WIRE
    },
    Case {
        name: "transfer_coding_of_http_1_0_is_400",
        says: "a transfer-coding in HTTP/1.0, which has none, is answered 400",
        rules: &[237],
        app: noted_echo,
        client: |c| {
            refused(
                c,
                &[
                    "POST {root}/ HTTP/1.0\r\nHost: a\r\n{case}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                    "POST {root}/ HTTP/1.0\r\n{case}Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                ],
            );
        },
        expect: refusals!("400" "400"),
        ..Case::WIRE
    },
    Case {
        name: "chunked_comes_last_and_once",
        says: "codings whose last is not chunked, and chunked twice, tell no end: they are answered 400",
        rules: &[237],
        app: noted_echo,
        client: |c| {
            refused(
                c,
                &[
                    "POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
                    "POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Transfer-Encoding: gzip\r\n\r\n0\r\n\r\n",
                    "POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Transfer-Encoding: identity\r\n\r\n0\r\n\r\n",
                    "POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
                    "POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Transfer-Encoding: chunked;a=b\r\n\r\n0\r\n\r\n",
                    "POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
                    "POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Transfer-Encoding: \r\n\r\n0\r\n\r\n",
                    "POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                ],
            );
        },
        expect: refusals!("400" "400" "400" "400" "400" "400" "400" "400"),
        ..Case::WIRE
    },
    Case {
        name: "unknown_transfer_coding_is_501",
        says: "a transfer-coding before chunked is one that the server has not got: it is answered 501",
        rules: &[240],
        app: noted_echo,
        client: |c| {
            refused(
                c,
                &[
                    "POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
                    "POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Transfer-Encoding: identity,Chunked\r\n\r\n0\r\n\r\n",
                    "POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                ],
            );
        },
        expect: refusals!("501" "501" "501"),
        ..Case::WIRE
    },
    Case {
        name: "names_near_those_of_framing_frame_nothing",
        says: "fields that are called nearly like those of framing, or within others, announce no body",
        rules: &[183],
        app: echo,
        client: |c| {
            c.send(
                "POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Content_Length: 3\r\n\
                 Transfer_Encoding: chunked\r\nX-Content-Length: 4\r\n\r\n\
                 POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Content-Lengths: 9\r\n\
                 Content-Length: 3\r\n\r\nabc",
            );
            c.answer();
            c.answer();
        },
        expect: r#"
            200
            content-length: 0
            200
            content-length: 3
            "abc"
        "#,
        ..Case::WIRE
    },
];
