//! `uri-host [ ":" port ]`: the value of Host, and the authority of a target.

use std::net::Ipv6Addr;

use super::HOST;

/// Checks an authority without userinfo (RFC 9110 7.2, RFC 3986 3.2.2) and
/// returns its port, if one is written out.
///
/// # Errors
///
/// The host may not be empty (RFC 9110 4.2.1), an IP literal has to be an
/// IPv6 address, and the port has to fit 16 bits.
pub fn authority(authority: &[u8]) -> Result<Option<u16>, &'static str> {
    // A name or an IPv4 address, and its port: nearly all there is.
    let host = HOST.run(authority);
    if host > 0 {
        match &authority[host..] {
            [] => return Ok(None),
            [b':', digits @ ..] if !digits.is_empty() => {
                if let Some(port) = port(digits) {
                    return Ok(Some(port));
                }
            }
            _ => {}
        }
    }
    any(authority)
}

/// As [`authority`], of what is written otherwise, or wrong.
#[cold]
fn any(authority: &[u8]) -> Result<Option<u16>, &'static str> {
    let host = match authority.first() {
        Some(b'[') => literal(authority)?,
        _ => name(authority)?,
    };
    if host == 0 {
        return Err("the host in Host or target is empty");
    }
    match &authority[host..] {
        [] | [b':'] => Ok(None),
        [b':', digits @ ..] => match port(digits) {
            Some(port) => Ok(Some(port)),
            None if digits.contains(&b'@') => Err(USERINFO),
            None => Err("the port in Host or target is no number up to 65535"),
        },
        tail if tail.contains(&b'@') => Err(USERINFO),
        _ => Err("the host in Host or target is no valid host and port"),
    }
}

const USERINFO: &str = "userinfo before the host is not accepted";

/// Length of the `[..]` at the front.
fn literal(authority: &[u8]) -> Result<usize, &'static str> {
    const INVALID: &str = "what stands in brackets in Host or target is no IPv6 address";
    let close = authority.iter().position(|b| *b == b']').ok_or(INVALID)?;
    let address = std::str::from_utf8(&authority[1..close]).map_err(|_| INVALID)?;
    match address.parse::<Ipv6Addr>() {
        Ok(_) => Ok(close + 1),
        Err(_) => Err(INVALID),
    }
}

/// Length of the registered name or IPv4 address at the front.
fn name(authority: &[u8]) -> Result<usize, &'static str> {
    let mut end = 0;
    loop {
        end += HOST.run(&authority[end..]);
        match &authority[end..] {
            [b'%', high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                end += 3;
            }
            [b'%', ..] => {
                return Err("a percent sign in Host or target needs two hexadecimal digits");
            }
            _ => return Ok(end),
        }
    }
}

fn port(digits: &[u8]) -> Option<u16> {
    let zeros = match digits.len() {
        0..=5 => 0,
        _ => digits.iter().take_while(|digit| **digit == b'0').count(),
    };
    let digits = &digits[zeros..];
    // Too large, whatever they are.
    if digits.len() > 5 {
        return None;
    }
    let mut port = 0u32;
    for digit in digits {
        let digit = digit.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        port = port * 10 + u32::from(digit);
    }
    u16::try_from(port).ok()
}
