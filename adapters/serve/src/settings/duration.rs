//! Durations as text.

use std::time::Duration;

use super::bad::Bad;
use super::values::whole;

pub(super) const EXPECTED: &str = "duration: seconds, or a number with ms, s, m or h (10s, 500ms)";

/// Far beyond any use, and far below where adding it to a clock could overflow.
const LONGEST: Duration = Duration::from_secs(8760 * 3600);

/// Reads a duration; None: switched off.
pub(super) fn read(text: &str) -> Result<Option<Duration>, Bad> {
    let unfit = || Bad::unfit(&format!("{text:?}"), EXPECTED);
    let split = text
        .find(|c: char| c.is_ascii_alphabetic())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let unit: u128 = match unit {
        "ms" => 1_000_000,
        "" | "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => return Err(unfit()),
    };
    let (seconds, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let (seconds, places) = (whole(seconds).ok_or_else(unfit)?, fraction.len());
    let fraction = whole(fraction).ok_or_else(unfit)?;
    if places > 18 {
        return Err(too_fine(text));
    }
    // At most 2^64 hours in nanoseconds, which is below 2^107; the fraction is below that.
    let scale = 10_u128.pow(places as u32);
    let fraction = u128::from(fraction) * unit;
    if !fraction.is_multiple_of(scale) {
        return Err(too_fine(text));
    }
    let nanos = u128::from(seconds) * unit + fraction / scale;
    if nanos > LONGEST.as_nanos() {
        return Err(Bad::new(format!(
            "{text:?} is too long: at most 8760h, or 0 for none"
        )));
    }
    Ok((nanos > 0).then(|| Duration::from_nanos_u128(nanos)))
}

/// The text that [`read`] reads back, in seconds unless whole milliseconds say it shorter.
pub(super) fn text(duration: Option<Duration>) -> String {
    let duration = duration.unwrap_or_default();
    let (seconds, nanos) = (duration.as_secs(), duration.subsec_nanos());
    if duration.is_zero() {
        return "0".to_owned();
    }
    if nanos == 0 {
        return format!("{seconds}s");
    }
    if nanos.is_multiple_of(1_000_000) {
        return format!("{}ms", duration.as_millis());
    }
    let decimals = format!("{nanos:09}");
    format!("{seconds}.{}s", decimals.trim_end_matches('0'))
}

fn too_fine(text: &str) -> Bad {
    Bad::new(format!(
        "{text:?} is finer than a nanosecond: give fewer decimals"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read() {
        let cases = [
            ("0", None),
            ("0.0", None),
            ("0ms", None),
            ("30", Some(Duration::from_secs(30))),
            ("30s", Some(Duration::from_secs(30))),
            ("2.5", Some(Duration::from_millis(2500))),
            ("0.25s", Some(Duration::from_millis(250))),
            ("500ms", Some(Duration::from_millis(500))),
            ("1.5ms", Some(Duration::from_micros(1500))),
            ("1.5m", Some(Duration::from_secs(90))),
            ("2h", Some(Duration::from_secs(7200))),
            ("8760h", Some(LONGEST)),
            ("0.000000001", Some(Duration::from_nanos(1))),
            ("1.000000000000000000", Some(Duration::from_secs(1))),
        ];
        for (text, expected) in cases {
            assert_eq!(read(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        let cases = [
            "", "s", ".", ".5", "5.", "1.2.3", "-1", "+1", " 1", "1 s", "10x", "1d", "1S", "inf",
            "1e3", "１",
        ];
        for text in cases {
            let bad = read(text).unwrap_err().to_string();
            assert_eq!(bad, format!("{text:?} is no {EXPECTED}"));
        }
        for text in [
            "8760.1h",
            "31536001",
            "99999999999999999999h",
            "18446744073709551615h",
        ] {
            let bad = read(text).unwrap_err().to_string();
            assert_eq!(
                bad,
                format!("{text:?} is too long: at most 8760h, or 0 for none")
            );
        }
        for text in ["0.0000000001", "0.0000005ms", "1.0000000000000000001"] {
            let bad = read(text).unwrap_err().to_string();
            assert!(
                bad.ends_with("is finer than a nanosecond: give fewer decimals"),
                "{bad}"
            );
        }
    }

    #[test]
    fn durations_are_read_back() {
        for (nanos, text) in [
            (0, "0"),
            (1, "0.000000001s"),
            (1_000_000, "1ms"),
            (1_500_000, "0.0015s"),
            (1_500_000_000, "1500ms"),
            (3_600_000_000_000, "3600s"),
        ] {
            let value = Some(Duration::from_nanos(nanos)).filter(|value| !value.is_zero());
            assert_eq!(super::text(value), text);
            assert_eq!(read(text), Ok(value));
        }
    }
}
