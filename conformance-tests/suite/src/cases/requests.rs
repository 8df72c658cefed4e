//! Requests: their bodies, and how they come.

use rgi_core::{BoxBody, Environ, StartResponse, StatusCode};

use crate::{Case, Notes, pattern};

/// Answers with the body of the request.
pub(super) fn echo(mut environ: Environ, start_response: StartResponse) -> BoxBody {
    BoxBody::future(async move {
        let body = environ.input().collect(1 << 24).await?;
        Ok(start_response.start(StatusCode::OK).full(body))
    })
}

pub(super) const CASES: &[Case] = &[
    Case {
        name: "big_body_arrives_whole",
        says: "a body of some hundred KiB arrives byte for byte, with a length and in chunks",
        rules: &[],
        app: echo,
        client: |c| {
            c.post("/", pattern(300_000));
            c.ask("POST", "/")
                .pieces(pattern(300_000).chunks(9_999).map(<[u8]>::to_vec))
                .send();
        },
        expect: "
            200
            content-length: 300000
            300000 bytes of the pattern
            200
            content-length: 300000
            300000 bytes of the pattern
        ",
        ..Case::APP
    },
    Case {
        name: "hundred_continue_on_first_read",
        says: "100 Continue is sent when the application first reads, and not before",
        rules: &[],
        needs: &["lazy_continue"],
        app: |environ, start_response| {
            Notes::of(&environ).add("called");
            echo(environ, start_response)
        },
        client: |c| {
            c.send("POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Content-Length: 2\r\nExpect: 100-continue\r\n\r\n");
            c.read_head();
            c.send("ok");
            c.answer();
            c.notes(2);
        },
        expect: r#"
            100
            200
            content-length: 2
            "ok"
            app: called
            app: sent 200 2 bytes
        "#,
        ..Case::WIRE
    },
];
