//! Networks of IP addresses: whom to believe.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use crate::Error;

/// A network of IP addresses, such as `10.0.0.0/8`, or one address.
///
/// An IPv4 address is the same where a socket for both has it as an IPv6 address (RFC 4291 2.5.5.2), and
/// lies in no network of IPv6, not even `::/0`.
///
/// ```
/// use rgi_core::server::Network;
///
/// let network: Network = "10.0.0.0/8".parse()?;
/// assert!(network.has("10.1.2.3".parse()?) && !network.has("192.0.2.7".parse()?));
/// let error = "10.1.2.3/8".parse::<Network>().expect_err("bits behind the length");
/// assert_eq!(
///     error.to_string(),
///     "10.1.2.3/8 has bits behind its length: 10.0.0.0/8 is the network, 10.1.2.3 the address"
/// );
/// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Network {
    first: IpAddr,
    length: u32,
}

impl Network {
    /// Whether an address lies in it.
    pub fn has(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        let differ = bits(self.first) ^ bits(address);
        self.first.is_ipv4() == address.is_ipv4() && differ.leading_zeros() >= self.length
    }
}

/// The bits of an address, from the first on.
fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(address.to_bits()) << 96,
        IpAddr::V6(address) => address.to_bits(),
    }
}

/// How many they are.
fn width(address: IpAddr) -> u32 {
    match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

/// What is no address, and a network with bits behind its length, which is mostly a slip, is an error.
impl FromStr for Network {
    type Err = Error;

    fn from_str(text: &str) -> Result<Network, Error> {
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (text, None),
        };
        let parsed = address.parse::<IpAddr>().ok().and_then(|address| {
            let length = match length {
                Some(length) if length.starts_with('+') => return None,
                Some(length) => length.parse().ok()?,
                None => width(address),
            };
            (length <= width(address)).then_some((address, length))
        });
        let Some((first, length)) = parsed else {
            return Err(Error::new(format!(
                "{text:?} is neither an address nor a network such as 10.0.0.0/8"
            )));
        };
        let behind = u128::MAX.checked_shr(length).unwrap_or(0);
        if bits(first) & behind != 0 {
            let whole = bits(first) & !behind;
            let network = match first {
                IpAddr::V4(_) => IpAddr::V4(((whole >> 96) as u32).into()),
                IpAddr::V6(_) => IpAddr::V6(whole.into()),
            };
            return Err(Error::new(format!(
                "{text} has bits behind its length: {network}/{length} is the network, {first} the address"
            )));
        }
        Ok(match first.to_canonical() {
            first @ IpAddr::V4(_) if length >= 96 => Network {
                first,
                length: length - 96,
            },
            _ => Network { first, length },
        })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.length == width(self.first) {
            true => self.first.fmt(f),
            false => write!(f, "{}/{}", self.first, self.length),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn network(text: &str) -> Network {
        text.parse().expect(text)
    }

    #[test]
    fn addresses_lie_in_networks() {
        for (text, inside, outside) in [
            ("10.0.0.0/8", "10.255.0.1", "11.0.0.0"),
            ("192.0.2.7", "192.0.2.7", "192.0.2.6"),
            ("192.0.2.6/31", "192.0.2.7", "192.0.2.8"),
            ("0.0.0.0/0", "255.255.255.255", "::1"),
            ("::/0", "::1", "10.0.0.1"),
            ("2001:db8::/32", "2001:db8:ffff::", "2001:db9::"),
            ("::1", "::1", "::2"),
            ("10.0.0.0/8", "::ffff:10.0.0.1", "::ffff:11.0.0.1"),
            ("::ffff:10.0.0.0/104", "10.0.0.1", "11.0.0.1"),
            ("::ffff:10.0.0.1", "10.0.0.1", "10.0.0.2"),
        ] {
            let ip = |text: &str| text.parse().expect("an address");
            assert!(network(text).has(ip(inside)), "{inside} in {text}");
            assert!(!network(text).has(ip(outside)), "{outside} in {text}");
        }
    }

    #[test]
    fn what_is_no_network_is_said() {
        for text in [
            "",
            "/",
            "localhost",
            "10.0.0.0/33",
            "::/129",
            "10.0.0/8",
            "10.0.0.1:80",
            "10.0.0.0/",
            "10.0.0.0/+8",
            "10.0.0.0/8/8",
            " 10.0.0.1",
        ] {
            let error = text.parse::<Network>().expect_err(text).to_string();
            let expected =
                format!("{text:?} is neither an address nor a network such as 10.0.0.0/8");
            assert_eq!(error, expected);
        }
        for text in [
            "10.0.0.1/8",
            "0.0.0.1/0",
            "2001:db8::1/127",
            "::ffff:10.0.0.1/104",
        ] {
            let error = text.parse::<Network>().expect_err(text).to_string();
            assert!(error.contains("bits behind its length"), "{error}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(address: IpAddr, length in 0u32..=128) {
            let length = length.min(width(address));
            // A network of IPv6 has no address of IPv4.
            prop_assume!(address.to_canonical() == address || length >= 96);
            let whole = bits(address) & !u128::MAX.checked_shr(length).unwrap_or(0);
            let first = match address {
                IpAddr::V4(_) => IpAddr::V4(((whole >> 96) as u32).into()),
                IpAddr::V6(_) => IpAddr::V6(whole.into()),
            };
            let read = network(&format!("{first}/{length}"));
            prop_assert!(read.has(address));
            prop_assert_eq!(network(&read.to_string()), read);
        }
    }
}
