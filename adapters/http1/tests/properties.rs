//! What holds for any bytes, cut into pieces in any way.

use bytes::BytesMut;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use rgi_http1::{
    BodyReader, Decoded, FieldSpan, Framing, HeadReader, Limits, Refusal, RequestHead,
};

/// Small, so that generated input gets past them.
const LIMITS: Limits = Limits {
    target: 40,
    head: 300,
    headers: 6,
    body: 40,
};

type Outcome = Result<Option<(RequestHead, Vec<FieldSpan>)>, Refusal>;

/// Feeds `raw` in pieces that end at `cuts` and at its end.
fn read_head(raw: &[u8], cuts: &[usize]) -> Outcome {
    let mut reader = HeadReader::default();
    let mut fields = Vec::new();
    for &end in cuts.iter().chain([&raw.len()]) {
        if let Some(head) = reader.read(&raw[..end], &LIMITS, &mut fields)? {
            return Ok(Some((head, fields)));
        }
        assert!(fields.is_empty());
    }
    Ok(None)
}

type Body = Result<(Vec<u8>, bool, Option<HeaderMap>, Vec<u8>), Refusal>;

fn read_body(framing: Framing, raw: &[u8], cuts: &[usize]) -> Body {
    let mut reader = BodyReader::new(framing, &LIMITS);
    let mut buf = BytesMut::new();
    let mut data = Vec::new();
    let mut start = 0;
    for &end in cuts.iter().chain([&raw.len()]) {
        buf.extend_from_slice(&raw[start..end]);
        start = end;
        while let Decoded::Data(piece) = reader.decode(&mut buf)? {
            data.extend_from_slice(&piece);
        }
    }
    Ok((data, reader.is_end(), reader.take_trailers(), buf.to_vec()))
}

/// Where to cut `len` bytes.
fn cuts(len: usize, at: &[Index]) -> Vec<usize> {
    let mut cuts: Vec<_> = at.iter().map(|at| at.index(len + 1)).collect();
    cuts.sort_unstable();
    cuts
}

fn places() -> impl Strategy<Value = Vec<Index>> {
    prop::collection::vec(any::<Index>(), 0..8)
}

/// One of `usual` mostly, and one of `odd` at times.
fn mostly(
    usual: &'static [&'static str],
    odd: &'static [&'static str],
) -> BoxedStrategy<&'static str> {
    prop_oneof![8 => select(usual), 1 => select(odd)].boxed()
}

/// Heads that are right, nearly right, or wrong in one place or another.
fn head() -> impl Strategy<Value = Vec<u8>> {
    let before = mostly(&["", "", "\r\n"], &["\n", "\r\n\r\n\r\n\r\n\r\n", "\r"]);
    let method = mostly(
        &["GET", "POST", "OPTIONS", "CONNECT", "X-Y"],
        &[
            "",
            "G(T",
            "VERYLONGMETHODVERYLONGMETHODVERYLONGMETHODVERYLONGMETHODVERYLONGM",
        ],
    );
    let target = mostly(
        &["/", "/a?b=c", "*", "http://b/c", "http://b?c", "b:443"],
        &[
            "",
            "a",
            "/#",
            "/\"",
            "http://u@b/",
            "/aaaaaaaaaabbbbbbbbbbccccccccccdddddddddd",
        ],
    );
    let version = mostly(
        &["HTTP/1.1", "HTTP/1.0"],
        &["HTTP/2.0", "HTTP/111", "", "http/1.1"],
    );
    let field = mostly(
        &[
            "Host: a",
            "Content-Length: 5",
            "Transfer-Encoding: chunked",
            "Connection: close, X",
            "Connection: keep-alive, upgrade",
            "Upgrade: b",
            "TE: trailers",
            "Expect: 100-continue",
            "X: y",
            "Y:  z \t",
            "Z:",
        ],
        &[
            "Host: a,b",
            "Content-Length: 41",
            "Content-Length: +1",
            "Transfer-Encoding: gzip, chunked",
            "Expect: x",
            "X : y",
            " X: y",
            "X",
            "X: \u{1}",
            "X: \r",
            "Connection: a b",
        ],
    );
    let line_end = || mostly(&["\r\n"], &["\n", "\r", "\r\r\n", ""]);
    let space = || prop_oneof![20 => Just(" "), 1 => select(&["", "  ", "\t"][..])];
    let line = (
        before,
        method,
        space(),
        target,
        space(),
        version,
        line_end(),
    );
    let fields = prop::collection::vec((field, line_end()), 0..7);
    let host = prop_oneof![4 => Just("Host: h\r\n"), 1 => Just("")];
    (line, host, fields, line_end()).prop_map(|(line, host, fields, end)| {
        let (before, method, one, target, two, version, line_end) = line;
        let mut raw = [before, method, one, target, two, version, line_end, host].concat();
        for (field, line_end) in fields {
            raw += field;
            raw += line_end;
        }
        raw += end;
        raw.into_bytes()
    })
}

