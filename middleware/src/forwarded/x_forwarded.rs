//! X-Forwarded-For and its kin.

use http::HeaderMap;
use rgi_core::server::syntax::{PATH, members};

use super::claims::{self, Claims, Malformed};
use super::node::Node;
use super::proxies::Proxies;

const FOR: &str = "x-forwarded-for";
const PROTO: &str = "x-forwarded-proto";
const HOST: &str = "x-forwarded-host";
const PREFIX: &str = "x-forwarded-prefix";

/// The fields that are known here.
pub(super) const NAMES: [&str; 4] = [FOR, PROTO, HOST, PREFIX];

/// What counts of the fields of a request that a trusted proxy has sent.
pub(super) fn read(
    headers: &HeaderMap,
    proxies: &Proxies,
    host: bool,
    prefix: bool,
) -> Result<Claims, Malformed> {
    let chain = values(headers, FOR);
    let nodes = chain.iter().rev().map(|node| Node::parse_loosely(node));
    let (client, hop) = claims::walk(proxies, nodes).ok_or(Malformed(FOR))?;
    let mut claims = Claims {
        client,
        scheme: claim(headers, PROTO, hop, claims::scheme)?,
        ..Claims::default()
    };
    if host {
        claims.host = claim(headers, HOST, hop, claims::host)?;
    }
    if prefix {
        let prefix = claim(headers, PREFIX, hop, self::prefix)?;
        claims.prefix = prefix.filter(|prefix| !prefix.is_empty());
    }
    Ok(claims)
}

/// The value of a field that was written by the proxy which named the client. One that stands alone is
/// the first proxy's, passed on, or the last one's.
fn claim<T>(
    headers: &HeaderMap,
    name: &'static str,
    hop: usize,
    parse: impl Fn(&[u8]) -> Option<T>,
) -> Result<Option<T>, Malformed> {
    let values = values(headers, name);
    let value = values.get(values.len().saturating_sub(hop + 1));
    value
        .map(|value| parse(value).ok_or(Malformed(name)))
        .transpose()
}

/// All of a list, in however many lines it came.
fn values<'a>(headers: &'a HeaderMap, name: &str) -> Vec<&'a [u8]> {
    let lines = headers.get_all(name).into_iter();
    let values = lines.flat_map(|line| members(line.as_bytes()));
    values.filter(|value| !value.is_empty()).collect()
}

/// A path, to stand before another. Two slashes could make a URL of it that leads elsewhere.
fn prefix(text: &[u8]) -> Option<String> {
    let text = text.strip_suffix(b"/").unwrap_or(text);
    let fits = |text: &str| PATH.spells(text.as_bytes()) && !text.contains("//");
    let text = std::str::from_utf8(text).ok()?;
    let is_path = text.starts_with('/') && !text.ends_with('/') && fits(text);
    (text.is_empty() || is_path).then(|| text.to_owned())
}
