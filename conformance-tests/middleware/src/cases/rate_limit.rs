//! Clients that ask too often.

use std::sync::LazyLock;
use std::time::Duration;

use rgi_conformance::Case;
use rgi_core::{AppExt, Environ, Full, StartResponse, StatusCode, app_fn};
use rgi_middleware::RateLimit;

pub(super) const CASES: &[Case] = &[Case {
    name: "rate_limit_answers_429",
    says: "the request after those that are allowed is answered 429, others' are not",
    app: |environ, start_response| {
        static TWICE: LazyLock<RateLimit> = LazyLock::new(|| {
            // A bucket for each run of the case.
            RateLimit::new(2, Duration::from_secs(2 * 3600))
        });
        let by_run = TWICE.clone().by(|environ: &Environ| {
            let run = environ.header("x-rgi-run").map(<[u8]>::to_vec);
            Some((run, environ.header("x-key").map(<[u8]>::to_vec)))
        });
        // How long it is until one may ask again differs.
        let app = app_fn(hello)
            .with(by_run)
            .map_start(|head: &mut rgi_core::Head| {
                if let Some(again) = head.remove(&rgi_core::field::RETRY_AFTER) {
                    let again = again.to_str().ok().and_then(|text| text.parse().ok());
                    assert!(again.is_some_and(|seconds| (1..=3600).contains(&seconds)));
                }
            });
        super::call(app, environ, start_response)
    },
    client: |c| {
        c.get("/");
        c.get("/");
        c.get("/");
        c.head("/");
        c.ask("GET", "/").field("x-key", "other").send();
    },
    expect: r#"
        200
        content-length: 2
        "hi"
        200
        content-length: 2
        "hi"
        429
        content-length: 22
        content-type: text/plain; charset=utf-8
        "429 Too Many Requests\n"
        429
        content-length: 22
        content-type: text/plain; charset=utf-8
        200
        content-length: 2
        "hi"
    "#,
    ..Case::APP
}];

fn hello(_: Environ, start_response: StartResponse) -> Full {
    start_response.start(StatusCode::OK).full("hi")
}
