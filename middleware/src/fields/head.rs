//! Lists in a response's head.

use http::HeaderValue;
use rgi_core::{Head, field};

/// Says that the answer depends on a field of the request (RFC 9110 12.5.5), if it does not say so yet.
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
