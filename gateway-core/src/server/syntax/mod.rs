//! The grammar of requests, as far as more than one engine needs it: classes of bytes, words and
//! lists, the authority, the target.
//!
//! What is wrong is said in a text without bytes of the request, for the log; the answer is 400.

mod authority;
mod target;

pub use authority::authority;
pub use target::{Target, TargetForm};

/// A set of bytes.
#[derive(Debug)]
pub struct Class([bool; 256]);

impl Class {
    const NONE: Self = Self([false; 256]);
    const ALPHANUMERIC: Self = Self::NONE
        .range(b'0', b'9')
        .range(b'A', b'Z')
        .range(b'a', b'z');

    const fn range(mut self, first: u8, last: u8) -> Self {
        let mut b = first as usize;
        while b <= last as usize {
            self.0[b] = true;
            b += 1;
        }
        self
    }

    const fn and(mut self, more: &[u8]) -> Self {
        let mut i = 0;
        while i < more.len() {
            self.0[more[i] as usize] = true;
            i += 1;
        }
        self
    }

    /// Whether a byte is in the class.
    #[inline]
    pub fn has(&self, b: u8) -> bool {
        self.0[b as usize]
    }

    /// How many of the first bytes are in the class.
    #[inline]
    pub fn run(&self, bytes: &[u8]) -> usize {
        bytes
            .iter()
            .position(|&b| !self.has(b))
            .unwrap_or(bytes.len())
    }

    /// Whether `bytes` is a non-empty run of the class.
    pub fn spells(&self, bytes: &[u8]) -> bool {
        !bytes.is_empty() && self.run(bytes) == bytes.len()
    }
}

/// `tchar` (RFC 9110 5.6.2).
pub static TOKEN: Class = Class::ALPHANUMERIC.and(b"!#$%&'*+-.^_`|~");

/// Bytes of a field value: `field-vchar`, SP and HTAB (RFC 9110 5.5).
pub static VALUE: Class = Class::NONE.range(b' ', b'~').range(0x80, 0xFF).and(b"\t");

/// Bytes let through in the path of a target.
///
/// RFC 3986 3.3 (`pchar` and `/`), and `` | ^ ` { } [ ] ``, which the WHATWG
/// URL Standard leaves, or long left, as they are in a path or a query, so
/// that browsers send them. Still refused are the space, controls, DEL, bytes
/// over 0x7F, `" < >` (browsers encode them), `\` (browsers turn it into `/`)
/// and `#` (a fragment is never sent, RFC 9112 3.2). Whether hex digits follow
/// a `%` is not looked at: who decodes the path sees that.
pub static PATH: Class = Class::ALPHANUMERIC
    .and(b"-._~!$&'()*+,;=:@/%")
    .and(b"|^`{}[]");

/// Bytes let through in the query of a target: those of [`PATH`], `?`
/// (RFC 3986 3.4), and `\`, which browsers leave as it is there.
pub static QUERY: Class = Class::ALPHANUMERIC
    .and(b"-._~!$&'()*+,;=:@/%")
    .and(b"|^`{}[]")
    .and(b"?\\");

/// Bytes of a `reg-name` (RFC 3986 3.2.2), but for `%`, which needs its two
/// digits, and for the comma: two Host fields joined by a proxy would have
/// one.
pub static HOST: Class = Class::ALPHANUMERIC.and(b"-._~!$&'()*+;=");

/// Whether `bytes` are `word`, but for the case of letters. `word` has
/// lower-case letters, digits and hyphens alone, `bytes` no control character:
/// then setting one bit is all that folding takes, and a word of known length
/// is compared at once instead of byte by byte.
#[inline]
pub fn is_word<const N: usize>(bytes: &[u8], word: &[u8; N]) -> bool {
    let Ok(bytes) = <&[u8; N]>::try_from(bytes) else {
        return false;
    };
    let mut differ = 0;
    for i in 0..N {
        differ |= (bytes[i] | 0x20) ^ word[i];
    }
    differ == 0
}

/// Takes white space (RFC 9110 5.6.3, `OWS`) off both ends.
pub fn trim(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = bytes {
        bytes = rest;
    }
    while let [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}

/// The members of a comma-separated list, trimmed, empty ones included.
pub fn members(list: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(list);
    std::iter::from_fn(move || {
        let list = rest?;
        let member = match list.iter().position(|b| *b == b',') {
            Some(comma) => {
                rest = Some(&list[comma + 1..]);
                &list[..comma]
            }
            None => {
                rest = None;
                list
            }
        };
        Some(trim(member))
    })
}
