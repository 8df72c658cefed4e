//! The character classes of RFC 9110 and 9112.

/// A character of a token: method names, field names (RFC 9110 5.6.2).
pub(crate) fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// A character of a field value or a reason phrase: visible, space, tab or obs-text (RFC 9110 5.5).
pub(crate) fn is_text(byte: u8) -> bool {
    byte == b'\t' || (byte >= b' ' && byte != 0x7F)
}

/// A character of a path as it is sent, slashes and percent signs included (RFC 3986 3.3).
pub(crate) fn is_path(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"/-._~!$&'()*+,;=:@%".contains(&byte)
}

/// A non-empty token.
pub(crate) fn all_token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().copied().all(is_token)
}

/// Digits alone, within the range: a Content-Length (RFC 9110 8.6).
pub(crate) fn decimal(bytes: &[u8]) -> Option<u64> {
    if bytes.is_empty() || !bytes.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(bytes).ok()?.parse().ok()
}

/// The size at the front of a chunk line, and what follows it: nothing, or an extension that
/// begins with `;` (RFC 9112 7.1).
pub(crate) fn chunk_size(line: &[u8]) -> Option<u64> {
    let digits = line.iter().take_while(|b| b.is_ascii_hexdigit()).count();
    let (size, extension) = line.split_at(digits);
    if !extension.is_empty() && !extension.starts_with(b";") {
        return None;
    }
    if !extension.iter().copied().all(is_text) {
        return None;
    }
    u64::from_str_radix(std::str::from_utf8(size).ok()?, 16).ok()
}

/// `bytes` without the spaces and tabs around it.
pub(crate) fn trim(bytes: &[u8]) -> &[u8] {
    let blank = |b: &u8| matches!(b, b' ' | b'\t');
    let Some(first) = bytes.iter().position(|b| !blank(b)) else {
        return &[];
    };
    let last = bytes
        .iter()
        .rposition(|b| !blank(b))
        .map_or(first, |at| at + 1);
    &bytes[first..last]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_digits_alone() {
        assert_eq!(decimal(b"0042"), Some(42));
        for wrong in [&b""[..], b"+1", b"-0", b"1 2", b"99999999999999999999999"] {
            assert_eq!(decimal(wrong), None, "{}", wrong.escape_ascii());
        }
        assert_eq!(chunk_size(b"1e;a=b"), Some(30));
        for wrong in [&b""[..], b"+5", b"5 ", b"6_0", b";a", b"5;\x01"] {
            assert_eq!(chunk_size(wrong), None, "{}", wrong.escape_ascii());
        }
    }

    #[test]
    fn only_blanks_are_trimmed() {
        assert_eq!(trim(b" \t a b\t"), b"a b");
        assert_eq!(trim(b" \t "), b"");
        assert_eq!(trim(b"\x0ca"), b"\x0ca");
    }
}
