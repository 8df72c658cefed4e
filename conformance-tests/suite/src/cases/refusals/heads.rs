//! Heads that break the grammar, and versions that are not spoken.

use crate::Case;
use crate::cases::AT_ONCE;
use crate::cases::refusals::{refusals, refused};
use crate::cases::requests::{echo, noted_echo};

pub(in crate::cases) const CASES: &[Case] = &[
    Case {
        name: "line_without_a_colon_is_400",
        says: "a line of a head that has no name, or no colon behind it, is answered 400",
        rules: &[233],
        app: noted_echo,
        client: |c| {
            refused(
                c,
                &[
                    "GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}no colon\r\n\r\n",
                    "GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}X\r\n\r\n",
                    "GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}: b\r\n\r\n",
                ],
            );
        },
        expect: refusals!("400" "400" "400"),
        ..Case::WIRE
    },
    Case {
        name: "space_before_a_colon_is_400",
        says: "white space between name and colon is answered 400, where it would hide a framing too",
        rules: &[233],
        app: noted_echo,
        client: |c| {
            refused(
                c,
                &[
                    "GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}X-A : b\r\n\r\n",
                    "GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}X-A\t: b\r\n\r\n",
                    "GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}Content-Length : 3\r\n\r\nabc",
                    "GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
                ],
            );
        },
        expect: refusals!("400" "400" "400" "400"),
        ..Case::WIRE
    },
    Case {
        name: "folded_line_is_400",
        says: "a line that goes on with white space, as old ones did, is answered 400",
        rules: &[233],
        app: noted_echo,
        client: |c| {
            refused(
                c,
                &[
                    "GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}X-A: b\r\n c\r\n\r\n",
                    "GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}X-A: b\r\n\tc\r\n\r\n",
                    "GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}X-A:\r\n b\r\n\r\n",
                    "GET {root}/ HTTP/1.1\r\n Host: a\r\n{case}\r\n",
                ],
            );
        },
        expect: refusals!("400" "400" "400" "400"),
        ..Case::WIRE
    },
    Case {
        name: "bare_line_feed_is_400",
        says: "a line feed alone ends no line: it is answered 400, in each place of a head",
        rules: &[233],
        app: noted_echo,
        client: |c| {
            refused(
                c,
                &[
                    "GET {root}/ HTTP/1.1\nHost: a\r\n{case}\r\n",
                    "GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}X-A: b\nX-B: c\r\n\r\n",
                    "GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}X-A: b\r\n\n",
                    "GET {root}/ HTTP/1.1\nHost: a\n\n",
                ],
            );
        },
        expect: refusals!("400" "400" "400" "400"),
        ..Case::WIRE
    },
    Case {
        name: "bare_carriage_return_is_400",
        says: "a carriage return alone ends no line and is no part of one: it is answered 400",
        rules: &[233],
        app: noted_echo,
        client: |c| {
            refused(
                c,
                &[
                    "GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}X-A: b\rc\r\n\r\n",
                    "GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}X-A: b\r\r\n\r\n",
                    "GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}X-A: b\rX-B: c\r\n\r\n",
                    "GET {root}/\r HTTP/1.1\r\nHost: a\r\n{case}\r\n",
                ],
            );
        },
        expect: refusals!("400" "400" "400" "400"),
        ..Case::WIRE
    },
    Case {
        name: "control_in_a_value_is_400",
        says: "a control character in a value, but for a tab, is answered 400",
        rules: &[233],
        app: noted_echo,
        client: |c| {
            refused(
                c,
                &[
                    "GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}X-A: b\0c\r\n\r\n",
                    "GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}X-A: \x01\r\n\r\n",
                    "GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}X-A: b\x7f\r\n\r\n",
                ],
            );
        },
        expect: refusals!("400" "400" "400"),
        ..Case::WIRE
    },
    Case {
        name: "field_name_that_is_no_token_is_400",
        says: "a name with a space, a bracket or bytes above ASCII is answered 400",
        rules: &[233],
        app: noted_echo,
        client: |c| {
            refused(
                c,
                &[
                    "GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}X A: b\r\n\r\n",
                    "GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}X(A): b\r\n\r\n",
                    "GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}X\u{e9}: b\r\n\r\n",
                    "GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}\"X\": b\r\n\r\n",
                ],
            );
        },
        expect: refusals!("400" "400" "400" "400"),
        ..Case::WIRE
    },
    Case {
        name: "method_that_is_no_token_is_400",
        says: "a method with a bracket, with bytes above ASCII, or with a space before it is answered 400",
        rules: &[233],
        app: noted_echo,
        client: |c| {
            refused(
                c,
                &[
                    "G(T {root}/ HTTP/1.1\r\nHost: a\r\n{case}\r\n",
                    "G\u{e9}T {root}/ HTTP/1.1\r\nHost: a\r\n{case}\r\n",
                    " GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}\r\n",
                ],
            );
        },
        expect: refusals!("400" "400" "400"),
        ..Case::WIRE
    },
    Case {
        name: "one_space_each_stands_in_a_request_line",
        says: "more spaces than two, and tabs in their place, are answered 400",
        rules: &[233],
        app: noted_echo,
        client: |c| {
            refused(
                c,
                &[
                    "GET  {root}/ HTTP/1.1\r\nHost: a\r\n{case}\r\n",
                    "GET {root}/  HTTP/1.1\r\nHost: a\r\n{case}\r\n",
                    "GET {root}/ HTTP/1.1 \r\nHost: a\r\n{case}\r\n",
                    "GET\t{root}/ HTTP/1.1\r\nHost: a\r\n{case}\r\n",
                    "GET {root}/a b HTTP/1.1\r\nHost: a\r\n{case}\r\n",
                ],
            );
        },
        expect: refusals!("400" "400" "400" "400" "400"),
        ..Case::WIRE
    },
    Case {
        name: "word_that_is_no_version_is_400",
        says: "a request line without a version, or with a word in its place, is answered 400",
        rules: &[233],
        app: noted_echo,
        client: |c| {
            refused(
                c,
                &[
                    "GET {root}/\r\nHost: a\r\n{case}\r\n",
                    "GET {root}/ http/1.1\r\nHost: a\r\n{case}\r\n",
                    "GET {root}/ HTTP/1.10\r\nHost: a\r\n{case}\r\n",
                    "GET {root}/ HTTPS/1.1\r\nHost: a\r\n{case}\r\n",
                    "GET {root}/ HTTP/1\r\nHost: a\r\n{case}\r\n",
                ],
            );
        },
        expect: refusals!("400" "400" "400" "400" "400"),
        ..Case::WIRE
    },
    Case {
        name: "unknown_version_is_505",
        says: "a version that the server does not speak is answered 505",
        rules: &[241],
        app: noted_echo,
        client: |c| {
            refused(
                c,
                &[
                    "GET {root}/ HTTP/2.0\r\nHost: a\r\n{case}\r\n",
                    "GET {root}/ HTTP/1.2\r\nHost: a\r\n{case}\r\n",
                    "GET {root}/ HTTP/0.9\r\nHost: a\r\n{case}\r\n",
                    "GET {root}/ HTTP/3.0\r\nHost: a\r\n{case}\r\n",
                ],
            );
        },
        expect: refusals!("400|505" "400|505" "400|505" "400|505"),
        ..Case::WIRE
    },
    Case {
        name: "tls_on_a_plain_connection_is_400",
        says: "who begins TLS where none is spoken is answered 400 at the first byte",
        rules: &[233],
        app: noted_echo,
        client: |c| {
            refused(c, &["\x16\x03\x01\x02\0\x01\0"]);
        },
        expect: refusals!("400"),
        ..Case::WIRE
    },
    Case {
        name: "nothing_behind_a_refusal_is_read",
        says: "what stands behind a request that was refused is no request, whatever it looks like",
        rules: &[233],
        app: noted_echo,
        client: |c| {
            c.send(
                "GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}no colon\r\n\r\n\
                 GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}\r\n",
            );
            c.answer();
            c.end();
            c.notes(0);
        },
        expect: "
            400 by the server
            connection: close
            closed
        ",
        ..Case::WIRE
    },
    Case {
        name: "answers_before_a_refusal_are_sent",
        says: "requests before one that is refused are answered whole, and in their order",
        rules: &[233, 250],
        app: echo,
        client: |c| {
            c.send(
                "POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Content-Length: 3\r\n\r\none\
                 POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Content-Length: 3\r\n\r\ntwo\
                 GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}no colon\r\n\r\n",
            );
            c.answer();
            c.answer();
            c.answer();
            c.end();
        },
        expect: r#"
            200
            content-length: 3
            "one"
            200
            content-length: 3
            "two"
            400 by the server
            connection: close
            closed
        "#,
        ..Case::WIRE
    },
    Case {
        name: "refusal_reaches_a_client_that_sends_on",
        says: "a client that sends half a megabyte behind what was refused reads the answer all the same",
        rules: &[233],
        app: noted_echo,
        client: |c| {
            c.send("POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}X-A : b\r\nContent-Length: 500000\r\n\r\n");
            for _ in 0..50 {
                c.send_bytes(&[b'x'; 10_000]);
            }
            c.answer();
            c.end();
            c.notes(0);
        },
        expect: "
            400 by the server
            connection: close
            closed|reset
        ",
        ..Case::WIRE
    },
    Case {
        name: "refusal_ends_no_other_connection",
        says: "a connection beside the one that is refused is served as before",
        rules: &[233],
        needs: &[AT_ONCE],
        app: echo,
        client: |c| {
            c.send("POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Content-Length: 6\r\n\r\nabc");
            c.apart(|c| {
                c.send("GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}no colon\r\n\r\n");
                c.answer();
                c.end();
            });
            c.send("def");
            c.answer();
            c.send("GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}\r\n");
            c.answer();
        },
        expect: r#"
            400 by the server
            connection: close
            closed
            200
            content-length: 6
            "abcdef"
            200
            content-length: 0
        "#,
        ..Case::WIRE
    },
];