/// Heads that are right.
fn right_head() -> impl Strategy<Value = Vec<u8>> {
    let line = select(
        &[
            "GET / HTTP/1.1",
            "\r\nPOST /a?b=c HTTP/1.1",
            "OPTIONS * HTTP/1.1",
            "CONNECT b:443 HTTP/1.1",
            "X-Y http://[::1]:80/c?d HTTP/1.1",
        ][..],
    );
    let framing = select(&["", "Content-Length: 0\r\n", "content-length:00\r\n"][..]);
    let field = select(
        &[
            "Connection: close, X\r\n",
            "connection: keep-alive,upgrade\r\n",
            "Upgrade: b\r\n",
            "TE: trailers\r\n",
            "Expect: 100-continue\r\n",
            "X:y\r\n",
            "Y: \t z, a \t\r\n",
            "Z:\r\n",
        ][..],
    );
    (line, framing, prop::collection::vec(field, 0..4)).prop_map(|(line, framing, fields)| {
        let mut raw = format!("{line}\r\nHost: a\r\n{framing}");
        raw.extend(fields);
        raw += "\r\n";
        raw.into_bytes()
    })
}

/// Chunked bodies, right or wrong.
fn body() -> impl Strategy<Value = Vec<u8>> {
    let chunk = mostly(
        &[
            "1\r\na\r\n",
            "5\r\nhello\r\n",
            "2;a=b\r\n\r\n\r\n",
            "3 ; a = \"\\\"\"\r\nabc\r\n",
        ],
        &[
            "1\na\r\n",
            "2\r\na\r\n",
            "1;\r\na\r\n",
            "1 \r\na\r\n",
            "ffffffffffffffff\r\n",
            "\r\n",
            "x",
        ],
    );
    let last = mostly(
        &["0\r\n", "00;a\r\n"],
        &["", "0\n", "00000000000000000\r\n"],
    );
    let trailer = mostly(
        &["X: y\r\n", "Vary: *\r\n", "Y:\r\n"],
        &["Host: a\r\n", "X : y\r\n", " x\r\n", "X: y\n"],
    );
    let end = mostly(&["\r\n", "\r\nGET"], &["", "\n", "\r", "\rx"]);
    (
        prop::collection::vec(chunk, 0..12),
        last,
        prop::collection::vec(trailer, 0..8),
        end,
    )
        .prop_map(|(chunks, last, trailers, end)| {
            [chunks.concat(), last.into(), trailers.concat(), end.into()]
                .concat()
                .into_bytes()
        })
}

/// Bytes, with those that mean something more often than others.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![
        3 => select(&b"\r\n :;=\"\\,/?#0159afhHT."[..]),
        1 => any::<u8>(),
    ];
    prop::collection::vec(byte, 0..400)
}

#[derive(Clone, Copy, Debug)]
enum Mutation {
    Replace(u8),
    Insert(u8),
    Remove,
    Cut,
}

fn mutations() -> impl Strategy<Value = Vec<(Index, Mutation)>> {
    let byte = || prop_oneof![select(&b"\r\n \t\0:,;"[..]), any::<u8>()];
    let mutation = prop_oneof![
        byte().prop_map(Mutation::Replace),
        byte().prop_map(Mutation::Insert),
        Just(Mutation::Remove),
        Just(Mutation::Cut),
    ];
    prop::collection::vec((any::<Index>(), mutation), 1..4)
}

fn mutate(raw: &mut Vec<u8>, mutations: Vec<(Index, Mutation)>) {
    for (at, mutation) in mutations {
        if raw.is_empty() {
            return;
        }
        let at = at.index(raw.len());
        match mutation {
            Mutation::Replace(b) => raw[at] = b,
            Mutation::Insert(b) => raw.insert(at, b),
            Mutation::Remove => drop(raw.remove(at)),
            Mutation::Cut => raw.truncate(at),
        }
    }
}

