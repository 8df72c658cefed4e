//! Responses: heads, lengths, blocks, and how they end.

use rgi_core::{FieldName, HeaderValue, StatusCode};

use super::environ::text;
use crate::Case;

const X_TWICE: FieldName = FieldName::from_static("x-twice");

pub(super) const CASES: &[Case] = &[
    Case {
        name: "full_body_has_its_length",
        says: "a body of one block has a Content-Length",
        rules: &[],
        app: |_, start_response| text(start_response, "hello"),
        client: |c| c.get("/"),
        expect: r#"
            200
            content-length: 5
            "hello"
        "#,
        ..Case::APP
    },
    Case {
        name: "head_has_no_body",
        says: "HEAD gets the head of GET and not a byte of its body",
        rules: &[],
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
        name: "repeated_response_fields_stay_apart",
        says: "fields of one name are sent one by one, in order",
        rules: &[],
        app: |_, start_response| {
            let started = start_response.start(StatusCode::OK);
            let started = started.header(X_TWICE, HeaderValue::from_static("a, b"));
            started
                .header(X_TWICE, HeaderValue::from_static("c"))
                .empty()
                .into()
        },
        client: |c| c.get("/"),
        expect: "
            200
            content-length: 0
            x-twice: a, b
            x-twice: c
        ",
        ..Case::APP
    },
];
