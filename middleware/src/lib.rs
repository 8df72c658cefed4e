//! Middleware for RGI applications.
//!
//! ```
//! use rgi_core::{AppExt, Environ, Full, StartResponse, StatusCode, app_fn, testing};
//! use rgi_middleware::{BodyLimit, RequestId};
//!
//! fn hello(_: Environ, start_response: StartResponse) -> Full {
//!     start_response.start(StatusCode::OK).full("hi")
//! }
//!
//! // The first is outermost.
//! let app = app_fn(hello).with((RequestId::new(), BodyLimit::new(1 << 20)));
//! let reply = testing::Client::new(app).get("/").send();
//! assert!(reply.header("x-request-id").is_some());
//! ```
//!
//! Each is behind a cargo feature of its name, is written once for all servers, composes with every
//! other in any order, and is `Send` exactly when what it wraps is. A middleware is a value with
//! settings ([`RequestId`]); it makes an application ([`request_id::RequestIdApp`]) of an application.
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "auth")]
pub mod auth;
#[cfg(feature = "body-limit")]
pub mod body_limit;
#[cfg(feature = "catch")]
pub mod catch;
#[cfg(feature = "concurrency-limit")]
pub mod concurrency_limit;
#[cfg(feature = "cors")]
pub mod cors;
#[cfg(feature = "rate-limit")]
pub mod rate_limit;
#[cfg(feature = "request-id")]
pub mod request_id;
#[cfg(feature = "security-headers")]
pub mod security_headers;
#[cfg(feature = "timeout")]
pub mod timeout;

#[cfg(feature = "auth")]
pub use auth::Auth;
#[cfg(feature = "body-limit")]
pub use body_limit::BodyLimit;
#[cfg(feature = "catch")]
pub use catch::Catch;
#[cfg(feature = "concurrency-limit")]
pub use concurrency_limit::ConcurrencyLimit;
#[cfg(feature = "cors")]
pub use cors::Cors;
#[cfg(feature = "rate-limit")]
pub use rate_limit::RateLimit;
#[cfg(feature = "request-id")]
pub use request_id::RequestId;
#[cfg(feature = "security-headers")]
pub use security_headers::SecurityHeaders;
#[cfg(feature = "timeout")]
pub use timeout::Timeout;
