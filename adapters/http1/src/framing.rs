//! Where a request's body ends (RFC 9112 6).

use http::{StatusCode, Version};
use rgi_core::server::syntax::{TOKEN, is_word, members};

use crate::refusal::Refusal;

/// How the end of a request's body is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// Neither Content-Length nor Transfer-Encoding: there is no body.
    None,
    /// Content-Length: this many bytes, perhaps zero.
    Length(u64),
    /// Transfer-Encoding: chunked.
    Chunked,
}

impl Framing {
    /// Whether bytes belonging to the body follow the head: all but no body
    /// and the length 0.
    #[must_use]
    pub fn has_body(self) -> bool {
        !matches!(self, Self::None | Self::Length(0))
    }
}

/// Reads a Content-Length: digits and nothing else. RFC 9110 8.6 would allow
/// a list of equal lengths to be taken for one; a list is refused here.
pub(crate) fn content_length(value: &[u8]) -> Result<u64, Refusal> {
    if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
        return Err(NO_NUMBER);
    }
    value
        .iter()
        .try_fold(0u64, |length, digit| {
            length.checked_mul(10)?.checked_add((digit - b'0').into())
        })
        .ok_or(LONG_NUMBER)
}

/// What the Transfer-Encoding fields of a head say together.
#[derive(Default)]
pub(crate) struct Codings {
    fields: usize,
    chunked: usize,
    others: usize,
    ends_chunked: bool,
    malformed: bool,
}

impl Codings {
    /// Takes in one more field.
    pub(crate) fn note(&mut self, value: &[u8]) {
        self.fields += 1;
        for coding in members(value) {
            self.ends_chunked = is_word(coding, b"chunked");
            if self.ends_chunked {
                self.chunked += 1;
            } else if TOKEN.spells(coding) {
                self.others += 1;
            } else {
                self.malformed = true;
            }
        }
    }

    /// Whether there is such a field at all.
    pub(crate) fn is_named(&self) -> bool {
        self.fields > 0
    }

    /// Whether the body is chunked (RFC 9112 6.1). Without the field it is
    /// not; with it, anything but a single `chunked` is refused.
    pub(crate) fn is_chunked(&self, version: Version) -> Result<bool, Refusal> {
        if !self.is_named() {
            return Ok(false);
        }
        if version == Version::HTTP_10 {
            return Err(OLD_CODING);
        }
        if self.malformed || !self.ends_chunked || self.chunked > 1 {
            return Err(Refusal::bad(
                "Transfer-Encoding does not end in one `chunked` without parameters",
            ));
        }
        if self.others > 0 {
            return Err(Refusal::new(
                StatusCode::NOT_IMPLEMENTED,
                "no transfer coding but chunked is supported",
            ));
        }
        Ok(true)
    }
}

pub(crate) const NO_NUMBER: Refusal = Refusal::bad("Content-Length is not one decimal number");
pub(crate) const LONG_NUMBER: Refusal = Refusal::bad("Content-Length does not fit 64 bits");
pub(crate) const TWO_LENGTHS: Refusal = Refusal::bad("more than one Content-Length");
pub(crate) const TWO_FRAMINGS: Refusal =
    Refusal::bad("both Transfer-Encoding and Content-Length (RFC 9112 6.1)");
pub(crate) const OLD_CODING: Refusal = Refusal::bad("HTTP/1.0 has no Transfer-Encoding");
pub(crate) const CONNECT_BODY: Refusal = Refusal::bad("CONNECT has no body (RFC 9110 9.3.6)");
