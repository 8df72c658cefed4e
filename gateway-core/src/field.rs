//! Names of the header fields an application may set.

use std::fmt;

use http::{HeaderMap, HeaderName};

use crate::Error;

/// A header field name an application may set.
///
/// Framing and the connection are the server's (PEP 3333, "Other HTTP Features"; RFC 9110 7.6.1),
/// so no value of this type names them: `content-length` is [`Started::length`], the protocol of
/// an upgrade is [`Started::upgrade`], and hop-by-hop fields do not exist here.
///
/// ```
/// use rgi_core::FieldName;
/// const X_COUNT: FieldName = FieldName::from_static("x-count");
/// assert!(FieldName::try_from(http::header::CONNECTION).is_err());
/// ```
/// ```compile_fail
/// use rgi_core::FieldName;
/// const X: FieldName = FieldName::from_static("connection");
/// ```
///
/// [`Started::length`]: crate::Started::length
/// [`Started::upgrade`]: crate::Started::upgrade
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct FieldName(HeaderName);

/// Fields that speak of the connection or of framing.
const SERVERS: [&[u8]; 7] = [
    b"connection",
    b"content-length",
    b"keep-alive",
    b"proxy-connection",
    b"te",
    b"transfer-encoding",
    b"upgrade",
];

impl FieldName {
    /// A name known at compile time: lower-case, a token, and no field of the server's. In a
    /// `const` each breach is a compile error.
    ///
    /// # Panics
    ///
    /// Outside a `const`, on each breach.
    pub const fn from_static(name: &'static str) -> FieldName {
        assert!(
            !is_servers(name.as_bytes()),
            "framing and hop-by-hop fields are the server's to set"
        );
        FieldName(HeaderName::from_static(name))
    }

    /// The name as `http` has it.
    pub fn as_header_name(&self) -> &HeaderName {
        &self.0
    }

    /// The name, lower-case.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

/// Whether a lower-case name is one of the server's.
pub(crate) const fn is_servers(name: &[u8]) -> bool {
    let mut i = 0;
    while i < SERVERS.len() {
        if same(SERVERS[i], name) {
            return true;
        }
        i += 1;
    }
    false
}

const fn same(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let mut i = 0;
    while i < a.len() {
        if a[i] != b[i] {
            return false;
        }
        i += 1;
    }
    true
}

/// Takes the server's fields out of trailers and interim responses, whose maps can hold them.
pub(crate) fn strip(headers: &mut HeaderMap) {
    for name in SERVERS {
        if let Ok(name) = HeaderName::from_bytes(name) {
            headers.remove(name);
        }
    }
}

impl TryFrom<HeaderName> for FieldName {
    type Error = Error;

    /// Refuses framing and hop-by-hop names.
    fn try_from(name: HeaderName) -> Result<FieldName, Error> {
        if is_servers(name.as_str().as_bytes()) {
            return Err(Error::misuse(format!(
                "`{name}` is the server's to set: use `length`, `upgrade`, or leave it out"
            )));
        }
        Ok(FieldName(name))
    }
}

impl From<FieldName> for HeaderName {
    fn from(name: FieldName) -> HeaderName {
        name.0
    }
}

impl AsRef<str> for FieldName {
    fn as_ref(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Debug for FieldName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for FieldName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

macro_rules! names {
    ($($name:ident)*) => { $(
        #[doc = concat!("`", stringify!($name), "`, as in [`http::header::", stringify!($name), "`].")]
        pub const $name: FieldName = FieldName(http::header::$name);
    )* };
}

names! {
    ACCEPT_RANGES AGE ALLOW ALT_SVC CACHE_CONTROL CONTENT_DISPOSITION CONTENT_ENCODING
    CONTENT_LANGUAGE CONTENT_LOCATION CONTENT_RANGE CONTENT_SECURITY_POLICY CONTENT_TYPE DATE ETAG
    EXPIRES LAST_MODIFIED LINK LOCATION PRAGMA PROXY_AUTHENTICATE REFERRER_POLICY RETRY_AFTER
    SERVER SET_COOKIE STRICT_TRANSPORT_SECURITY TRAILER VARY VIA WARNING WWW_AUTHENTICATE
    ACCESS_CONTROL_ALLOW_CREDENTIALS ACCESS_CONTROL_ALLOW_HEADERS ACCESS_CONTROL_ALLOW_METHODS
    ACCESS_CONTROL_ALLOW_ORIGIN ACCESS_CONTROL_EXPOSE_HEADERS ACCESS_CONTROL_MAX_AGE
    X_CONTENT_TYPE_OPTIONS X_FRAME_OPTIONS
}

/// Ready-made values for `content-type`.
pub mod media {
    use http::HeaderValue;

    /// `text/plain; charset=utf-8`
    pub const TEXT_PLAIN: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
    /// `text/html; charset=utf-8`
    pub const TEXT_HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
    /// `application/json`
    pub const JSON: HeaderValue = HeaderValue::from_static("application/json");
    /// `application/octet-stream`
    pub const OCTET_STREAM: HeaderValue = HeaderValue::from_static("application/octet-stream");
    /// `text/event-stream`
    pub const EVENT_STREAM: HeaderValue = HeaderValue::from_static("text/event-stream");
}
