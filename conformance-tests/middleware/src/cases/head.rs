//! HEAD for applications that know GET alone.

use rgi_conformance::Case;
use rgi_core::{AppExt, Environ, Full, StartResponse, StatusCode, app_fn};
use rgi_middleware::{HeadFromGet, Range};

pub(super) const CASES: &[Case] = &[
    Case {
        name: "head_is_answered_as_get_is",
        says: "an application that sees GET gives HEAD its head, length included, and nothing else is sent",
        app: |environ, start_response| {
            super::call(
                app_fn(method).with(HeadFromGet::new()),
                environ,
                start_response,
            )
        },
        client: |c| {
            c.head("/");
            c.get("/");
        },
        expect: r#"
        200
        content-length: 3
        200
        content-length: 3
        "GET"
    "#,
        ..Case::APP
    },
    Case {
        name: "head_has_no_ranges",
        says: "a range is of GET alone (RFC 9110 14.2): HEAD with one is answered as without",
        app: |environ, start_response| {
            let ranged = app_fn(method).with((HeadFromGet::new(), Range::new()));
            super::call(ranged, environ, start_response)
        },
        client: |c| {
            c.ask("HEAD", "/").field("range", "bytes=0-0").send();
            c.ask("GET", "/").field("range", "bytes=0-0").send();
        },
        expect: r#"
        200
        accept-ranges: bytes
        content-length: 3
        206
        accept-ranges: bytes
        content-length: 1
        content-range: bytes 0-0/3
        "G"
    "#,
        ..Case::APP
    },
];

fn method(environ: Environ, start_response: StartResponse) -> Full {
    let text = environ.method().to_string();
    start_response.start(StatusCode::OK).full(text)
}
