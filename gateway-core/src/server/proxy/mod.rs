//! The PROXY protocol, versions 1 and 2: what a proxy says of a connection before the client's bytes.
//!
//! The specification is HAProxy's, "The PROXY protocol, Versions 1 & 2". No socket and no clock: a server
//! gives the bytes that have come, and reads on until the header is whole.

mod binary;
mod setting;
#[cfg(test)]
mod tests;
mod text;
mod tlv;

pub use setting::ProxyProtocol;

use super::{Address, Connection, Tls};

/// A header that is whole.
///
/// ```
/// use rgi_core::Connection;
/// use rgi_core::server::ProxyHeader;
///
/// let come = b"PROXY TCP4 192.0.2.7 192.0.2.1 4711 443\r\nGET / HTTP/1.1\r\n";
/// assert_eq!(ProxyHeader::parse(&come[..20])?, None);
/// let header = ProxyHeader::parse(come)?.expect("it is whole");
/// assert_eq!(&come[header.length()..][..3], b"GET");
///
/// let mut connection = Connection::default();
/// header.apply(&mut connection);
/// assert_eq!(connection.peer.to_string(), "192.0.2.7:4711");
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProxyHeader {
    length: usize,
    said: Option<Said>,
}

/// What a proxy says of a client's connection. One of its own (LOCAL), and one of a kind that it does
/// not know (UNKNOWN, UNSPEC), it says nothing of.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Said {
    peer: Address,
    local: Address,
    tls: Option<Session>,
}

/// The client's TLS session, which ended at the proxy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Session {
    version: Option<u16>,
    server_name: Option<String>,
    alpn: Option<bytes::Bytes>,
}

impl ProxyHeader {
    /// Bytes of a header, at most. One of version 1 has no more than 107; one of version 2 could have
    /// 64 KiB, and has some hundred.
    pub const LONGEST: usize = 8 * 1024;

    /// Reads the header at the front of what has come on a connection. `None`: there is more of it to
    /// come, and so far nothing is wrong.
    ///
    /// # Errors
    ///
    /// What is wrong, in words without the peer's bytes. No answer is due: the connection is to be closed.
    pub fn parse(come: &[u8]) -> Result<Option<ProxyHeader>, &'static str> {
        if starts_alike(come, binary::SIGNATURE) {
            binary::parse(come)
        } else if starts_alike(come, text::PREFIX) {
            text::parse(come)
        } else {
            Err("it does not begin with a header of the PROXY protocol")
        }
    }

    /// Its bytes. What came behind them is the client's.
    pub fn length(&self) -> usize {
        self.length
    }

    /// Puts what the proxy says in place of what the system says of the connection. A client's TLS
    /// session that ended at the proxy is the connection's, so that the scheme is `https`.
    pub fn apply(self, connection: &mut Connection) {
        if let Some(said) = self.said {
            connection.peer = said.peer;
            connection.local = said.local;
            connection.tls = said.tls.map(|session| Tls {
                version: session.version,
                server_name: session.server_name,
                alpn: session.alpn,
                ..Tls::default()
            });
        }
    }
}

/// Whether what has come is, or may become, something that begins so.
fn starts_alike(come: &[u8], front: &[u8]) -> bool {
    let known = come.len().min(front.len());
    come[..known] == front[..known]
}
