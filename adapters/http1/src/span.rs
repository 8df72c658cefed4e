//! Places in the bytes of a head.

/// A range of bytes inside the raw head, from `start` up to and without
/// `end`. Offsets count from the first byte given to the reader, skipped
/// empty lines included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// Offset of the first byte.
    pub start: u32,
    /// Offset behind the last byte.
    pub end: u32,
}

impl Span {
    /// Callers stay within `Limits::head_window`, so offsets fit.
    pub(crate) fn new(start: usize, end: usize) -> Self {
        debug_assert!(start <= end && end <= u32::MAX as usize);
        Self {
            start: start as u32,
            end: end as u32,
        }
    }

    /// This span, `by` bytes further on.
    pub(crate) fn shifted(self, by: usize) -> Self {
        Self::new(self.start as usize + by, self.end as usize + by)
    }

    /// The bytes it names.
    ///
    /// # Panics
    ///
    /// When `head` is shorter than the head the span was made for.
    #[must_use]
    #[inline]
    pub fn of(self, head: &[u8]) -> &[u8] {
        &head[self.start as usize..self.end as usize]
    }

    /// Its length in bytes.
    #[must_use]
    pub fn len(self) -> usize {
        (self.end - self.start) as usize
    }

    /// Whether it names no byte.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }
}

/// One field of a head: its name, and its value without the white space
/// around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldSpan {
    /// The name, spelled as it was sent: a token that
    /// `http::HeaderName::from_bytes` accepts.
    pub name: Span,
    /// The value: bytes that `http::HeaderValue::from_bytes` accepts.
    pub value: Span,
}
