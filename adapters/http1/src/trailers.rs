//! The trailer section of a chunked body (RFC 9112 7.1.2).

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::refusal::Refusal;
use crate::scan::FieldScan;

/// Gathers a trailer section and reads it once it is complete.
#[derive(Clone, Debug, Default)]
pub(crate) struct TrailerReader {
    /// The section, if it has any field.
    section: Vec<u8>,
    len: usize,
    scan: FieldScan,
}

impl TrailerReader {
    /// Goes on with `bytes`. `Some` is how many of them belong to the
    /// section, which is then over; `None`: all of them, and more will. A
    /// section longer than `max` bytes is refused.
    pub(crate) fn scan(
        &mut self,
        bytes: &[u8],
        max: usize,
        max_fields: usize,
    ) -> Result<Option<usize>, Refusal> {
        let window = &bytes[..bytes.len().min(max - self.len)];
        let end = self.scan.scan(window, max_fields)?;
        let taken = end.unwrap_or(window.len());
        self.len += taken;
        // What was taken before the first field was at most the CR of the
        // empty line, and then no field follows.
        if self.scan.fields() > 0 {
            self.section.extend_from_slice(&window[..taken]);
        }
        if end.is_none() && window.len() < bytes.len() {
            return Err(Refusal::fields_too_large(
                "the trailer section is longer than the limit",
            ));
        }
        Ok(end)
    }

    /// The trailers of a complete section that may be passed on, if any.
    pub(crate) fn read(&self) -> Result<Option<HeaderMap>, Refusal> {
        if self.section.is_empty() {
            return Ok(None);
        }
        read(&self.section, self.scan.fields())
    }
}

/// The trailers of a section that is over and in order, of at most so many fields; `None` if there are
/// none that may be passed on. For engines whose library does not give them out: a
/// [`Guard`](crate::Guard) says where they are.
///
/// # Errors
///
/// 400 if one is malformed, or says how to read or route the message; 431 if there are too many.
pub fn read(section: &[u8], max_fields: usize) -> Result<Option<HeaderMap>, Refusal> {
    const TOO_MANY: Refusal = Refusal::fields_too_large("too many trailers");
    let mut slots = vec![httparse::EMPTY_HEADER; max_fields];
    let fields = match httparse::parse_headers(section, &mut slots) {
        Ok(httparse::Status::Complete((_, fields))) => fields,
        Err(httparse::Error::TooManyHeaders) => return Err(TOO_MANY),
        Ok(httparse::Status::Partial) | Err(_) => return Err(MALFORMED),
    };
    let mut trailers = HeaderMap::new();
    for field in fields {
        let name = HeaderName::from_bytes(field.name.as_bytes()).map_err(|_| MALFORMED)?;
        let value = HeaderValue::from_bytes(field.value).map_err(|_| MALFORMED)?;
        trailers.try_append(name, value).map_err(|_| TOO_MANY)?;
    }
    admit(&mut trailers)?;
    Ok((!trailers.is_empty()).then_some(trailers))
}

/// Holds a request's trailers to RFC 9110 6.5.1: those that come too late to have their effect are
/// taken out. For engines whose library passes on what it reads.
///
/// # Errors
///
/// 400 if one says how to read or route the message.
pub fn admit(trailers: &mut HeaderMap) -> Result<(), Refusal> {
    if trailers.keys().any(|name| REFUSED.contains(&name.as_str())) {
        return Err(Refusal::bad(
            "a trailer that says how to read or route the message (RFC 9110 6.5.1)",
        ));
    }
    let dropped: Vec<HeaderName> = trailers
        .keys()
        .filter(|name| is_dropped(name.as_str()))
        .cloned()
        .collect();
    for name in dropped {
        trailers.remove(name);
    }
    Ok(())
}

const MALFORMED: Refusal = Refusal::bad("the trailer section is malformed");

/// Framing, routing and hop-by-hop fields: whoever sends one of these behind
/// the body wants somebody to believe it.
const REFUSED: [&str; 9] = [
    "connection",
    "content-length",
    "host",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Fields whose definitions do not allow them in trailers: authentication,
/// request modifiers, response control and content format (RFC 9110 6.5.1).
/// They come too late to have their effect, and an application that merges
/// trailers into the fields must not meet them there.
const DROPPED: [&str; 29] = [
    "age",
    "authorization",
    "cache-control",
    "content-encoding",
    "content-language",
    "content-location",
    "content-range",
    "content-type",
    "cookie",
    "date",
    "expect",
    "expires",
    "forwarded",
    "location",
    "max-forwards",
    "origin",
    "pragma",
    "priority",
    "proxy-authenticate",
    "proxy-authentication-info",
    "proxy-authorization",
    "range",
    "retry-after",
    "set-cookie",
    "vary",
    "via",
    "warning",
    "www-authenticate",
    "x-http-method-override",
];

fn is_dropped(name: &str) -> bool {
    // If-Match and its kin, Accept and its kin, and what proxies say of the
    // client. Accept-Ranges is a response's, and may trail (RFC 9110 14.3).
    let prefixes = ["accept", "if-", "x-forwarded-"];
    let kin = prefixes.iter().any(|prefix| name.starts_with(prefix));
    DROPPED.contains(&name) || kin && name != "accept-ranges"
}

/// Whether a field, by its lower-case name, may be written as a trailer:
/// those that are read as trailers, and no others.
pub(crate) fn may_trail(name: &str) -> bool {
    !REFUSED.contains(&name) && !is_dropped(name)
}