/// What is true of every head that is accepted.
fn check(raw: &[u8], head: &RequestHead, fields: &[FieldSpan]) {
    let bytes = &raw[..head.len];
    assert!(bytes.ends_with(b"\r\n\r\n"));
    for (at, b) in bytes.iter().enumerate() {
        match b {
            b'\r' => assert_eq!(bytes[at + 1], b'\n', "bare CR"),
            b'\n' => assert_eq!(bytes[at - 1], b'\r', "bare LF"),
            _ => assert!(*b >= b' ' && *b != 0x7F || *b == b'\t'),
        }
    }
    assert!(fields.len() <= LIMITS.headers);
    assert!(head.target.len() <= LIMITS.target);
    assert!(head.path.start >= head.target.start && head.path.end <= head.target.end);
    if let Some(query) = head.query {
        assert_eq!(
            (head.path.end + 1, head.target.end),
            (query.start, query.end)
        );
    }
    for field in fields {
        HeaderName::from_bytes(field.name.of(raw)).unwrap();
        HeaderValue::from_bytes(field.value.of(raw)).unwrap();
    }
    let named = |name: &str| {
        fields
            .iter()
            .filter(|field| field.name.of(raw).eq_ignore_ascii_case(name.as_bytes()))
            .count()
    };
    for hop_by_hop in ["connection", "te", "transfer-encoding", "upgrade"] {
        assert_eq!(named(hop_by_hop), 0);
    }
    assert!(named("host") <= 1);
    assert_eq!(
        named("content-length"),
        usize::from(matches!(head.framing, Framing::Length(_)))
    );
    if head.method == Method::CONNECT {
        assert!(!head.framing.has_body());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4096, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn heads_come_out_the_same_however_they_are_cut(raw in head(), at in places()) {
        let whole = read_head(&raw, &[]);
        let every: Vec<_> = (0..raw.len()).collect();
        prop_assert_eq!(&whole, &read_head(&raw, &cuts(raw.len(), &at)));
        prop_assert_eq!(&whole, &read_head(&raw, &every));
        if let Ok(Some((head, fields))) = whole {
            check(&raw, &head, &fields);
        }
    }

    #[test]
    fn right_heads_are_accepted(raw in right_head(), at in places()) {
        let (head, fields) = read_head(&raw, &cuts(raw.len(), &at)).unwrap().unwrap();
        prop_assert_eq!(head.len, raw.len());
        check(&raw, &head, &fields);
    }

    #[test]
    fn mutated_heads_are_never_misread(mut raw in right_head(), changes in mutations(), at in places()) {
        mutate(&mut raw, changes);
        let whole = read_head(&raw, &[]);
        prop_assert_eq!(&whole, &read_head(&raw, &cuts(raw.len(), &at)));
        if let Ok(Some((head, fields))) = whole {
            check(&raw, &head, &fields);
        }
    }

    #[test]
    fn any_bytes_may_come_for_a_head(raw in bytes(), at in places()) {
        let whole = read_head(&raw, &[]);
        prop_assert_eq!(&whole, &read_head(&raw, &cuts(raw.len(), &at)));
        let begun = HeadReader::default().started(&raw);
        prop_assert!(begun || whole == Ok(None));
    }

    #[test]
    fn any_bytes_may_come_behind_a_request_line(rest in bytes(), at in places()) {
        let raw = [b"GET / HTTP/1.1\r\nHost: a\r\n", &rest[..]].concat();
        let whole = read_head(&raw, &[]);
        prop_assert_eq!(&whole, &read_head(&raw, &cuts(raw.len(), &at)));
        if let Ok(Some((head, fields))) = whole {
            check(&raw, &head, &fields);
        }
    }

    #[test]
    fn bodies_come_out_the_same_however_they_are_cut(
        mut raw in body(),
        changes in prop_oneof![Just(Vec::new()), mutations()],
        at in places(),
    ) {
        mutate(&mut raw, changes);
        let every: Vec<_> = (0..raw.len()).collect();
        let whole = read_body(Framing::Chunked, &raw, &[]);
        prop_assert_eq!(&whole, &read_body(Framing::Chunked, &raw, &cuts(raw.len(), &at)));
        prop_assert_eq!(&whole, &read_body(Framing::Chunked, &raw, &every));
        if let Ok((data, end, _, rest)) = whole {
            prop_assert!(data.len() as u64 <= LIMITS.body);
            prop_assert!(end || rest.is_empty());
        }
    }

    #[test]
    fn any_bytes_may_come_for_a_body(raw in bytes(), length in 0u64..500, at in places()) {
        let cuts = cuts(raw.len(), &at);
        let whole = read_body(Framing::Chunked, &raw, &[]);
        prop_assert_eq!(whole, read_body(Framing::Chunked, &raw, &cuts));
        let (data, end, _, rest) = read_body(Framing::Length(length), &raw, &cuts).unwrap();
        prop_assert_eq!([data, rest].concat(), raw.clone());
        prop_assert_eq!(end, raw.len() as u64 >= length);
    }

    #[test]
    fn data_comes_out_of_chunks_as_it_went_in(
        pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..10), 0..4),
        at in places(),
    ) {
        let mut raw = Vec::new();
        for piece in &pieces {
            raw.extend_from_slice(format!("{:X};x\r\n", piece.len()).as_bytes());
            raw.extend_from_slice(piece);
            raw.extend_from_slice(b"\r\n");
        }
        raw.extend_from_slice(b"0\r\n\r\nrest");
        let read = read_body(Framing::Chunked, &raw, &cuts(raw.len(), &at));
        prop_assert_eq!(read, Ok((pieces.concat(), true, None, b"rest".to_vec())));
    }
}
