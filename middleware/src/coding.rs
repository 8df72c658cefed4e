//! Content codings (RFC 9110 8.4.1).
#![allow(dead_code)] // Compression writes, decompression reads.

use std::io::{self, BufRead, Read, Write};

use bytes::{Buf, Bytes};
use http::HeaderValue;

/// A content coding. Each is a feature of the crate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coding {
    /// Brotli (RFC 7932), by the feature `brotli`.
    #[cfg(feature = "brotli")]
    Brotli,
    /// Gzip (RFC 1952), by the feature `gzip`.
    #[cfg(feature = "gzip")]
    Gzip,
    /// Zstandard (RFC 8878), by the feature `zstd`.
    #[cfg(feature = "zstd")]
    Zstd,
}

/// The bits of the longest window that a peer may ask for or be asked for (RFC 9659).
#[cfg(feature = "zstd")]
const ZSTD_WINDOW: u32 = 23;

impl Coding {
    /// All there are, the one to prefer first.
    pub(crate) const ALL: &'static [Coding] = &[
        #[cfg(feature = "zstd")]
        Coding::Zstd,
        #[cfg(feature = "brotli")]
        Coding::Brotli,
        #[cfg(feature = "gzip")]
        Coding::Gzip,
    ];

    /// Its name in `content-encoding`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            #[cfg(feature = "brotli")]
            Coding::Brotli => "br",
            #[cfg(feature = "gzip")]
            Coding::Gzip => "gzip",
            #[cfg(feature = "zstd")]
            Coding::Zstd => "zstd",
        }
    }

    pub(crate) fn value(self) -> HeaderValue {
        HeaderValue::from_static(self.name())
    }

    /// Whether a name is its own; `x-gzip` is gzip (RFC 9110 8.4.1.3).
    pub(crate) fn is(self, name: &str) -> bool {
        let name = match name.split_at_checked(2) {
            Some((x, rest))
                if x.eq_ignore_ascii_case("x-") && rest.eq_ignore_ascii_case("gzip") =>
            {
                rest
            }
            _ => name,
        };
        self.name().eq_ignore_ascii_case(name)
    }
}

/// Writes a coding. What was written is taken out with [`take`](Self::take).
pub(crate) enum Encoder {
    #[cfg(feature = "brotli")]
    Brotli(Box<brotli::CompressorWriter<Vec<u8>>>),
    #[cfg(feature = "gzip")]
    Gzip(flate2::write::GzEncoder<Vec<u8>>),
    #[cfg(feature = "zstd")]
    Zstd(zstd::stream::write::Encoder<'static, Vec<u8>>),
}

/// Qualities at which coding costs less than the network it saves.
#[cfg(feature = "brotli")]
const BROTLI: (u32, u32) = (4, 19);
#[cfg(feature = "gzip")]
const GZIP: u32 = 5;
#[cfg(feature = "zstd")]
const ZSTD: i32 = 3;

impl Encoder {
    pub(crate) fn new(coding: Coding) -> io::Result<Encoder> {
        Ok(match coding {
            #[cfg(feature = "brotli")]
            Coding::Brotli => {
                let (quality, window) = BROTLI;
                let writer = brotli::CompressorWriter::new(Vec::new(), 4096, quality, window);
                Encoder::Brotli(Box::new(writer))
            }
            #[cfg(feature = "gzip")]
            Coding::Gzip => {
                let level = flate2::Compression::new(GZIP);
                Encoder::Gzip(flate2::write::GzEncoder::new(Vec::new(), level))
            }
            #[cfg(feature = "zstd")]
            Coding::Zstd => {
                let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), ZSTD)?;
                encoder.window_log(ZSTD_WINDOW.min(20))?;
                Encoder::Zstd(encoder)
            }
        })
    }

    pub(crate) fn write(&mut self, data: &[u8]) -> io::Result<()> {
        match self {
            #[cfg(feature = "brotli")]
            Encoder::Brotli(writer) => writer.write_all(data),
            #[cfg(feature = "gzip")]
            Encoder::Gzip(writer) => writer.write_all(data),
            #[cfg(feature = "zstd")]
            Encoder::Zstd(writer) => writer.write_all(data),
        }
    }

    /// Brings out all that was written so far.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        match self {
            #[cfg(feature = "brotli")]
            Encoder::Brotli(writer) => writer.flush(),
            #[cfg(feature = "gzip")]
            Encoder::Gzip(writer) => writer.flush(),
            #[cfg(feature = "zstd")]
            Encoder::Zstd(writer) => writer.flush(),
        }
    }

    fn out(&mut self) -> &mut Vec<u8> {
        match self {
            #[cfg(feature = "brotli")]
            Encoder::Brotli(writer) => writer.get_mut(),
            #[cfg(feature = "gzip")]
            Encoder::Gzip(writer) => writer.get_mut(),
            #[cfg(feature = "zstd")]
            Encoder::Zstd(writer) => writer.get_mut(),
        }
    }

    /// The number of bytes that have come out and were not taken.
    pub(crate) fn len(&mut self) -> usize {
        self.out().len()
    }

    /// What has come out so far.
    pub(crate) fn take(&mut self) -> Bytes {
        std::mem::take(self.out()).into()
    }

    /// Ends the coding; returns what was not taken yet.
    pub(crate) fn finish(self) -> io::Result<Bytes> {
        Ok(match self {
            #[cfg(feature = "brotli")]
            Encoder::Brotli(writer) => writer.into_inner(),
            #[cfg(feature = "gzip")]
            Encoder::Gzip(writer) => writer.finish()?,
            #[cfg(feature = "zstd")]
            Encoder::Zstd(writer) => writer.finish()?,
        }
        .into())
    }
}

