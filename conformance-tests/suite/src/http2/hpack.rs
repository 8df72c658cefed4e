//! Field blocks (RFC 7541).

use std::collections::VecDeque;

use super::huffman;

/// Bytes of the table that both sides keep, unless one says otherwise (RFC 9113 6.5.2).
pub const TABLE_SIZE: usize = 4096;

/// Fields as they are, neither indexed nor compressed (RFC 7541 6.2.2).
pub fn literals(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in fields {
        block.push(0);
        string(name, &mut block);
        string(value, &mut block);
    }
    block
}

/// A field that is put into the table, as its newest entry (RFC 7541 6.2.1).
pub fn table_entry(name: &str, value: &str) -> Vec<u8> {
    let mut block = vec![0x40];
    string(name, &mut block);
    string(value, &mut block);
    block
}

/// A field of the tables, by its number (RFC 7541 6.1): the newest entry of the one that changes is
/// 62.
pub fn indexed(index: usize) -> Vec<u8> {
    let mut block = Vec::new();
    integer(index, 7, 0x80, &mut block);
    block
}

/// A number in the last `bits` of a byte, behind what that holds besides, and in those that follow
/// (RFC 7541 5.1).
pub fn integer(value: usize, bits: u8, before: u8, out: &mut Vec<u8>) {
    let most = (1 << bits) - 1;
    if value < most {
        return out.push(before | value as u8);
    }
    out.push(before | most as u8);
    let mut left = value - most;
    while left >= 128 {
        out.push(0x80 | (left % 128) as u8);
        left /= 128;
    }
    out.push(left as u8);
}

fn string(text: &str, out: &mut Vec<u8>) {
    integer(text.len(), 7, 0, out);
    out.extend_from_slice(text.as_bytes());
}

type Field = (String, String);

/// Reads field blocks, all those of one direction of a connection.
#[derive(Debug)]
pub struct Decoder {
    /// The newest first.
    table: VecDeque<Field>,
    most: usize,
}

impl Default for Decoder {
    fn default() -> Decoder {
        Decoder {
            table: VecDeque::new(),
            most: TABLE_SIZE,
        }
    }
}

impl Decoder {
    /// The fields of a block, in their order.
    ///
    /// # Errors
    ///
    /// With what is wrong, if it is no field block.
    pub fn decode(&mut self, block: &[u8]) -> Result<Vec<(String, String)>, String> {
        let mut rest = block;
        let mut fields = Vec::new();
        while let Some(first) = rest.first().copied() {
            if first & 0x80 != 0 {
                let index = number(&mut rest, 7)?;
                fields.push(self.entry(index)?);
            } else if first & 0x40 != 0 {
                let field = self.literal(&mut rest, 6)?;
                self.table.push_front(field.clone());
                self.evict();
                fields.push(field);
            } else if first & 0x20 != 0 {
                let most = number(&mut rest, 5)?;
                if most > TABLE_SIZE {
                    return Err(format!("a table of {most} bytes"));
                }
                self.most = most;
                self.evict();
            } else {
                fields.push(self.literal(&mut rest, 4)?);
            }
        }
        Ok(fields)
    }

    fn literal(&self, rest: &mut &[u8], bits: u8) -> Result<Field, String> {
        let name = match number(rest, bits)? {
            0 => text(rest)?,
            index => self.entry(index)?.0,
        };
        Ok((name, text(rest)?))
    }

    fn entry(&self, index: usize) -> Result<Field, String> {
        if let Some((name, value)) = index.checked_sub(1).and_then(|at| STATIC.get(at)) {
            return Ok(((*name).to_owned(), (*value).to_owned()));
        }
        let at = index.checked_sub(1 + STATIC.len());
        let entry = at.and_then(|at| self.table.get(at));
        entry
            .cloned()
            .ok_or_else(|| format!("no field has the index {index}"))
    }

    /// RFC 7541 4.1: an entry counts 32 bytes beside its own.
    fn evict(&mut self) {
        let size = |(name, value): &Field| name.len() + value.len() + 32;
        while self.table.iter().map(size).sum::<usize>() > self.most {
            self.table.pop_back();
        }
    }
}

