//! Request heads: the engine against the plain reading, however the bytes come.

use http::Version;
use rgi_http1::{FieldSpan, HeadReader, Refusal, RequestHead};

use crate::pieces::ways;
use crate::plain::{self, Read};
use crate::{LIMITS, REFUSALS};

/// Behind what is no whole head, one of these might make it one.
const ENDS: [&[u8]; 9] = [
    b"\r\n\r\n",
    b"\n\r\n",
    b"\n",
    b"\r\nHost: a\r\n\r\n",
    b"a\r\nHost: a\r\n\r\n",
    b": a\r\n\r\n",
    b"1\r\nHost: a\r\n\r\n",
    b" HTTP/1.1\r\nHost: a\r\n\r\n",
    b" / HTTP/1.1\r\nHost: a\r\n\r\n",
];

/// Reads `data` in all ways.
pub fn run(data: &[u8]) {
    let [whole, others @ ..] = ways(data).map(|pieces| {
        let ends: Vec<usize> = pieces.into_iter().map(|piece| piece.end).collect();
        read(data, &ends)
    });
    for other in others {
        assert_eq!(whole, other, "one outcome, however the bytes come");
    }
    if let Err(refusal) = &whole {
        assert!(REFUSALS.contains(&refusal.status().as_u16()), "{refusal}");
    }
    match (plain::head(data, &LIMITS), whole) {
        (Read::Whole(plain, used), Ok(Some((head, fields)))) => {
            assert_eq!(head.len, used, "the head's end");
            assert_eq!(convert(&head, &fields, data), plain);
        }
        (Read::Incomplete, Ok(None)) | (Read::Refused, Err(_)) => {}
        // As soon as it can become nothing right.
        (Read::Incomplete, Err(refusal)) => {
            for end in ENDS {
                let more = [data, end].concat();
                let read = plain::head(&more, &LIMITS);
                let is_right = matches!(read, Read::Whole(..));
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

type Outcome = Result<Option<(RequestHead, Vec<FieldSpan>)>, Refusal>;

fn read(data: &[u8], ends: &[usize]) -> Outcome {
    let mut reader = HeadReader::default();
    let mut fields = Vec::new();
    for end in ends {
        if let Some(head) = reader.read(&data[..*end], &LIMITS, &mut fields)? {
            return Ok(Some((head, fields)));
        }
    }
    Ok(None)
}

/// What the engine has read, in the words of the plain reading.
pub fn convert(head: &RequestHead, fields: &[FieldSpan], data: &[u8]) -> plain::Head {
    let text = |span: rgi_http1::Span| span.of(data).to_vec();
    plain::Head {
        method: head.method.as_str().as_bytes().to_vec(),
        target: text(head.target),
        minor: u8::from(head.version == Version::HTTP_11),
        authority: head.authority.map(text),
        fields: fields
            .iter()
            .map(|field| (text(field.name), text(field.value)))
            .collect(),
        framing: head.framing,
        keep_alive: head.keep_alive,
        expects: head.expect_continue,
        upgrade: head.upgrade.map(text),
        accepts_trailers: head.accepts_trailers,
    }
}
