//! Pages about the request's body.

use std::future::poll_fn;
use std::io::BufRead;

use rgi_core::{App, BodyExt, BoxBody, Bytes, Environ, Error, Full, StartResponse, blocking};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::answer;
use crate::refusal::Refusal;

/// Sends the body back while it arrives: a block is read when the one before has gone out.
pub(crate) fn echo(
    mut environ: Environ,
    start_response: StartResponse,
) -> Result<BoxBody, Refusal> {
    let input = environ.take_input();
    let mut started = answer::bytes(start_response);
    if let Some(length) = input.length() {
        started = started.length(length);
    }
    Ok(started.stream(input).erased())
}

/// Reads the body as a stream. Errors of the input are passed on as they are, so that the server
/// answers with the status they carry.
pub(crate) fn digest(
    mut environ: Environ,
    start_response: StartResponse,
) -> Result<BoxBody, Refusal> {
    Ok(BoxBody::future(async move {
        let input = environ.input();
        let mut sha256 = Sha256::new();
        while let Some(chunk) = poll_fn(|cx| input.poll_chunk(cx)).await {
            sha256.update(chunk?);
        }
        Ok(digested(start_response, input.consumed(), sha256))
    }))
}

/// Reads it as `BufRead`, on a thread that may wait.
pub(crate) fn digest_blocking(
    environ: Environ,
    start_response: StartResponse,
) -> Result<BoxBody, Refusal> {
    let app = blocking(
        |mut environ: Environ, start_response| -> Result<Full, Error> {
            let input = environ.input();
            let mut sha256 = Sha256::new();
            let mut reader = input.reader();
            loop {
                let there = reader.fill_buf()?;
                if there.is_empty() {
                    break;
                }
                sha256.update(there);
                let read = there.len();
                reader.consume(read);
            }
            Ok(digested(start_response, input.consumed(), sha256))
        },
    );
    Ok(app.call(environ, start_response).erased())
}

fn digested(start_response: StartResponse, length: u64, sha256: Sha256) -> Full {
    let value = json!({ "length": length, "sha256": hex(sha256) });
    answer::json(start_response, &value)
}

/// A digest as hexadecimal digits.
pub(crate) fn hex(sha256: Sha256) -> String {
    format!("{:x}", Bytes::copy_from_slice(&sha256.finalize()))
}
