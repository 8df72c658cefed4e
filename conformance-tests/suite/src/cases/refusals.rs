//! Requests that are refused, and what is left alone by it.

use super::requests::noted_echo;
use crate::{Case, Client};

/// Each of these is refused on a connection of its own, before an application sees it; then a clean
/// request is served.
fn refused(c: &mut Client<'_>, requests: &[&str]) {
    for request in requests {
        c.connect();
        c.send(request);
        c.answer();
        c.end();
    }
    c.connect();
    c.send("GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}Connection: close\r\n\r\n");
    c.answer();
    c.notes(2);
}

/// What is seen then, behind the refusals.
macro_rules! expect {
    ($($status:literal)*) => {
        concat!(
            $($status, " by the server\nconnection: close\nclosed\n",)*
            "200\nconnection: close\ncontent-length: 0\napp: called\napp: sent 200 0 bytes\n",
        )
    };
}

pub(super) const CASES: &[Case] = &[
    Case {
        name: "malformed_head_is_400",
        says: "a head that breaks the grammar is answered 400, and nobody else is harmed",
        rules: &[233],
        app: noted_echo,
        client: |c| {
            refused(
                c,
                &[
                    "GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}no colon\r\n\r\n",
                    "GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}X-A : b\r\n\r\n",
                    "GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}X-A: b\r\n c\r\n\r\n",
                    "GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}X-A: b\nX-B: c\r\n\r\n",
                    "GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}X-A: b\rc\r\n\r\n",
                    "GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}X-A: b\0c\r\n\r\n",
                    "GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}: b\r\n\r\n",
                    "GET  {root}/ HTTP/1.1\r\nHost: a\r\n{case}\r\n",
                    "G(T {root}/ HTTP/1.1\r\nHost: a\r\n{case}\r\n",
                    "GET {root}/ HTTP/1.1 \r\nHost: a\r\n{case}\r\n",
                    "GET {root}/\r\nHost: a\r\n{case}\r\n",
                ],
            );
        },
        expect: expect!("400" "400" "400" "400" "400" "400" "400" "400" "400|501" "400|505" "400|505"),
        ..Case::WIRE
    },
    Case {
        name: "host_is_there_once",
        says: "a request of HTTP/1.1 without Host, with two, or with one that is none, is answered 400",
        rules: &[234],
        app: noted_echo,
        client: |c| {
            refused(
                c,
                &[
                    "GET {root}/ HTTP/1.1\r\n{case}\r\n",
                    "GET {root}/ HTTP/1.1\r\nHost: a\r\nHost: a\r\n{case}\r\n",
                    "GET {root}/ HTTP/1.1\r\nHost: a, b\r\n{case}\r\n",
                    "GET {root}/ HTTP/1.1\r\nHost: a:port\r\n{case}\r\n",
                    "GET {root}/ HTTP/1.1\r\nHost: u@a\r\n{case}\r\n",
                    "GET {root}/ HTTP/1.1\r\nHost:\r\n{case}\r\n",
                ],
            );
        },
        expect: expect!("400" "400" "400" "400" "400" "400"),
        ..Case::WIRE
    },
    Case {
        name: "absolute_target_goes_before_host",
        says: "the authority of an absolute target stands in Host's place",
        rules: &[235],
        app: |environ, start_response| {
            let host = environ.header("host").unwrap_or_default().to_vec();
            super::environ::text(start_response, host)
        },
        client: |c| {
            c.send("GET http://b:81{root}/x HTTP/1.1\r\nHost: a\r\n{case}\r\n");
            c.answer();
        },
        expect: r#"
            200
            content-length: 4
            "b:81"
        "#,
        ..Case::WIRE
    },
    Case {
        name: "forms_of_target_go_by_method",
        says: "an asterisk is a target of OPTIONS, an authority one of CONNECT, and each of no other",
        rules: &[236],
        app: noted_echo,
        client: |c| {
            refused(
                c,
                &[
                    "GET * HTTP/1.1\r\nHost: a\r\n{case}\r\n",
                    "GET a:80 HTTP/1.1\r\nHost: a:80\r\n{case}\r\n",
                    "CONNECT {root}/ HTTP/1.1\r\nHost: a\r\n{case}\r\n",
                    "GET x{root}/ HTTP/1.1\r\nHost: a\r\n{case}\r\n",
                    "GET {root}/#part HTTP/1.1\r\nHost: a\r\n{case}\r\n",
                    "GET {root}/\u{e9} HTTP/1.1\r\nHost: a\r\n{case}\r\n",
                ],
            );
        },
        expect: expect!("400" "400" "400" "400" "400" "400"),
        ..Case::WIRE
    },
    Case {
        name: "ambiguous_framing_is_400",
        says: "a request of which two ends could be read is answered 400, and what follows is not read",
        rules: &[237, 238],
        app: noted_echo,
        client: |c| {
            refused(
                c,
                &[
                    "POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET",
                    "POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
                    "POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Content-Length: +3\r\n\r\nabc",
                    "POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Content-Length: 3, 4\r\n\r\nabcd",
                    "POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                    "POST {root}/ HTTP/1.0\r\nHost: a\r\n{case}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                ],
            );
        },
        expect: expect!("400" "400" "400" "400" "400" "400"),
        ..Case::WIRE
    },
    Case {
        name: "unknown_transfer_coding_is_501",
        says: "a transfer-coding other than chunked is answered 501",
        rules: &[240],
        app: noted_echo,
        client: |c| {
            refused(
                c,
                &[
                    "POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
                ],
            );
        },
        expect: expect!("501"),
        ..Case::WIRE
    },
    Case {
        name: "malformed_chunks_are_400",
        says: "a body whose chunks break the grammar is an error to its reader, answered 400",
        rules: &[239],
        app: super::requests::echo,
        client: |c| {
            for chunks in [
                "x\r\n",
                "1\r\nab\r\n",
                "1\nab",
                "-1\r\n",
                "1 \r\na\r\n",
                "\r\n",
                "0\r\nX-A b\r\n\r\n",
            ] {
                c.connect();
                c.send(
                    "POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Transfer-Encoding: chunked\r\n\r\n",
                );
                c.send(chunks);
                c.answer();
                c.end();
            }
        },
        expect: "
            400 by the server\nconnection: close\nclosed
            400 by the server\nconnection: close\nclosed
            400 by the server\nconnection: close\nclosed
            400 by the server\nconnection: close\nclosed
            400 by the server\nconnection: close\nclosed
            400 by the server\nconnection: close\nclosed
            400 by the server\nconnection: close\nclosed
        ",
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
                ],
            );
        },
        expect: expect!("400|505" "400|505"),
        ..Case::WIRE
    },
    Case {
        name: "large_head_is_414_or_431",
        says: "a target, a head and a number of fields are served at their limit, and refused past it",
        rules: &[242, 243],
        settings: Some(|config| {
            config.limits.target = 100;
            config.limits.head = 2000;
            config.limits.headers = 6;
        }),
        app: |environ, start_response| {
            let seen = match environ.path_info() {
                "/" => format!("{} fields", environ.headers().len()),
                _ => format!("{} bytes", environ.target().len()),
            };
            super::environ::text(start_response, seen)
        },
        client: |c| {
            let target = |len: usize, c: &Client<'_>| "t".repeat(len - c.root().len() - 1);
            let (at, past) = (target(100, c), target(101, c));
            c.send(&format!(
                "GET {{root}}/{at} HTTP/1.1\r\nHost: a\r\n{{case}}\r\n"
            ));
            c.answer();
            c.send(&format!(
                "GET {{root}}/{past} HTTP/1.1\r\nHost: a\r\n{{case}}\r\n"
            ));
            c.answer();
            c.end();
            c.connect();
            let three = "X-A: a\r\nX-B: b\r\nX-C: c\r\n";
            c.send(&format!(
                "GET {{root}}/ HTTP/1.1\r\nHost: a\r\n{{case}}{three}\r\n"
            ));
            c.answer();
            c.send(&format!(
                "GET {{root}}/ HTTP/1.1\r\nHost: a\r\n{{case}}{three}X-D: d\r\n\r\n"
            ));
            c.answer();
            c.end();
            c.connect();
            c.send(&format!(
                "GET {{root}}/ HTTP/1.1\r\nHost: a\r\n{{case}}X-A: {}\r\n\r\n",
                "v".repeat(2000)
            ));
            c.answer();
            c.end();
        },
        expect: r#"
            200
            content-length: 9
            "100 bytes"
            414 by the server
            connection: close
            closed
            200
            content-length: 8
            "6 fields"
            431 by the server
            connection: close
            closed
            431 by the server
            connection: close
            closed
        "#,
        ..Case::WIRE
    },
    Case {
        name: "large_body_is_413",
        says: "a body is read at its limit; one past it is refused, announced or not",
        rules: &[244],
        settings: Some(|config| config.limits.body = 10),
        app: super::requests::echo,
        client: |c| {
            c.post("/", "0123456789");
            c.ask("POST", "/").pieces(["01234", "56789"]).send();
            c.post("/", "0123456789x");
            c.ask("POST", "/").pieces(["01234", "56789", "x"]).send();
        },
        expect: r#"
            200
            content-length: 10
            "0123456789"
            200
            content-length: 10
            "0123456789"
            413 by the server
            413 by the server
        "#,
        ..Case::WIRE
    },
    Case {
        name: "unknown_expectation_is_417",
        says: "an expectation other than 100-continue is answered 417",
        rules: &[245],
        app: noted_echo,
        client: |c| {
            refused(
                c,
                &[
                    "POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Expect: a-miracle\r\nContent-Length: 1\r\n\r\nx",
                ],
            );
        },
        expect: expect!("417"),
        ..Case::WIRE
    },
];
