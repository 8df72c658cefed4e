//! Compresses responses.
//!
//! ```
//! use rgi_core::{AppExt, Environ, Full, StartResponse, StatusCode, app_fn, field, media, testing};
//! use rgi_middleware::Compression;
//!
//! fn long(_: Environ, start_response: StartResponse) -> Full {
//!     let started = start_response.start(StatusCode::OK);
//!     started.header(field::CONTENT_TYPE, media::TEXT_PLAIN).full("again and ".repeat(500))
//! }
//!
//! let client = testing::Client::new(app_fn(long).with(Compression::new()));
//! let reply = client.get("/").header("accept-encoding", "gzip").send();
//! assert_eq!(reply.header("content-encoding"), Some("gzip"));
//! assert!(reply.body().len() < 200);
//! assert_eq!(client.get("/").send().body().len(), 5000);
//! ```

mod body;
#[cfg(test)]
mod tests;
mod work;

use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use rgi_core::{App, Environ, FieldName, Head, Middleware, StartResponse, field};

use crate::coding::Coding;
use crate::fields::{self, vary};
pub use body::CompressionBody;

/// Compresses the bodies of responses, in the coding that the client wants most (RFC 9110 12.5.3);
/// where it has no preference: zstd, br, gzip.
///
/// Left alone is what is coded already, a part of something (206, `content-range`), `no-transform`
/// (RFC 9111 5.2.2.6), with a digest, short, or of a type that does not shrink, such as pictures. So are
/// bodies that begin with a part of a file: the server sends those without reading them, and
/// precompressed files are smaller ([`StaticFiles`](crate::StaticFiles)). A HEAD of such is that of its
/// GET where the head says so ([`Head::is_file`]).
///
/// What is compressed says so in `content-encoding`, has a weak entity tag (RFC 9110 8.8.3.3) and no
/// `accept-ranges`. What could have been says `vary: accept-encoding`, compressed or not, and so does its
/// 304, which has the weak tag where the client names that. A 304 of which it cannot be told, as it has no
/// `content-type` (RFC 9110 15.4.5), says so, too.
///
/// A body of one block stays one, with a length. Of longer ones what there is goes out when the
/// application has nothing more ready, and when it says [`Flush`](rgi_core::Event::Flush). An
/// application that blocks between two blocks is seen by nobody: it has to say so, unless it sends
/// `text/event-stream`, each block of which goes out at once. Blocks of any size are compressed 64 KiB
/// at a time.
///
/// Secrets next to text that an attacker chooses can be told from the compressed length (BREACH):
/// leave such responses out, with `cache-control: no-transform`.
#[derive(Clone, Copy, Debug)]
pub struct Compression {
    pub(crate) least: u64,
    pub(crate) types: fn(&str) -> bool,
}

impl Compression {
    /// Compresses what is of 1024 bytes or more, or of unknown length.
    pub fn new() -> Compression {
        Compression {
            least: 1024,
            types: shrinks,
        }
    }

    /// Leaves bodies of fewer bytes alone.
    pub fn least(mut self, bytes: u64) -> Compression {
        self.least = bytes;
        self
    }

    /// Says of a media type, in lower case and without parameters, whether it is compressed, in place of
    /// [`shrinks`].
    pub fn types(mut self, types: fn(&str) -> bool) -> Compression {
        self.types = types;
        self
    }

    /// Whether a response could be compressed, as far as its head says; a 304, which says less, stands for
    /// its 200.
    fn takes(&self, head: &Head) -> bool {
        let is_whole = head.status != StatusCode::PARTIAL_CONTENT
            && head.status != StatusCode::NO_CONTENT
            && head.protocol().is_none()
            && !head.is_file();
        is_whole
            && !LEFT_ALONE.iter().any(|name| head.get(name).is_some())
            && head.length().is_none_or(|length| length >= self.least)
            && match head.get(&field::CONTENT_TYPE) {
                Some(value) => self.takes_type(value),
                None => head.status == StatusCode::NOT_MODIFIED,
            }
            && !fields::has(head, &field::CACHE_CONTROL, "no-transform")
    }

    fn takes_type(&self, value: &HeaderValue) -> bool {
        let text = value.to_str().unwrap_or_default();
        let essence = text.split(';').next().unwrap_or_default().trim();
        match essence.bytes().any(|byte| byte.is_ascii_uppercase()) {
            false => (self.types)(essence),
            true => (self.types)(&essence.to_ascii_lowercase()),
        }
    }
}

