//! Counts, sizes, prefixes, names, paths and switches as text.

use std::ops::RangeInclusive;
use std::path::PathBuf;

use rgi_core::Error;
use rgi_core::server::ProxyProtocol;

use super::bad::Bad;

pub(super) const SIZE: &str = "size: bytes, or a whole number with k, m or g (512, 64k, 1g)";
pub(super) const PREFIX: &str =
    "prefix: it begins with / and does not end with one, in the characters of a path (/shop)";

pub(super) const NAME: &str = "name or number of one, or empty";

pub(super) const PATH: &str = "path of a file, without control characters, or empty";

pub(super) const SWITCH: &str = "switch: on or off";

pub(super) const PROXIES: &str =
    "setting of the PROXY protocol: on, off, or networks of proxies, by commas (10.0.0.0/8,::1)";

/// What 0 means to a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Zero {
    /// The limit is off.
    Off,
    /// A number like the others: the range decides.
    Counts,
}

pub(super) fn count(text: &str, range: &RangeInclusive<u64>, zero: Zero) -> Result<u64, Bad> {
    let show = |number: u64| number.to_string();
    let Some(number) = whole(text) else {
        return Err(Bad::unfit(
            &format!("{text:?}"),
            &count_expected(range, zero),
        ));
    };
    within(text, number, range, zero, show)
}

/// "whole number: from 1 to 4096".
pub(super) fn count_expected(range: &RangeInclusive<u64>, zero: Zero) -> String {
    format!(
        "whole number: {}",
        span(range, zero, |number| number.to_string())
    )
}

pub(super) fn size(text: &str, range: &RangeInclusive<u64>, zero: Zero) -> Result<u64, Bad> {
    let unfit = || Bad::unfit(&format!("{text:?}"), SIZE);
    let split = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let unit = match unit {
        "" => 1,
        "k" | "K" => 1 << 10,
        "m" | "M" => 1 << 20,
        "g" | "G" => 1 << 30,
        _ => return Err(unfit()),
    };
    let bytes = whole(number).ok_or_else(unfit)?.saturating_mul(unit);
    within(text, bytes, range, zero, size_text)
}

/// The shortest text that [`size`] reads back.
pub(super) fn size_text(bytes: u64) -> String {
    let units = [(1 << 30, "g"), (1 << 20, "m"), (1 << 10, "k")];
    match units
        .into_iter()
        .find(|(unit, _)| bytes != 0 && bytes.is_multiple_of(*unit))
    {
        Some((unit, letter)) => format!("{}{letter}", bytes / unit),
        None => bytes.to_string(),
    }
}

/// On or off.
pub(super) fn switch(text: &str) -> Result<bool, Bad> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err(Bad::unfit(&format!("{text:?}"), SWITCH)),
    }
}

/// On, off, or networks.
pub(super) fn proxies(text: &str) -> Result<ProxyProtocol, Bad> {
    let unfit = |error: Error| Bad::unfit(&format!("{text:?}"), &format!("{PROXIES}: {error}"));
    text.parse().map_err(unfit)
}

/// What reads back as the same.
pub(super) fn switch_text(on: bool) -> &'static str {
    match on {
        true => "on",
        false => "off",
    }
}

/// A prefix of request paths; empty for none.
pub(super) fn prefix(text: &str) -> Result<String, Bad> {
    let fits = text.is_empty()
        || (text.starts_with('/') && !text.ends_with('/') && is_path(text.as_bytes()));
    if !fits {
        return Err(Bad::unfit(&format!("{text:?}"), PREFIX));
    }
    Ok(text.to_owned())
}

