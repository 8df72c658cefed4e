//! How long a connection stays, and how it ends.

use rgi_core::{BoxBody, StatusCode};

use crate::Case;
use crate::cases::bodies::{blocks, ok};
use crate::cases::environ::text;
use crate::cases::requests::echo;

pub(in crate::cases) const CASES: &[Case] = &[
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
        name: "http_1_0_is_told_that_it_stays",
        says: "a client of HTTP/1.0 that asked for it is told that the connection stays, as it does",
        rules: &[248],
        app: echo,
        client: |c| {
            c.show("connection");
            c.send("GET {root}/ HTTP/1.0\r\n{case}Connection: Keep-Alive\r\n\r\n");
            c.answer();
            c.send("GET {root}/ HTTP/1.0\r\n{case}Connection: keep-alive, close\r\n\r\n");
            c.answer();
            c.end();
        },
        expect: "
            200
            connection: keep-alive
            content-length: 0
            200
            ?connection: close
            content-length: 0
            closed
        ",
        ..Case::WIRE
    },
    Case {
        name: "close_counts_in_any_line_of_connection",
        says: "a close in one line of Connection ends the connection, whatever another line says",
        rules: &[247, 249],
        app: echo,
        client: |c| {
            c.send(
                "GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}Connection: closed\r\n\
                 Proxy-Connection: close\r\n\r\n",
            );
            c.answer();
            c.send(
                "GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}Connection: close\r\n\
                 Connection: keep-alive\r\n\r\n",
            );
            c.answer();
            c.end();
        },
        expect: "
            200
            content-length: 0
            200
            connection: close
            content-length: 0
            closed
        ",
        ..Case::WIRE
    },
    Case {
        name: "connection_stays_open_behind_each_kind_of_answer",
        says: "chunks, no body at all, an answer to HEAD and a 404 of the server end no connection",
        rules: &[247],
        settings: Some(|config| config.script_name.push_str("/inside")),
        app: |environ, start_response| {
            let status = match environ.path_info() {
                "/204" => StatusCode::NO_CONTENT,
                "/304" => StatusCode::NOT_MODIFIED,
                _ => return blocks(ok(start_response), &["some ", "blocks"]),
            };
            BoxBody::from(start_response.start(status).empty())
        },
        client: |c| {
            c.send("GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}\r\n");
            c.answer();
            c.send("GET {root}/204 HTTP/1.1\r\nHost: a\r\n{case}\r\n");
            c.answer();
            c.send("GET {root}/304 HTTP/1.1\r\nHost: a\r\n{case}\r\n");
            c.answer();
            c.send("HEAD {root}/ HTTP/1.1\r\nHost: a\r\n{case}\r\n");
            c.answer_to_head();
            c.send("GET /elsewhere HTTP/1.1\r\nHost: a\r\n{case}\r\n");
            c.answer();
            c.send("GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}\r\n");
            c.answer();
        },
        expect: r#"
            200
            "some blocks"
            204
            304
            200
            404 by the server
            200
            "some blocks"
        "#,
        ..Case::WIRE
    },
];
