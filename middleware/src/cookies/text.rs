//! Cookies, as they stand in fields.

use std::str::from_utf8;

use cookie::{Cookie, CookieJar};
use http::{HeaderMap, HeaderValue, header};
use rgi_core::server::syntax::{TOKEN, trim};
use rgi_core::{Head, field, percent_decode};

/// Whether a cookie may be named so (RFC 6265 4.1.1).
pub(crate) fn is_name(name: &str) -> bool {
    TOKEN.spells(name.as_bytes())
}

/// Reads the cookies of a request. Of one name the first counts: its path is the longest (RFC 6265 5.4).
pub(crate) fn read(headers: &HeaderMap) -> CookieJar {
    let mut jar = CookieJar::new();
    let lines = headers.get_all(header::COOKIE).iter();
    let pairs = lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b';'));
    for cookie in pairs.filter_map(pair) {
        if jar.get(cookie.name()).is_none() {
            jar.add_original(cookie);
        }
    }
    jar
}

/// Reads one of the pairs between the semicolons of a `cookie` field.
///
/// The value is decoded, and never the name: a neighbouring host, or one in the middle, may set `__%48ost-id`,
/// which must not pass for `__Host-id`, where browsers see to it that they cannot. For the same reason nothing
/// is trimmed but spaces and tabs, as browsers do it.
fn pair(pair: &[u8]) -> Option<Cookie<'static>> {
    let equals = pair.iter().position(|byte| *byte == b'=')?;
    let name = from_utf8(trim(&pair[..equals])).ok()?;
    let value = percent_decode(from_utf8(trim(&pair[equals + 1..])).ok()?);
    let value = from_utf8(&value).ok()?;
    (!name.is_empty()).then(|| Cookie::new(name.to_owned(), value.to_owned()))
}

/// Puts the cookies that were changed into a response.
pub(crate) fn write(jar: &CookieJar, head: &mut Head) {
    for cookie in jar.delta() {
        // Names are tokens, and values percent-encoded: what is left are paths and domains of the
        // application's that are none.
        if let Ok(value) = HeaderValue::try_from(line(cookie)) {
            head.append(field::SET_COOKIE, value);
        }
    }
}

/// A cookie as `set-cookie` has it: its name as it is, its value percent-encoded.
fn line(cookie: &Cookie<'_>) -> String {
    // Here the name is encoded too, and so has no `=`.
    let encoded = cookie.encoded().to_string();
    let behind_name = encoded.split_once('=').map_or("", |(_, rest)| rest);
    format!("{}={behind_name}", cookie.name())
}
