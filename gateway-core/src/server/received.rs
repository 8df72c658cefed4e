//! Heads that another HTTP library has read off a connection.
//!
//! Such libraries check what they need for framing, and leave the rest to whoever comes behind
//! them. Here is the rest, once for all adapters.

use http::header::{CONNECTION, HOST, HeaderMap, HeaderName, HeaderValue, UPGRADE};
use http::request::Parts;
use http::{Method, StatusCode, Uri, Version};

use super::syntax::{TOKEN, authority, is_word, members};
use super::{Limits, RequestHead};
use crate::Error;

/// A request's head that another library read, held to the rules it leaves open.
#[derive(Debug)]
pub struct Received {
    /// What an exchange is made of, without the fields that are the server's.
    pub head: RequestHead,
    /// The protocols that the client would switch to (RFC 9110 7.8): the value of Upgrade, where
    /// Connection says that it is meant.
    pub upgrade: Option<HeaderValue>,
}

/// Bytes of a request line beside method and target, and of a field line beside name and value.
const LINE: usize = "  HTTP/1.1\r\n".len();
const FIELD: usize = ": \r\n".len();

/// A request line that another library has read, in the words of this one.
#[derive(Debug)]
pub struct Line<'a> {
    /// The method.
    pub method: Method,
    /// HTTP/1.0 or HTTP/1.1.
    pub version: Version,
    /// The target, in pieces that follow each other.
    pub target: &'a [&'a str],
}

impl Received {
    /// Takes over a head, and checks it:
    ///
    /// - the target's form and bytes (RFC 9112 3.2), and the limits of its size and the head's;
    /// - Host: exactly one, and a valid one (RFC 9112 3.2); on HTTP/2 `:authority` may stand for it
    ///   and must agree with it (RFC 9113 8.3.1);
    /// - no transfer coding but one `chunked` (RFC 9112 6.1);
    /// - no expectation but `100-continue`, and no content of CONNECT (RFC 9110 10.1.1, 9.3.6);
    /// - an announced length within the limit.
    ///
    /// Fields of the connection, and those it names, are left out (RFC 9110 7.6.1).
    ///
    /// # Errors
    ///
    /// With the status to answer: 400, 413, 414, 417, 431 or 501.
    pub fn new(mut parts: Parts, limits: &Limits) -> Result<Received, Error> {
        let line = parts.method.as_str().len() + target_len(&parts.uri);
        let texts = parts.headers.iter();
        let texts = texts.map(|(name, value)| (name.as_str().as_bytes(), value.as_bytes()));
        let fields = Fields::gather(texts, line, parts.version, limits)?;
        fields.check(&parts.method, parts.version, limits)?;
        if parts.version >= Version::HTTP_2 {
            fields.check_authority(&parts)?;
        }
        let upgrade = match fields.upgrade && parts.version == Version::HTTP_11 {
            true => offered(&parts.headers),
            false => None,
        };
        if fields.hop_by_hop {
            leave_behind(&mut parts.headers, limits)?;
        }
        let head = RequestHead::from_parts(parts)?;
        if head.target_len() > limits.target {
            return Err(status(StatusCode::URI_TOO_LONG, "the target is too long"));
        }
        Ok(Received { head, upgrade })
    }

    /// As [`new`](Self::new), of an HTTP/1 head that is there in another library's types: its texts
    /// are copied, and no map is made of them. Repeats of a name are in order.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn copy<'a>(
        line: Line<'_>,
        texts: impl Iterator<Item = (&'a str, &'a [u8])>,
        limits: &Limits,
    ) -> Result<Received, Error> {
        let Line {
            method,
            version,
            target,
        } = line;
        let mut head = RequestHead::copy(method.clone(), version, target, texts);
        let size = method.as_str().len() + head.target_len();
        let fields = Fields::gather(head.texts(), size, version, limits)?;
        fields.check(&method, version, limits)?;
        if head.target_len() > limits.target {
            return Err(status(StatusCode::URI_TOO_LONG, "the target is too long"));
        }
        let upgrade = match fields.hop_by_hop {
            true => strip_texts(&mut head, limits)?,
            false => None,
        };
        head.parse_target()?;
        Ok(Received {
            head,
            upgrade: upgrade.filter(|_| version == Version::HTTP_11),
        })
    }
}

