//! The field `range`: RFC 9110 14.1 and 14.2.

use std::ops;

use rgi_core::{Environ, Method};

/// The bytes of a representation that a request asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Range {
    /// All: none were asked for, or not in a way that has to be understood.
    Whole,
    /// These, which lie inside.
    Part(ops::Range<u64>),
    /// Some that lie outside.
    Unsatisfiable,
}

impl Range {
    /// What a request asks for of `size` bytes.
    ///
    /// The field means something with GET alone. `if-range` names a validator, of which there are
    /// none here, so none can match (RFC 9110 13.1.5).
    pub(crate) fn of(environ: &Environ, size: u64) -> Range {
        if *environ.method() != Method::GET || environ.header("if-range").is_some() {
            return Range::Whole;
        }
        let mut lines = environ.headers().get_all("range").iter();
        match (lines.next(), lines.next()) {
            (Some(line), None) => line
                .to_str()
                .map_or(Range::Whole, |line| Range::parse(line, size)),
            _ => Range::Whole,
        }
    }

    fn parse(value: &str, size: u64) -> Range {
        Range::single(value, size).unwrap_or(Range::Whole)
    }

    /// `None` for other units, several ranges, and what is malformed: a server may leave out of
    /// account what it does not want to understand.
    fn single(value: &str, size: u64) -> Option<Range> {
        let (unit, spec) = value.split_once('=')?;
        if !unit.eq_ignore_ascii_case("bytes") {
            return None;
        }
        let (first, last) = spec.split_once('-')?;
        if first.is_empty() {
            let suffix = position(last)?;
            return match (suffix, size) {
                (0, _) => Some(Range::Unsatisfiable),
                // Nothing that a 206 could say.
                (_, 0) => None,
                _ => Some(Range::Part(size.saturating_sub(suffix)..size)),
            };
        }
        let first = position(first)?;
        let last = match last {
            "" => u64::MAX,
            last => position(last)?,
        };
        if last < first {
            return None;
        }
        Some(match first < size {
            true => Range::Part(first..size.min(last.saturating_add(1))),
            false => Range::Unsatisfiable,
        })
    }
}

/// Digits. A number beyond what can be counted is beyond any end.
fn position(digits: &str) -> Option<u64> {
    let number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    number.then(|| digits.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_range_is_a_part() {
        for (value, part) in [
            ("bytes=0-0", 0..1),
            ("bytes=2-4", 2..5),
            ("Bytes=2-4", 2..5),
            ("bytes=9-9", 9..10),
            ("bytes=3-", 3..10),
            ("bytes=3-99", 3..10),
            ("bytes=0-99999999999999999999", 0..10),
            ("bytes=-3", 7..10),
            ("bytes=-99", 0..10),
        ] {
            assert_eq!(Range::parse(value, 10), Range::Part(part), "{value}");
        }
    }

    #[test]
    fn what_lies_outside_cannot_be_had() {
        for value in [
            "bytes=10-",
            "bytes=10-20",
            "bytes=-0",
            "bytes=99999999999999999999-",
        ] {
            assert_eq!(Range::parse(value, 10), Range::Unsatisfiable, "{value}");
        }
        assert_eq!(Range::parse("bytes=0-0", 0), Range::Unsatisfiable);
    }

    #[test]
    fn all_else_is_as_if_not_said() {
        for value in [
            "",
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=4-2",
            "bytes=0-1,3-4",
            "bytes=a-b",
            "bytes=+1-2",
            "bytes= 1-2",
            "bytes 1-2",
            "lines=1-2",
            "bytes=1-2-3",
            "bytes=--1",
        ] {
            assert_eq!(Range::parse(value, 10), Range::Whole, "{value}");
        }
        assert_eq!(Range::parse("bytes=-5", 0), Range::Whole);
    }
}
