//! Answers that go wrong, each in another moment.
//!
//! What the server makes of them is its own answer, or a connection that is cut; the testbed's name
//! is on neither.

use rgi_core::{BodyExt, BoxBody, Bytes, Environ, Error, Full, StartResponse};

use crate::answer;
use crate::refusal::Refusal;

/// Fails before anything was sent: a 500.
pub(crate) fn before(_: Environ, _: StartResponse) -> Result<BoxBody, Refusal> {
    Ok(BoxBody::future(async {
        Err::<Full, _>(failure("before the head"))
    }))
}

/// Fails when the head and a block are out: the connection is cut.
pub(crate) fn during(_: Environ, start_response: StartResponse) -> Result<BoxBody, Refusal> {
    let blocks = [
        Ok(Bytes::from_static(b"so far, so good\n")),
        Err(failure("during the body")),
    ];
    Ok(answer::plain(start_response).iter(blocks).erased())
}

/// Promises 10 bytes and ends after 5, which shows when they are out: the connection is cut.
pub(crate) fn short(_: Environ, start_response: StartResponse) -> Result<BoxBody, Refusal> {
    promised(10, ["123", "45"], start_response)
}

/// Promises 5 bytes and goes on to 10, which shows when 3 are out: the connection is cut.
pub(crate) fn long(_: Environ, start_response: StartResponse) -> Result<BoxBody, Refusal> {
    promised(5, ["123", "4567890"], start_response)
}

/// Panics before there is a body: a 500.
pub(crate) fn panic(_: Environ, _: StartResponse) -> Result<BoxBody, Refusal> {
    panic!("as was asked for");
}

/// Two blocks: a single one that breaks the promise would be seen before the head is out.
fn promised(
    length: u64,
    blocks: [&'static str; 2],
    start_response: StartResponse,
) -> Result<BoxBody, Refusal> {
    let blocks = blocks.map(|block| Ok::<_, Error>(Bytes::from_static(block.as_bytes())));
    let started = answer::plain(start_response).length(length);
    Ok(started.iter(blocks).erased())
}

fn failure(moment: &str) -> Error {
    Error::new(format!("failed {moment}, as was asked for"))
}