/// Reads a coding of what is [fed](Self::feed); `WouldBlock` when it wants more. It holds one window of
/// the coding, and of what comes out only what it is asked for.
pub(crate) enum Decoder {
    #[cfg(feature = "brotli")]
    Brotli(Box<brotli::Decompressor<Feed>>),
    #[cfg(feature = "gzip")]
    Gzip(Box<flate2::bufread::MultiGzDecoder<Feed>>),
    #[cfg(feature = "zstd")]
    Zstd(zstd::stream::read::Decoder<'static, Feed>),
}

impl Decoder {
    pub(crate) fn new(coding: Coding) -> io::Result<Decoder> {
        let feed = Feed::default();
        Ok(match coding {
            #[cfg(feature = "brotli")]
            Coding::Brotli => Decoder::Brotli(Box::new(brotli::Decompressor::new(feed, 4096))),
            #[cfg(feature = "gzip")]
            Coding::Gzip => Decoder::Gzip(Box::new(flate2::bufread::MultiGzDecoder::new(feed))),
            #[cfg(feature = "zstd")]
            Coding::Zstd => {
                let mut decoder = zstd::stream::read::Decoder::with_buffer(feed)?;
                decoder.window_log_max(ZSTD_WINDOW)?;
                Decoder::Zstd(decoder)
            }
        })
    }

    fn feed_mut(&mut self) -> &mut Feed {
        match self {
            #[cfg(feature = "brotli")]
            Decoder::Brotli(reader) => reader.get_mut(),
            #[cfg(feature = "gzip")]
            Decoder::Gzip(reader) => reader.get_mut(),
            #[cfg(feature = "zstd")]
            Decoder::Zstd(reader) => reader.get_mut(),
        }
    }

    /// Gives it more to read; `None` is the end.
    pub(crate) fn feed(&mut self, chunk: Option<Bytes>) {
        let feed = self.feed_mut();
        feed.ended = chunk.is_none();
        feed.chunk = chunk.unwrap_or_default();
    }

    /// Whether what was fed goes on behind the end of the coding. Brotli's reader takes the rest of a
    /// block in and drops it, so of that only later blocks are seen.
    pub(crate) fn has_rest(&mut self) -> bool {
        !self.feed_mut().chunk.is_empty()
    }
}

impl Read for Decoder {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self {
            #[cfg(feature = "brotli")]
            Decoder::Brotli(reader) => reader.read(buf),
            #[cfg(feature = "gzip")]
            Decoder::Gzip(reader) => reader.read(buf),
            #[cfg(feature = "zstd")]
            Decoder::Zstd(reader) => reader.read(buf),
        }
    }
}

/// What a decoder reads of: one block at a time.
#[derive(Default)]
pub(crate) struct Feed {
    chunk: Bytes,
    ended: bool,
}

impl Read for Feed {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let there = self.fill_buf()?;
        let len = there.len().min(buf.len());
        buf[..len].copy_from_slice(&there[..len]);
        self.consume(len);
        Ok(len)
    }
}

impl BufRead for Feed {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        match self.chunk.is_empty() && !self.ended {
            true => Err(io::ErrorKind::WouldBlock.into()),
            false => Ok(&self.chunk),
        }
    }

    fn consume(&mut self, amount: usize) {
        self.chunk.advance(amount);
    }
}
