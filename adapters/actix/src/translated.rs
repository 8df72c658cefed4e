//! Heads that actix-http would misread: it is shown another one in their place.
//!
//! It does not know all letters that a method may have, and takes a connection whose client would
//! switch protocols for switched, whatever is answered.

use http::{HeaderValue, Method, Version};
use rgi_core::server::{Limits, RequestHead};
use rgi_http1::{Framing, HeadReader, Refusal};

/// A head that `rgi-http1` has read.
pub(crate) struct Translated {
    pub(crate) request: RequestHead,
    pub(crate) method: Method,
    pub(crate) version: Version,
    pub(crate) upgrade: Option<HeaderValue>,
    framing: Framing,
    keep_alive: bool,
}

impl Translated {
    /// Reads a whole head.
    pub(crate) fn read(head: &[u8], limits: &Limits) -> Result<Option<Translated>, Refusal> {
        let mut fields = Vec::new();
        let Some(read) = HeadReader::default().read(head, limits, &mut fields)? else {
            return Ok(None);
        };
        let mut request = RequestHead::new();
        request.fill(&head[..read.len], &mut fields);
        let method = read.method.clone();
        request.line(
            read.method,
            read.version,
            read.target,
            read.path,
            read.query,
        );
        let upgrade = read
            .upgrade
            .map(|span| HeaderValue::from_bytes(span.of(head)));
        Ok(Some(Translated {
            request,
            method,
            version: read.version,
            upgrade: upgrade.and_then(Result::ok),
            framing: read.framing,
            keep_alive: read.keep_alive,
        }))
    }

    /// A head that says the same of message and connection, and nothing else.
    pub(crate) fn plain(&self) -> Vec<u8> {
        let old = self.version < Version::HTTP_11;
        let method = match (&self.method, self.framing) {
            (&Method::HEAD, _) => "HEAD",
            (_, Framing::None | Framing::Length(0)) => "GET",
            _ => "POST",
        };
        let version = if old { "1.0" } else { "1.1" };
        let framing = match self.framing {
            Framing::None | Framing::Length(0) => String::new(),
            Framing::Length(length) => format!("content-length: {length}\r\n"),
            Framing::Chunked => "transfer-encoding: chunked\r\n".to_owned(),
        };
        let connection = match (self.keep_alive, old) {
            (false, _) => "connection: close\r\n",
            (true, true) => "connection: keep-alive\r\n",
            (true, false) => "",
        };
        let plain = format!("{method} / HTTP/{version}\r\nhost: a\r\n{framing}{connection}\r\n");
        plain.into_bytes()
    }
}
