//! Models of concurrency: what a server says of itself, blocking, and what a slow client costs.

use rgi_core::{App, Body, BodyExt, BoxBody, Environ, Error, StartResponse, blocking};

pub(super) mod facts;
pub(super) mod flow;
pub(super) mod lifts;

/// Runs a blocking function, as [`rgi_core::blocking`] does.
fn lifted<B: Body + Send + 'static>(
    environ: Environ,
    start_response: StartResponse,
    f: fn(Environ, StartResponse) -> Result<B, Error>,
) -> BoxBody {
    blocking(f).call(environ, start_response).erased()
}
