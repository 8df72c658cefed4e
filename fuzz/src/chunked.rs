//! Chunked bodies: the engine against the plain reading, however the bytes come.

use bytes::BytesMut;
use http::HeaderMap;
use rgi_http1::{BodyReader, Decoded, Framing, Refusal};

use crate::pieces::ways;
use crate::plain::{self, Read};
use crate::{LIMITS, REFUSALS};

/// Behind what is no whole body, one of these might make it one.
const ENDS: [&[u8]; 8] = [
    b"\r\n\r\n",
    b"\n\r\n",
    b"\n",
    b"0\r\n\r\n",
    b"\r\n0\r\n\r\n",
    b"\n0\r\n\r\n",
    b"a\r\n\r\n",
    b"\"\r\n\r\n",
];

/// Reads `data` in all ways.
pub fn run(data: &[u8]) {
    let [whole, others @ ..] = ways(data).map(|pieces| {
        let pieces = pieces.into_iter().map(|piece| &data[piece]);
        read(pieces, data.len())
    });
    for other in others {
        assert_eq!(whole, other, "one outcome, however the bytes come");
    }
    if let Err(refusal) = &whole {
        assert!(REFUSALS.contains(&refusal.status().as_u16()), "{refusal}");
    }
    match (plain::chunked(data, &LIMITS), whole) {
        (Read::Whole(plain, used), Ok(Some(body))) => {
            assert_eq!(body.used, used, "the body's end");
            assert_eq!(body.data, plain.data);
            assert_passed_on(&plain.trailers, body.trailers.as_ref());
        }
        (Read::Incomplete, Ok(None)) | (Read::Refused, Err(_)) => {}
        (Read::Incomplete, Err(refusal)) => {
            for end in ENDS {
                let more = [data, end].concat();
                let is_right = matches!(plain::chunked(&more, &LIMITS), Read::Whole(..));
                assert!(
                    !is_right,
                    "refused too early: {refusal}, {}",
                    more.escape_ascii()
                );
            }
        }
        (plain, engine) => panic!("plainly {plain:?}, and {engine:?}"),
    }
}

/// Some trailers may be dropped; none is invented or changed, and unknown ones are all there.
pub fn assert_passed_on(sent: &[(Vec<u8>, Vec<u8>)], read: Option<&HeaderMap>) {
    let none = HeaderMap::new();
    let read = read.unwrap_or(&none);
    for (name, value) in read {
        let is_sent = |sent: &(Vec<u8>, Vec<u8>)| {
            sent.0 == name.as_str().as_bytes() && sent.1 == value.as_bytes()
        };
        assert!(
            sent.iter().any(is_sent),
            "a trailer that nobody sent: {name}"
        );
    }
    for (name, value) in sent.iter().filter(|(name, _)| !is_known(name)) {
        let name = std::str::from_utf8(name).expect("a token");
        let mut values = read.get_all(name).iter();
        assert!(
            values.any(|read| read.as_bytes() == value),
            "{name} is lost"
        );
    }
}

/// Whether a field might have a definition that keeps it out of trailers.
fn is_known(name: &[u8]) -> bool {
    !name.starts_with(b"x-")
        || name.starts_with(b"x-forwarded-")
        || name == b"x-http-method-override"
}

#[derive(Debug, PartialEq, Eq)]
struct Body {
    data: Vec<u8>,
    trailers: Option<HeaderMap>,
    used: usize,
}

fn read<'a>(pieces: impl Iterator<Item = &'a [u8]>, len: usize) -> Result<Option<Body>, Refusal> {
    let mut reader = BodyReader::new(Framing::Chunked, &LIMITS);
    let mut buf = BytesMut::new();
    let mut data = Vec::new();
    let mut given = 0;
    let mut is_end = false;
    for piece in pieces {
        given += piece.len();
        buf.extend_from_slice(piece);
        while !is_end {
            match reader.decode(&mut buf)? {
                Decoded::Data(piece) => data.extend_from_slice(&piece),
                Decoded::NeedMore => break,
                Decoded::End => is_end = true,
            }
        }
    }
    assert_eq!(given, len);
    assert_eq!(is_end, reader.is_end());
    Ok(is_end.then(|| Body {
        data,
        trailers: reader.take_trailers(),
        used: len - buf.len(),
    }))
}
