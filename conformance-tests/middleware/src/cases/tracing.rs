//! A span for each request.

use rgi_conformance::{Case, Notes};
use rgi_core::{AppExt, BodyExt, BoxBody, Environ, Error, StartResponse, StatusCode, app_fn};
use rgi_middleware::Tracing;

use crate::spans;

pub(super) const CASES: &[Case] = &[Case {
    name: "tracing_gives_each_request_a_span",
    says: "call and body are in a span, which has the request and how it ended, and closes with the exchange",
    app: |environ, start_response| {
        spans::listen();
        super::call(app_fn(answer).with(Tracing::new()), environ, start_response)
    },
    client: |c| {
        c.get("/a?b");
        c.head("/a");
        c.get("/fails");
        c.notes(6);
    },
    expect: r#"
        200
        content-length: 18
        "inside: true, true"
        200
        200
        "inside: true, true"
        cut
        app: span: GET {root}/a 200 18 sent
        app: sent 200 18 bytes
        app: span: HEAD {root}/a 200 0 sent
        app: sent 200 0 bytes
        app: span: GET {root}/fails 200 18 truncated
        app: truncated 200 18 bytes
    "#,
    ..Case::APP
}];

/// Says whether it is in its span, in the call and when its body is asked.
fn answer(environ: Environ, start_response: StartResponse) -> BoxBody {
    let span = Tracing::span(&environ);
    spans::note(&span, Notes::of(&environ));
    let called = spans::is_inside(&span);
    let asked = move || Ok(format!("inside: {called}, {}", spans::is_inside(&span)).into());
    let fails = environ.path_info() == "/fails";
    let end = fails.then(|| Err(Error::new("on purpose")));
    let blocks = std::iter::once_with(asked).chain(end);
    start_response.start(StatusCode::OK).iter(blocks).erased()
}
