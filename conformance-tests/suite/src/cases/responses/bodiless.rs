//! Responses that have no body: to HEAD, 204, 205, 304.

use rgi_core::{BodyExt, Bytes, Error, HeaderValue, StatusCode, field};

use crate::cases::bodies::{Dropped, blocks, ok};
use crate::cases::environ::text;
use crate::{Case, Notes, pattern};

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "head_has_no_body",
        says: "HEAD gets the head of GET and not a byte of its body",
        rules: &[168],
        app: |_, start_response| text(start_response, "hello"),
        client: |c| {
            c.head("/");
            c.get("/");
        },
        expect: r#"
            200
            content-length: 5
            200
            content-length: 5
            "hello"
        "#,
        ..Case::APP
    },
    Case {
        name: "head_has_the_promised_length_or_none",
        says: "HEAD tells a length that was promised, and infers none of what is not there",
        rules: &[168],
        app: |environ, start_response| match environ.path_info() {
            "/promised" => {
                let blocks = (0..1000).map(|_| Ok::<_, Error>(pattern(1000)));
                ok(start_response).length(1_000_000).iter(blocks).erased()
            }
            "/empty" => ok(start_response).empty().into(),
            _ => blocks(ok(start_response), &["one", "two"]),
        },
        client: |c| {
            c.head("/promised");
            c.head("/blocks");
            c.get("/blocks");
        },
        expect: r#"
            200
            content-length: 1000000
            200
            200
            "onetwo"
        "#,
        ..Case::APP
    },
    Case {
        name: "failure_of_head_has_no_body",
        says: "a failure of HEAD is a status without a body, and the connection goes on",
        rules: &[168],
        app: |environ, start_response| match environ.path_info() {
            "/fails" => crate::cases::bodies::Events::body([Err(Error::new("broken"))]),
            _ => text(start_response, "behind"),
        },
        client: |c| {
            c.head("/fails");
            c.get("/");
            c.notes(2);
        },
        expect: r#"
            500 by the server
            200
            content-length: 6
            "behind"
            app: refused 500 0 bytes
            app: sent 200 6 bytes
        "#,
        ..Case::APP
    },
    Case {
        name: "body_of_head_is_dropped_unasked",
        says: "the body of an answer to HEAD is dropped behind its start, and asked for no block",
        rules: &[172],
        app: |environ, start_response| {
            let notes = Notes::of(&environ);
            let dropped = Dropped(notes.clone());
            let blocks = std::iter::repeat_with(move || {
                let _ = &dropped;
                notes.add("asked for a block");
                Ok::<_, Error>(Bytes::from("block"))
            });
            ok(start_response).iter(blocks).erased()
        },
        client: |c| {
            c.head("/");
            c.notes(2);
        },
        expect: "
            200
            app: dropped
            app: sent 200 0 bytes
        ",
        ..Case::APP
    },
    Case {
        name: "no_content_has_neither_body_nor_length",
        says: "a 204 has neither a body nor a length, whatever the application gives",
        rules: &[169],
        breaks: &["body-where-none", "content-fields-where-none"],
        app: |environ, start_response| {
            let started = start_response.start(StatusCode::NO_CONTENT);
            match environ.path_info() {
                "/full" => started.full("body").into(),
                "/blocks" => blocks(started, &["one", "two"]),
                _ => started.empty().into(),
            }
        },
        client: |c| {
            c.show("transfer-encoding");
            c.send(
                "GET {root}/full HTTP/1.1\r\nHost: a\r\n{case}\r\n\
                 GET {root}/blocks HTTP/1.1\r\nHost: a\r\n{case}\r\n\
                 GET {root}/empty HTTP/1.1\r\nHost: a\r\n{case}Connection: close\r\n\r\n",
            );
            c.answer();
            c.answer();
            c.answer();
            c.end();
        },
        expect: "
            204
            204
            204
            connection: close
            closed
        ",
        ..Case::WIRE
    },
    Case {
        name: "not_modified_has_no_body",
        says: "a 304 has no body, and its fields stay",
        rules: &[170],
        breaks: &["body-where-none"],
        app: |environ, start_response| {
            let started = start_response.start(StatusCode::NOT_MODIFIED);
            let started = started.header(field::ETAG, HeaderValue::from_static("\"a\""));
            match environ.path_info() {
                "/full" => started.full("body").into(),
                "/promised" => started.length(7).empty().into(),
                _ => blocks(started, &["one", "two"]),
            }
        },
        client: |c| {
            c.show("transfer-encoding");
            c.send(
                "GET {root}/full HTTP/1.1\r\nHost: a\r\n{case}\r\n\
                 GET {root}/promised HTTP/1.1\r\nHost: a\r\n{case}\r\n\
                 GET {root}/blocks HTTP/1.1\r\nHost: a\r\n{case}Connection: close\r\n\r\n",
            );
            c.answer();
            c.answer();
            c.answer();
            c.end();
        },
        expect: r#"
            304
            etag: "a"
            304
            etag: "a"
            304
            connection: close
            etag: "a"
            closed
        "#,
        ..Case::WIRE
    },
    Case {
        name: "reset_content_is_empty",
        says: "a 205 has no body, and says so by a length of 0",
        rules: &[171],
        breaks: &["body-where-none"],
        app: |environ, start_response| {
            let started = start_response.start(StatusCode::RESET_CONTENT);
            match environ.path_info() {
                "/full" => started.full("body").into(),
                _ => blocks(started, &["one", "two"]),
            }
        },
        client: |c| {
            c.get("/full");
            c.get("/blocks");
        },
        expect: "
            205
            content-length: 0
            205
            content-length: 0
        ",
        ..Case::APP
    },
];
