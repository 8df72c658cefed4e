//! More requests at once than an application takes.

use std::sync::LazyLock;
use std::time::Duration;

use rgi_conformance::Case;
use rgi_core::{AppExt, Environ, Full, StartResponse, StatusCode, app_fn};
use rgi_middleware::ConcurrencyLimit;
use rgi_middleware::concurrency_limit::ConcurrencyQueue;

pub(super) const CASES: &[Case] = &[
    Case {
        name: "concurrency_limit_gives_places_back",
        says: "one place is enough for requests behind each other, also ones that failed",
        app: |environ, start_response| {
            static ONE: LazyLock<ConcurrencyQueue> = LazyLock::new(|| {
                // Another run of this case may be under way.
                ConcurrencyLimit::new(1).waiting(64, Duration::from_secs(600))
            });
            super::call(app_fn(hello).with(&*ONE), environ, start_response)
        },
        client: |c| {
            c.get("/");
            c.get("/panic");
            c.head("/");
            c.get("/");
        },
        expect: r#"
            200
            content-length: 2
            "hi"
            500 by the server
            200
            content-length: 2
            200
            content-length: 2
            "hi"
        "#,
        ..Case::APP
    },
    Case {
        name: "concurrency_limit_sheds_with_retry_after",
        says: "without a place a request is answered 503 with Retry-After, at once or after its time",
        app: |environ, start_response| {
            let time = match environ.path_info() {
                "/wait" => Duration::from_millis(10),
                _ => Duration::ZERO,
            };
            let closed = ConcurrencyLimit::new(0).waiting(1, time);
            super::call(app_fn(hello).with(closed), environ, start_response)
        },
        client: |c| {
            c.get("/");
            c.get("/wait");
        },
        expect: "
            503 by the server
            retry-after: 1
            503 by the server
            retry-after: 1
        ",
        ..Case::APP
    },
];

fn hello(environ: Environ, start_response: StartResponse) -> Full {
    assert_ne!(environ.path_info(), "/panic", "as asked");
    start_response.start(StatusCode::OK).full("hi")
}
