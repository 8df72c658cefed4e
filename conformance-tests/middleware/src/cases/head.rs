//! HEAD for applications that know GET alone.

use rgi_conformance::Case;
use rgi_core::{AppExt, Environ, Full, StartResponse, StatusCode, app_fn};
use rgi_middleware::HeadFromGet;

pub(super) const CASES: &[Case] = &[Case {
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
}];

fn method(environ: Environ, start_response: StartResponse) -> Full {
    let text = environ.method().to_string();
    start_response.start(StatusCode::OK).full(text)
}
