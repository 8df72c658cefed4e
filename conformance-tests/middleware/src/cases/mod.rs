//! The cases, a file a middleware.

mod body_limit;
mod compression;
mod conditional;
mod cookies;
mod page_cache;
mod request_id;
mod static_files;

use rgi_conformance::Case;
use rgi_core::{App, BoxBody, Environ, StartResponse};

/// All topics, for a [`Site`](rgi_conformance::Site).
pub const TOPICS: &[&[Case]] = &[
    body_limit::CASES,
    compression::CASES,
    conditional::CASES,
    cookies::CASES,
    page_cache::CASES,
    request_id::CASES,
    static_files::CASES,
];

/// Calls an application, whatever its body. One that keeps something between requests stands in a
/// `static`.
fn call<A>(app: A, environ: Environ, start_response: StartResponse) -> BoxBody
where
    A: App<Body: Send + 'static>,
{
    BoxBody::new(app.call(environ, start_response))
}
