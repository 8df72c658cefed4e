//! Bounds on what one request may cost, beside those that can be set.

pub use rgi_core::server::Limits;

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

/// The longest head that is read, in bytes: spans hold 32-bit offsets.
pub(crate) fn head_window(limits: &Limits) -> usize {
    const WIDEST: usize = u32::MAX as usize - 64;
    limits.head.min(WIDEST)
}
