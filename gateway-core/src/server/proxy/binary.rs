//! Version 2: a signature, a length, addresses, and facts by type.

use std::ffi::OsStr;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::unix::ffi::OsStrExt;

use super::{ProxyHeader, Said, tlv};
use crate::server::Address;

pub(super) const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

/// Up to where it is said how long it is.
const FIXED: usize = SIGNATURE.len() + 4;
/// Bytes of the path of a Unix socket.
const PATH: usize = 108;

pub(super) fn parse(come: &[u8]) -> Result<Option<ProxyHeader>, &'static str> {
    let kind = come.get(SIGNATURE.len());
    let is_local = match kind {
        None => return Ok(None),
        Some(0x20) => true,
        Some(0x21) => false,
        Some(_) => return Err("its PROXY header is of no known version and command"),
    };
    let Some(&[_, family, high, low]) = come.get(SIGNATURE.len()..FIXED) else {
        return Ok(None);
    };
    let length = FIXED + usize::from(u16::from_be_bytes([high, low]));
    if length > ProxyHeader::LONGEST {
        return Err("its PROXY header is longer than 8 KiB");
    }
    let Some(whole) = come.get(..length) else {
        return Ok(None);
    };
    // A proxy that asks for itself may say anything else, which is to be ignored.
    let said = match is_local {
        true => None,
        false => said(family, whole)?,
    };
    Ok(Some(ProxyHeader { length, said }))
}

/// A protocol of datagrams is the client's, whose proxy made a stream of them.
fn said(family: u8, whole: &[u8]) -> Result<Option<Said>, &'static str> {
    let rest = &whole[FIXED..];
    let (peer, local, rest) = match family {
        0x00 => (Address::None, Address::None, rest),
        0x11 | 0x12 => {
            let (ends, rest) = split::<12>(rest)?;
            let [a, b, c, d, e, f, g, h, ports @ ..] = *ends;
            let ip = |octets: [u8; 4]| Ipv4Addr::from(octets);
            let [peer, local] = both(ports);
            (
                Address::Tcp(SocketAddr::new(ip([a, b, c, d]).into(), peer)),
                Address::Tcp(SocketAddr::new(ip([e, f, g, h]).into(), local)),
                rest,
            )
        }
        0x21 | 0x22 => {
            let (peer, rest) = split::<16>(rest)?;
            let (local, rest) = split::<16>(rest)?;
            let (ports, rest) = split::<4>(rest)?;
            let ports = both(*ports);
            (
                Address::Tcp(SocketAddr::new(Ipv6Addr::from(*peer).into(), ports[0])),
                Address::Tcp(SocketAddr::new(Ipv6Addr::from(*local).into(), ports[1])),
                rest,
            )
        }
        0x31 | 0x32 => {
            let (peer, rest) = split::<PATH>(rest)?;
            let (local, rest) = split::<PATH>(rest)?;
            (path(peer), path(local), rest)
        }
        _ => return Err("its PROXY header is of no known family and protocol"),
    };
    let tls = tlv::read(rest, whole)?;
    Ok((family != 0x00).then_some(Said { peer, local, tls }))
}

fn split<const N: usize>(bytes: &[u8]) -> Result<(&[u8; N], &[u8]), &'static str> {
    let split = bytes.split_first_chunk::<N>();
    split.ok_or("its PROXY header is too short for addresses of its family")
}

fn both([a, b, c, d]: [u8; 4]) -> [u16; 2] {
    [u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])]
}

/// The path ends with a zero, or with its room; one that begins with a zero is none.
fn path(bytes: &[u8; PATH]) -> Address {
    let path = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
    Address::Unix((!path.is_empty()).then(|| OsStr::from_bytes(path).into()))
}
