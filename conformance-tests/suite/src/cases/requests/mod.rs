//! Requests: their bodies, and how they come.

pub(super) mod bodies;
pub(super) mod expectations;
pub(super) mod reading;
pub(super) mod unread;

use rgi_core::{BoxBody, Bytes, Environ, Error, StartResponse};

use crate::Notes;
use crate::cases::bodies::ok;

/// Answers with the body of the request.
pub(in crate::cases) fn echo(mut environ: Environ, start_response: StartResponse) -> BoxBody {
    BoxBody::future(async move {
        let body = environ.input().collect(1 << 24).await?;
        Ok(ok(start_response).full(body))
    })
}

/// Notes that it was called, and answers with the body of the request.
pub(in crate::cases) fn noted_echo(environ: Environ, start_response: StartResponse) -> BoxBody {
    Notes::of(&environ).add("called");
    echo(environ, start_response)
}

/// The next block of the input.
pub(in crate::cases) async fn block(environ: &mut Environ) -> Option<Result<Bytes, Error>> {
    std::future::poll_fn(|cx| environ.input().poll_chunk(cx)).await
}
