//! Content codings (RFC 9110 8.4.1).

#[cfg(feature = "decompression")]
mod decoder;
#[cfg(feature = "compression")]
mod encoder;

#[cfg(feature = "compression")]
use http::HeaderValue;

#[cfg(feature = "decompression")]
pub(crate) use decoder::Decoder;
#[cfg(feature = "compression")]
pub(crate) use encoder::Encoder;

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

    #[cfg(feature = "compression")]
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
