//! The ways to cut a request into writes: a server may not care where reads end.

use std::fmt;
use std::str::FromStr;

/// The most writes one connection is cut into; what is left after them goes out as one.
const MOST_PIECES: usize = 16 * 1024;

/// How the bytes of a case are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// In one write.
    Whole,
    /// A write for each line, its LF included.
    Lines,
    /// A write for each byte.
    Bytes,
    /// Writes of 1 to 32 bytes, as a seed has it.
    Random,
    /// The first byte, then the rest.
    FirstByte,
}

impl Way {
    /// Every way.
    pub const ALL: [Way; 5] = [
        Way::Whole,
        Way::Lines,
        Way::Bytes,
        Way::Random,
        Way::FirstByte,
    ];

    /// The way's name on the command line and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Way::Whole => "whole",
            Way::Lines => "lines",
            Way::Bytes => "bytes",
            Way::Random => "random",
            Way::FirstByte => "first-byte",
        }
    }

    /// Cuts `raw` into writes. `seed` matters to [`Way::Random`] alone: the same seed, the same cuts.
    pub(super) fn cut(self, raw: &[u8], seed: u64) -> Vec<&[u8]> {
        let mut random = SplitMix64(seed);
        let mut pieces = Vec::new();
        let mut rest = raw;
        while !rest.is_empty() {
            let length = match self {
                _ if pieces.len() + 1 == MOST_PIECES => rest.len(),
                Way::Whole => rest.len(),
                Way::Lines => match rest.iter().position(|byte| *byte == b'\n') {
                    Some(at) => at + 1,
                    None => rest.len(),
                },
                Way::Bytes => 1,
                Way::Random => 1 + (random.next() % 32) as usize,
                Way::FirstByte if pieces.is_empty() => 1,
                Way::FirstByte => rest.len(),
            };
            let (piece, after) = rest.split_at(length.min(rest.len()));
            pieces.push(piece);
            rest = after;
        }
        pieces
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Way {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Way::ALL.into_iter().find(|way| way.name() == name);
        found.ok_or_else(|| {
            let names = Way::ALL.map(Way::name).join(", ");
            format!("'{name}' is no way to send; the ways are {names}")
        })
    }
}

/// The seed for one case, so that it is cut alike whichever cases run beside it.
pub(super) fn seed_for(id: &str, seed: u64) -> u64 {
    let mix = |state: u64, byte| SplitMix64(state ^ u64::from(byte)).next();
    id.bytes().fold(seed, mix)
}

/// The generator of Steele, Lea and Flood (2014): small, and the same everywhere.
struct SplitMix64(u64);

impl SplitMix64 {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RAW: &[u8] = b"GET / HTTP/1.1\r\nHost: example.com\r\n\r\nabc";

    #[test]
    fn no_way_changes_the_bytes() {
        for way in Way::ALL {
            assert_eq!(way.cut(RAW, 7).concat(), RAW, "{way}");
            assert_eq!(way.name().parse(), Ok(way));
        }
    }

    #[test]
    fn each_way_cuts_where_it_says() {
        let lengths = |way: Way| -> Vec<usize> {
            let pieces = way.cut(RAW, 7);
            pieces.iter().map(|piece| piece.len()).collect()
        };
        assert_eq!(lengths(Way::Whole), [40]);
        assert_eq!(lengths(Way::Lines), [16, 19, 2, 3]);
        assert_eq!(lengths(Way::Bytes), [1; 40]);
        assert_eq!(lengths(Way::FirstByte), [1, 39]);
        assert!(lengths(Way::Random).iter().all(|length| *length <= 32));
    }

    #[test]
    fn the_seed_decides() {
        let raw = [b'a'; 2000];
        let cut = |id, seed| Way::Random.cut(&raw, seed_for(id, seed));
        assert_eq!(cut("a", 1), cut("a", 1));
        assert_ne!(cut("a", 1), cut("a", 2));
        assert_ne!(cut("a", 1), cut("b", 1));
    }

    #[test]
    fn the_number_of_writes_is_bounded() {
        let raw = vec![b'a'; MOST_PIECES + 100];
        let pieces = Way::Bytes.cut(&raw, 0);
        assert_eq!(pieces.len(), MOST_PIECES);
        assert_eq!(pieces.last().map(|piece| piece.len()), Some(101));
    }

    #[test]
    fn the_generator_is_the_published_one() {
        let mut random = SplitMix64(1_234_567);
        assert_eq!(random.next(), 6_457_827_717_110_365_317);
        assert_eq!(random.next(), 3_203_168_211_198_807_973);
    }
}
