//! The line in front of a chunk (RFC 9112 7.1).

use rgi_core::server::syntax::{TOKEN, VALUE};

use crate::limits::{CHUNK_EXTENSIONS, CHUNK_LINE};
use crate::refusal::Refusal;

/// A chunk-size line, byte by byte. It keeps no byte, so it can stop and go
/// on anywhere.
#[derive(Clone, Debug, Default)]
pub(crate) struct ChunkLine {
    state: State,
    size: u64,
    digits: u32,
    len: u32,
}

/// A chunk-size line that is complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Chunk {
    /// Bytes of data; 0 is the last chunk.
    pub(crate) size: u64,
    /// Bytes of extensions.
    pub(crate) extensions: u64,
}

/// Bytes of chunk extensions in a body that are not made good by data.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Extensions(u64);

impl Extensions {
    /// Takes in one more chunk.
    pub(crate) fn note(&mut self, chunk: Chunk) -> Result<(), Refusal> {
        self.0 = (self.0 + chunk.extensions).saturating_sub(chunk.size);
        if self.0 > CHUNK_EXTENSIONS {
            return Err(Refusal::bad("more chunk extensions than data"));
        }
        Ok(())
    }
}

/// What may come next. White space is let pass only where the grammar has
/// `BWS`: around `;` and `=`, never before the line end.
#[derive(Clone, Copy, Debug, Default)]
enum State {
    #[default]
    Size,
    BeforeSemicolon,
    BeforeName,
    Name,
    AfterName,
    BeforeValue,
    Token,
    Quoted,
    Escaped,
    AfterQuoted,
    LineEnd,
}

impl ChunkLine {
    /// Goes on with `bytes`. `Some` is how many of them belong to the line,
    /// which is then over; `None`: all of them, and more will.
    pub(crate) fn scan(&mut self, bytes: &[u8]) -> Result<Option<(usize, Chunk)>, Refusal> {
        for (at, &b) in bytes.iter().enumerate() {
            if self.len >= CHUNK_LINE {
                return Err(Refusal::bad("a chunk-size line is too long"));
            }
            self.len += 1;
            if matches!(self.state, State::LineEnd) && b == b'\n' {
                return Ok(Some((at + 1, self.chunk())));
            }
            self.state = self.next(b)?;
        }
        Ok(None)
    }

    fn next(&mut self, b: u8) -> Result<State, Refusal> {
        let next = match (self.state, b) {
            (State::Size, _) if b.is_ascii_hexdigit() => self.digit(b)?,
            (State::Size, _) if self.digits == 0 => {
                return Err(Refusal::bad(
                    "a chunk does not begin with its size in hexadecimal digits",
                ));
            }

            (State::Size | State::Name | State::Token | State::AfterQuoted, b'\r') => {
                State::LineEnd
            }
            (
                State::Size
                | State::BeforeSemicolon
                | State::Name
                | State::AfterName
                | State::Token
                | State::AfterQuoted,
                b';',
            ) => State::BeforeName,
            (
                State::Size | State::BeforeSemicolon | State::Token | State::AfterQuoted,
                b' ' | b'\t',
            ) => State::BeforeSemicolon,

            (State::BeforeName, b' ' | b'\t') => State::BeforeName,
            (State::BeforeName | State::Name, _) if TOKEN.has(b) => State::Name,
            (State::Name | State::AfterName, b' ' | b'\t') => State::AfterName,
            (State::Name | State::AfterName, b'=') => State::BeforeValue,

            (State::BeforeValue, b' ' | b'\t') => State::BeforeValue,
            (State::BeforeValue, b'"') => State::Quoted,
            (State::BeforeValue | State::Token, _) if TOKEN.has(b) => State::Token,

            (State::Quoted, b'"') => State::AfterQuoted,
            (State::Quoted, b'\\') => State::Escaped,
            (State::Quoted | State::Escaped, _) if VALUE.has(b) => State::Quoted,

            (State::Size | State::BeforeSemicolon, _) => {
                return Err(Refusal::bad(
                    "a chunk size is not followed by CRLF or an extension",
                ));
            }
            (State::LineEnd, _) => return Err(crate::scan::BARE_CR),
            _ => return Err(Refusal::bad("a chunk extension is malformed")),
        };
        Ok(next)
    }

    /// Sixteen digits are 64 bits; leading zeros count among them.
    fn digit(&mut self, b: u8) -> Result<State, Refusal> {
        if self.digits >= 16 {
            return Err(Refusal::bad("a chunk size has more than 16 digits"));
        }
        let digit = match b {
            b'0'..=b'9' => b - b'0',
            _ => (b | 0x20) - b'a' + 10,
        };
        self.digits += 1;
        self.size = self.size << 4 | u64::from(digit);
        Ok(State::Size)
    }

    fn chunk(&self) -> Chunk {
        Chunk {
            size: self.size,
            extensions: (self.len - self.digits - 2).into(),
        }
    }
}

/// There is something else behind the data of a chunk than its CRLF.
pub(crate) const LONG_CHUNK: Refusal = Refusal::bad("a chunk's data is longer than its size");
