//! Connections: keep-alive, pipelining, how they end.

use std::time::Duration;

use rgi_core::{BodyExt, BoxBody, Bytes, StatusCode};

use super::bodies::{Dropped, blocks, ok};
use super::environ::text;
use super::requests::echo;
use crate::{Case, Notes};

/// Long enough for a client that does all it has to do at once.
const SOON: Option<Duration> = Some(Duration::from_millis(150));

pub(super) const CASES: &[Case] = &[
    Case {
        name: "connection_stays_open_unless_told",
        says: "one connection of HTTP/1.1 takes one request after the other, until one says close",
        rules: &[247],
        app: echo,
        client: |c| {
            c.send("GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}\r\n");
            c.answer();
            c.send("POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Content-Length: 1\r\n\r\nx");
            c.answer();
            c.send("HEAD {root}/ HTTP/1.1\r\nHost: a\r\n{case}\r\n");
            c.answer_to_head();
            c.send("GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}Connection: x, Close\r\n\r\n");
            c.answer();
            c.end();
        },
        expect: r#"
            200
            content-length: 0
            200
            content-length: 1
            "x"
            200
            content-length: 0
            200
            connection: close
            content-length: 0
            closed
        "#,
        ..Case::WIRE
    },
    Case {
        name: "http_1_0_closes_unless_asked_to_stay",
        says: "a connection of HTTP/1.0 ends with its answer, unless the client asks that it stay",
        rules: &[248],
        app: |environ, start_response| text(start_response, environ.path_info().to_owned()),
        client: |c| {
            c.send("GET {root}/1 HTTP/1.0\r\n{case}Connection: keep-alive\r\n\r\n");
            c.answer();
            c.send("GET {root}/2 HTTP/1.0\r\n{case}\r\n");
            c.answer();
            c.end();
        },
        expect: r#"
            200
            content-length: 2
            "/1"
            200
            connection: close
            content-length: 2
            "/2"
            closed
        "#,
        ..Case::WIRE
    },
    Case {
        name: "closing_is_said",
        says: "an answer behind which the server closes says so, and what came behind is not answered",
        rules: &[249],
        app: |environ, start_response| text(start_response, environ.path_info().to_owned()),
        client: |c| {
            c.send(
                "GET {root}/1 HTTP/1.1\r\nHost: a\r\n{case}Connection: close\r\n\r\n\
                 GET {root}/2 HTTP/1.1\r\nHost: a\r\n{case}\r\n",
            );
            c.answer();
            c.end();
            c.notes(1);
        },
        expect: r#"
            200
            connection: close
            content-length: 2
            "/1"
            closed
            app: sent 200 2 bytes
        "#,
        ..Case::WIRE
    },
    Case {
        name: "http_1_0_gets_no_chunks_and_no_interim_responses",
        says: "a body of unknown length ends with the connection for HTTP/1.0, and no 1xx comes before it",
        rules: &[251],
        app: |_, start_response| {
            let mut hints = rgi_core::HeaderMap::new();
            hints.insert("link", rgi_core::HeaderValue::from_static("</a>"));
            start_response.inform(StatusCode::EARLY_HINTS, &hints);
            blocks(ok(start_response), &["some ", "blocks"])
        },
        client: |c| {
            c.send("GET {root}/ HTTP/1.0\r\n{case}Connection: keep-alive\r\n\r\n");
            c.show("transfer-encoding");
            c.answer();
            c.end();
        },
        expect: r#"
            200
            connection: close
            "some blocks"
            closed
        "#,
        ..Case::WIRE
    },
    Case {
        name: "pipelined_answers_in_order",
        says: "requests sent behind each other, with bodies between, are answered in their order",
        rules: &[250],
        app: |mut environ, start_response| {
            BoxBody::future(async move {
                let body = environ.input().collect(100).await?;
                let seen = format!("{} {}", environ.path_info(), body.escape_ascii());
                Ok(ok(start_response).full(seen))
            })
        },
        client: |c| {
            c.send(
                "GET {root}/1 HTTP/1.1\r\nHost: a\r\n{case}\r\n\
                 POST {root}/2 HTTP/1.1\r\nHost: a\r\n{case}Content-Length: 2\r\n\r\nab\
                 POST {root}/3 HTTP/1.1\r\nHost: a\r\n{case}Transfer-Encoding: chunked\r\n\r\n1\r\nc\r\n0\r\n\r\n\
                 GET {root}/4 HTTP/1.1\r\nHost: a\r\n{case}Connection: close\r\n\r\n",
            );
            c.answer();
            c.answer();
            c.answer();
            c.answer();
            c.end();
        },
        expect: r#"
            200
            content-length: 3
            "/1 "
            200
            content-length: 5
            "/2 ab"
            200
            content-length: 4
            "/3 c"
            200
            connection: close
            content-length: 3
            "/4 "
            closed
        "#,
        ..Case::WIRE
    },
    Case {
        name: "requests_may_come_byte_by_byte",
        says: "where a request is cut into pieces makes no difference",
        rules: &[278],
        app: echo,
        client: |c| {
            let request = "POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Transfer-Encoding: chunked\r\n\r\n\
                           3\r\nabc\r\n0\r\nX-Sum: 3\r\n\r\n";
            c.send_slowly(request);
            c.answer();
            c.send_slowly("GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}\r\n");
            c.answer();
        },
        expect: r#"
            200
            content-length: 3
            "abc"
            200
            content-length: 0
        "#,
        ..Case::WIRE
    },
    Case {
        name: "empty_lines_before_a_request_are_passed_over",
        says: "a line end or two before a request line are no request",
        rules: &[246],
        app: echo,
        client: |c| {
            c.send("\r\nGET {root}/ HTTP/1.1\r\nHost: a\r\n{case}\r\n\r\n");
            c.answer();
            c.send("GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}\r\n");
            c.answer();
        },
        expect: "
            200
            content-length: 0
            200
            content-length: 0
        ",
        ..Case::WIRE
    },
    Case {
        name: "slow_head_is_408",
        says: "a head that does not end in time is answered 408, and the connection ends",
        rules: &[252],
        settings: Some(|config| config.header_timeout = SOON),
        app: echo,
        client: |c| {
            c.send("GET {root}/ HTTP/1.1\r\nHost: a\r\nX-Slow");
            c.answer();
            c.end();
        },
        expect: "
            408 by the server
            connection: close
            closed
        ",
        ..Case::WIRE
    },
    Case {
        name: "slow_body_is_408",
        says: "a body that stops coming is an error to its reader, answered 408",
        rules: &[252],
        settings: Some(|config| config.body_timeout = SOON),
        app: echo,
        client: |c| {
            c.send("POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Content-Length: 3\r\n\r\na");
            c.answer();
            c.end();
        },
        expect: "
            408 by the server
            connection: close
            closed
        ",
        ..Case::WIRE
    },
    Case {
        name: "idle_connection_is_closed_without_a_word",
        says: "a connection on which nothing comes is closed, before its first request and behind one",
        rules: &[252],
        settings: Some(|config| config.keep_alive = SOON),
        app: echo,
        client: |c| {
            c.send("");
            c.end();
            c.connect();
            c.send("GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}\r\n");
            c.answer();
            c.end();
        },
        expect: "
            closed
            200
            content-length: 0
            closed
        ",
        ..Case::WIRE
    },
    Case {
        name: "client_that_takes_nothing_is_cut",
        says: "a client that takes nothing for too long is cut, and the body is dropped",
        rules: &[253],
        settings: Some(|config| config.write_timeout = SOON),
        app: |environ, start_response| {
            let dropped = Dropped(Notes::of(&environ));
            let block = Bytes::from(vec![b'x'; 64 * 1024]);
            let blocks = std::iter::repeat_with(move || {
                let _dropped = &dropped;
                Ok::<_, rgi_core::Error>(block.clone())
            });
            ok(start_response).iter(blocks).erased()
        },
        client: |c| {
            c.send("GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}\r\n");
            c.read_head();
            c.noted(2);
        },
        expect: "
            200
        ",
        ..Case::WIRE
    },
    Case {
        name: "long_request_is_503_or_cut",
        says: "a request that takes too long is answered 503 before its head, and cut behind it",
        rules: &[254],
        needs: &["!may_block"],
        settings: Some(|config| config.request_timeout = SOON),
        app: |environ, start_response| {
            let notes = Notes::of(&environ);
            let begins = environ.path_info() == "/begins";
            BoxBody::future(async move {
                let started = ok(start_response);
                let never = async move |notes: Notes| notes.signal("never").await;
                if !begins {
                    never(notes.clone()).await;
                }
                Ok(started.push(async move |mut out| {
                    out.write("begun").await?;
                    never(notes).await;
                    Ok(())
                }))
            })
        },
        client: |c| {
            c.get("/");
            c.get("/begins");
        },
        expect: r#"
            503 by the server
            200
            "begun"
            cut
        "#,
        ..Case::WIRE
    },
];
