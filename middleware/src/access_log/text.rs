//! Bytes of lines, without the machinery of formatting: it costs more than the rest of a line.

use std::io::Write;
use std::net::IpAddr;
use std::time::Duration;

use rgi_core::Version;

/// A number in decimal.
pub(super) fn number(line: &mut Vec<u8>, number: impl itoa::Integer) {
    line.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// A number below 100 in two digits.
pub(super) fn two(line: &mut Vec<u8>, number: u64) {
    let digit = |n: u64| b'0' + (n % 10) as u8;
    line.extend_from_slice(&[digit(number / 10), digit(number)]);
}

/// A number below 1000 in three digits.
pub(super) fn three(line: &mut Vec<u8>, number: u64) {
    line.push(b'0' + (number / 100 % 10) as u8);
    two(line, number % 100);
}

/// A year, in four digits for the next eight thousand.
pub(super) fn year(line: &mut Vec<u8>, year: u64) {
    match year {
        1000.. => number(line, year),
        _ => drop(write!(line, "{year:04}")),
    }
}

pub(super) fn ip(line: &mut Vec<u8>, address: IpAddr) {
    let IpAddr::V4(address) = address else {
        let _ = write!(line, "{address}");
        return;
    };
    let [first, rest @ ..] = address.octets();
    number(line, first);
    for octet in rest {
        line.push(b'.');
        number(line, octet);
    }
}

/// As a request line has it.
pub(super) fn version(version: Version) -> &'static str {
    match version {
        Version::HTTP_09 => "HTTP/0.9",
        Version::HTTP_10 => "HTTP/1.0",
        Version::HTTP_11 => "HTTP/1.1",
        Version::HTTP_2 => "HTTP/2.0",
        _ => "HTTP/3.0",
    }
}

/// Milliseconds, to the microsecond; `none` in the place of no time.
pub(super) fn milliseconds(line: &mut Vec<u8>, time: Option<Duration>, none: &str) {
    match time.map(|time| u64::try_from(time.as_micros()).unwrap_or(u64::MAX)) {
        Some(us) => {
            number(line, us / 1000);
            line.push(b'.');
            three(line, us % 1000);
        }
        None => line.extend_from_slice(none.as_bytes()),
    }
}

/// What a client chose, in at most `most` bytes: as it is, or, if that will not do, in the pieces that
/// `escape` makes of it. Three dots stand for what has no room.
pub(super) fn bounded(
    line: &mut Vec<u8>,
    value: &[u8],
    most: usize,
    escape: impl FnOnce(&mut Room<'_>) -> Option<()>,
) {
    if value.len() <= most && is_plain(value) {
        line.extend_from_slice(value);
        return;
    }
    let end = line.len() + most;
    if escape(&mut Room { line, end }).is_none() {
        line.extend_from_slice(b"...");
    }
}

/// So much of a line as one value may take.
pub(super) struct Room<'a> {
    line: &'a mut Vec<u8>,
    end: usize,
}

impl Room<'_> {
    /// Adds a piece as a whole. `None`: there is no room.
    pub(super) fn push(&mut self, piece: &[u8]) -> Option<()> {
        let fits = self.line.len() + piece.len() <= self.end;
        fits.then(|| self.line.extend_from_slice(piece))
    }
}

/// Whether no byte of a text needs an escape, in either form of the log. Every byte is looked at,
/// many in one step.
fn is_plain(text: &[u8]) -> bool {
    text.iter()
        .fold(true, |all, byte| all & is_plain_byte(*byte))
}

/// Printable ASCII that neither ends quotes nor escapes.
pub(super) fn is_plain_byte(byte: u8) -> bool {
    matches!(byte, b' '..=b'~') & (byte != b'"') & (byte != b'\\')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut line = Vec::new();
        write(&mut line);
        String::from_utf8(line).unwrap()
    }

    #[test]
    fn numbers_have_their_digits() {
        for n in 0..100 {
            assert_eq!(line(|line| two(line, n)), format!("{n:02}"));
        }
        for n in 0..1000 {
            assert_eq!(line(|line| three(line, n)), format!("{n:03}"));
        }
        for n in [1, 999, 1000, 1970, 9999, 10_000] {
            assert_eq!(line(|line| year(line, n)), format!("{n:04}"));
        }
        assert_eq!(line(|line| number(line, u64::MAX)), u64::MAX.to_string());
    }

    #[test]
    fn addresses_are_as_the_library_has_them() {
        for text in ["0.0.0.0", "127.0.0.1", "255.10.100.2", "::", "2001:db8::1"] {
            let address: IpAddr = text.parse().unwrap();
            assert_eq!(line(|line| ip(line, address)), text);
        }
    }

    #[test]
    fn versions_are_as_the_library_has_them() {
        for it in [
            Version::HTTP_09,
            Version::HTTP_10,
            Version::HTTP_11,
            Version::HTTP_2,
            Version::HTTP_3,
        ] {
            assert_eq!(version(it), format!("{it:?}"));
        }
    }

    #[test]
    fn a_text_is_plain_if_each_byte_is() {
        for byte in 0..=255 {
            let odd = !(b' '..=b'~').contains(&byte) || byte == b'"' || byte == b'\\';
            let mut text = [b'a'; 100];
            text[70] = byte;
            assert_eq!(is_plain(&text), !odd, "{byte}");
        }
    }
}