/// Fields whose responses are as they shall be.
const LEFT_ALONE: [FieldName; 4] = [
    field::CONTENT_ENCODING,
    field::CONTENT_RANGE,
    FieldName::from_static("content-digest"),
    FieldName::from_static("repr-digest"),
];

impl Default for Compression {
    fn default() -> Compression {
        Compression::new()
    }
}

/// Whether a media type is one that shrinks: text, JSON, XML, scripts, WebAssembly, fonts and pictures
/// that are not compressed by themselves.
pub fn shrinks(essence: &str) -> bool {
    let (kind, subtype) = essence.split_once('/').unwrap_or((essence, ""));
    match kind {
        "text" => true,
        "application" => {
            matches!(
                subtype,
                "json"
                    | "javascript"
                    | "ecmascript"
                    | "xml"
                    | "wasm"
                    | "graphql"
                    | "x-ndjson"
                    | "jsonl"
                    | "toml"
                    | "yaml"
                    | "rtf"
                    | "sql"
                    | "x-www-form-urlencoded"
                    | "vnd.ms-fontobject"
            ) || subtype.ends_with("+json")
                || subtype.ends_with("+xml")
                || subtype.ends_with("+yaml")
        }
        "image" => matches!(subtype, "svg+xml" | "bmp" | "x-icon" | "vnd.microsoft.icon"),
        "font" => matches!(subtype, "ttf" | "otf" | "sfnt" | "collection"),
        "model" => subtype.ends_with("+json"),
        _ => false,
    }
}

/// The coding that a client wants most, of those there are (RFC 9110 12.5.3); `None` is identity.
pub(crate) fn wanted(headers: &HeaderMap) -> Option<Coding> {
    let weights = fields::coding_weights(headers);
    let weight = |coding: &Coding| {
        let at = fields::CODINGS.iter().position(|name| coding.is(name));
        at.map_or(0, |at| weights[at])
    };
    // Of equals the first.
    let best = Coding::ALL
        .iter()
        .rev()
        .max_by_key(|coding| weight(coding))?;
    (weight(best) > 0).then_some(*best)
}

impl<A: App> Middleware<A> for Compression {
    type App = CompressionApp<A>;

    fn wrap(&self, inner: A) -> CompressionApp<A> {
        CompressionApp {
            inner,
            settings: *self,
        }
    }
}

/// An application whose responses are compressed.
#[derive(Clone, Copy, Debug)]
pub struct CompressionApp<A> {
    inner: A,
    settings: Compression,
}

impl<A: App> App for CompressionApp<A> {
    type Body = CompressionBody<A::Body>;

    fn call(&self, environ: Environ, start_response: StartResponse) -> Self::Body {
        let coding = wanted(environ.headers());
        let named = environ.headers().get_all(header::IF_NONE_MATCH);
        let named = coding.map_or_else(Vec::new, |_| named.iter().cloned().collect());
        let is_head = environ.method() == Method::HEAD;
        let body = self.inner.call(environ, start_response);
        CompressionBody::new(body, self.settings, coding, named, is_head)
    }
}

/// Makes a head that of a compressed body.
fn code(head: &mut Head, coding: Coding) {
    head.append(field::CONTENT_ENCODING, coding.value());
    loosen(head);
}

/// Takes back what does not hold of compressed bytes: they are others each time they are made.
fn loosen(head: &mut Head) {
    head.set_length(None);
    head.remove(&field::ACCEPT_RANGES);
    let tag = head.get(&field::ETAG).map(HeaderValue::as_bytes);
    if let Some(tag) = tag.filter(|tag| !tag.starts_with(b"W/"))
        && let Ok(weak) = HeaderValue::from_bytes(&[b"W/", tag].concat())
    {
        head.insert(field::ETAG, weak);
    }
}

/// Makes the head of a 304 that of its 200 (RFC 9110 15.4.5): it was compressed where its weak tag is `named`.
fn unmodified(head: &mut Head, named: &[HeaderValue]) {
    vary(head, "accept-encoding");
    let was_coded = head.get(&field::ETAG).is_some_and(|tag| {
        let mut tags = named.iter().flat_map(|line| fields::tags(line.as_bytes()));
        tags.any(|named| named.strip_prefix(b"W/") == Some(tag.as_bytes()))
    });
    if was_coded {
        loosen(head);
    }
}
