//! How bytes are cut: in ways drawn from the bytes themselves, so that an input is all there is to a
//! finding.

use std::ops::Range;

/// Numbers that depend on a seed alone.
pub struct Numbers(u64);

impl Numbers {
    /// Drawn from `bytes`.
    pub fn of(bytes: &[u8]) -> Numbers {
        // FNV-1a.
        let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3)
        });
        Numbers(hash | 1)
    }

    /// The next, less than `bound`.
    pub fn below(&mut self, bound: usize) -> usize {
        // Xorshift.
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % bound.max(1)
    }
}

/// One way of cutting `bytes`, as the ranges of the pieces.
fn cut(bytes: &[u8], mut len: impl FnMut() -> usize) -> Vec<Range<usize>> {
    let mut at = 0;
    let mut pieces = Vec::new();
    while at < bytes.len() {
        let end = bytes.len().min(at + len().max(1));
        pieces.push(at..end);
        at = end;
    }
    pieces
}

/// The ways in which every input is cut: whole, in bytes, the first byte and the rest, and at random.
pub fn ways(bytes: &[u8]) -> [Vec<Range<usize>>; 4] {
    let mut numbers = Numbers::of(bytes);
    let mut first = true;
    [
        cut(bytes, || usize::MAX / 2),
        cut(bytes, || 1),
        cut(bytes, || match std::mem::take(&mut first) {
            true => 1,
            false => usize::MAX / 2,
        }),
        cut(bytes, || 1 + numbers.below(24)),
    ]
}
