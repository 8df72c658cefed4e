//! The bridge between RGI and [tower](https://docs.rs/tower-service).
//!
//! Any service of HTTP as an application: an axum `Router`, say, under every RGI server.
//!
//! ```
//! use std::convert::Infallible;
//! use std::future::{Ready, ready};
//! use std::task::{Context, Poll};
//!
//! use http::{Request, Response};
//! use rgi_core::testing::Client;
//! use rgi_tower::RequestBody;
//! use tower_service::Service;
//!
//! #[derive(Clone)]
//! struct Echo;
//!
//! impl Service<Request<RequestBody>> for Echo {
//!     type Response = Response<RequestBody>;
//!     type Error = Infallible;
//!     type Future = Ready<Result<Self::Response, Infallible>>;
//!
//!     fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
//!         Poll::Ready(Ok(()))
//!     }
//!
//!     fn call(&mut self, request: Request<RequestBody>) -> Self::Future {
//!         ready(Ok(Response::new(request.into_body())))
//!     }
//! }
//!
//! let client = Client::new(rgi_tower::app(Echo));
//! assert_eq!(client.post("/").body("again").send().text(), "again");
//! ```
//!
//! # The three ways
//!
//! | from | to | by |
//! |---|---|---|
//! | a `tower_service::Service` | an [`App`](rgi_core::App) | [`app`] |
//! | an [`App`](rgi_core::App) | a `tower_service::Service` | [`into_service`] |
//! | a `tower_layer::Layer` | a [`Middleware`](rgi_core::middleware::Middleware) | [`layer`] |
//!
//! No way asks for a runtime. Each is `Send` exactly when what it is made of is. Bodies are pulled block
//! by block, and nothing is read ahead in either direction.
//!
//! # What a service is told
//!
//! What a message of `http`'s has no place for is among the request's extensions, of a service as of a
//! layer: the [`Connection`](rgi_core::Connection), with the addresses of both ends; the
//! [`Peer`](rgi_core::Peer), which says whether the client has left; and the [`Facts`](rgi_core::Facts): the
//! scheme, the prefix, the deployer's values, the server's clock and log, and its stop. So an answer without
//! an end of its own, such as events, ends when the server is told to stop, and is not cut:
//!
//! ```
//! use std::convert::Infallible;
//! use std::pin::Pin;
//! use std::task::{Context, Poll};
//!
//! use axum::extract::Extension;
//! use axum::response::Sse;
//! use axum::response::sse::Event;
//! use axum::{Router, routing::get};
//! use rgi_core::testing::Client;
//! use rgi_core::{Facts, Stopping, Stream};
//!
//! /// Events that never come, until the server stops.
//! struct News(Stopping);
//!
//! impl Stream for News {
//!     type Item = Result<Event, Infallible>;
//!
//!     fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
//!         Pin::new(&mut self.0).poll(cx).map(|()| None)
//!     }
//! }
//!
//! let news = async |facts: Extension<Facts>| Sse::new(News(facts.stopping()));
//! let app = rgi_tower::app(Router::new().route("/news", get(news)));
//! let reply = Client::new(app).stopping().get("/news").send();
//! assert_eq!((reply.status(), reply.text().as_str()), (200, ""));
//! ```
//!
//! # Errors
//!
//! An error of a service is answered with the status of the [`rgi_core::Error`] it is or was caused by, and
//! else with 500; one of a request's body with 400, or 413 where a layer such as tower-http's
//! `RequestBodyLimit` found it too long. tower's own errors are of a crate that this one does not know. So
//! whoever has such layers says what they mean, by tower's `map_err` around them:
//!
//! ```
//! use rgi_core::testing::Client;
//! use rgi_core::{AppExt, Environ, Error, Full, StartResponse, StatusCode, app_fn};
//! use rgi_tower::BoxError;
//! use tower::ServiceBuilder;
//! use tower::load_shed::error::Overloaded;
//! use tower::timeout::error::Elapsed;
//!
//! fn meaning(error: BoxError) -> BoxError {
//!     if error.is::<Elapsed>() {
//!         // 503.
//!         return Error::timeout(error).into();
//!     }
//!     if error.is::<Overloaded>() {
//!         // 503, with `retry-after`.
//!         return Error::overloaded(error).into();
//!     }
//!     error
//! }
//!
//! fn hello(_: Environ, start_response: StartResponse) -> Full {
//!     start_response.start(StatusCode::OK).full("hello")
//! }
//!
//! // At most none at a time.
//! let layer = ServiceBuilder::new().map_err(meaning).load_shed().concurrency_limit(0);
//! let client = Client::new(app_fn(hello).with(rgi_tower::layer(layer)));
//! assert_eq!(client.get("/").send().status(), 503);
//! ```
//!
//! The same of a request's body, where a layer of tower-http's may give up on it: the layer inside of that
//! one says that it is 408.
//!
//! ```
//! use std::time::Duration;
//!
//! use http_body_util::BodyExt;
//! use rgi_core::{AppExt, Environ, Error, Full, StartResponse, StatusCode, app_fn};
//! use rgi_tower::{BoxError, RequestBody};
//! use tower::ServiceBuilder;
//! use tower_http::map_request_body::MapRequestBodyLayer;
//! use tower_http::timeout::{RequestBodyTimeoutLayer, TimeoutBody, TimeoutError};
//!
//! fn meaning(error: BoxError) -> BoxError {
//!     match error.is::<TimeoutError>() {
//!         true => Error::timeout(error).with_status(StatusCode::REQUEST_TIMEOUT).into(),
//!         false => error,
//!     }
//! }
//!
//! # fn hello(_: Environ, start_response: StartResponse) -> Full {
//! #     start_response.start(StatusCode::OK).full("hello")
//! # }
//! let layer = ServiceBuilder::new()
//!     .layer(RequestBodyTimeoutLayer::new(Duration::from_secs(30)))
//!     .layer(MapRequestBodyLayer::new(|body: TimeoutBody<RequestBody>| body.map_err(meaning)));
//! let app = app_fn(hello).with(rgi_tower::layer(layer));
//! # let _ = app;
//! ```
//!
//! # Layers that do not fit
//!
//! Each request gets a clone of what a layer has made, and an application answers once:
//!
//! - Services that are not `Clone`, such as tower's `RateLimit`, do not compile here.
//! - A layer that calls its service twice for one request, such as `Retry`, gets an error the second time;
//!   one that makes a request of its own gets one at once.
//! - A layer that spawns a task when it wraps, such as `Buffer`, needs its runtime where the application is
//!   made, and not only where it is called.
//!
//! # gRPC
//!
//! A service of tonic's is a service of HTTP, and its trailers pass as they are. It wants HTTP/2, which of
//! RGI's servers `rgi-coroutine` speaks.
//!
//! ```no_run
//! use rgi_core::server::{Listener, Server, Stop};
//! use rgi_core::{AppExt, IntoLifespan, Worker};
//! use rgi_coroutine::{Config, Coroutine};
//!
//! // Any `XServer` that tonic has made of a description.
//! let (_reporter, health) = tonic_health::server::health_reporter();
//! let app = move |_: &Worker| Ok(rgi_tower::app(health.clone()).cancel_on_disconnect());
//! let listener = std::net::TcpListener::bind("127.0.0.1:50051")?;
//! let server = Coroutine::new(Config::default());
//! server.serve(app.into_lifespan(), vec![Listener::Tcp(listener)], Stop::new())?;
//! # Ok::<(), rgi_core::Error>(())
//! ```
//!
//! - Services of gRPC expect to be dropped when the client gives up, so that a stream that waits for news
//!   does not wait for ever: [`cancel_on_disconnect`](rgi_core::AppExt::cancel_on_disconnect) does so.
//! - The deadline in `grpc-timeout` is kept by the client, which resets its stream. tonic's own server
//!   keeps it too; here that is a layer's part, or the server's `request_timeout`.
//! - Several services are several paths: tonic's `Routes`, or a router of RGI's.
#![forbid(unsafe_code)]

mod answer;
mod app;
mod driven;
mod layer;
mod request;
mod service;
mod source;
#[cfg(feature = "upgrade")]
mod switch;
#[cfg(not(feature = "upgrade"))]
#[path = "no_switch.rs"]
mod switch;
mod timer;
mod told;

/// An error of any kind, as tower's services have it.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

pub use answer::{Answer, CutOff, ResponseBody};
pub use app::{ServiceApp, ServiceBody, app};
pub use layer::{Inner, InnerBody, Layered, LayeredBody, Opening, TowerLayer, layer};
pub use request::RequestBody;
pub use service::{AppService, into_service};