fn number(rest: &mut &[u8], bits: u8) -> Result<usize, String> {
    let wrong = || "a number that does not end".to_owned();
    let mut next = || {
        let (first, behind) = rest.split_first().ok_or_else(wrong)?;
        *rest = behind;
        Ok::<_, String>(usize::from(*first))
    };
    let most = (1 << bits) - 1;
    let mut value = next()? & most;
    if value < most {
        return Ok(value);
    }
    for shift in [0, 7, 14, 21] {
        let byte = next()?;
        value += (byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(wrong())
}

fn text(rest: &mut &[u8]) -> Result<String, String> {
    let is_coded = rest.first().is_some_and(|first| first & 0x80 != 0);
    let len = number(rest, 7)?;
    let (bytes, behind) = rest.split_at_checked(len).ok_or("a string that is cut")?;
    *rest = behind;
    let bytes = match is_coded {
        true => huffman::decode(bytes).ok_or("a string of no known code")?,
        false => bytes.to_vec(),
    };
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// RFC 7541 Appendix A.
const STATIC: [(&str, &str); 61] = [
    (":authority", ""),
    (":method", "GET"),
    (":method", "POST"),
    (":path", "/"),
    (":path", "/index.html"),
    (":scheme", "http"),
    (":scheme", "https"),
    (":status", "200"),
    (":status", "204"),
    (":status", "206"),
    (":status", "304"),
    (":status", "400"),
    (":status", "404"),
    (":status", "500"),
    ("accept-charset", ""),
    ("accept-encoding", "gzip, deflate"),
    ("accept-language", ""),
    ("accept-ranges", ""),
    ("accept", ""),
    ("access-control-allow-origin", ""),
    ("age", ""),
    ("allow", ""),
    ("authorization", ""),
    ("cache-control", ""),
    ("content-disposition", ""),
    ("content-encoding", ""),
    ("content-language", ""),
    ("content-length", ""),
    ("content-location", ""),
    ("content-range", ""),
    ("content-type", ""),
    ("cookie", ""),
    ("date", ""),
    ("etag", ""),
    ("expect", ""),
    ("expires", ""),
    ("from", ""),
    ("host", ""),
    ("if-match", ""),
    ("if-modified-since", ""),
    ("if-none-match", ""),
    ("if-range", ""),
    ("if-unmodified-since", ""),
    ("last-modified", ""),
    ("link", ""),
    ("location", ""),
    ("max-forwards", ""),
    ("proxy-authenticate", ""),
    ("proxy-authorization", ""),
    ("range", ""),
    ("referer", ""),
    ("refresh", ""),
    ("retry-after", ""),
    ("server", ""),
    ("set-cookie", ""),
    ("strict-transport-security", ""),
    ("transfer-encoding", ""),
    ("user-agent", ""),
    ("vary", ""),
    ("via", ""),
    ("www-authenticate", ""),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(fields: &[(&str, &str)]) -> Vec<Field> {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        fields.iter().map(owned).collect()
    }

    #[test]
    fn what_is_written_is_read() {
        let long = "x".repeat(5000);
        let fields = [(":path", "/"), ("x-long", long.as_str())];
        let read = Decoder::default().decode(&literals(&fields)).unwrap();
        assert_eq!(read, pairs(&fields));
    }

    #[test]
    fn entries_of_the_table_are_found_until_they_are_evicted() {
        let mut decoder = Decoder::default();
        let block = [
            table_entry("a", "1"),
            table_entry("b", "2"),
            indexed(63),
            indexed(62),
        ];
        let read = decoder.decode(&block.concat()).unwrap();
        assert_eq!(
            read,
            pairs(&[("a", "1"), ("b", "2"), ("a", "1"), ("b", "2")])
        );
        let large = table_entry("c", &"x".repeat(TABLE_SIZE - 40));
        decoder.decode(&large).unwrap();
        assert!(decoder.decode(&indexed(63)).is_err());
        // None has room.
        assert!(decoder.decode(&[0x20]).unwrap().is_empty());
        assert!(decoder.decode(&indexed(62)).is_err());
    }

    #[test]
    fn the_example_of_the_rfc_is_read() {
        // RFC 7541 C.4.1.
        let block = [
            0x82, 0x86, 0x84, 0x41, 0x8c, 0xf1, 0xe3, 0xc2, 0xe5, 0xf2, 0x3a, 0x6b, 0xa0, 0xab,
            0x90, 0xf4, 0xff,
        ];
        let read = Decoder::default().decode(&block).unwrap();
        let expected = [
            (":method", "GET"),
            (":scheme", "http"),
            (":path", "/"),
            (":authority", "www.example.com"),
        ];
        assert_eq!(read, pairs(&expected));
    }

    #[test]
    fn what_is_no_block_is_refused() {
        for block in [
            &[0x80][..],
            &[0xff],
            &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            &[0, 3, b'a'],
            &[0x3f, 0xe2, 0x1f],
        ] {
            assert!(Decoder::default().decode(block).is_err(), "{block:?}");
        }
    }
}
