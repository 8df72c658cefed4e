//! Facts by type, length and value, of version 2.

use bytes::Bytes;

use super::Session;

const ALPN: u8 = 0x01;
const AUTHORITY: u8 = 0x02;
const CRC32C: u8 = 0x03;
const SSL: u8 = 0x20;
const SSL_VERSION: u8 = 0x21;

/// Of the bits of `SSL`: the client has spoken TLS with the proxy.
const CLIENT_SSL: u8 = 0x01;

/// Reads what stands behind the addresses of a header, and checks its sum where one is told. Gives the
/// client's TLS session, if it had one. Types that are not known are passed over.
pub(super) fn read(rest: &[u8], whole: &[u8]) -> Result<Option<Session>, &'static str> {
    let mut session = Session::default();
    let (mut is_tls, mut is_checked) = (false, false);
    for fact in facts(rest) {
        let Fact { kind, value, left } = fact?;
        match kind {
            ALPN => session.alpn = Some(Bytes::copy_from_slice(value)),
            AUTHORITY => {
                let name = std::str::from_utf8(value);
                session.server_name = Some(name.map_err(|_| "its server name is no text")?.into());
            }
            // Each costs a walk over the whole.
            CRC32C if std::mem::replace(&mut is_checked, true) => return Err(WRONG),
            CRC32C => check(
                value,
                &whole[..whole.len() - left - value.len()],
                &whole[whole.len() - left..],
            )?,
            SSL => {
                let (fixed, inner) = value.split_first_chunk::<5>().ok_or(SHORT)?;
                is_tls = fixed[0] & CLIENT_SSL != 0;
                for fact in facts(inner) {
                    let fact = fact?;
                    if fact.kind == SSL_VERSION {
                        session.version = number(fact.value);
                    }
                }
            }
            _ => {}
        }
    }
    Ok(is_tls.then_some(session))
}

const SHORT: &str = "a fact in its PROXY header is longer than the room for it";
const WRONG: &str = "the checksum of its PROXY header is wrong";

struct Fact<'a> {
    kind: u8,
    value: &'a [u8],
    /// Bytes behind it.
    left: usize,
}

fn facts(mut rest: &[u8]) -> impl Iterator<Item = Result<Fact<'_>, &'static str>> {
    std::iter::from_fn(move || {
        let (kind, length, behind) = match *rest {
            [] => return None,
            [kind, high, low, ref behind @ ..] => (kind, u16::from_be_bytes([high, low]), behind),
            _ => (0, 1, &[][..]),
        };
        let fact = behind.split_at_checked(length.into());
        rest = fact.map_or(&[], |(_, behind)| behind);
        let left = rest.len();
        Some(
            fact.map(|(value, _)| Fact { kind, value, left })
                .ok_or(SHORT),
        )
    })
}

/// The number of a version of TLS, by the name that OpenSSL gives it.
fn number(version: &[u8]) -> Option<u16> {
    Some(match version {
        b"TLSv1" => 0x0301,
        b"TLSv1.1" => 0x0302,
        b"TLSv1.2" => 0x0303,
        b"TLSv1.3" => 0x0304,
        _ => return None,
    })
}

/// The sum is that of the whole header, with zeros where it stands itself.
fn check(told: &[u8], before: &[u8], behind: &[u8]) -> Result<(), &'static str> {
    let told: [u8; 4] = told.try_into().map_err(|_| WRONG)?;
    let sum = [before, &[0; 4], behind].into_iter().fold(!0, crc32c);
    match !sum == u32::from_be_bytes(told) {
        true => Ok(()),
        false => Err(WRONG),
    }
}

/// CRC-32C (RFC 9260 A), bit by bit: there is one a connection.
pub(super) fn crc32c(sum: u32, bytes: &[u8]) -> u32 {
    bytes.iter().fold(sum, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| {
            (sum >> 1) ^ (0x82F6_3B78 & (sum & 1).wrapping_neg())
        })
    })
}
