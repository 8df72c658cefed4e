//! The body of an answer, piece by piece (RFC 9112 6.3, 7.1).

use super::answer::{Framing, Head};
use super::input::{Done, Input, is_timeout};
use super::{Connection, PATIENCE};

/// What is left of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Left {
    Nothing,
    Bytes(u64),
    /// The size of the next chunk, and the chunk.
    Size,
    /// Bytes of this chunk.
    Chunk(u64),
    /// The trailers.
    Trailers,
    /// Up to the connection's end.
    Close,
}

/// How a piece of a body came out.
pub(super) enum Piece {
    Bytes(Vec<u8>),
    End,
    Cut,
}

impl Left {
    /// The whole body behind a head.
    pub(super) fn behind(head: &Head) -> Left {
        match head.framing {
            Framing::None => Left::Nothing,
            Framing::Length(0) => Left::Nothing,
            Framing::Length(length) => Left::Bytes(length),
            Framing::Chunked => Left::Size,
            Framing::Close if head.is_interim() || head.status == 101 => Left::Nothing,
            Framing::Close => Left::Close,
        }
    }

    /// Takes up to `most` bytes of it.
    pub(super) fn piece(
        &mut self,
        input: &mut Input,
        connection: &dyn Connection,
        most: usize,
    ) -> Done<Piece> {
        if *self == Left::Size {
            *self = match chunk_size(input, connection)? {
                None => return Ok(Piece::Cut),
                Some(0) => Left::Trailers,
                Some(size) => Left::Chunk(size),
            };
        }
        let within = match *self {
            Left::Nothing | Left::Trailers | Left::Size => return Ok(Piece::End),
            Left::Bytes(n) | Left::Chunk(n) => usize::try_from(n).unwrap_or(usize::MAX),
            Left::Close => usize::MAX,
        };
        if input.is_empty() {
            match input.fill(connection) {
                Ok(0) if *self == Left::Close => return Ok(Piece::End),
                Err(error) if is_timeout(&error) => {
                    return Err(format!("no more of a body within {PATIENCE:?}"));
                }
                Ok(0) | Err(_) => return Ok(Piece::Cut),
                Ok(_) => {}
            }
        }
        let bytes = input.take(most.min(within));
        let n = bytes.len() as u64;
        *self = match *self {
            Left::Bytes(left) if left == n => Left::Nothing,
            Left::Bytes(left) => Left::Bytes(left - n),
            Left::Chunk(left) if left == n => match input.line(connection) {
                Ok(line) if line.is_empty() => Left::Size,
                Ok(line) => return Err(format!("{line:?} behind a chunk")),
                Err(_) => return Ok(Piece::Cut),
            },
            Left::Chunk(left) => Left::Chunk(left - n),
            other => other,
        };
        Ok(Piece::Bytes(bytes))
    }
}

/// The size of the next chunk; none where the connection ends before it.
fn chunk_size(input: &mut Input, connection: &dyn Connection) -> Done<Option<u64>> {
    let Ok(line) = input.line(connection) else {
        return Ok(None);
    };
    let size = u64::from_str_radix(&line, 16).map_err(|_| format!("a chunk of size {line:?}"))?;
    Ok(Some(size))
}
