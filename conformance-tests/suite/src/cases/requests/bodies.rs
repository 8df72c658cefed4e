//! Bodies: what they hold and how long they are.

use rgi_core::BoxBody;

use crate::cases::bodies::ok;
use crate::cases::environ::text;
use crate::cases::requests::echo;
use crate::{Case, pattern};

pub(in crate::cases) const CASES: &[Case] = &[
    Case {
        name: "bodies_of_any_size_are_read",
        says: "no byte, one byte and some hundred KiB arrive as they were sent, with a length and in chunks",
        rules: &[38, 47],
        app: echo,
        client: |c| {
            c.post("/", "");
            c.post("/", "x");
            c.post("/", pattern(96_000));
            c.post("/", pattern(300_000));
            let pieces = pattern(300_000);
            let pieces = pieces.chunks(9_999).map(<[u8]>::to_vec);
            c.ask("POST", "/").pieces(pieces).send();
        },
        expect: r#"
            200
            content-length: 0
            200
            content-length: 1
            "x"
            200
            content-length: 96000
            96000 bytes of the pattern
            200
            content-length: 300000
            300000 bytes of the pattern
            200
            content-length: 300000
            300000 bytes of the pattern
        "#,
        ..Case::APP
    },
    Case {
        name: "body_that_looks_like_a_head_is_a_body",
        says: "line ends and what looks like a request stay bytes of the body",
        rules: &[45],
        app: echo,
        client: |c| {
            c.post("/", "\r\n\r\nGET /x HTTP/1.1\r\nHost: b\r\n\r\n\0\n\r");
            c.get("/");
        },
        expect: r#"
            200
            content-length: 35
            "\r\n\r\nGET /x HTTP/1.1\r\nHost: b\r\n\r\n\x00\n\r"
            200
            content-length: 0
        "#,
        ..Case::APP
    },
    Case {
        name: "length_of_input_is_the_clients",
        says: "the input's length is what was said: 0 without a body, none where it is not known",
        rules: &[183],
        app: |mut environ, start_response| {
            let input = environ.input();
            let seen = format!("{:?} {}", input.length(), input.consumed());
            text(start_response, seen)
        },
        client: |c| {
            c.get("/");
            c.post("/", "four");
            c.ask("POST", "/").pieces(["a", "b"]).send();
        },
        expect: r#"
            200
            content-length: 9
            "Some(0) 0"
            200
            content-length: 9
            "Some(4) 0"
            200
            content-length: 6
            "None 0"
        "#,
        ..Case::APP
    },
    Case {
        name: "input_ends_at_its_length",
        says: "the input ends with its last byte: what follows is the next request",
        rules: &[45],
        app: echo,
        client: |c| {
            c.send(
                "POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Content-Length: 3\r\n\r\nabc\
                 POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Content-Length: 2\r\n\r\nde",
            );
            c.answer();
            c.answer();
        },
        expect: r#"
            200
            content-length: 3
            "abc"
            200
            content-length: 2
            "de"
        "#,
        ..Case::WIRE
    },
    Case {
        name: "chunked_request_is_decoded",
        says: "chunks of any size, with extensions and leading zeros, are the body and nothing else",
        rules: &[102],
        app: |mut environ, start_response| {
            BoxBody::future(async move {
                let coding = environ.headers().contains_key("transfer-encoding");
                let body = environ.input().collect(100).await?;
                let seen = format!("{} {coding}", body.escape_ascii());
                Ok(ok(start_response).full(seen))
            })
        },
        client: |c| {
            c.send(
                "POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Transfer-Encoding: Chunked\r\n\r\n\
                 1\r\na\r\n00A;name=value;other=\"q\\\"\"\r\n0123456789\r\n2\r\n\r\n\r\n0\r\n\r\n",
            );
            c.answer();
            c.send("GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}\r\n");
            c.answer();
        },
        expect: r#"
            200
            content-length: 21
            "a0123456789\\r\\n false"
            200
            content-length: 6
            " false"
        "#,
        ..Case::WIRE
    },
    Case {
        name: "request_trailers_come_behind_the_input",
        says: "trailers are there when the input was read, and never among the fields",
        rules: &[179],
        app: |mut environ, start_response| {
            BoxBody::future(async move {
                let before = environ.input().trailers().is_some();
                let body = environ.input().collect(100).await?;
                let among = environ.headers().contains_key("x-sum");
                let trailers = environ.input().trailers();
                let sum = trailers.and_then(|map| map.get("x-sum")).cloned();
                let seen = format!("{before} {} {among} {sum:?}", body.len());
                Ok(ok(start_response).full(seen))
            })
        },
        client: |c| {
            let ask = c.ask("POST", "/").pieces(["a", "bc"]);
            ask.trailer("x-sum", "6").send();
            c.ask("POST", "/").pieces(["abc"]).send();
        },
        expect: r#"
            200
            content-length: 23
            "false 3 false Some(\"6\")"
            200
            content-length: 18
            "false 3 false None"
        "#,
        ..Case::APP
    },
    Case {
        name: "request_without_a_length_has_no_body",
        says: "a request that announces no body has none, whatever its method: nothing is waited for",
        rules: &[48, 183],
        app: |mut environ, start_response| {
            BoxBody::future(async move {
                let body = environ.input().collect(100).await?;
                let (length, end) = (environ.input().length(), environ.input().is_end());
                let seen = format!("{} {} {length:?} {end}", environ.method(), body.len());
                Ok(text(start_response, seen))
            })
        },
        client: |c| {
            c.send("POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}\r\n");
            c.answer();
            c.send("DELETE {root}/ HTTP/1.1\r\nHost: a\r\n{case}\r\n");
            c.answer();
            c.send("PUT {root}/ HTTP/1.0\r\n{case}\r\n");
            c.answer();
        },
        expect: r#"
            200
            content-length: 19
            "POST 0 Some(0) true"
            200
            content-length: 21
            "DELETE 0 Some(0) true"
            200
            connection: close
            content-length: 18
            "PUT 0 Some(0) true"
        "#,
        ..Case::WIRE
    },
    Case {
        name: "body_of_any_method_is_read",
        says: "GET, DELETE, OPTIONS and a method that nobody knows may have a body like POST",
        rules: &[38],
        app: echo,
        client: |c| {
            c.ask("GET", "/").body("of a get").send();
            c.ask("DELETE", "/").pieces(["of a ", "delete"]).send();
            c.ask("OPTIONS", "/").body("of options").send();
            c.ask("BREW", "/").body("of a brew").send();
        },
        expect: r#"
            200
            content-length: 8
            "of a get"
            200
            content-length: 11
            "of a delete"
            200
            content-length: 10
            "of options"
            200
            content-length: 9
            "of a brew"
        "#,
        ..Case::APP
    },
    Case {
        name: "chunked_body_may_be_empty",
        says: "a body of the last chunk alone is an empty one, of a length that nobody knew",
        rules: &[38, 183],
        app: |mut environ, start_response| {
            BoxBody::future(async move {
                let before = environ.input().length();
                let body = environ.input().collect(100).await?;
                let seen = format!("{before:?} {} {}", body.len(), environ.input().is_end());
                Ok(text(start_response, seen))
            })
        },
        client: |c| {
            c.ask("POST", "/").pieces([""; 0]).send();
            c.get("/");
        },
        expect: r#"
            200
            content-length: 11
            "None 0 true"
            200
            content-length: 14
            "Some(0) 0 true"
        "#,
        ..Case::APP
    },
    Case {
        name: "chunks_of_all_sizes_make_one_body",
        says: "chunks of 1 byte up to 64 KiB, each twice as long as the one before, are put together",
        rules: &[102],
        app: echo,
        client: |c| {
            let all = pattern((1 << 17) - 1);
            let pieces = (0..17).map(|n| all.slice((1 << n) - 1..(1 << (n + 1)) - 1));
            c.ask("POST", "/").pieces(pieces).send();
        },
        expect: "
            200
            content-length: 131071
            131071 bytes of the pattern
        ",
        ..Case::APP
    },
    Case {
        name: "body_of_http_1_0_ends_at_its_length",
        says: "on a connection of HTTP/1.0 that stays, the request behind a body is found",
        rules: &[45, 248],
        app: echo,
        client: |c| {
            c.send(
                "POST {root}/ HTTP/1.0\r\n{case}Connection: keep-alive\r\nContent-Length: 4\r\n\r\n\
                 GET POST {root}/ HTTP/1.0\r\n{case}Content-Length: 2\r\n\r\nab",
            );
            c.answer();
            c.answer();
            c.end();
        },
        expect: r#"
            200
            content-length: 4
            "GET "
            200
            connection: close
            content-length: 2
            "ab"
            closed
        "#,
        ..Case::WIRE
    },
    Case {
        name: "trailers_stay_apart_and_say_nothing_of_the_message",
        says: "trailers of one name keep their order; those that would have come too late are left out",
        rules: &[179],
        app: |mut environ, start_response| {
            BoxBody::future(async move {
                environ.input().collect(100).await?;
                let trailers = environ.input().trailers().cloned().unwrap_or_default();
                let sums: Vec<_> = trailers.get_all("x-sum").iter().cloned().collect();
                let late = ["authorization", "cookie", "content-type"]
                    .map(|name| trailers.contains_key(name));
                let field = environ.header("authorization").is_some();
                Ok(text(start_response, format!("{sums:?} {late:?} {field}")))
            })
        },
        client: |c| {
            c.send(
                "POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Transfer-Encoding: chunked\r\n\r\n\
                 3\r\nabc\r\n0\r\nX-Sum: 1\r\nAuthorization: x\r\nCookie: a=b\r\nx-sum: 2\r\n\
                 Content-Type: text/x\r\n\r\n",
            );
            c.answer();
        },
        expect: r#"
            200
            content-length: 38
            "[\"1\", \"2\"] [false, false, false] false"
        "#,
        ..Case::WIRE
    },
];
