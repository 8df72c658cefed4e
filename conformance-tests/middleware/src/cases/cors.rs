//! Pages of other origins.

use std::time::Duration;

use rgi_conformance::Case;
use rgi_core::{
    AppExt, BoxBody, Environ, Error, Full, StartResponse, StatusCode, app_fn, async_fn,
};
use rgi_middleware::Cors;

pub(super) const CASES: &[Case] = &[
    Case {
        name: "cors_tells_an_origin_that_is_allowed",
        says: "the origin stands in the response if it is on the list, and Vary names it either way",
        app: shop,
        client: |c| {
            let allowed = c.ask("GET", "/").field("origin", "https://shop.example");
            allowed.send();
            c.ask("GET", "/")
                .field("origin", "https://evil.test")
                .send();
        },
        expect: r#"
            200
            access-control-allow-credentials: true
            access-control-allow-origin: https://shop.example
            content-length: 2
            vary: origin
            "hi"
            200
            content-length: 2
            vary: origin
            "hi"
        "#,
        ..Case::APP
    },
    Case {
        name: "cors_answers_preflights",
        says: "a preflight is answered 204 with what is allowed, and the application is not called",
        app: shop,
        client: |c| {
            let ask = c
                .ask("OPTIONS", "/")
                .field("origin", "https://shop.example");
            let ask = ask.field("access-control-request-method", "PUT");
            ask.field("access-control-request-headers", "x-key").send();
        },
        expect: "
            204
            access-control-allow-credentials: true
            access-control-allow-headers: x-key
            access-control-allow-methods: GET, HEAD, POST, PUT, PATCH, DELETE
            access-control-allow-origin: https://shop.example
            access-control-max-age: 600
            vary: origin
            vary: access-control-request-headers
        ",
        ..Case::APP
    },
    Case {
        name: "cors_lets_errors_be_read",
        says: "a page learns of an error as of any response",
        app: |environ, start_response| {
            let busy = async_fn(|_, _| async { Err::<Full, _>(Error::overloaded("of work")) });
            super::call(busy.with(Cors::any()), environ, start_response)
        },
        client: |c| {
            let ask = c.ask("GET", "/").field("origin", "https://shop.example");
            ask.send();
        },
        expect: r#"
            503 by the server
            access-control-allow-origin: *
            retry-after: 1
        "#,
        ..Case::APP
    },
];

fn shop(environ: Environ, start_response: StartResponse) -> BoxBody {
    fn hello(_: Environ, start_response: StartResponse) -> Full {
        start_response.start(StatusCode::OK).full("hi")
    }
    let cors = Cors::origins(["https://shop.example"]).credentials();
    let cors = cors.max_age(Duration::from_secs(600));
    super::call(app_fn(hello).with(cors), environ, start_response)
}
