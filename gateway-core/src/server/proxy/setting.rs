//! Who sends headers.

use std::fmt;
use std::str::FromStr;

use super::ProxyHeader;
use crate::Error;
use crate::server::{Address, Network};

/// Whether connections begin with a header of the PROXY protocol, version 1 or 2, and whose header is
/// believed. As a text it is `on`, `off`, or the networks, by commas.
///
/// ```
/// use rgi_core::server::{Address, ProxyProtocol};
///
/// let setting: ProxyProtocol = "10.0.0.0/8,::1".parse()?;
/// let [proxy, other] = [[10, 0, 0, 1], [192, 0, 2, 7]].map(|ip| Address::Tcp((ip, 5000).into()));
/// assert_eq!(setting.header(&proxy, b"PROXY "), Ok(None));
/// assert!(setting.header(&other, b"").is_err());
/// # Ok::<(), rgi_core::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ProxyProtocol {
    /// They do not.
    #[default]
    Off,
    /// They do, and whoever connects is believed: for servers that nobody but the proxy can connect to.
    On,
    /// They do, and those are believed who connect from one of these networks, or over a Unix socket.
    /// Others are closed.
    From(Vec<Network>),
}

impl ProxyProtocol {
    /// Whether connections begin with a header.
    pub fn is_on(&self) -> bool {
        *self != ProxyProtocol::Off
    }

    /// Reads the header at the front of what has come from a peer, as [`ProxyHeader::parse`] does.
    ///
    /// # Errors
    ///
    /// That the peer is none that is believed, whatever has come; and those of [`ProxyHeader::parse`].
    pub fn header(&self, peer: &Address, come: &[u8]) -> Result<Option<ProxyHeader>, &'static str> {
        let is_believed = match (self, peer) {
            (ProxyProtocol::From(networks), Address::Tcp(peer)) => {
                networks.iter().any(|network| network.has(peer.ip()))
            }
            _ => true,
        };
        match is_believed {
            true => ProxyHeader::parse(come),
            false => Err("it is none of the proxies that are believed"),
        }
    }
}

/// An error is that of the first text that is no network.
impl FromStr for ProxyProtocol {
    type Err = Error;

    fn from_str(text: &str) -> Result<ProxyProtocol, Error> {
        Ok(match text {
            "on" => ProxyProtocol::On,
            "off" => ProxyProtocol::Off,
            list => {
                let networks = list.split(',').map(|network| network.trim().parse());
                ProxyProtocol::From(networks.collect::<Result<_, _>>()?)
            }
        })
    }
}

impl fmt::Display for ProxyProtocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ProxyProtocol::Off => f.write_str("off"),
            ProxyProtocol::On => f.write_str("on"),
            ProxyProtocol::From(networks) => {
                for (n, network) in networks.iter().enumerate() {
                    write!(f, "{}{network}", if n == 0 { "" } else { "," })?;
                }
                Ok(())
            }
        }
    }
}
