//! The cases, a file a middleware.

mod access_log;
mod auth;
mod body_limit;
mod cascade;
mod catch;
mod compression;
mod concurrency_limit;
mod conditional;
mod cookies;
mod cors;
mod forwarded;
mod head;
mod health;
mod hosts;
mod metrics;
mod mount;
mod page_cache;
mod rate_limit;
mod request_id;
mod router;
mod security_headers;
#[cfg(feature = "sessions-sqlite")]
mod sessions_sqlite;
mod static_files;
mod timeout;
mod tracing;

use rgi_conformance::Case;
use rgi_core::{App, BoxBody, Environ, StartResponse};

/// All topics, for a [`Site`](rgi_conformance::Site).
pub const TOPICS: &[&[Case]] = &[
    access_log::CASES,
    auth::CASES,
    body_limit::CASES,
    cascade::CASES,
    catch::CASES,
    compression::CASES,
    concurrency_limit::CASES,
    conditional::CASES,
    cookies::CASES,
    cors::CASES,
    forwarded::CASES,
    head::CASES,
    health::CASES,
    hosts::CASES,
    metrics::CASES,
    mount::CASES,
    page_cache::CASES,
    rate_limit::CASES,
    request_id::CASES,
    router::CASES,
    security_headers::CASES,
    #[cfg(feature = "sessions-sqlite")]
    sessions_sqlite::CASES,
    static_files::CASES,
    timeout::CASES,
    tracing::CASES,
];

/// Calls an application, whatever its body. One that keeps something between requests stands in a
/// `static`.
fn call<A>(app: A, environ: Environ, start_response: StartResponse) -> BoxBody
where
    A: App<Body: Send + 'static>,
{
    BoxBody::new(app.call(environ, start_response))
}
