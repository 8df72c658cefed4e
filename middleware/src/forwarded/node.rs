//! Addresses in fields: RFC 7239 6, and what else proxies write.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Who stands in a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Node {
    /// Its address; the port is 0 where none is told.
    Known(SocketAddr),
    /// `unknown`, or an obfuscated name.
    Unknown,
}

impl Node {
    /// A node as RFC 7239 6 has it. Nothing else is one.
    pub(super) fn parse(node: &[u8]) -> Option<Node> {
        let node = std::str::from_utf8(node).ok()?;
        let (name, port) = match node.strip_prefix('[') {
            Some(rest) => {
                let (name, port) = rest.split_once(']')?;
                (IpAddr::V6(name.parse::<Ipv6Addr>().ok()?), port)
            }
            None => {
                let (name, port) = node.split_at(node.find(':').unwrap_or(node.len()));
                if name.eq_ignore_ascii_case("unknown") || is_obfuscated(name) {
                    return port_of(port).map(|_| Node::Unknown);
                }
                (IpAddr::V4(name.parse::<Ipv4Addr>().ok()?), port)
            }
        };
        Some(Node::Known(SocketAddr::new(name, port_of(port)?)))
    }

    /// As [`parse`](Self::parse), or a bare IPv6 address, or what nginx writes of a Unix socket.
    pub(super) fn parse_loosely(node: &[u8]) -> Option<Node> {
        let bare = || std::str::from_utf8(node).ok()?.parse::<Ipv6Addr>().ok();
        match node {
            b"unix:" => Some(Node::Unknown),
            _ => Node::parse(node).or_else(|| Some(Node::Known((bare()?, 0).into()))),
        }
    }
}

/// Nothing, or a colon and a port; one that is not told, or obfuscated, is 0.
fn port_of(text: &str) -> Option<u16> {
    let Some(port) = text.strip_prefix(':') else {
        return text.is_empty().then_some(0);
    };
    match is_obfuscated(port) {
        true => Some(0),
        false if (1..=5).contains(&port.len()) && port.bytes().all(|b| b.is_ascii_digit()) => {
            port.parse().ok()
        }
        false => None,
    }
}

/// RFC 7239 6.3
fn is_obfuscated(text: &str) -> bool {
    let is_part = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    let rest = text.strip_prefix('_');
    rest.is_some_and(|rest| !rest.is_empty() && rest.bytes().all(is_part))
}
