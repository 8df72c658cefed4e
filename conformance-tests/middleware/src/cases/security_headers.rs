//! Fields that browsers act on.

use rgi_conformance::Case;
use rgi_core::{AppExt, Environ, Full, HeaderValue, StartResponse, StatusCode, app_fn, field};
use rgi_middleware::SecurityHeaders;

pub(super) const CASES: &[Case] = &[Case {
    name: "security_headers_are_set_where_the_application_did_not",
    says: "each field comes once, the application's own first of all, and none of https over http",
    app: |environ, start_response| {
        super::call(
            app_fn(framed).with(SecurityHeaders::new()),
            environ,
            start_response,
        )
    },
    client: |c| {
        c.get("/");
        c.head("/framed");
    },
    expect: r#"
        200
        content-length: 2
        referrer-policy: strict-origin-when-cross-origin
        x-content-type-options: nosniff
        x-frame-options: DENY
        "hi"
        200
        content-length: 2
        referrer-policy: strict-origin-when-cross-origin
        x-content-type-options: nosniff
        x-frame-options: SAMEORIGIN
    "#,
    ..Case::APP
}];

fn framed(environ: Environ, start_response: StartResponse) -> Full {
    let mut started = start_response.start(StatusCode::OK);
    if environ.path_info() == "/framed" {
        let value = HeaderValue::from_static("SAMEORIGIN");
        started = started.header(field::X_FRAME_OPTIONS, value);
    }
    started.full("hi")
}
