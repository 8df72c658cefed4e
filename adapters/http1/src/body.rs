//! Request bodies, taken off a buffer piece by piece.

use bytes::{Buf, Bytes, BytesMut};
use http::HeaderMap;

use crate::chunk::{Chunk, ChunkLine, Extensions, LONG_CHUNK};
use crate::framing::Framing;
use crate::limits::Limits;
use crate::refusal::Refusal;
use crate::scan::{BARE_CR, BARE_LF};
use crate::trailers::TrailerReader;

/// What [`BodyReader::decode`] found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decoded {
    /// A piece of the body, never empty.
    Data(Bytes),
    /// The buffer is used up, and the body is not over.
    NeedMore,
    /// The body is over. What is left in the buffer is the next request's.
    End,
}

/// Reads one request's body.
///
/// Data is split off the buffer, not copied. Bytes of framing are dropped as
/// they are read, so nothing is looked at twice however the bytes come.
#[derive(Clone, Debug)]
pub struct BodyReader {
    state: State,
    /// What the limit leaves of the body.
    allowance: u64,
    extensions: Extensions,
    max_trailers: usize,
    max_trailer_fields: usize,
    trailers: Option<Box<HeaderMap>>,
}

#[derive(Clone, Debug)]
enum State {
    Length(u64),
    Line(ChunkLine),
    Data(u64),
    DataCr,
    DataLf,
    Trailers(TrailerReader),
    End,
    Refused(Refusal),
}

impl BodyReader {
    /// A reader of the body that `framing` says follows.
    #[must_use]
    pub fn new(framing: Framing, limits: &Limits) -> Self {
        Self {
            state: match framing {
                Framing::None | Framing::Length(0) => State::End,
                Framing::Length(length) => State::Length(length),
                Framing::Chunked => State::Line(ChunkLine::default()),
            },
            allowance: limits.longest_body(),
            extensions: Extensions::default(),
            max_trailers: limits.head,
            max_trailer_fields: limits.headers,
            trailers: None,
        }
    }

    /// Takes the next piece of the body off the front of `buf`.
    ///
    /// After [`Decoded::NeedMore`] `buf` is empty; give more bytes. Once the
    /// body is over, every call returns [`Decoded::End`] and leaves `buf`
    /// alone.
    ///
    /// # Errors
    ///
    /// 400 for malformed chunks and trailers, 413 for a body and 431 for a
    /// trailer section over the limits; again and again, once refused. What
    /// is left in `buf` then is of no use.
    pub fn decode(&mut self, buf: &mut BytesMut) -> Result<Decoded, Refusal> {
        let decoded = self.advance(buf);
        if let Err(refusal) = decoded {
            self.state = State::Refused(refusal);
        }
        decoded
    }

    /// Whether the body is over: nothing more will come but
    /// [`Decoded::End`], and no byte more belongs to it.
    #[must_use]
    pub fn is_end(&self) -> bool {
        matches!(self.state, State::End)
    }

    /// How many bytes of data are to come, if that is known: not for a
    /// chunked body before its end, nor for a refused one.
    #[must_use]
    pub fn remaining(&self) -> Option<u64> {
        match self.state {
            State::End => Some(0),
            State::Length(left) => Some(left),
            _ => None,
        }
    }

    /// The trailers, after the end: once, and only if there were any that may
    /// be passed on. Fields about framing and routing are refused as
    /// trailers; those that RFC 9110 6.5.1 has no use for there are dropped.
    pub fn take_trailers(&mut self) -> Option<HeaderMap> {
        self.trailers.take().map(|trailers| *trailers)
    }

    fn advance(&mut self, buf: &mut BytesMut) -> Result<Decoded, Refusal> {
        loop {
            match &mut self.state {
                State::End => return Ok(Decoded::End),
                State::Refused(refusal) => return Err(*refusal),
                _ if buf.is_empty() => return Ok(Decoded::NeedMore),
                State::Length(left) => {
                    let data = take(buf, left);
                    if *left == 0 {
                        self.state = State::End;
                    }
                    return Ok(Decoded::Data(data));
                }
                State::Data(left) => {
                    let data = take(buf, left);
                    if *left == 0 {
                        self.state = State::DataCr;
                    }
                    return Ok(Decoded::Data(data));
                }
                State::DataCr => {
                    self.state = match buf.get_u8() {
                        b'\r' => State::DataLf,
                        b'\n' => return Err(BARE_LF),
                        _ => return Err(LONG_CHUNK),
                    };
                }
                State::DataLf => {
                    if buf.get_u8() != b'\n' {
                        return Err(BARE_CR);
                    }
                    self.state = State::Line(ChunkLine::default());
                }
                State::Line(line) => match line.scan(buf)? {
                    Some((consumed, chunk)) => {
                        buf.advance(consumed);
                        self.state = self.begin(chunk)?;
                    }
                    None => buf.clear(),
                },
                State::Trailers(trailers) => {
                    match trailers.scan(buf, self.max_trailers, self.max_trailer_fields)? {
                        Some(consumed) => {
                            buf.advance(consumed);
                            self.trailers = trailers.read()?.map(Box::new);
                            self.state = State::End;
                        }
                        None => buf.clear(),
                    }
                }
            }
        }
    }

    fn begin(&mut self, chunk: Chunk) -> Result<State, Refusal> {
        self.allowance = self
            .allowance
            .checked_sub(chunk.size)
            .ok_or(Refusal::body_too_large())?;
        self.extensions.note(chunk)?;
        Ok(match chunk.size {
            0 => State::Trailers(TrailerReader::default()),
            size => State::Data(size),
        })
    }
}

/// Splits off what there is of the data that is left.
fn take(buf: &mut BytesMut, left: &mut u64) -> Bytes {
    let len = usize::try_from(*left).map_or(buf.len(), |left| left.min(buf.len()));
    *left -= len as u64;
    buf.split_to(len).freeze()
}
