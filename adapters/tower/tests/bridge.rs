//! The three ways, through the public interface.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};

use http::{HeaderMap, HeaderValue, Request, Response};
use http_body::Body as _;
use proptest::prelude::*;
use rgi_core::testing::Client;
use rgi_core::{
    App, AppExt, Body, Bytes, Environ, Error, FieldName, Full, StartResponse, StatusCode, app_fn, rt,
};
use rgi_tower::{Inner, RequestBody};
use tower_service::Service;

/// There and back: an application as a service as an application.
fn there_and_back<A>(app: A) -> impl App<Body: Send> + Send + Sync
where
    A: App<Body: Send> + Send + Sync,
{
    rgi_tower::app(rgi_tower::into_service(app))
}

/// Sends back what it gets, in blocks as they come.
fn echo(mut environ: Environ, start_response: StartResponse) -> impl Body + Send {
    let input = environ.take_input();
    start_response.start(StatusCode::OK).stream(input)
}

/// A layer that changes nothing.
#[derive(Clone, Copy)]
struct Nothing;

impl<S> tower_layer::Layer<S> for Nothing {
    type Service = S;

    fn layer(&self, inner: S) -> S {
        inner
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn bodies_pass_unchanged(body: Vec<u8>, value in "[a-z]{0,8}", status in 200_u16..600) {
        let app = app_fn(move |mut environ: Environ, start_response: StartResponse| {
            let value = environ.headers().get("x-value").cloned();
            let input = environ.take_input();
            start_response
                .start(StatusCode::from_u16(status).unwrap())
                .header(FieldName::from_static("x-value"), value.unwrap())
                .stream(input)
        });
        let ask = |app: &dyn Fn() -> rgi_core::testing::Reply| {
            let reply = app();
            let value = reply.header("x-value").map(<[u8]>::to_vec);
            (reply.status(), value, reply.bytes().to_vec())
        };
        let plain = Client::new(&app);
        let bridged = Client::new(there_and_back(&app));
        let layered = Client::new((&app).with(rgi_tower::layer(Nothing)));
        let expected = ask(&|| plain.post("/").header("x-value", &value).body(body.clone()).send());
        prop_assert_eq!(
            ask(&|| bridged.post("/").header("x-value", &value).body(body.clone()).send()),
            expected.clone()
        );
        prop_assert_eq!(
            ask(&|| layered.post("/").header("x-value", &value).body(body.clone()).send()),
            expected
        );
    }
}

#[test]
fn errors_keep_their_status() {
    let fail = app_fn(|_: Environ, _: StartResponse| {
        Full::failed(Error::new("no").with_status(StatusCode::CONFLICT))
    });
    assert_eq!(Client::new(there_and_back(fail)).get("/").send().status(), 409);
    let layered = fail.with(rgi_tower::layer(Nothing));
    assert_eq!(Client::new(layered).get("/").send().status(), 409);
}
