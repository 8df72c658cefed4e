//! What proxies say of a request, once it is known which of it counts.

use http::{HeaderValue, header};
use rgi_core::server::syntax;
use rgi_core::{Address, Connection, Environ, Scheme};

use super::node::Node;
use super::proxies::Proxies;

/// The field that cannot be understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed(pub(super) &'static str);

/// What is believed; what is not said stays as it is.
#[derive(Debug, Default)]
pub(super) struct Claims {
    pub(super) client: Option<Address>,
    pub(super) scheme: Option<Scheme>,
    pub(super) host: Option<HeaderValue>,
    pub(super) prefix: Option<String>,
}

impl Claims {
    pub(super) fn apply(self, environ: &mut Environ) {
        if let Some(peer) = self.client {
            let local = environ.local().clone();
            environ.set_connection(Connection {
                peer,
                local,
                tls: None,
            });
        }
        if let Some(scheme) = self.scheme {
            environ.set_scheme(scheme);
        }
        if let Some(host) = self.host {
            environ.headers_mut().insert(header::HOST, host);
        }
        if let Some(prefix) = self.prefix {
            environ.restore_prefix(&prefix);
        }
    }
}

/// Walks a chain, given from the right: each node was written by the one before, the first by the peer.
/// Gives the client, if one is told, and how far from the right it stands. Nodes behind it are not
/// looked at.
pub(super) fn walk(
    proxies: &Proxies,
    nodes: impl Iterator<Item = Option<Node>>,
) -> Option<(Option<Address>, usize)> {
    let mut client = (None, 0);
    for (hop, node) in nodes.enumerate() {
        match node? {
            Node::Unknown => return Some((Some(Address::None), hop)),
            Node::Known(address) => {
                client = (Some(Address::Tcp(address)), hop);
                if !proxies.has_ip(address.ip()) {
                    break;
                }
            }
        }
    }
    Some(client)
}

/// A scheme; those of WebSocket are what some proxies write of its handshake.
pub(super) fn scheme(text: &[u8]) -> Option<Scheme> {
    let is = |name: &str| text.eq_ignore_ascii_case(name.as_bytes());
    match (is("https") || is("wss"), is("http") || is("ws")) {
        (true, _) => Some(Scheme::Https),
        (_, true) => Some(Scheme::Http),
        _ => None,
    }
}

pub(super) fn host(text: &[u8]) -> Option<HeaderValue> {
    syntax::authority(text).ok()?;
    HeaderValue::from_bytes(text).ok()
}
