//! Percent-decoding.

use std::borrow::Cow;

/// Decodes `%XX` once (RFC 3986 2.1). What is no such triple stays as it is; `+` stays `+`.
///
/// ```
/// use rgi_core::percent_decode;
/// assert_eq!(&*percent_decode("/a%20b/%2525/100%"), b"/a b/%25/100%");
/// ```
pub fn percent_decode(text: &str) -> Cow<'_, [u8]> {
    let bytes = text.as_bytes();
    let Some(first) = bytes.iter().position(|b| *b == b'%') else {
        return Cow::Borrowed(bytes);
    };
    let mut decoded = Vec::with_capacity(bytes.len());
    decoded.extend_from_slice(&bytes[..first]);
    let mut rest = &bytes[first..];
    while let [byte, tail @ ..] = rest {
        let digits = (tail.first().and_then(hex), tail.get(1).and_then(hex));
        match (byte, digits) {
            (b'%', (Some(high), Some(low))) => {
                decoded.push(high * 16 + low);
                rest = &tail[2..];
            }
            _ => {
                decoded.push(*byte);
                rest = tail;
            }
        }
    }
    Cow::Owned(decoded)
}

fn hex(byte: &u8) -> Option<u8> {
    (*byte as char).to_digit(16).map(|digit| digit as u8)
}
