//! Request bodies: every rule, on both sides of the line.

use bytes::BytesMut;
use http::HeaderMap;
use rgi_http1::{BodyReader, Decoded, Framing, Limits, Refusal};

/// What came of a body: its data, the trailers, the bytes behind it.
#[derive(Debug, PartialEq)]
struct Read {
    data: Vec<u8>,
    trailers: Option<HeaderMap>,
    rest: Vec<u8>,
}

/// `None` when the body does not end.
fn decode(
    framing: Framing,
    limits: &Limits,
    pieces: impl Iterator<Item = Vec<u8>>,
) -> Result<Option<Read>, Refusal> {
    let mut reader = BodyReader::new(framing, limits);
    let mut buf = BytesMut::new();
    let mut data = Vec::new();
    for piece in pieces {
        buf.extend_from_slice(&piece);
        loop {
            match reader.decode(&mut buf) {
                Ok(Decoded::Data(more)) => {
                    assert!(!more.is_empty());
                    data.extend_from_slice(&more);
                }
                Ok(Decoded::NeedMore) => {
                    assert!(buf.is_empty() && !reader.is_end());
                    break;
                }
                Ok(Decoded::End) => {
                    assert!(reader.is_end());
                    assert_eq!(reader.remaining(), Some(0));
                    break;
                }
                Err(refusal) => {
                    assert_eq!(reader.decode(&mut buf), Err(refusal), "refused for good");
                    return Err(refusal);
                }
            }
        }
    }
    if !reader.is_end() {
        return Ok(None);
    }
    let trailers = reader.take_trailers();
    assert_eq!(reader.take_trailers(), None);
    Ok(Some(Read {
        data,
        trailers,
        rest: buf.to_vec(),
    }))
}

fn read_within(
    framing: Framing,
    raw: impl AsRef<[u8]>,
    limits: &Limits,
) -> Result<Option<Read>, Refusal> {
    let raw = raw.as_ref();
    let whole = decode(framing, limits, std::iter::once(raw.to_vec()));
    let pieces = decode(framing, limits, raw.iter().map(|&b| vec![b]));
    assert_eq!(whole, pieces, "split: {:?}", String::from_utf8_lossy(raw));
    whole
}

#[track_caller]
fn chunked(raw: impl AsRef<[u8]>) -> Read {
    let text = String::from_utf8_lossy(raw.as_ref()).into_owned();
    read_within(Framing::Chunked, raw, &Limits::default())
        .expect(&text)
        .expect(&text)
}

#[track_caller]
fn refused_within(raw: impl AsRef<[u8]>, limits: &Limits, status: u16) {
    let text = String::from_utf8_lossy(raw.as_ref()).into_owned();
    let refusal = read_within(Framing::Chunked, raw, limits).expect_err(&text);
    assert_eq!(refusal.status().as_u16(), status, "{text:?}: {refusal}");
}

#[track_caller]
fn refused(raw: impl AsRef<[u8]>, status: u16) {
    refused_within(raw, &Limits::default(), status);
}

#[track_caller]
fn unfinished(raw: impl AsRef<[u8]>) {
    let read = read_within(Framing::Chunked, raw, &Limits::default());
    assert_eq!(read, Ok(None));
}

/// A body of these trailer lines alone.
fn trailing(lines: &str) -> String {
    format!("0\r\n{lines}\r\n")
}

#[test]
fn no_body() {
    for framing in [Framing::None, Framing::Length(0)] {
        let mut reader = BodyReader::new(framing, &Limits::default());
        assert!(reader.is_end());
        assert!(!framing.has_body());
        let mut buf = BytesMut::from("GET");
        assert_eq!(reader.decode(&mut buf), Ok(Decoded::End));
        assert_eq!(reader.decode(&mut buf), Ok(Decoded::End));
        assert_eq!(buf, "GET");
        assert_eq!(reader.take_trailers(), None);
    }
}

#[test]
fn a_known_length() {
    let limits = Limits::default();
    let mut reader = BodyReader::new(Framing::Length(5), &limits);
    let mut buf = BytesMut::new();
    assert_eq!(reader.remaining(), Some(5));
    assert_eq!(reader.decode(&mut buf), Ok(Decoded::NeedMore));
    buf.extend_from_slice(b"he");
    assert_eq!(reader.decode(&mut buf), Ok(Decoded::Data("he".into())));
    assert_eq!(reader.remaining(), Some(3));
    buf.extend_from_slice(b"lloGET");
    assert_eq!(reader.decode(&mut buf), Ok(Decoded::Data("llo".into())));
    assert!(reader.is_end());
    assert_eq!(reader.decode(&mut buf), Ok(Decoded::End));
    assert_eq!(buf, "GET");

    let read = read_within(Framing::Length(u64::MAX), "abc", &limits);
    assert_eq!(read, Ok(None));
}

