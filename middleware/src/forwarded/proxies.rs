//! Who is trusted.

use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;
use rgi_core::{Address, Error};

/// The addresses of trusted proxies.
#[derive(Clone, Debug)]
pub(super) struct Proxies {
    networks: Arc<[IpNet]>,
    pub(super) unix: bool,
}

impl Proxies {
    pub(super) fn parse<P: AsRef<str>>(
        texts: impl IntoIterator<Item = P>,
    ) -> Result<Proxies, Error> {
        let networks = texts.into_iter().map(|text| network(text.as_ref()));
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

    /// An IPv4 address is the same one where a socket for both has it as an IPv6 address
    /// (RFC 4291 2.5.5.2).
    pub(super) fn has_ip(&self, ip: IpAddr) -> bool {
        let ip = ip.to_canonical();
        self.networks.iter().any(|network| network.contains(&ip))
    }
}

fn network(text: &str) -> Result<IpNet, Error> {
    let text = text.trim();
    let network = match text.parse::<IpAddr>() {
        Ok(ip) => IpNet::from(ip.to_canonical()),
        Err(_) => text.parse::<IpNet>().map_err(|_| {
            Error::new(format!(
                "the trusted proxy {text:?} is neither an address nor a network such as 10.0.0.0/8"
            ))
        })?,
    };
    match network.trunc() {
        whole if whole == network => Ok(network),
        whole => Err(Error::new(format!(
            "the trusted proxies {network} have bits behind the length: {whole} is the network, {} the address",
            network.addr()
        ))),
    }
}
