//! Writing a coding.

use std::io::{self, Write};

use bytes::Bytes;

use super::Coding;
#[cfg(feature = "zstd")]
use super::ZSTD_WINDOW;

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
