//! Reading and writing header fields, as several middlewares need it.
#![allow(dead_code)] // Each is used by some features, and not by others.

use http::{HeaderMap, HeaderName, HeaderValue, header};
use rgi_core::{FieldName, Head, field};

/// The members of a list that may come in several lines (RFC 9110 5.6.1): trimmed, without the empty
/// ones. Commas inside quoted strings separate nothing. Lines that are not ASCII are passed over.
pub(crate) fn members<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
) -> impl Iterator<Item = &'a str> {
    let lines = headers.get_all(name).into_iter();
    lines
        .filter_map(|value| value.to_str().ok())
        .flat_map(split)
}

/// The members of one line.
pub(crate) fn split(line: &str) -> impl Iterator<Item = &str> {
    parts(line, true)
}

/// The entity tags of one line: in them a backslash escapes nothing (RFC 9110 8.8.3).
pub(crate) fn tags(line: &str) -> impl Iterator<Item = &str> {
    parts(line, false)
}

fn parts(line: &str, escapes: bool) -> impl Iterator<Item = &str> {
    let (mut quoted, mut escaped) = (false, false);
    line.split(move |c| {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted && escapes => escaped = true,
            '"' => quoted = !quoted,
            ',' => return !quoted,
            _ => {}
        }
        false
    })
    .map(str::trim)
    .filter(|member| !member.is_empty())
}

/// A member and its weight in thousandths (RFC 9110 12.4.2); one that is no weight counts as none.
pub(crate) fn weighted(member: &str) -> (&str, u16) {
    let (name, parameters) = member.split_once(';').unwrap_or((member, ""));
    let mut weights = parameters.split(';').filter_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("q").then(|| value.trim())
    });
    let weight = weights.next().map_or(1000, |value| {
        let weight = value.parse::<f32>().ok();
        let weight = weight.filter(|weight| (0.0..=1.0).contains(weight));
        weight.map_or(0, |weight| (weight * 1000.0).round() as u16)
    });
    (name.trim(), weight)
}

/// The content codings there are, by name, the one to prefer first: it is the fastest for what it saves.
pub(crate) const CODINGS: [&str; 3] = ["zstd", "br", "gzip"];

/// How much the client wants each of [`CODINGS`], in thousandths (RFC 9110 12.5.3); 0 of those it does
/// not take, or wants less than the plain bytes. Without the field anything goes, and the plainest is
/// the safest.
pub(crate) fn coding_weights(headers: &HeaderMap) -> [u16; 3] {
    if !headers.contains_key(header::ACCEPT_ENCODING) {
        return [0; 3];
    }
    let (mut named, mut any, mut identity) = ([None; 3], 0, 0);
    for member in members(headers, &header::ACCEPT_ENCODING) {
        let (name, weight) = weighted(member);
        // RFC 9110 8.4.1.3
        let name = if name.eq_ignore_ascii_case("x-gzip") {
            "gzip"
        } else {
            name
        };
        if name == "*" {
            any = weight;
        } else if name.eq_ignore_ascii_case("identity") {
            identity = weight;
        } else if let Some(at) = CODINGS.iter().position(|it| it.eq_ignore_ascii_case(name)) {
            named[at] = Some(weight);
        }
    }
    named.map(|named| {
        Some(named.unwrap_or(any))
            .filter(|weight| *weight >= identity)
            .unwrap_or(0)
    })
}

/// Says that the answer depends on a field of the request (RFC 9110 12.5.5), if it does not say so yet.
pub(crate) fn vary(head: &mut Head, name: &'static str) {
    let says = |value: &HeaderValue| {
        let mut names = value.to_str().unwrap_or_default().split(',').map(str::trim);
        names.any(|said| said == "*" || said.eq_ignore_ascii_case(name))
    };
    if !head.get_all(&field::VARY).any(says) {
        head.append(field::VARY, HeaderValue::from_static(name));
    }
}

/// Whether a list in a response has a member, whatever its case and its argument.
pub(crate) fn has(head: &Head, name: &FieldName, member: &str) -> bool {
    let is = |said: &str| {
        let said = said.split_once('=').map_or(said, |(name, _)| name);
        said.trim_end().eq_ignore_ascii_case(member)
    };
    let mut lines = head.get_all(name).filter_map(|value| value.to_str().ok());
    lines.any(|line| split(line).any(is))
}
