//! Decompresses requests.
//!
//! ```
//! use rgi_core::{AppExt, Environ, Error, Full, StartResponse, StatusCode, async_fn, testing};
//! use rgi_middleware::Decompression;
//!
//! async fn echo(mut environ: Environ, start_response: StartResponse) -> Result<Full, Error> {
//!     let body = environ.input().collect(1 << 20).await?;
//!     Ok(start_response.start(StatusCode::OK).full(body))
//! }
//!
//! let client = testing::Client::new(async_fn(echo).with(Decompression::new(1 << 20)));
//! // "hi" in brotli
//! let hi = b"\x8b\x00\x80hi\x03".as_slice();
//! let reply = client.post("/").header("content-encoding", "br").body(hi).send();
//! assert_eq!(reply.text(), "hi");
//! let reply = client.post("/").header("content-encoding", "secret").body(hi).send();
//! assert_eq!(reply.status(), 415);
//! ```

#[cfg(test)]
mod tests;

use std::io::{self, Read};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use rgi_core::server::InputSource;
use rgi_core::{
    App, Either, Environ, Error, FieldName, Full, Input, Middleware, StartResponse, Stream,
};

use crate::coding::{Coding, Decoder};
use crate::fields;

const ACCEPT_ENCODING: FieldName = FieldName::from_static("accept-encoding");

/// Decompresses the bodies of requests that come in a coding that it knows; the application sees them
/// without `content-encoding`, and of unknown length.
///
/// Another coding, or several on top of each other, is answered 415 with the codings there are in
/// `accept-encoding` (RFC 9110 12.5.3, 15.5.16), without a call of the application. A body that is not
/// of its coding is malformed (400); one that becomes longer than it may is too large (413): a few bytes
/// can stand for gigabytes. It is decompressed as it is read, 16 KiB at a time, and no more of it is
/// held than a window of the coding.
#[derive(Clone, Copy, Debug)]
pub struct Decompression {
    limit: u64,
}

impl Decompression {
    /// Decompresses to at most `limit` bytes.
    pub fn new(limit: u64) -> Decompression {
        Decompression { limit }
    }
}

impl<A: App> Middleware<A> for Decompression {
    type App = DecompressionApp<A>;

    fn wrap(&self, inner: A) -> DecompressionApp<A> {
        DecompressionApp {
            inner,
            limit: self.limit,
        }
    }
}

/// An application whose requests are decompressed.
#[derive(Clone, Copy, Debug)]
pub struct DecompressionApp<A> {
    inner: A,
    limit: u64,
}

impl<A: App> App for DecompressionApp<A> {
    type Body = Either<A::Body, Full>;

    fn call(&self, mut environ: Environ, start_response: StartResponse) -> Self::Body {
        if environ.headers().contains_key(header::CONTENT_ENCODING) {
            match coding(environ.headers()) {
                Ok(None) => {}
                Ok(Some(coding)) => {
                    let headers = environ.headers_mut();
                    headers.remove(header::CONTENT_ENCODING);
                    headers.remove(header::CONTENT_LENGTH);
                    environ.map_input(|input| decoded(input, coding, self.limit));
                }
                Err(Unknown) => {
                    let names: Vec<&str> = Coding::ALL.iter().map(|it| it.name()).collect();
                    let names = HeaderValue::try_from(names.join(", "));
                    let started = start_response.start(StatusCode::UNSUPPORTED_MEDIA_TYPE);
                    let names = names.unwrap_or(HeaderValue::from_static("identity"));
                    return Either::right(started.header(ACCEPT_ENCODING, names).empty());
                }
            }
        }
        Either::left(self.inner.call(environ, start_response))
    }
}

struct Unknown;

/// The one coding of a request; `identity` is none.
fn coding(headers: &HeaderMap) -> Result<Option<Coding>, Unknown> {
    let lines = headers.get_all(header::CONTENT_ENCODING).iter();
    if !lines.into_iter().all(|line| line.to_str().is_ok()) {
        return Err(Unknown);
    }
    let mut names = fields::members(headers, &header::CONTENT_ENCODING)
        .filter(|name| !name.eq_ignore_ascii_case("identity"));
    let Some(name) = names.next() else {
        return Ok(None);
    };
    let known = Coding::ALL.iter().find(|coding| coding.is(name));
    match (known, names.next()) {
        (Some(coding), None) => Ok(Some(*coding)),
        _ => Err(Unknown),
    }
}

fn decoded(input: Input, coding: Coding, limit: u64) -> Input {
    // Nothing is nothing in every coding: no reader is asked to make sense of it.
    if input.is_end() {
        return input;
    }
    let decoded = Decoded {
        input,
        coding,
        decoder: None,
        left: limit,
    };
    Input::source(decoded, None)
}

/// Bytes decompressed in one step.
const STEP: usize = 16 * 1024;

/// A body on its way through a decoder, which is made with its first bytes.
struct Decoded {
    input: Input,
    coding: Coding,
    decoder: Option<Decoder>,
    left: u64,
}

impl Stream for Decoded {
    type Item = Result<Bytes, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            if let Some(decoder) = &mut this.decoder {
                let mut chunk = vec![0; STEP];
                match decoder.read(&mut chunk) {
                    Ok(0) if decoder.has_rest() => {
                        return Poll::Ready(Some(Err(Error::malformed(format!(
                            "bytes behind the end of a body of {}",
                            this.coding.name()
                        )))));
                    }
                    // The end of the coding; that of the body has to follow.
                    Ok(0) => {
                        let rest = ready!(this.input.poll_chunk(cx)?);
                        let Some(rest) = rest else {
                            return Poll::Ready(None);
                        };
                        decoder.feed(Some(rest));
                        continue;
                    }
                    Ok(read) => {
                        let Some(left) = this.left.checked_sub(read as u64) else {
                            return Poll::Ready(Some(Err(Error::too_large(
                                "a body that is decompressed to more bytes than are allowed",
                            ))));
                        };
                        this.left = left;
                        chunk.truncate(read);
                        return Poll::Ready(Some(Ok(chunk.into())));
                    }
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    Err(error) => return Poll::Ready(Some(Err(Error::malformed(error)))),
                }
            }
            let chunk = ready!(this.input.poll_chunk(cx)?);
            let decoder = match (&mut this.decoder, &chunk) {
                (Some(decoder), _) => decoder,
                (None, None) => return Poll::Ready(None),
                (empty, Some(_)) => empty.insert(Decoder::new(this.coding)?),
            };
            decoder.feed(chunk);
        }
    }
}

impl InputSource for Decoded {
    fn trailers(self: Pin<&mut Self>) -> Option<Box<HeaderMap>> {
        self.input.trailers().cloned().map(Box::new)
    }
}
