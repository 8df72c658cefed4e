//! The code of strings in field blocks (RFC 7541 5.2, Appendix B).

/// How many bits each byte takes, and what ends a string. The code is canonical: shorter ones come
/// first, and those of one length in the order of their bytes, so the lengths say it all.
const LENGTHS: [u8; 257] = [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, //
    28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28, //
    6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, //
    5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10, //
    13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, //
    7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6, //
    15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, //
    6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28, //
    20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, //
    24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, //
    22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, //
    21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23, //
    26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, //
    19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27, //
    20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, //
    26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26, //
    30,
];

const LONGEST: u8 = 30;

/// The bytes that are encoded; `None` where what is left over at the end is no beginning of the
/// string's end.
pub(super) fn decode(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    // The bits read so far of a code, how many, and the first code of so many bits.
    let (mut code, mut len, mut first) = (0_u32, 0_u8, 0_u32);
    for bit in bits(bytes) {
        code = code << 1 | bit;
        first <<= 1;
        len += 1;
        if len > LONGEST {
            return None;
        }
        let of_length = symbols(len);
        let (at, count) = (code.checked_sub(first), of_length.clone().count() as u32);
        match at.filter(|at| *at < count) {
            Some(at) => {
                // What ends a string may not stand in one.
                let symbol = of_length.clone().nth(at as usize)?;
                out.push(u8::try_from(symbol).ok()?);
                (code, len, first) = (0, 0, 0);
            }
            None => first += count,
        }
    }
    let padding_is_right = len < 8 && code == (1 << len) - 1;
    padding_is_right.then_some(out)
}

fn bits(bytes: &[u8]) -> impl Iterator<Item = u32> {
    let of_byte = |byte: &u8| {
        let byte = u32::from(*byte);
        (0..8).rev().map(move |at| byte >> at & 1)
    };
    bytes.iter().flat_map(of_byte)
}

/// Those of so many bits, in order.
fn symbols(len: u8) -> impl Iterator<Item = usize> + Clone {
    (0..LENGTHS.len()).filter(move |symbol| LENGTHS[*symbol] == len)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_rfc_are_read() {
        // RFC 7541 C.4 and C.6.
        let hosts = [
            0xf1, 0xe3, 0xc2, 0xe5, 0xf2, 0x3a, 0x6b, 0xa0, 0xab, 0x90, 0xf4, 0xff,
        ];
        assert_eq!(decode(&hosts).unwrap(), b"www.example.com");
        let cache = [0xa8, 0xeb, 0x10, 0x64, 0x9c, 0xbf];
        assert_eq!(decode(&cache).unwrap(), b"no-cache");
        let private = [0xae, 0xc3, 0x77, 0x1a, 0x4b];
        assert_eq!(decode(&private).unwrap(), b"private");
    }

    #[test]
    fn padding_is_the_beginning_of_the_end_and_shorter_than_a_byte() {
        assert_eq!(decode(&[0x1f]).unwrap(), b"a");
        assert_eq!(decode(&[0x1e]), None);
        assert_eq!(decode(&[0x1f, 0xff]), None);
    }
}
