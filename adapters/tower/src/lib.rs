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
#![forbid(unsafe_code)]

mod answer;
mod app;
mod driven;
mod layer;
mod request;
mod service;
mod source;
mod timer;

/// An error of any kind, as tower's services have it.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

pub use answer::{Answer, CutOff, ResponseBody};
pub use app::{ServiceApp, ServiceBody, app};
pub use layer::{Inner, InnerBody, Layered, LayeredBody, Opening, TowerLayer, layer};
pub use request::RequestBody;
pub use service::{AppService, into_service};
