//! Version 1: a line of text.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::{ProxyHeader, Said};
use crate::server::Address;

pub(super) const PREFIX: &[u8] = b"PROXY ";

/// Bytes of a line, its end included.
const LONGEST: usize = 107;

pub(super) fn parse(come: &[u8]) -> Result<Option<ProxyHeader>, &'static str> {
    let line = &come[..come.len().min(LONGEST)];
    let Some(end) = line.windows(2).position(|end| end == b"\r\n") else {
        return match line.len() {
            LONGEST => Err("its PROXY line does not end within 107 bytes"),
            _ => Ok(None),
        };
    };
    let line = std::str::from_utf8(&line[PREFIX.len()..end]);
    let said = match line.map_err(|_| WRONG)?.split_once(' ') {
        Some(("TCP4", ends)) => Some(said::<Ipv4Addr>(ends).ok_or(WRONG)?),
        Some(("TCP6", ends)) => Some(said::<Ipv6Addr>(ends).ok_or(WRONG)?),
        // What stands behind it is to be ignored.
        Some(("UNKNOWN", _)) => None,
        None if line == Ok("UNKNOWN") => None,
        _ => return Err("its PROXY line is neither of TCP4, TCP6 nor UNKNOWN"),
    };
    Ok(Some(ProxyHeader {
        length: end + 2,
        said,
    }))
}

const WRONG: &str = "its PROXY line has not two addresses and two ports of its kind";

/// Source and destination, and the ports of both.
fn said<T: std::str::FromStr + Into<IpAddr>>(ends: &str) -> Option<Said> {
    let mut words = ends.split(' ');
    let mut next = || words.next();
    let (peer, local) = (address::<T>(next()?)?, address::<T>(next()?)?);
    let (peer_port, local_port) = (port(next()?)?, port(next()?)?);
    words.next().is_none().then(|| Said {
        peer: Address::Tcp(SocketAddr::new(peer, peer_port)),
        local: Address::Tcp(SocketAddr::new(local, local_port)),
        tls: None,
    })
}

fn address<T: std::str::FromStr + Into<IpAddr>>(text: &str) -> Option<IpAddr> {
    text.parse::<T>().ok().map(Into::into)
}

/// Digits, without zeros before them.
fn port(text: &str) -> Option<u16> {
    let port = text.parse::<u16>().ok()?;
    (!text.starts_with('+') && (text == "0" || !text.starts_with('0'))).then_some(port)
}
