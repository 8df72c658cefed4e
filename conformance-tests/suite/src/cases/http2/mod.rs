//! HTTP/2: frames, streams, heads, bodies.

pub(crate) mod answers;
pub(crate) mod blocks;
pub(crate) mod bodies;
pub(crate) mod connection;
pub(crate) mod flow;
pub(crate) mod heads;
pub(crate) mod leaves;
pub(crate) mod order;
pub(crate) mod streams;

use rgi_core::{BodyExt, BoxBody, Environ, StartResponse, async_fn};

use super::bodies::ok;
use super::environ::text;

/// Answers with what it was asked for.
fn hello(_: Environ, start_response: StartResponse) -> BoxBody {
    text(start_response, "hello")
}

/// Reads its input to the end, and gives it back.
fn echo(environ: Environ, start_response: StartResponse) -> BoxBody {
    use rgi_core::App;
    async_fn(
        async |mut environ: Environ, start_response: StartResponse| {
            let body = environ.input().collect(1 << 24).await?;
            Ok(ok(start_response).full(body))
        },
    )
    .call(environ, start_response)
    .erased()
}
