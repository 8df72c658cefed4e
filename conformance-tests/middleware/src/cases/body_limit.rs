//! Bodies that are too long.

use rgi_conformance::{Case, pattern};
use rgi_core::{AppExt, BoxBody, Environ, Error, Full, StartResponse, StatusCode, async_fn};
use rgi_middleware::BodyLimit;

pub(super) const CASES: &[Case] = &[
    Case {
        name: "body_limit_lets_pass_what_is_within",
        says: "a body of the limit's length arrives, with a length and in chunks",
        app: limited,
        client: |c| {
            c.post("/", pattern(1000));
            let whole = pattern(1000);
            c.ask("POST", "/")
                .pieces(whole.chunks(300).map(<[u8]>::to_vec))
                .send();
        },
        expect: r#"
            200
            content-length: 4
            "1000"
            200
            content-length: 4
            "1000"
        "#,
        ..Case::APP
    },
    Case {
        name: "body_limit_refuses_what_is_not",
        says: "a longer body is answered 413, whether its length is announced or not",
        app: limited,
        client: |c| {
            c.post("/", pattern(1001));
            let whole = pattern(1001);
            c.ask("POST", "/")
                .pieces(whole.chunks(300).map(<[u8]>::to_vec))
                .send();
        },
        expect: "
            413 by the server
            413 by the server
        ",
        ..Case::APP
    },
];

fn limited(environ: Environ, start_response: StartResponse) -> BoxBody {
    async fn length(mut environ: Environ, start_response: StartResponse) -> Result<Full, Error> {
        let body = environ.input().collect(u64::MAX).await?;
        let started = start_response.start(StatusCode::OK);
        Ok(started.full(body.len().to_string()))
    }
    super::call(
        async_fn(length).with(BodyLimit::new(1000)),
        environ,
        start_response,
    )
}
