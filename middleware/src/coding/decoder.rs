//! Reading a coding.

use std::io::{self, BufRead, Read};

#[cfg(feature = "brotli")]
use brotli_decompressor::{BrotliDecoderParameter, Decompressor};
use bytes::{Buf, Bytes};

use super::Coding;
#[cfg(feature = "zstd")]
use super::ZSTD_WINDOW;

/// Reads a coding of what is [fed](Self::feed); `WouldBlock` when it wants more. It holds one window of
/// the coding, and of what comes out only what it is asked for.
pub(crate) enum Decoder {
    #[cfg(feature = "brotli")]
    Brotli(Box<Decompressor<Feed>>),
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
            Coding::Brotli => {
                let mut decoder = Decompressor::new(feed, 4096);
                // Windows of up to 1 GiB are none of RFC 7932's, whose longest is 16 MiB.
                decoder.set_parameter(BrotliDecoderParameter::BROTLI_DECODER_PARAM_LARGE_WINDOW, 0);
                Decoder::Brotli(Box::new(decoder))
            }
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
