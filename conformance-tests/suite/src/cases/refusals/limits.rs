//! What is too large, and what cannot be met.

use crate::cases::environ::text;
use crate::cases::refusals::{closes, refusals, refused};
use crate::cases::requests::{echo, noted_echo};
use crate::{Case, Client};

pub(in crate::cases) const CASES: &[Case] = &[
    Case {
        name: "target_past_its_limit_is_414",
        says: "a target of as many bytes as it may have is served, and one more is answered 414",
        rules: &[242],
        settings: Some(|config| config.limits.target = 100),
        app: |environ, start_response| {
            text(start_response, format!("{} bytes", environ.target().len()))
        },
        client: |c| {
            let target = |len: usize, c: &Client<'_>| "t".repeat(len - c.root().len() - 2);
            for len in [100, 101] {
                let rest = target(len, c);
                c.send(&format!(
                    "GET {{root}}/{rest}? HTTP/1.1\r\nHost: a\r\n{{case}}\r\n"
                ));
                c.answer();
            }
            c.end();
        },
        expect: r#"
            200
            content-length: 9
            "100 bytes"
            414 by the server
            connection: close
            closed
        "#,
        ..Case::WIRE
    },
    Case {
        name: "head_past_its_limit_is_431",
        says: "a head of as many bytes as it may have is served, and one more is answered 431",
        rules: &[243],
        settings: Some(|config| config.limits.head = 2000),
        app: echo,
        client: |c| {
            for len in [2000, 2001] {
                c.send_filled(
                    "GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}X-A: {fill}\r\n\r\n",
                    len,
                );
                c.answer();
            }
            c.end();
        },
        expect: "
            200
            content-length: 0
            431 by the server
            connection: close
            closed
        ",
        ..Case::WIRE
    },
    Case {
        name: "head_without_end_is_431",
        says: "a head is refused as soon as it is too long, and its end is not waited for",
        rules: &[243],
        settings: Some(|config| {
            config.limits.head = 2000;
            config.limits.headers = 1000;
        }),
        app: noted_echo,
        client: |c| {
            c.send("GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}X-A: ");
            c.send_bytes(&[b'v'; 2000]);
            c.answer();
            c.end();
            c.connect();
            c.send("GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}");
            c.send(&"X-A: b\r\n".repeat(300));
            c.answer();
            c.end();
            c.notes(0);
        },
        expect: "
            431 by the server
            connection: close
            closed
            431 by the server
            connection: close
            closed
        ",
        ..Case::WIRE
    },
    Case {
        name: "trailers_without_end_are_refused",
        says: "trailers past the limit of heads are refused before their end has come",
        rules: &[243],
        settings: Some(|config| config.limits.head = 2000),
        app: echo,
        client: |c| {
            c.send(
                "POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Transfer-Encoding: chunked\r\n\r\n0\r\n",
            );
            c.send(&"x-field: value\r\n".repeat(1000));
            c.answer();
            c.end();
        },
        expect: closes!("400|431"),
        ..Case::WIRE
    },
    Case {
        name: "fields_past_their_limit_are_431",
        says: "as many fields as a head may have are served, and one more is answered 431",
        rules: &[243],
        settings: Some(|config| config.limits.headers = 6),
        app: |environ, start_response| {
            text(
                start_response,
                format!("{} fields", environ.headers().len()),
            )
        },
        client: |c| {
            for fields in [3, 4] {
                let fields = "X-A: a\r\n".repeat(fields);
                c.send(&format!(
                    "GET {{root}}/ HTTP/1.1\r\nHost: a\r\n{{case}}{fields}\r\n"
                ));
                c.answer();
            }
            c.end();
        },
        expect: r#"
            200
            content-length: 8
            "6 fields"
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
        app: echo,
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
        name: "announced_body_past_its_limit_is_413_at_once",
        says: "a body that is announced too long is answered 413 before a byte of it has come",
        rules: &[244],
        settings: Some(|config| config.limits.body = 10),
        app: noted_echo,
        client: |c| {
            c.send(
                "POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Content-Length: 10\r\n\r\n0123456789",
            );
            c.answer();
            c.send("POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Content-Length: 11\r\n\r\n");
            c.answer();
            c.end();
            c.notes(2);
        },
        expect: r#"
            200
            content-length: 10
            "0123456789"
            413 by the server
            connection: close
            closed
            app: called
            app: sent 200 10 bytes
        "#,
        ..Case::WIRE
    },
    Case {
        name: "unknown_expectation_is_417",
        says: "an expectation other than 100-continue, and one beside it, is answered 417",
        rules: &[245],
        app: noted_echo,
        client: |c| {
            refused(
                c,
                &[
                    "POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Expect: a-miracle\r\nContent-Length: 1\r\n\r\nx",
                    "POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Expect: 100-continue, a-miracle\r\nContent-Length: 1\r\n\r\nx",
                    "POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Expect: 100-continue;a\r\nContent-Length: 1\r\n\r\nx",
                    "POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Expect: \r\nContent-Length: 1\r\n\r\nx",
                    "POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Expect: 100-continue\r\nExpect: a-miracle\r\nContent-Length: 1\r\n\r\nx",
                ],
            );
        },
        expect: refusals!("417" "417" "417" "417" "417"),
        ..Case::WIRE
    },
    Case {
        name: "http_1_0_has_no_expectations",
        says: "an expectation of HTTP/1.0, which knows none, is no reason to refuse",
        rules: &[245],
        app: echo,
        client: |c| {
            c.send(
                "POST {root}/ HTTP/1.0\r\n{case}Expect: a-miracle\r\nContent-Length: 1\r\n\r\nx",
            );
            c.answer();
        },
        expect: r#"
            200
            connection: close
            content-length: 1
            "x"
        "#,
        ..Case::WIRE
    },
];
