//! Names of requests.

use rgi_conformance::Case;
use rgi_core::{AppExt, Environ, Full, StartResponse, StatusCode, app_fn};
use rgi_middleware::request_id::Id;
use rgi_middleware::{BodyLimit, RequestId};

pub(super) const CASES: &[Case] = &[
    Case {
        name: "request_id_of_a_proxy_is_taken_over",
        says: "the id that comes along is the application's and the response's",
        app: |environ, start_response| {
            let named = app_fn(name).with(RequestId::new().trusting());
            super::call(named, environ, start_response)
        },
        client: |c| {
            c.ask("GET", "/").field("x-request-id", "a-1").send();
        },
        expect: r#"
            200
            content-length: 3
            x-request-id: a-1
            "a-1"
        "#,
        ..Case::APP
    },
    Case {
        name: "request_id_is_made",
        says: "without trust the client's is not taken over: each request gets one",
        app: |environ, start_response| {
            let sized = app_fn(|environ: Environ, start_response: StartResponse| {
                let id = environ.extensions().get::<Id>().expect("an id");
                let same = environ.header("x-request-id") == Some(id.as_str().as_bytes());
                let text = format!("{} {same}", id.as_str().len());
                start_response.start(StatusCode::OK).full(text)
            });
            let unnamed = sized.with(RequestId::new());
            // What differs from request to request is not shown.
            let shown = unnamed.map_start(|head: &mut rgi_core::Head| {
                let field = rgi_core::FieldName::from_static("x-request-id");
                let id = head.remove(&field).expect("an id");
                assert_eq!(id.len(), 36);
            });
            super::call(shown, environ, start_response)
        },
        client: |c| {
            c.ask("GET", "/").field("x-request-id", "a-1").send();
        },
        expect: r#"
            200
            content-length: 7
            "36 true"
        "#,
        ..Case::APP
    },
    Case {
        name: "request_id_stands_in_answers_to_errors",
        says: "what a middleware or the application refuses by an error has the id, too",
        app: |environ, start_response| {
            let limited = app_fn(name).with((RequestId::new().trusting(), BodyLimit::new(1)));
            super::call(limited, environ, start_response)
        },
        client: |c| {
            let ask = c.ask("POST", "/").field("x-request-id", "a-1");
            ask.body("too long").send();
        },
        expect: r#"
            413 by the server
            x-request-id: a-1
        "#,
        ..Case::APP
    },
];

fn name(environ: Environ, start_response: StartResponse) -> Full {
    let id = environ.extensions().get::<Id>().expect("an id");
    let text = id.as_str().to_owned();
    start_response.start(StatusCode::OK).full(text)
}