/// Takes out what is the connection's, as [`leave_behind`]. Gives the value of Upgrade, if Connection says
/// that it is meant.
fn strip_texts(head: &mut RequestHead, limits: &Limits) -> Result<Option<HeaderValue>, Error> {
    let values = |wanted: &'static [u8]| {
        let named = head.texts().filter(move |(name, _)| *name == wanted);
        named.map(|(_, value)| value)
    };
    let mut named = Vec::new();
    for option in options(values(b"connection"), limits) {
        named.push(option?.to_ascii_lowercase());
    }
    let meant = named.iter().any(|option| option == b"upgrade");
    let upgrade = values(b"upgrade").next();
    let upgrade = upgrade.filter(|value| meant && !value.is_empty());
    let upgrade = upgrade.and_then(|value| HeaderValue::from_bytes(value).ok());
    head.retain(|name| {
        let is_named = || named.iter().any(|option| option == name);
        !is_hop_by_hop(name) && (is_kept(name) || !is_named())
    });
    Ok(upgrade)
}

/// What one look at each field tells.
#[derive(Default)]
struct Fields {
    hosts: usize,
    hop_by_hop: bool,
    upgrade: bool,
    length: u64,
    codings: Codings,
}

/// What Transfer-Encoding names.
#[derive(Default)]
struct Codings {
    chunked: usize,
    others: usize,
}

impl Fields {
    /// `line` is how many bytes method and target have.
    #[inline]
    fn gather<'a>(
        texts: impl Iterator<Item = (&'a [u8], &'a [u8])>,
        line: usize,
        version: Version,
        limits: &Limits,
    ) -> Result<Fields, Error> {
        let mut fields = Fields::default();
        let mut size = LINE + line;
        let mut count = 0;
        for (name, value) in texts {
            size += FIELD + name.len() + value.len();
            count += 1;
            // By its text: that is one comparison, where comparing names is one for each.
            match name {
                b"host" => {
                    fields.hosts += 1;
                    authority(value).map_err(Error::malformed)?;
                }
                // HTTP/1.0 has no expectations.
                b"expect" if version > Version::HTTP_10 && !is_word(value, b"100-continue") => {
                    return Err(status(
                        StatusCode::EXPECTATION_FAILED,
                        "no expectation but 100-continue can be met",
                    ));
                }
                b"content-length" => fields.length = length(value)?,
                b"transfer-encoding" => {
                    fields.codings.note(value);
                    fields.hop_by_hop = true;
                }
                b"upgrade" => {
                    fields.upgrade = true;
                    fields.hop_by_hop = true;
                }
                b"connection" | b"te" | b"keep-alive" | b"proxy-connection" => {
                    fields.hop_by_hop = true;
                }
                _ => {}
            }
        }
        if count > limits.headers || size > limits.head {
            return Err(status(
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
                "the head is too large",
            ));
        }
        Ok(fields)
    }

    fn check(&self, method: &Method, version: Version, limits: &Limits) -> Result<(), Error> {
        if self.hosts > 1 {
            return Err(Error::malformed("more than one Host (RFC 9112 3.2)"));
        }
        if self.hosts == 0 && version == Version::HTTP_11 {
            return Err(Error::malformed("HTTP/1.1 without Host (RFC 9112 3.2)"));
        }
        let chunked = self.codings.is_chunked()?;
        if *method == Method::CONNECT && (chunked || self.length > 0) {
            return Err(Error::malformed("CONNECT has no body (RFC 9110 9.3.6)"));
        }
        if self.length > limits.longest_body() {
            return Err(Error::too_large("the body is longer than the limit"));
        }
        Ok(())
    }

    /// RFC 9113 8.3.1.
    fn check_authority(&self, parts: &Parts) -> Result<(), Error> {
        let Some(named) = parts.uri.authority().map(|named| named.as_str()) else {
            return match self.hosts {
                0 => Err(Error::malformed("neither :authority nor Host")),
                _ => Ok(()),
            };
        };
        authority(named.as_bytes()).map_err(Error::malformed)?;
        match parts.headers.get(HOST) {
            Some(host) if !host.as_bytes().eq_ignore_ascii_case(named.as_bytes()) => {
                Err(Error::malformed("Host and :authority differ"))
            }
            _ => Ok(()),
        }
    }
}

