//! What a client takes.

use http::{HeaderMap, header};

use super::members;

/// A member and its weight in thousandths (RFC 9110 12.4.2); one that is no weight counts as none.
fn weighted(member: &str) -> (&str, u16) {
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