/// The name of a user or a group; empty for none.
pub(super) fn name(text: &str) -> Result<Option<String>, Bad> {
    // What `/etc/passwd` cannot hold, nobody is called.
    if text.contains(|c: char| c.is_control() || c.is_whitespace() || c == ':') {
        return Err(Bad::unfit(&format!("{text:?}"), NAME));
    }
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

/// The path of a file; empty for none.
pub(super) fn path(text: &str) -> Result<Option<PathBuf>, Bad> {
    // As of the path of a socket: what could not be written into a configuration, or was not UTF-8.
    let odd = |c: char| c.is_control() || c == char::REPLACEMENT_CHARACTER;
    if text.contains(odd) || text.ends_with('/') {
        return Err(Bad::unfit(&format!("{text:?}"), PATH));
    }
    Ok((!text.is_empty()).then(|| PathBuf::from(text)))
}

/// RFC 3986 3.3: `/`, unreserved, sub-delims, `:`, `@`, and `%` with two hexadecimal digits.
fn is_path(mut bytes: &[u8]) -> bool {
    loop {
        bytes = match bytes {
            [] => return true,
            [b'%', high, low, rest @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                rest
            }
            [byte, rest @ ..]
                if byte.is_ascii_alphanumeric() || b"/-._~!$&'()*+,;=:@".contains(byte) =>
            {
                rest
            }
            _ => return false,
        }
    }
}

/// Digits and nothing else: `u64`'s own parser takes a sign as well. A number too great for
/// `u64` is the greatest, which no range holds.
pub(super) fn whole(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

fn within(
    text: &str,
    number: u64,
    range: &RangeInclusive<u64>,
    zero: Zero,
    show: impl Fn(u64) -> String,
) -> Result<u64, Bad> {
    if range.contains(&number) || (number == 0 && zero == Zero::Off) {
        return Ok(number);
    }
    let span = span(range, zero, show);
    if number == 0 {
        return Err(Bad::new(format!(
            "{text:?} would switch it off, and no server can do without: {span}"
        )));
    }
    Err(Bad::new(format!("{text:?} is out of range: {span}")))
}

fn span(range: &RangeInclusive<u64>, zero: Zero, show: impl Fn(u64) -> String) -> String {
    let off = match zero {
        Zero::Off => ", or 0 for no limit",
        Zero::Counts => "",
    };
    format!(
        "from {} to {}{off}",
        show(*range.start()),
        show(*range.end())
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read() {
        let any = 0..=u64::MAX;
        for (text, bytes) in [
            ("0", 0),
            ("512", 512),
            ("1000", 1000),
            ("64k", 65_536),
            ("64K", 65_536),
            ("3m", 3 << 20),
            ("1g", 1 << 30),
            ("0g", 0),
        ] {
            assert_eq!(size(text, &any, Zero::Counts), Ok(bytes), "{text}");
            assert_eq!(
                size(&size_text(bytes), &any, Zero::Counts),
                Ok(bytes),
                "{text}"
            );
        }
        assert_eq!(size_text(1536 << 10), "1536k");
        assert_eq!(size_text(1025), "1025");
    }

    #[test]
    fn what_is_no_size_is_refused() {
        for text in [
            "", "k", "-1", "+1", "1.5g", "64kb", "64 k", "1t", "0x10", "1_000",
        ] {
            let bad = size(text, &(0..=u64::MAX), Zero::Counts)
                .unwrap_err()
                .to_string();
            assert_eq!(bad, format!("{text:?} is no {SIZE}"));
        }
    }

    #[test]
    fn sizes_keep_to_their_range() {
        let range = 1024..=16 << 20;
        let refused = |text, zero| size(text, &range, zero).unwrap_err().to_string();
        assert_eq!(size("1k", &range, Zero::Counts), Ok(1024));
        assert_eq!(size("16m", &range, Zero::Counts), Ok(16 << 20));
        assert_eq!(size("0", &range, Zero::Off), Ok(0));
        assert_eq!(
            refused("1023", Zero::Counts),
            "\"1023\" is out of range: from 1k to 16m"
        );
        assert_eq!(
            refused("99999999999999999999g", Zero::Off),
            "\"99999999999999999999g\" is out of range: from 1k to 16m, or 0 for no limit"
        );
        assert_eq!(
            refused("0", Zero::Counts),
            "\"0\" would switch it off, and no server can do without: from 1k to 16m"
        );
    }

    #[test]
    fn counts_keep_to_their_range() {
        let range = 1..=100;
        let refused = |text, zero| count(text, &range, zero).unwrap_err().to_string();
        assert_eq!(count("1", &range, Zero::Counts), Ok(1));
        assert_eq!(count("007", &range, Zero::Counts), Ok(7));
        assert_eq!(count("0", &range, Zero::Off), Ok(0));
        for text in ["", "x", "-1", "+1", "1.0", "4k", "1_0", " 1"] {
            assert_eq!(
                refused(text, Zero::Counts),
                format!("{text:?} is no whole number: from 1 to 100")
            );
        }
        assert_eq!(
            refused("101", Zero::Counts),
            "\"101\" is out of range: from 1 to 100"
        );
        assert_eq!(
            refused("99999999999999999999", Zero::Off),
            "\"99999999999999999999\" is out of range: from 1 to 100, or 0 for no limit"
        );
    }

    #[test]
    fn files_are_paths() {
        for text in ["shop.log", "/var/log/shop.log", "/a b/é"] {
            assert_eq!(path(text), Ok(Some(PathBuf::from(text))));
        }
        assert_eq!(path(""), Ok(None));
        for text in ["/var/log/", "a\nb", "a\0", "\u{fffd}"] {
            let bad = path(text).unwrap_err().to_string();
            assert_eq!(bad, format!("{text:?} is no {PATH}"));
        }
    }

    #[test]
    fn prefixes_are_paths() {
        for text in [
            "",
            "/shop",
            "/a/b",
            "/%C3%A9t%c3%a9",
            "/~u/a;b=c:@!$&'()*+,",
        ] {
            assert_eq!(prefix(text), Ok(text.to_owned()));
        }
        for text in [
            "/", "shop", "/shop/", "//", "/a b", "/a?b", "/a#b", "/é", "/%", "/%4", "/%zz",
            "/a\\b", "/\"",
        ] {
            let bad = prefix(text).unwrap_err().to_string();
            assert_eq!(bad, format!("{text:?} is no {PREFIX}"));
        }
    }
}
