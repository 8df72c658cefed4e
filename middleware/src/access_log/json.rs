//! One JSON object (RFC 8259) a line.

use std::io::Write;
use std::net::SocketAddr;
use std::time::SystemTime;

use rgi_core::server::Address;

use super::format::{FIELD, METHOD, PATH, Request, TARGET};
use super::{Date, text};
use crate::observed::Ending;

/// When, and what was asked by whom.
pub(super) fn before(line: &mut Vec<u8>, request: &Request<'_>) {
    let environ = request.environ;
    line.extend_from_slice(b"{\"time\":\"");
    time(line, request.time);
    line.extend_from_slice(b"\",\"peer\":");
    match environ.remote() {
        Address::Tcp(address) => {
            line.push(b'"');
            socket(line, *address);
            line.push(b'"');
        }
        Address::Unix(path) => {
            line.extend_from_slice(b"\"unix:");
            let path = path
                .as_deref()
                .map(|path| path.as_os_str().as_encoded_bytes());
            escape(line, path.unwrap_or_default(), PATH);
            line.push(b'"');
        }
        Address::None => line.extend_from_slice(b"null"),
    }
    let method = environ.method().as_str().as_bytes();
    string(line, ",\"method\":", Some(method), METHOD);
    string(
        line,
        ",\"target\":",
        Some(environ.target().as_bytes()),
        TARGET,
    );
    let version = text::version(environ.version());
    string(line, ",\"version\":", Some(version.as_bytes()), METHOD);
}

/// RFC 3339: `2026-11-20T20:59:59.042Z`.
fn time(line: &mut Vec<u8>, time: SystemTime) {
    let date = Date::new(time);
    text::year(line, date.year);
    for (mark, part) in [
        (b'-', date.month),
        (b'-', date.day),
        (b'T', date.hour),
        (b':', date.minute),
        (b':', date.second),
    ] {
        line.push(mark);
        text::two(line, part);
    }
    line.push(b'.');
    text::three(line, date.millisecond);
    line.push(b'Z');
}

fn socket(line: &mut Vec<u8>, address: SocketAddr) {
    if address.is_ipv6() {
        let _ = write!(line, "{address}");
        return;
    }
    text::ip(line, address.ip());
    line.push(b':');
    text::number(line, address.port());
}

/// What was answered, how it ended, and how long it took.
pub(super) fn answer(line: &mut Vec<u8>, answer: &Ending) {
    line.extend_from_slice(b",\"status\":");
    let status = answer.status.as_ref().map_or("null", |it| it.as_str());
    line.extend_from_slice(status.as_bytes());
    line.extend_from_slice(b",\"bytes\":");
    text::number(line, answer.bytes);
    let outcome = answer.outcome().as_bytes();
    string(line, ",\"outcome\":", Some(outcome), METHOD);
    line.extend_from_slice(b",\"duration_ms\":");
    text::milliseconds(line, Some(answer.took), "null");
    line.extend_from_slice(b",\"head_ms\":");
    text::milliseconds(line, answer.head, "null");
}

/// What else is known of the client, and the process that served it.
pub(super) fn behind(line: &mut Vec<u8>, request: &Request<'_>) {
    let environ = request.environ;
    string(line, ",\"referer\":", environ.header("referer"), FIELD);
    string(
        line,
        ",\"user_agent\":",
        environ.header("user-agent"),
        FIELD,
    );
    line.extend_from_slice(b",\"pid\":");
    text::number(line, request.pid);
}

pub(super) fn end(line: &mut Vec<u8>) {
    line.extend_from_slice(b"}\n");
}

fn string(line: &mut Vec<u8>, name: &str, value: Option<&[u8]>, most: usize) {
    line.extend_from_slice(name.as_bytes());
    match value {
        Some(value) => {
            line.push(b'"');
            escape(line, value, most);
            line.push(b'"');
        }
        None => line.extend_from_slice(b"null"),
    }
}

/// The inside of a string, at most so many bytes. Bytes that are no UTF-8 become U+FFFD, and what
/// ends a line or controls a terminal is escaped, although JSON asks that only of a part of it.
fn escape(line: &mut Vec<u8>, value: &[u8], most: usize) {
    text::bounded(line, value, most, |room| {
        for chunk in value.utf8_chunks() {
            let lost = (!chunk.invalid().is_empty()).then_some(char::REPLACEMENT_CHARACTER);
            for c in chunk.valid().chars().chain(lost) {
                let mut hex = [0; 6];
                room.push(match c {
                    '"' => b"\\\"",
                    '\\' => b"\\\\",
                    '\n' => b"\\n",
                    '\r' => b"\\r",
                    '\t' => b"\\t",
                    c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') => {
                        let _ = write!(&mut hex[..], "\\u{:04x}", u32::from(c));
                        &hex
                    }
                    c => c.encode_utf8(&mut hex).as_bytes(),
                })?;
            }
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
            (b"\",\"status\":200", "\\\",\\\"status\\\":200"),
            (b"a\\\"", "a\\\\\\\""),
            (b"a\nb\rc\td", "a\\nb\\rc\\td"),
            (b"\x00\x1b[2J\x7f", "\\u0000\\u001b[2J\\u007f"),
            ("\u{9b}2J\u{2028}".as_bytes(), "\\u009b2J\\u2028"),
            ("é😀".as_bytes(), "é😀"),
            (b"a\xffb\xc3", "a\u{fffd}b\u{fffd}"),
        ] {
            assert_eq!(escaped(text, 100), expected);
        }
    }

    #[test]
    fn what_is_long_is_cut_between_characters() {
        assert_eq!(escaped(b"abcd", 4), "abcd");
        assert_eq!(escaped(b"abcde", 4), "abcd...");
        assert_eq!(escaped("abcé".as_bytes(), 4), "abc...");
        assert_eq!(escaped(b"abc\x00", 8), "abc...");
        assert_eq!(escaped(b"abc\x00", 9), "abc\\u0000");
    }
}