#[test]
fn data_is_not_copied() {
    let mut buf = BytesMut::from("5\r\nhello\r\n");
    let data_at = buf.as_ptr().addr() + 3;
    let mut reader = BodyReader::new(Framing::Chunked, &Limits::default());
    let Ok(Decoded::Data(data)) = reader.decode(&mut buf) else {
        panic!("data was to come first");
    };
    assert_eq!(data.as_ptr().addr(), data_at);
    assert_eq!(reader.remaining(), None);
}

#[test]
fn chunks() {
    let read = chunked("5\r\nhello\r\n6\r\n world\r\n0\r\n\r\nGET");
    assert_eq!(read.data, b"hello world");
    assert_eq!(read.trailers, None);
    assert_eq!(read.rest, b"GET");
    assert_eq!(chunked("0\r\n\r\n").data, b"");
    assert_eq!(chunked("000\r\n\r\n").data, b"");
    assert_eq!(chunked("0005\r\nhello\r\n0\r\n\r\n").data, b"hello");
    assert_eq!(
        chunked("A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n")
            .data
            .len(),
        20
    );
    assert_eq!(chunked("2\r\n\r\n\r\n0\r\n\r\n").data, b"\r\n");
    for unfinished in [
        "",
        "5",
        "5\r",
        "5\r\nhell",
        "5\r\nhello\r\n",
        "0\r\n",
        "0\r\n\r",
    ] {
        self::unfinished(unfinished);
    }
}

#[test]
fn chunk_sizes() {
    for size in [
        "", " 1", "\t1", "+1", "-1", "0x1", "1_0", "1 ", "1\t", "1 0", "g", "1g", "1.", "\"1\"",
        "1,", "\u{661}",
    ] {
        refused(format!("{size}\r\na\r\n0\r\n\r\n"), 400);
    }
    assert_eq!(chunked("0000000000000001\r\na\r\n0\r\n\r\n").data, b"a");
    refused("00000000000000001\r\na\r\n0\r\n\r\n", 400);
    refused("10000000000000000\r\na\r\n0\r\n\r\n", 400);
    refused("fffffffffffffffff\r\n", 400);
    let unlimited = Limits {
        body: 0,
        ..Limits::default()
    };
    let read = read_within(Framing::Chunked, "ffffffffffffffff\r\nabc", &unlimited);
    assert_eq!(read, Ok(None));
}

#[test]
fn line_ends_are_crlf() {
    for raw in [
        "1\na\r\n0\r\n\r\n",
        "1\ra\r\n0\r\n\r\n",
        "1\r\r\na\r\n0\r\n\r\n",
        "1\r\na\n0\r\n\r\n",
        "1\r\na\r0\r\n\r\n",
        "1\r\na\r\r\n0\r\n\r\n",
        "1\r\nab\r\n0\r\n\r\n",
        "1\r\na0\r\n\r\n",
        "0\n\r\n",
        "0\r\n\n",
        "0\r\n\rx",
        "0\r\nX: y\n\r\n",
        "0\r\nX: y\r\r\n\r\n",
        "0\r\nX: y\r\n\n",
        "\r\n1\r\na\r\n0\r\n\r\n",
        "3\r\nfoo\r\n\r\n",
    ] {
        refused(raw, 400);
    }
}

#[test]
fn chunk_extensions() {
    for extension in [
        ";a",
        ";a=b",
        "; a",
        " ;a",
        "\t;\ta",
        ";a;b",
        ";a;b=c;d",
        ";a = b",
        ";a\t=\tb ; c",
        ";a=\"\"",
        ";a=\"b c;\td\"",
        ";a=\"\\\"\\\\\"",
        ";a=\"caf\u{e9}\"",
        ";a=\"b\";c",
        ";a=\"b\" ;c",
        ";!#$%&'*+-.^_`|~=1",
    ] {
        let raw = format!("1{extension}\r\na\r\n0{extension}\r\n\r\n");
        assert_eq!(chunked(raw).data, b"a", "{extension:?}");
    }
    for extension in [
        ";",
        "; ",
        ";;a",
        ";a;",
        ";=a",
        ";a=",
        ";a= ",
        ";a=;b",
        ";a ",
        ";a=b ",
        ";a=\"b\" ",
        ";a b",
        ";a=b c",
        ";a=b=c",
        ";a=\"b",
        ";a=\"b\"c",
        ";a=b\"c\"",
        ";a=\"\\",
        ";a=\"\u{7f}\"",
        ";a=\"\\\u{1}\"",
        ";caf\u{e9}",
        ";a=caf\u{e9}",
        ";a@b",
        ";a=val\rue",
        ";a=\"\rb\"",
        ";a=\"\nb\"",
        "\n;a",
        " a",
        "=a",
    ] {
        refused(format!("1{extension}\r\na\r\n0\r\n\r\n"), 400);
    }
}

#[test]
fn chunk_lines_are_bounded() {
    let line = |len: usize| format!("1;{}\r\na\r\n0\r\n\r\n", "x".repeat(len - 4));
    assert_eq!(chunked(line(4096)).data, b"a");
    refused(line(4097), 400);
    refused(&line(5000)[..4097], 400);
}

