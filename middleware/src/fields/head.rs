//! Lists in a response's head, and what caches are told there.

#[cfg(any(feature = "compression", feature = "cookies", feature = "static-files"))]
use http::HeaderValue;
use rgi_core::{Head, field};

/// Says that the answer depends on a field of the request (RFC 9110 12.5.5), if it does not say so yet.
#[cfg(any(feature = "compression", feature = "cookies", feature = "static-files"))]
pub(crate) fn vary(head: &mut Head, name: &'static str) {
    let says = |said: &str| said == "*" || said.eq_ignore_ascii_case(name);
    let is_said = |line: &HeaderValue| line.to_str().is_ok_and(|line| super::split(line).any(says));
    if !head.get_all(&field::VARY).any(is_said) {
        head.append(field::VARY, HeaderValue::from_static(name));
    }
}

/// Whether a list in a response has a member, whatever its case and its argument.
#[cfg(feature = "compression")]
pub(crate) fn has(head: &Head, name: &rgi_core::FieldName, member: &str) -> bool {
    let is = |said: &str| {
        let said = said.split_once('=').map_or(said, |(name, _)| name);
        said.trim_end().eq_ignore_ascii_case(member)
    };
    let mut lines = head.get_all(name).filter_map(|value| value.to_str().ok());
    lines.any(|line| super::split(line).any(is))
}

/// Takes out what lets caches keep a response. One that comes of a condition or a range of its request is
/// none for others, whose requests have the same key (RFC 9111 2); by itself no cache keeps a 412 or a
/// 416 (RFC 9110 15.1).
#[cfg(feature = "conditional")]
pub(crate) fn keep_from_caches(head: &mut Head) {
    // RFC 9213 3
    let cdn = rgi_core::FieldName::from_static("cdn-cache-control");
    for name in [field::CACHE_CONTROL, field::EXPIRES, cdn] {
        head.remove(&name);
    }
}
