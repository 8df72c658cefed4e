//! Bodies that are not read to their end.

use rgi_core::{BoxBody, Error};

use crate::cases::bodies::ok;
use crate::cases::environ::text;
use crate::cases::requests::block;
use crate::{Case, Notes};

pub(in crate::cases) const CASES: &[Case] = &[
    Case {
        name: "unread_body_is_not_the_next_request",
        says: "a body that nobody read is skipped: the next request is what stands behind it",
        rules: &[189],
        app: |environ, start_response| {
            let seen = format!("{} {}", environ.method(), environ.path_info());
            text(start_response, seen)
        },
        client: |c| {
            c.send(
                "POST {root}/1 HTTP/1.1\r\nHost: a\r\n{case}Content-Length: 30\r\n\r\n\
                 GET /x HTTP/1.1\r\nHost: b\r\n\r\n..\
                 GET {root}/2 HTTP/1.1\r\nHost: a\r\n{case}Connection: close\r\n\r\n",
            );
            c.answer();
            c.answer();
            c.end();
        },
        expect: r#"
            200
            content-length: 7
            "POST /1"
            200
            connection: close
            content-length: 6
            "GET /2"
            closed
        "#,
        ..Case::WIRE
    },
    Case {
        name: "kept_input_is_told_of_the_end",
        says: "an input that outlives its exchange gives an error, and no byte of the next request",
        rules: &[190],
        needs: &["lazy_continue"],
        app: |mut environ, start_response| {
            let notes = Notes::of(&environ);
            let kept = notes.kept::<std::sync::Mutex<Option<rgi_core::Input>>>();
            if environ.path_info() == "/keep" {
                *kept.lock().unwrap() = Some(environ.take_input());
                return text(start_response, "kept");
            }
            let before = kept.lock().unwrap().take();
            BoxBody::future(async move {
                let mut before = before.ok_or_else(|| Error::new("nothing was kept"))?;
                let read = before.collect(100).await;
                Ok(ok(start_response).full(format!("{}", read.is_err())))
            })
        },
        client: |c| {
            c.send(
                "POST {root}/keep HTTP/1.1\r\nHost: a\r\n{case}Transfer-Encoding: chunked\r\n\r\n",
            );
            c.read_head();
            c.rest();
            c.connect();
            c.send("GET {root}/read HTTP/1.1\r\nHost: a\r\n{case}\r\n");
            c.answer();
        },
        expect: r#"
            200
            ?connection: close
            content-length: 4
            "kept"
            200
            content-length: 4
            "true"
        "#,
        ..Case::WIRE
    },
    Case {
        name: "body_read_in_part_is_not_the_next_request",
        says: "what is left of a body whose beginning was read is skipped, and may come behind the answer",
        rules: &[189],
        needs: &["lazy_continue"],
        app: |mut environ, start_response| {
            BoxBody::future(async move {
                let first = block(&mut environ).await.transpose()?;
                let first = first.unwrap_or_default();
                Ok(text(
                    start_response,
                    format!("read {}", first.escape_ascii()),
                ))
            })
        },
        client: |c| {
            c.send("POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Content-Length: 12\r\n\r\nGET");
            c.answer();
            c.send(" HTTP/1.1GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}Connection: close\r\n\r\n");
            c.answer();
            c.end();
        },
        expect: r#"
            200
            content-length: 8
            "read GET"
            200
            connection: close
            content-length: 5
            "read "
            closed
        "#,
        ..Case::WIRE
    },
    Case {
        name: "unread_body_may_come_behind_the_answer",
        says: "an answer waits for no body that nobody reads, and the next request is found behind it",
        rules: &[189],
        needs: &["lazy_continue"],
        app: |environ, start_response| text(start_response, environ.method().to_string()),
        client: |c| {
            c.send("POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Content-Length: 10\r\n\r\n12345");
            c.answer();
            c.send("67890");
            c.send("GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}\r\n");
            c.answer();
        },
        expect: r#"
            200
            content-length: 4
            "POST"
            200
            content-length: 3
            "GET"
        "#,
        ..Case::WIRE
    },
    Case {
        name: "unread_chunks_are_not_the_next_request",
        says: "chunks and trailers that nobody read are no requests, whatever they look like",
        rules: &[189],
        app: |mut environ, start_response| {
            drop(environ.take_input());
            text(start_response, environ.method().to_string())
        },
        client: |c| {
            c.send(
                "POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Transfer-Encoding: chunked\r\n\r\n\
                 12;a=b\r\nGET / HTTP/1.1\r\n\r\n\r\n0\r\nGET: x\r\n\r\n",
            );
            c.half_close();
            c.answer();
            c.end();
            c.notes(1);
        },
        expect: r#"
            200
            ?connection: close
            content-length: 4
            "POST"
            closed
            app: sent 200 4 bytes
        "#,
        ..Case::WIRE
    },
    Case {
        name: "unread_body_that_breaks_the_grammar_ends_the_connection",
        says: "where a body that nobody read cannot be skipped, nothing behind it is taken for a request",
        rules: &[189, 239],
        app: |environ, start_response| text(start_response, environ.method().to_string()),
        client: |c| {
            c.send(
                "POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Transfer-Encoding: chunked\r\n\r\n\
                 x\r\n\r\nGET {root}/ HTTP/1.1\r\nHost: a\r\n{case}\r\n",
            );
            c.answer();
            c.end();
            c.notes(1);
        },
        expect: r#"
            200
            ?connection: close
            content-length: 4
            "POST"
            closed
            app: sent 200 4 bytes
        "#,
        ..Case::WIRE
    },
    Case {
        name: "large_unread_body_ends_the_connection_behind_the_answer",
        says: "a body too long to be skipped ends the connection: the answer says so, and reaches who sends on",
        rules: &[189, 249],
        app: |_, start_response| text(start_response, "unread"),
        client: |c| {
            c.send("POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Content-Length: 10000000\r\n\r\n");
            for _ in 0..50 {
                c.send_bytes(&[b'x'; 10_000]);
            }
            c.answer();
            c.end();
        },
        expect: r#"
            200
            connection: close
            content-length: 6
            "unread"
            closed|reset
        "#,
        ..Case::WIRE
    },
];
