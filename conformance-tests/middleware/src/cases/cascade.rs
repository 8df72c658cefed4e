//! One application behind the other.

use rgi_conformance::Case;
use rgi_core::{AppExt, Environ, Error, Full, StartResponse, StatusCode, app_fn, async_fn};
use rgi_middleware::Cascade;

pub(super) const CASES: &[Case] = &[Case {
    name: "cascade_asks_the_next_with_the_whole_request",
    says: "where the first has no answer the next gets the request, its body included",
    app: |environ, start_response| {
        let app = app_fn(nothing).with(Cascade::to(async_fn(echo)));
        super::call(app, environ, start_response)
    },
    client: |c| {
        c.get("/first");
        c.post("/", "a body");
    },
    expect: r#"
        200
        content-length: 5
        "first"
        200
        content-length: 6
        "a body"
    "#,
    ..Case::APP
}];

fn nothing(environ: Environ, start_response: StartResponse) -> Full {
    match environ.path_info() {
        "/first" => start_response.start(StatusCode::OK).full("first"),
        _ => start_response.start(StatusCode::NOT_FOUND).full("nothing"),
    }
}

async fn echo(mut environ: Environ, start_response: StartResponse) -> Result<Full, Error> {
    let body = environ.input().collect(1 << 20).await?;
    Ok(start_response.start(StatusCode::OK).full(body))
}
