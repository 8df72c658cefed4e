//! Bounds on what one request may cost.

/// Bytes a method may have. Longer than any registered one, and short enough
/// to stop at.
pub(crate) const METHOD: usize = 64;

/// Empty lines skipped before a request line (RFC 9112 2.2 asks for one at
/// least).
pub(crate) const EMPTY_LINES: u8 = 4;

/// Bytes a field name may have: `http::HeaderName` can hold any such name.
pub(crate) const FIELD_NAME: usize = 32 * 1024;

/// Bytes of one chunk-size line, its CRLF included.
pub(crate) const CHUNK_LINE: u32 = 4 * 1024;

/// Bytes of chunk extensions a body may have more than it has data. Without
/// this bound a body of a few bytes could make a server read without end.
pub(crate) const CHUNK_EXTENSIONS: u64 = 16 * 1024;

/// Bounds on what one request may cost, in bytes unless said otherwise.
///
/// Zero is a limit like any other number, except for [`body`](Self::body).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The request target; a longer one is refused with 414. 8 KiB.
    pub target: usize,
    /// The request line and all fields, line ends included; also the trailer
    /// section. A longer one is refused with 431. 64 KiB.
    pub head: usize,
    /// How many fields a head, or a trailer section, may have; more are
    /// refused with 431. So are more `Connection` options. 100.
    pub headers: usize,
    /// The body, without its chunk framing; a longer one is refused with 413.
    /// 1 GiB; 0 means unlimited.
    pub body: u64,
}

impl Limits {
    /// The longest head that is read: spans hold 32-bit offsets.
    pub(crate) fn head_window(&self) -> usize {
        const WIDEST: usize = u32::MAX as usize - 64;
        self.head.min(WIDEST)
    }

    /// The longest body that is read.
    pub(crate) fn longest_body(&self) -> u64 {
        match self.body {
            0 => u64::MAX,
            n => n,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            target: 8 * 1024,
            head: 64 * 1024,
            headers: 100,
            body: 1024 * 1024 * 1024,
        }
    }
}
