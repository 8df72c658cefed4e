//! What an application is told of a request.

use rgi_core::{BodyExt, BoxBody, Environ, StartResponse, StatusCode};

use crate::Case;

/// Answers with a text.
pub(super) fn text(start_response: StartResponse, text: impl Into<rgi_core::Bytes>) -> BoxBody {
    start_response.start(StatusCode::OK).full(text).into()
}

/// Answers with a text of unknown length: one that depends on where the application stands.
pub(super) fn line(start_response: StartResponse, text: String) -> BoxBody {
    let started = start_response.start(StatusCode::OK);
    started.push(async |mut out| out.write(text).await).erased()
}

/// All values of a field, as the application sees them.
fn values(environ: &Environ, name: &str) -> String {
    let values = environ.headers().get_all(name).into_iter();
    let shown: Vec<String> = values
        .map(|value| format!("[{}]", value.as_bytes().escape_ascii()))
        .collect();
    shown.join(" ")
}

pub(super) const CASES: &[Case] = &[
    Case {
        name: "environ_is_exact",
        says: "method, target, path, query, version and scheme are what the client sent",
        rules: &[20, 21, 22, 23],
        app: |environ, start_response| {
            let seen = format!(
                "{} {} | {} | {} | {:?} | {:?} {}",
                environ.method(),
                environ.target(),
                environ.script_name(),
                environ.path_info(),
                environ.query(),
                environ.version(),
                environ.scheme(),
            );
            line(start_response, seen)
        },
        client: |c| {
            c.get("/a/b?c=d&e");
            c.get("/?");
            c.ask("PROPFIND", "/a").send();
        },
        expect: r#"
            200
            "GET {root}/a/b?c=d&e | {root} | /a/b | Some(\"c=d&e\") | HTTP/1.1 http"
            200
            "GET {root}/? | {root} | / | Some(\"\") | HTTP/1.1 http"
            200
            "PROPFIND {root}/a | {root} | /a | None | HTTP/1.1 http"
        "#,
        ..Case::APP
    },
    Case {
        name: "repeated_request_fields_stay_apart",
        says: "fields of one name are all there, in order, with their values unchanged",
        rules: &[],
        app: |environ, start_response| {
            let seen = values(&environ, "x-twice");
            text(start_response, seen)
        },
        client: |c| {
            c.ask("GET", "/")
                .field("X-Twice", "a, b")
                .field("X-Other", "o")
                .field("x-twice", "c")
                .send();
        },
        expect: r#"
            200
            content-length: 10
            "[a, b] [c]"
        "#,
        ..Case::APP
    },
    Case {
        name: "path_is_decoded_once",
        says: "the decoded view of a path undoes one level of percent-encoding",
        rules: &[],
        app: |environ, start_response| {
            let decoded = environ.path_decoded().into_owned();
            text(start_response, decoded)
        },
        client: |c| {
            c.get("/a%2cb");
            c.get("/a%252cb");
            c.get("/%E3%81%82");
        },
        expect: r#"
            200
            content-length: 4
            "/a,b"
            200
            content-length: 6
            "/a%2cb"
            200
            content-length: 4
            "/\xe3\x81\x82"
        "#,
        ..Case::APP
    },
];
