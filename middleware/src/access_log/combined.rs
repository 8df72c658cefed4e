//! Apache's combined format, which nginx writes too: `%h %l %u %t "%r" %>s %b "%{Referer}i"
//! "%{User-Agent}i"`. Behind it stands how the exchange ended, and how long it took.

use std::io::Write;

use rgi_core::server::Address;

use super::format::{FIELD, METHOD, Request, TARGET};
use super::{Date, text};
use crate::observed::Ending;

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// Host, identity, user, date and request line. The server knows nobody by identity or name.
pub(super) fn before(line: &mut Vec<u8>, request: &Request<'_>) {
    let environ = request.environ;
    match environ.remote() {
        Address::Tcp(address) => text::ip(line, address.ip()),
        // As nginx has it.
        Address::Unix(_) => line.extend_from_slice(b"unix:"),
        Address::None => line.push(b'-'),
    }
    line.extend_from_slice(b" - - [");
    date(line, Date::new(request.time));
    line.extend_from_slice(b" +0000] \"");
    escape(line, environ.method().as_str().as_bytes(), METHOD);
    line.push(b' ');
    escape(line, environ.target().as_bytes(), TARGET);
    line.push(b' ');
    line.extend_from_slice(text::version(environ.version()).as_bytes());
    line.push(b'"');
}

/// `20/Nov/2026:20:59:59`.
fn date(line: &mut Vec<u8>, date: Date) {
    text::two(line, date.day);
    line.push(b'/');
    line.extend_from_slice(MONTHS[(date.month - 1) as usize].as_bytes());
    line.push(b'/');
    text::year(line, date.year);
    for part in [date.hour, date.minute, date.second] {
        line.push(b':');
        text::two(line, part);
    }
}

/// Status and bytes; no bytes are `-`, in Apache's `%b`.
pub(super) fn answer(line: &mut Vec<u8>, answer: &Ending) {
    let status = answer.status.as_ref().map_or("-", |status| status.as_str());
    line.push(b' ');
    line.extend_from_slice(status.as_bytes());
    line.push(b' ');
    match answer.bytes {
        0 => line.push(b'-'),
        bytes => text::number(line, bytes),
    }
}

/// Where the client came from, and what it is.
pub(super) fn behind(line: &mut Vec<u8>, request: &Request<'_>) {
    for name in ["referer", "user-agent"] {
        line.extend_from_slice(b" \"");
        escape(line, request.environ.header(name).unwrap_or(b"-"), FIELD);
        line.push(b'"');
    }
}

/// What Apache does not say, behind all that it does, in the words of the other form. Tools that know
/// the combined format read the fields before, and no more.
pub(super) fn end(line: &mut Vec<u8>, answer: &Ending) {
    line.extend_from_slice(b" outcome=");
    line.extend_from_slice(answer.outcome().as_bytes());
    line.extend_from_slice(b" duration_ms=");
    text::milliseconds(line, Some(answer.took), "-");
    line.extend_from_slice(b" head_ms=");
    text::milliseconds(line, answer.head, "-");
    line.push(b'\n');
}

/// As Apache does (`ap_escape_logitem`): what could end the quotes, the line or somebody's patience
/// with a terminal stands behind a backslash. At most so many bytes.
fn escape(line: &mut Vec<u8>, value: &[u8], most: usize) {
    text::bounded(line, value, most, |room| {
        for byte in value {
            let mut hex = [0; 4];
            room.push(match byte {
                byte if text::is_plain_byte(*byte) => std::slice::from_ref(byte),
                b'"' => b"\\\"",
                b'\\' => b"\\\\",
                b'\n' => b"\\n",
                b'\r' => b"\\r",
                b'\t' => b"\\t",
                0x08 => b"\\b",
                0x0b => b"\\v",
                _ => {
                    let _ = write!(&mut hex[..], "\\x{byte:02x}");
                    &hex
                }
            })?;
        }
        Some(())
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn escaped(text: &[u8], most: usize) -> String {
        let mut line = Vec::new();
        escape(&mut line, text, most);
        String::from_utf8(line).unwrap()
    }

    #[test]
    fn what_is_odd_is_escaped() {
        for (text, expected) in [
            (&b"curl/8.1 (x; y)"[..], "curl/8.1 (x; y)"),
            (b"", ""),
            (b"\" 200 \"", "\\\" 200 \\\""),
            (b"\\\"", "\\\\\\\""),
            (b"a\nb\rc\td", "a\\nb\\rc\\td"),
            (
                b"\x08\x0b\x0c\x00\x1b[2J\x7f",
                "\\b\\v\\x0c\\x00\\x1b[2J\\x7f",
            ),
            ("é".as_bytes(), "\\xc3\\xa9"),
            (b"\xff", "\\xff"),
        ] {
            assert_eq!(escaped(text, 100), expected);
        }
    }

    #[test]
    fn what_is_long_is_cut_between_characters() {
        assert_eq!(escaped(b"abcd", 4), "abcd");
        assert_eq!(escaped(b"abcde", 4), "abcd...");
        assert_eq!(escaped(b"abc\xff", 4), "abc...");
        assert_eq!(escaped(b"abc\xff", 7), "abc\\xff");
        assert_eq!(escaped(b"\"\"\"", 5), "\\\"\\\"...");
    }
}