#[test]
fn chunk_extensions_are_bounded_against_the_data() {
    // 1000 bytes of extensions for each byte of data.
    let greedy = |chunks| {
        let chunk = format!("1;{}\r\na\r\n", "x".repeat(999));
        format!("{}0\r\n\r\n", chunk.repeat(chunks))
    };
    assert_eq!(chunked(greedy(16)).data.len(), 16);
    refused(greedy(17), 400);
    // 50 for each 64, any number of times.
    let chunk = format!("40;{}\r\n{}\r\n", "x".repeat(49), "a".repeat(64));
    let modest = format!("{}0\r\n\r\n", chunk.repeat(2000));
    assert_eq!(chunked(modest).data.len(), 64 * 2000);
    // Small chunks alone are no extensions.
    let small = format!("{}0\r\n\r\n", "1\r\na\r\n".repeat(20_000));
    assert_eq!(chunked(small).data.len(), 20_000);
}

#[test]
fn long_bodies() {
    let limits = Limits {
        body: 5,
        ..Limits::default()
    };
    let exact = read_within(
        Framing::Chunked,
        "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
        &limits,
    );
    assert_eq!(exact.unwrap().unwrap().data, b"abcde");
    refused_within("6\r\n", &limits, 413);
    refused_within("3\r\nabc\r\n3\r\n", &limits, 413);
    refused_within("1\r\na\r\nffffffffffffffff\r\n", &limits, 413);
    let unlimited = Limits {
        body: 0,
        ..Limits::default()
    };
    refused_within("1\r\na\r\nffffffffffffffff\r\n", &unlimited, 413);
}

#[test]
fn trailers() {
    let read = chunked("1\r\na\r\n0\r\nX-Sum:  1 \r\nx-sum: 2\r\nEtag: \"3\"\r\n\r\nGET");
    let trailers = read.trailers.unwrap();
    assert_eq!(trailers.len(), 3);
    let sums: Vec<_> = trailers.get_all("x-sum").iter().collect();
    assert_eq!(sums, ["1", "2"]);
    assert_eq!(trailers["etag"], "\"3\"");
    assert_eq!(read.rest, b"GET");
}

#[test]
fn trailers_keep_the_grammar_of_fields() {
    for lines in [
        "x\r\n",
        ": y\r\n",
        "x : y\r\n",
        " x: y\r\n",
        "x: y\r\n z\r\n",
        "x y: z\r\n",
        "x: \u{1}\r\n",
        "x: \u{7f}\r\n",
        "x\u{e9}: y\r\n",
        "x: a\rb\r\n",
        "x: a\0b\r\n",
    ] {
        refused(trailing(lines), 400);
    }
    let read = chunked(trailing("a:\r\nb: caf\u{e9}\t1\r\n"));
    let trailers = read.trailers.unwrap();
    assert_eq!(trailers["a"], "");
    assert_eq!(trailers["b"].as_bytes(), "caf\u{e9}\t1".as_bytes());
}

#[test]
fn trailers_that_may_not_be() {
    for name in [
        "Content-Length",
        "transfer-encoding",
        "HOST",
        "Trailer",
        "TE",
        "Connection",
        "Keep-Alive",
        "Proxy-Connection",
        "Upgrade",
    ] {
        refused(trailing(&format!("X: 1\r\n{name}: 1\r\n")), 400);
    }
    for name in [
        "Authorization",
        "cookie",
        "Set-Cookie",
        "Cache-Control",
        "Content-Type",
        "Content-Encoding",
        "Content-Range",
        "If-Match",
        "Range",
        "Expect",
        "Vary",
        "Accept-Language",
        "X-Forwarded-For",
    ] {
        assert_eq!(chunked(trailing(&format!("{name}: 1\r\n"))).trailers, None);
        let mixed = chunked(trailing(&format!("{name}: 1\r\nX: 2\r\n")));
        let trailers = mixed.trailers.unwrap();
        assert_eq!((trailers.len(), &trailers["x"]), (1, &"2".parse().unwrap()));
    }
}

#[test]
fn trailers_are_bounded() {
    let limits = Limits {
        head: 20,
        headers: 3,
        ..Limits::default()
    };
    let read = |raw: &str| read_within(Framing::Chunked, raw, &limits);
    let fits = trailing("a: 1\r\nb: 3456789\r\n");
    assert_eq!(fits.len(), "0\r\n".len() + 20);
    let trailers = read(&fits).unwrap().unwrap().trailers;
    assert_eq!(trailers.unwrap().len(), 2);
    refused_within(trailing("a: 1\r\nb: 34567890\r\n"), &limits, 431);
    refused_within(format!("0\r\na: {}", "x".repeat(18)), &limits, 431);
    let three = read(&trailing("a:\r\nb:\r\nc:\r\n")).unwrap().unwrap();
    assert_eq!(three.trailers.unwrap().len(), 3);
    refused_within(trailing("a:\r\nb:\r\nc:\r\nd:\r\n"), &limits, 431);
}
