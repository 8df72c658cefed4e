//! What not every server has: trailers, interim responses, other protocols.
//!
//! A server says in its facts what it can do, and these pages answer 501 where it cannot.

use std::time::Duration;

use rgi_core::{
    BodyExt, BoxBody, Environ, Error, HeaderMap, HeaderValue, StartResponse, StatusCode, Upgraded,
    field,
};
use sha2::{Digest, Sha256};

use super::body::hex;
use crate::answer;
use crate::refusal::Refusal;

/// The trailer field with the digest of the body before it.
const X_SHA256: &str = "x-sha256";

/// A text in several blocks, and its digest behind it. A client that did not say `TE: trailers` gets
/// the text alone: that is the server's to know.
pub(crate) fn trailers(
    environ: Environ,
    start_response: StartResponse,
) -> Result<BoxBody, Refusal> {
    if !environ.server().trailers {
        return Err(Refusal::not_implemented("this server sends no trailers"));
    }
    let started =
        answer::plain(start_response).header(field::TRAILER, HeaderValue::from_static(X_SHA256));
    let body = started.push(async |mut writer| {
        let mut sha256 = Sha256::new();
        for block in ["What is known ", "only at the end ", "goes behind it.\n"] {
            sha256.update(block);
            writer.write(block).await?;
        }
        let mut trailers = HeaderMap::new();
        trailers.insert(X_SHA256, HeaderValue::try_from(hex(sha256))?);
        writer.trailers(trailers).await
    });
    Ok(body.erased())
}

/// A hint of what the answer will want, while the answer is being made.
pub(crate) fn early_hints(
    environ: Environ,
    start_response: StartResponse,
) -> Result<BoxBody, Refusal> {
    if !environ.server().informational {
        return Err(Refusal::not_implemented(
            "this server sends no interim responses",
        ));
    }
    let link = HeaderValue::try_from(format!("<{}/json>; rel=preload", environ.script_name()));
    Ok(BoxBody::future(async move {
        let link = link?;
        let hints = HeaderMap::from_iter([(field::LINK.into(), link.clone())]);
        start_response.inform(StatusCode::EARLY_HINTS, &hints);
        environ.timer().sleep(Duration::from_millis(20)).await;
        Ok(answer::plain(start_response)
            .header(field::LINK, link)
            .full("the hints came before\n"))
    }))
}

/// The protocol `echo`: what the client sends comes back until it ends its side.
pub(crate) fn upgrade(
    mut environ: Environ,
    start_response: StartResponse,
) -> Result<BoxBody, Refusal> {
    if !environ.server().upgrade {
        return Err(Refusal::not_implemented(
            "this server switches to no other protocol",
        ));
    }
    let offer = environ.take_offer();
    let Some(accepted) = offer.and_then(|offer| offer.accept("echo").ok()) else {
        return Err(Refusal::bad_request(
            "ask for the protocol `echo`: send `Connection: upgrade` and `Upgrade: echo`",
        ));
    };
    let started = start_response.start(StatusCode::SWITCHING_PROTOCOLS);
    Ok(started.upgrade(accepted, echo).erased())
}

async fn echo(mut client: Upgraded) -> Result<(), Error> {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        match client.read(&mut buffer).await? {
            0 => break,
            n => client.write_all(&buffer[..n]).await?,
        }
    }
    Ok(client.shutdown().await?)
}
