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
//! other in any order, and is `Send` and `Sync` exactly when what it wraps is. Most are `Send` as well
//! around what is `Send` alone; not those that may call an application later than they are called
//! (`PageCache`, `Sessions`, `ConcurrencyLimit::waiting`, and `Cascade` its second), which share it with
//! that call. No server asks for the one without the other. A middleware is a value with settings
//! ([`RequestId`]); it makes an application ([`request_id::RequestIdApp`]) of an application.
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "access-log")]
pub mod access_log;
#[cfg(any(feature = "hosts", feature = "mount", feature = "router"))]
mod answers;
#[cfg(feature = "auth")]
pub mod auth;
#[cfg(feature = "body-limit")]
pub mod body_limit;
#[cfg(feature = "cascade")]
pub mod cascade;
#[cfg(feature = "catch")]
pub mod catch;
#[cfg(any(feature = "compression", feature = "decompression"))]
mod coding;
#[cfg(feature = "compression")]
pub mod compression;
#[cfg(feature = "concurrency-limit")]
pub mod concurrency_limit;
#[cfg(feature = "conditional")]
pub mod conditional;
#[cfg(feature = "cookies")]
pub mod cookies;
#[cfg(feature = "cors")]
pub mod cors;
#[cfg(feature = "decompression")]
pub mod decompression;
#[cfg(any(
    feature = "compression",
    feature = "conditional",
    feature = "cookies",
    feature = "decompression",
    feature = "page-cache",
    feature = "static-files"
))]
mod fields;
#[cfg(feature = "forwarded")]
pub mod forwarded;
#[cfg(feature = "head")]
pub mod head;
#[cfg(feature = "health")]
pub mod health;
#[cfg(any(feature = "hosts", feature = "router"))]
mod held;
#[cfg(feature = "hosts")]
pub mod hosts;
#[cfg(any(feature = "metrics", feature = "tracing"))]
mod method;
#[cfg(feature = "metrics")]
pub mod metrics;
#[cfg(feature = "mount")]
pub mod mount;
#[cfg(any(feature = "access-log", feature = "metrics", feature = "tracing"))]
pub mod observed;
#[cfg(feature = "page-cache")]
pub mod page_cache;
#[cfg(any(feature = "cookies", feature = "page-cache"))]
mod personal;
#[cfg(feature = "range")]
pub mod range;
#[cfg(feature = "rate-limit")]
pub mod rate_limit;
#[cfg(feature = "request-id")]
pub mod request_id;
#[cfg(feature = "router")]
pub mod router;
#[cfg(feature = "security-headers")]
pub mod security_headers;
#[cfg(feature = "sessions")]
pub mod sessions;
#[cfg(feature = "static-files")]
pub mod static_files;
#[cfg(feature = "timeout")]
pub mod timeout;
#[cfg(feature = "tracing")]
pub mod tracing;
#[cfg(any(feature = "compression", feature = "range"))]
mod turn;

#[cfg(feature = "tracing")]
pub use self::tracing::Tracing;
#[cfg(feature = "access-log")]
pub use access_log::AccessLog;
#[cfg(feature = "auth")]
pub use auth::Auth;
#[cfg(feature = "body-limit")]
pub use body_limit::BodyLimit;
#[cfg(feature = "cascade")]
pub use cascade::Cascade;
#[cfg(feature = "catch")]
pub use catch::Catch;
#[cfg(feature = "compression")]
pub use compression::Compression;
#[cfg(feature = "concurrency-limit")]
pub use concurrency_limit::ConcurrencyLimit;
#[cfg(feature = "conditional")]
pub use conditional::Conditional;
#[cfg(feature = "cookies")]
pub use cookies::Cookies;
#[cfg(feature = "cors")]
pub use cors::Cors;
#[cfg(feature = "decompression")]
pub use decompression::Decompression;
#[cfg(feature = "forwarded")]
pub use forwarded::Forwarded;
#[cfg(feature = "head")]
pub use head::HeadFromGet;
#[cfg(feature = "health")]
pub use health::Health;
#[cfg(any(feature = "hosts", feature = "router"))]
pub use held::Holds;
#[cfg(feature = "hosts")]
pub use hosts::Hosts;
#[cfg(feature = "metrics")]
pub use metrics::Metrics;
#[cfg(feature = "mount")]
pub use mount::Mount;
#[cfg(feature = "page-cache")]
pub use page_cache::PageCache;
#[cfg(feature = "range")]
pub use range::Range;
#[cfg(feature = "rate-limit")]
pub use rate_limit::RateLimit;
#[cfg(feature = "request-id")]
pub use request_id::RequestId;
#[cfg(feature = "router")]
pub use router::Router;
#[cfg(feature = "security-headers")]
pub use security_headers::SecurityHeaders;
#[cfg(feature = "sessions")]
pub use sessions::Sessions;
#[cfg(feature = "static-files")]
pub use static_files::StaticFiles;
#[cfg(feature = "timeout")]
pub use timeout::Timeout;

/// The parts of the guide that stand alone, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../../docs/writing-middleware.md")]
struct Guide;
