//! Who is trusted.

use std::net::IpAddr;
use std::sync::Arc;

use rgi_core::server::Network;
use rgi_core::{Address, Error};

/// The addresses of trusted proxies.
#[derive(Clone, Debug)]
pub(super) struct Proxies {
    networks: Arc<[Network]>,
    pub(super) unix: bool,
}

impl Proxies {
    pub(super) fn parse<P: AsRef<str>>(
        texts: impl IntoIterator<Item = P>,
    ) -> Result<Proxies, Error> {
        let networks = texts.into_iter().map(|text| text.as_ref().trim().parse());
        Ok(Proxies {
            networks: networks.collect::<Result<_, _>>()?,
            unix: false,
        })
    }

    /// Whether a peer is one of them. In memory nobody is.
    pub(super) fn has(&self, peer: &Address) -> bool {
        match peer {
            Address::Tcp(address) => self.has_ip(address.ip()),
            Address::Unix(_) => self.unix,
            Address::None => false,
        }
    }

    pub(super) fn has_ip(&self, ip: IpAddr) -> bool {
        self.networks.iter().any(|network| network.has(ip))
    }
}