impl Codings {
    fn note(&mut self, value: &[u8]) {
        for coding in members(value) {
            match is_word(coding, b"chunked") {
                true => self.chunked += 1,
                false => self.others += 1,
            }
        }
    }

    /// RFC 9112 6.1: one `chunked`, or no coding at all.
    fn is_chunked(&self) -> Result<bool, Error> {
        match (self.chunked, self.others) {
            (0, 0) => Ok(false),
            (1, 0) => Ok(true),
            (1, _) => Err(status(
                StatusCode::NOT_IMPLEMENTED,
                "no transfer coding but chunked is supported",
            )),
            _ => Err(Error::malformed(
                "Transfer-Encoding does not end in one `chunked`",
            )),
        }
    }
}

/// Bytes of a target, but for its scheme.
fn target_len(uri: &Uri) -> usize {
    let authority = uri.authority().map_or(0, |named| named.as_str().len());
    let query = uri.query().map_or(0, |query| query.len() + 1);
    authority + uri.path().len() + query
}

/// One number and nothing else (RFC 9110 8.6).
fn length(digits: &[u8]) -> Result<u64, Error> {
    let number = std::str::from_utf8(digits)
        .ok()
        .filter(|_| !digits.is_empty() && digits.iter().all(u8::is_ascii_digit));
    let number = number.and_then(|number| number.parse().ok());
    number.ok_or_else(|| Error::malformed("Content-Length is no number"))
}

fn offered(headers: &HeaderMap) -> Option<HeaderValue> {
    let meant = headers
        .get_all(CONNECTION)
        .iter()
        .flat_map(|value| members(value.as_bytes()))
        .any(|option| is_word(option, b"upgrade"));
    let value = headers.get(UPGRADE).filter(|value| !value.is_empty());
    value.filter(|_| meant).cloned()
}

/// Takes out of a request's fields what is the connection's, and what Connection names (RFC 9110 7.6.1).
/// Host, Content-Length and Expect stay: what a message is and whom it is for cannot be unsaid by naming
/// them. [`Received`] does so by itself.
///
/// # Errors
///
/// If Connection has an option that is no token (400), or more of them than a head may have fields (431).
pub fn leave_behind(headers: &mut HeaderMap, limits: &Limits) -> Result<(), Error> {
    let connection: Vec<HeaderValue> = headers.get_all(CONNECTION).iter().cloned().collect();
    for option in options(connection.iter().map(HeaderValue::as_bytes), limits) {
        if let Ok(name) = HeaderName::from_bytes(option?)
            && !is_kept(name.as_str().as_bytes())
        {
            headers.remove(name);
        }
    }
    for name in HOP_BY_HOP {
        headers.remove(name);
    }
    Ok(())
}

/// The fields of the connection (RFC 9110 7.6.1).
const HOP_BY_HOP: [&str; 6] = [
    "connection",
    "te",
    "transfer-encoding",
    "upgrade",
    "keep-alive",
    "proxy-connection",
];

fn is_hop_by_hop(name: &[u8]) -> bool {
    HOP_BY_HOP.iter().any(|known| known.as_bytes() == name)
}

/// Whether a field stays though Connection names it.
fn is_kept(name: &[u8]) -> bool {
    matches!(name, b"host" | b"content-length" | b"expect")
}

/// What the Connection fields name, each a token.
fn options<'a>(
    connection: impl Iterator<Item = &'a [u8]>,
    limits: &Limits,
) -> impl Iterator<Item = Result<&'a [u8], Error>> {
    let most = limits.headers;
    let options = connection.flat_map(members);
    let options = options.filter(|option| !option.is_empty());
    options.enumerate().map(move |(count, option)| {
        if count >= most {
            return Err(status(
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
                "Connection names more fields than a head may have",
            ));
        }
        match TOKEN.spells(option) {
            true => Ok(option),
            false => Err(Error::malformed(
                "Connection has an option that is no token",
            )),
        }
    })
}

fn status(status: StatusCode, message: &'static str) -> Error {
    Error::malformed(message).with_status(status)
}
