//! The guard: what it refuses and what it passes, however the bytes are cut, beside what this
//! crate's own readers say of the same bytes.

use bytes::BytesMut;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use rgi_http1::{BodyReader, Decoded, Guard, HeadReader, Limits, Refusal, read_trailers};

/// What came of some bytes.
#[derive(Clone, Debug, PartialEq)]
struct Watched {
    passed: usize,
    /// With whether it lies in a body.
    refusal: Option<(Refusal, bool)>,
    /// Behind which bytes another protocol might have begun.
    switches: Vec<usize>,
}

/// Shows `raw` in pieces that end at `cuts` and at its end.
fn watch(raw: &[u8], cuts: &[usize]) -> Watched {
    let mut guard = Guard::new();
    let mut watched = Watched {
        passed: 0,
        refusal: None,
        switches: Vec::new(),
    };
    for &end in cuts.iter().chain([&raw.len()]) {
        while watched.passed < end {
            match guard.watch(&raw[watched.passed..end]) {
                Ok(passed) => {
                    assert!((1..=end - watched.passed).contains(&passed));
                    watched.passed += passed;
                    let over = watched.passed == end;
                    if guard.may_switch() {
                        watched.switches.push(watched.passed);
                        assert_eq!(guard.watch(b""), Ok(0));
                        assert!(guard.may_switch(), "nothing has come");
                    } else if !over {
                        let rest = &raw[watched.passed..end];
                        guard.watch(rest).expect_err("it stopped for a fault");
                    }
                }
                Err(refusal) => {
                    for again in [&b""[..], b"GET / HTTP/1.1\r\n\r\n"] {
                        assert_eq!(guard.watch(again), Err(refusal), "refused for good");
                    }
                    watched.refusal = Some((refusal, guard.is_in_body()));
                    return watched;
                }
            }
        }
    }
    assert!(!guard.is_in_body(), "nothing is refused");
    watched
}

fn every(raw: &[u8]) -> Vec<usize> {
    (0..raw.len()).collect()
}

/// The same at once, in two pieces and byte by byte.
#[track_caller]
fn watch_all(raw: &[u8]) -> Watched {
    let whole = watch(raw, &[]);
    for cut in 0..=raw.len() {
        check_cut(raw, &[cut], &whole);
    }
    check_cut(raw, &every(raw), &whole);
    whole
}

/// The outcome of these pieces is that of the whole. Of a head that is refused, the pieces before
/// the one with the fault are passed; nothing else may differ.
#[track_caller]
fn check_cut(raw: &[u8], cuts: &[usize], whole: &Watched) {
    let mut expected = whole.clone();
    if let Some((_, false)) = whole.refusal {
        let fault = watch(raw, &every(raw)).passed;
        let piece = cuts.iter().filter(|&&cut| cut <= fault).max();
        expected.passed = whole.passed.max(piece.copied().unwrap_or(0));
    }
    let text = String::from_utf8_lossy(raw);
    assert_eq!(watch(raw, cuts), expected, "cut at {cuts:?}: {text:?}");
}

/// Refused in its head, and not a byte of it passed on; and also behind another request.
#[track_caller]
fn head_refused(raw: &str, reason: &str) {
    for before in ["", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", BODY] {
        let watched = watch_all(&[before, raw].concat().into_bytes());
        let (refusal, in_body) = watched.refusal.expect(raw);
        assert_eq!((refusal.status().as_u16(), in_body), (400, false), "{raw}");
        assert!(refusal.reason().contains(reason), "{raw}: {refusal}");
        assert_eq!(watched.passed, before.len(), "{raw}");
    }
}

const BODY: &str = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc";
const CHUNKED: &str = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";

/// Refused in its chunked body, behind `good`.
#[track_caller]
fn body_refused(good: &str, bad: &str, reason: &str) {
    let watched = watch_all(&[CHUNKED, good, bad].concat().into_bytes());
    let (refusal, in_body) = watched.refusal.expect(bad);
    assert_eq!((refusal.status().as_u16(), in_body), (400, true), "{bad}");
    assert!(refusal.reason().contains(reason), "{bad}: {refusal}");
    assert_eq!(watched.passed, CHUNKED.len() + good.len(), "{bad:?}");
}

#[track_caller]
fn passes(raw: &str) -> Vec<usize> {
    let watched = watch_all(raw.as_bytes());
    assert_eq!(watched.refusal, None, "{raw}");
    assert_eq!(watched.passed, raw.len(), "{raw}");
    watched.switches
}

#[test]
fn line_ends_of_a_head() {
    head_refused("GET / HTTP/1.1\nHost: a\r\n\r\n", "LF without CR");
    head_refused("GET / HTTP/1.1\r\nHost: a\n\r\n", "LF without CR");
    head_refused("GET / HTTP/1.1\r\nHost: a\r\n\n", "LF without CR");
    head_refused("\nGET / HTTP/1.1\r\n", "LF without CR");
    head_refused("GET / HTTP/1.1\rHost: a\r\n\r\n", "CR without LF");
    head_refused("GET / HTTP/1.1\r\nX: a\rb\r\n\r\n", "CR without LF");
    head_refused("GET / HTTP/1.1\r\nX: a\r\r\n\r\n", "CR without LF");
    head_refused("GET / HTTP/1.1\r\nX: a\r\n\rX", "CR without LF");
    head_refused("\r\n\rGET / HTTP/1.1\r\n", "CR without LF");
}

#[test]
fn folded_lines() {
    for space in [" ", "\t"] {
        let folded = format!("GET / HTTP/1.1\r\nX: a\r\n{space}b\r\n\r\n");
        head_refused(&folded, "begins with white space");
        let first = format!("GET / HTTP/1.1\r\n{space}X: a\r\n\r\n");
        head_refused(&first, "begins with white space");
        head_refused(&format!("{space}GET / HTTP/1.1\r\n"), "white space");
    }
}

#[test]
fn fragments() {
    head_refused("GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", "fragment");
    head_refused("GET # HTTP/1.1\r\nHost: a\r\n\r\n", "fragment");
    head_refused("G#T /# HTTP/1.1\r\nHost: a\r\n\r\n", "fragment");
    passes("G#T#/ / HTTP/1.1\r\nHost: a\r\nX: #\r\n\r\n");
}

#[test]
fn empty_lines() {
    let request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    passes(&format!(
        "\r\n\r\n\r\n\r\n{request}\r\n\r\n\r\n\r\n{request}"
    ));
    head_refused(&format!("\r\n\r\n\r\n\r\n\r\n{request}"), "too many empty");
}

#[test]
fn two_framings() {
    let head = |fields: &str| format!("POST / HTTP/1.1\r\nHost: a\r\n{fields}\r\n");
    let both = "both Transfer-Encoding and Content-Length";
    let (length, coding) = ("Content-Length: 5\r\n", "transfer-encoding:chunked\r\n");
    head_refused(&head(&[length, coding].concat()), both);
    head_refused(&head(&[coding, "X: y\r\n", length].concat()), both);
    head_refused(&head(&[length, length].concat()), "more than one");
    head_refused(&head("Content-Length: 5, 5\r\n"), "one decimal number");
    for value in ["", " ", "+5", "-0", "5 5", "0x5", "5;", "\u{b2}", "5\0"] {
        let raw = head(&format!("Content-Length:{value}\r\n"));
        head_refused(&raw, "one decimal number");
    }
    head_refused(&head("Content-Length: 18446744073709551616\r\n"), "64 bits");
}

#[test]
fn old_requests() {
    let raw = "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n";
    head_refused(raw, "HTTP/1.0 has no");
    passes("POST / HTTP/1.0\r\nContent-Length: 2\r\n\r\n\n\rGET / HTTP/1.0\r\n\r\n");
}

#[test]
fn bodies_of_connect() {
    let connect = "CONNECT a:1 HTTP/1.1\r\nHost: a\r\n";
    head_refused(&format!("{connect}Content-Length: 1\r\n\r\n"), "CONNECT");
    head_refused(
        &format!("{connect}Transfer-Encoding: chunked\r\n\r\n"),
        "CONNECT",
    );
    passes(&format!("{connect}Content-Length: 0\r\n\r\n"));
}

#[test]
fn lengths() {
    for value in ["3", "\t 3 ", "0000000000000000000000000003\t\t"] {
        let raw = format!("POST / HTTP/1.1\r\nContent-length:{value}\r\n\r\n\n\r#{BODY}");
        passes(&raw);
        let long = format!("POST / HTTP/1.1\r\nCONTENT-LENGTH:{value}\r\n\r\n\n\r#\n");
        let watched = watch_all(long.as_bytes());
        assert_eq!(watched.passed, long.len() - 1);
        assert!(matches!(watched.refusal, Some((_, false))));
    }
    passes("POST / HTTP/1.1\r\nContent-Length: 18446744073709551615\r\n\r\n\n\n");
    // Names that are nearly these.
    passes(
        "POST / HTTP/1.1\r\nContent-Lengths: x\r\nContent-Lengt: x\r\nX-Content-Length: x\r\n\r\n",
    );
}

#[test]
fn chunks() {
    passes(&format!(
        "{CHUNKED}5\r\nhello\r\n2;a=b;c=\"\\\"\"\r\n\n\r\r\n0\r\n\r\n{BODY}"
    ));
    passes(&format!(
        "{CHUNKED}A\r\n0123456789\r\n00\r\nX: y\r\nY:\r\n\r\n{CHUNKED}"
    ));
    body_refused("5", "\n", "not followed by CRLF");
    body_refused("5\r", "x", "CR without LF");
    body_refused("", "\r\n", "hexadecimal");
    body_refused("", " 5\r\n", "hexadecimal");
    body_refused("5;a\r\nhello\r\n1 ", "\r\na", "not followed by CRLF");
    body_refused("5;a=\"", "\r\n", "extension is malformed");
    body_refused("0000000000000000", "0\r\n", "16 digits");
    body_refused("5\r\nhello", "!\r\n", "longer than its size");
    body_refused("5\r\nhello", "\n", "LF without CR");
    body_refused("5\r\nhello\r", "\r\n", "CR without LF");
}

#[test]
fn trailers() {
    body_refused("0\r\n", "\n", "token");
    body_refused("0\r\n\r", "\r\n", "CR without LF");
    body_refused("0\r\nX: y", "\n\r\n", "LF without CR");
    body_refused("0\r\nX: y\r", "Z: y\r\n\r\n", "CR without LF");
    body_refused("0\r\nX: y\r\n", " z\r\n\r\n", "white space");
}

#[test]
fn extensions_are_bounded() {
    let chunk = format!("1;{}\r\na\r\n", "x".repeat(4000));
    let raw = [CHUNKED, &chunk.repeat(5)].concat().into_bytes();
    let watched = watch(&raw, &[]);
    check_cut(&raw, &every(&raw), &watched);
    assert_eq!(watched.passed, raw.len() - "\na\r\n".len());
    let (refusal, in_body) = watched.refusal.expect("20 KB for 5 bytes");
    assert!(in_body && refusal.reason().contains("more chunk extensions"));
    let body = [&chunk.repeat(4)[..], "0\r\n\r\n"].concat();
    let bodies = [CHUNKED, &body].concat().repeat(2);
    assert_eq!(watch(bodies.as_bytes(), &[]).passed, bodies.len());
}

#[test]
fn switches() {
    let upgrade = "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: b\r\n\r\n";
    let connect = "CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n";
    for raw in [upgrade, connect] {
        assert_eq!(passes(raw), [raw.len()]);
        let next = format!("{raw}{BODY}{raw}");
        assert_eq!(passes(&next), [raw.len(), next.len()]);
        // What comes then may be anything: nobody has to show it.
        let mut guard = Guard::new();
        let bytes = format!("{raw}\n\n");
        assert_eq!(guard.watch(bytes.as_bytes()), Ok(raw.len()));
        assert!(guard.may_switch());
        assert!(guard.watch(b"\n").is_err());
        assert!(!guard.may_switch());
    }
    // The other protocol begins behind the whole request.
    let length = "POST / HTTP/1.1\r\nupgrade:b\r\nContent-Length: 2\r\n\r\nab";
    let chunked =
        "POST / HTTP/1.1\r\nUPGRADE:\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: y\r\n\r\n";
    for raw in [length, chunked] {
        assert_eq!(passes(&format!("{raw}{BODY}")), [raw.len()]);
    }
    assert_eq!(passes(&format!("{BODY}connect a HTTP/1.1\r\n\r\n")), []);
}

/// What this crate's own readers make of some bytes.
struct Read {
    /// Where the messages end that are complete, and of which a switch may come.
    ends: Vec<usize>,
    switches: Vec<usize>,
    /// Whether they end within a head.
    in_head: bool,
    refused: bool,
}

fn read(raw: &[u8]) -> Read {
    let limits = Limits::default();
    let (mut buf, mut fields) = (BytesMut::from(raw), Vec::new());
    let mut read = Read {
        ends: Vec::new(),
        switches: Vec::new(),
        in_head: false,
        refused: false,
    };
    while !buf.is_empty() {
        let mut body = match HeadReader::default().read(&buf, &limits, &mut fields) {
            Ok(Some(head)) => {
                let bytes = buf.split_to(head.len).to_ascii_lowercase();
                let upgrade = bytes.windows(10).any(|line| line == b"\r\nupgrade:");
                if upgrade || head.method == "CONNECT" {
                    read.switches.push(0);
                }
                BodyReader::new(head.framing, &limits)
            }
            Ok(None) => {
                read.in_head = true;
                return read;
            }
            Err(_) => {
                read.refused = true;
                return read;
            }
        };
        loop {
            match body.decode(&mut buf) {
                Ok(Decoded::Data(_)) => {}
                Ok(Decoded::End) => break,
                Ok(Decoded::NeedMore) => {
                    read.switches.retain(|&at| at > 0);
                    return read;
                }
                Err(_) => {
                    read.switches.retain(|&at| at > 0);
                    read.refused = true;
                    return read;
                }
            }
        }
        let end = raw.len() - buf.len();
        read.ends.push(end);
        if let Some(at @ 0) = read.switches.last_mut() {
            *at = end;
        }
    }
    read
}

/// The guard against the readers.
fn compare(raw: &[u8]) {
    let watched = watch(raw, &[]);
    let read_whole = read(raw);
    let text = String::from_utf8_lossy(raw);
    assert!(
        watched.passed >= read_whole.ends.last().copied().unwrap_or(0),
        "a message is refused that the readers accept: {watched:?} {text:?}"
    );
    assert!(
        watched.switches.starts_with(&read_whole.switches),
        "{text:?}"
    );
    if watched.refusal.is_none() {
        return;
    }
    // A head's meaning is read when it is complete.
    assert!(
        read_whole.refused || read_whole.in_head,
        "{watched:?} {text:?}"
    );
    for end in ["\r\n\r\n", "\n\r\n"] {
        let raw = [raw, end.as_bytes()].concat();
        assert!(read(&raw).refused, "{watched:?} {text:?}");
    }
}

/// One of `usual` mostly, and one of `odd` at times.
fn mostly(
    usual: &'static [&'static str],
    odd: &'static [&'static str],
) -> BoxedStrategy<&'static str> {
    prop_oneof![16 => select(usual), 1 => select(odd)].boxed()
}

/// Requests that are right, nearly right, or wrong in one place or another.
fn message() -> impl Strategy<Value = String> {
    let before = mostly(&["", "", "\r\n"], &["\n", "\r\n\r\n\r\n\r\n\r\n", "\r"]);
    let line = mostly(
        &[
            "GET / HTTP/1.1",
            "POST /a?b=c HTTP/1.1",
            "GET / HTTP/1.0",
            "CONNECT b:443 HTTP/1.1",
            "G#T http://a HTTP/1.1",
        ],
        &[
            "GET /# HTTP/1.1",
            " GET / HTTP/1.1",
            "GET /",
            "#",
            "CONNECT",
        ],
    );
    let field = mostly(
        &[
            "X: y",
            "Upgrade: b",
            "upgrade:",
            "Connection: close",
            "Content-Type: a/b",
            "Cookie:\t a=#\t",
            "TE: trailers",
        ],
        &[
            "Upgrade : b",
            " X: y",
            "X: y\rz",
            "Content-Length : 5",
            "Content-Length: 5",
            "Transfer-Encoding: chunked",
            "X",
        ],
    );
    let framed = prop_oneof![
        6 => select(&[
            ("", ""),
            ("Content-Length: 5\r\n", "hel\n\r"),
            ("content-length:\t0003 \r\n", "a\r\n"),
            ("Content-Length: 0\r\n", ""),
            ("Transfer-Encoding: chunked\r\n", "0\r\n\r\n"),
            ("transfer-encoding:\t chunked\t\r\n", "5;a=b\r\nhello\r\n00\r\nX: y\r\n\r\n"),
            ("Transfer-Encoding: chunked\r\n", "2\r\n\n\r\r\n1 ;a\r\nx\r\n0\r\nX: y\r\nY:\r\n\r\n"),
        ][..]),
        1 => select(&[
            ("Content-Length: 5,5\r\n", "hello"),
            ("Content-Length: 5\r\nContent-Length: 5\r\n", "hello"),
            ("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
            ("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"),
            ("Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n", "0\r\n\r\n"),
            ("Transfer-Encoding: chunked\r\n", "5\r\nhello!\r\n0\r\n\r\n"),
            ("Transfer-Encoding: chunked\r\n", "5\nhello\r\n0\r\n\r\n"),
            ("Transfer-Encoding: chunked\r\n", "0\r\nX: y\n\r\n"),
            ("Transfer-Encoding: chunked\r\n", "0\r\nX : y\r\n\r\n"),
        ][..]),
    ];
    let line_end = || prop_oneof![24 => Just("\r\n"), 1 => select(&["\n", "\r", "\r\r\n"][..])];
    let fields = || prop::collection::vec((field.clone(), line_end()), 0..3);
    (
        before,
        line,
        line_end(),
        fields(),
        framed,
        fields(),
        line_end(),
    )
        .prop_map(
            |(before, line, line_end, some, (framing, body), more, end)| {
                let mut raw = [before, line, line_end, "Host: a\r\n"].concat();
                raw.extend(some.iter().flat_map(|&(field, end)| [field, end]));
                raw += framing;
                raw.extend(more.iter().flat_map(|&(field, end)| [field, end]));
                raw + end + body
            },
        )
}

fn messages() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(message(), 1..5).prop_map(|messages| messages.concat().into_bytes())
}

/// Bytes, with those that mean something more often than others.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![
        4 => select(&["\r\n", "\r", "\n", " ", ":", "#", ";", "0", "5", "a"][..])
            .prop_map(|part| part.as_bytes().to_vec()),
        1 => select(&["GET / HTTP/1.1\r\n", "Content-Length", "Transfer-Encoding: chunked\r\n"][..])
            .prop_map(|part| part.as_bytes().to_vec()),
        1 => any::<u8>().prop_map(|b| vec![b]),
    ];
    prop::collection::vec(part, 0..60).prop_map(|parts| parts.concat())
}

/// Some bytes put in or taken out.
fn changes() -> impl Strategy<Value = Vec<(Index, Option<u8>)>> {
    let byte = prop_oneof![
        2 => select(&b"\r\n \t\0:;#0"[..]).prop_map(Some),
        1 => any::<u8>().prop_map(Some),
        1 => Just(None),
    ];
    prop::collection::vec((any::<Index>(), byte), 1..3)
}

fn change(raw: &mut Vec<u8>, changes: Vec<(Index, Option<u8>)>) {
    for (at, change) in changes {
        match change {
            Some(b) => raw.insert(at.index(raw.len() + 1), b),
            None if raw.is_empty() => {}
            None => drop(raw.remove(at.index(raw.len()))),
        }
    }
}

fn cuts(len: usize, at: &[Index]) -> Vec<usize> {
    let mut cuts: Vec<_> = at.iter().map(|at| at.index(len + 1)).collect();
    cuts.sort_unstable();
    cuts
}

fn places() -> impl Strategy<Value = Vec<Index>> {
    prop::collection::vec(any::<Index>(), 0..8)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4096, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn messages_are_judged_the_same_however_they_are_cut(raw in messages(), at in places()) {
        let whole = watch(&raw, &[]);
        check_cut(&raw, &every(&raw), &whole);
        check_cut(&raw, &cuts(raw.len(), &at), &whole);
        compare(&raw);
    }

    #[test]
    fn changed_messages_are_judged_as_the_readers_do(
        mut raw in messages(),
        changes in changes(),
        at in places(),
    ) {
        change(&mut raw, changes);
        check_cut(&raw, &cuts(raw.len(), &at), &watch(&raw, &[]));
        compare(&raw);
    }

    #[test]
    fn any_bytes_are_judged(raw in bytes(), at in places()) {
        check_cut(&raw, &cuts(raw.len(), &at), &watch(&raw, &[]));
        compare(&raw);
    }
}

// ---- one request at a time

/// What a guard that stops behind each request says of these bytes: where it stopped, and of each
/// stop where head and trailer section lie.
fn singly(raw: &[u8], cuts: &[usize]) -> Vec<(usize, String, String)> {
    let mut guard = Guard::singly();
    let (mut at, mut stops) = (0, Vec::new());
    let (mut head, mut trailers, mut over) = (String::new(), String::new(), false);
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    for &end in cuts.iter().chain([&raw.len()]) {
        while at < end {
            let passed = guard.watch(&raw[at..end]).unwrap();
            let bytes = &raw[at..at + passed];
            at += passed;
            if !over {
                let there = guard.head_end();
                head += &text(&bytes[..there.unwrap_or(bytes.len())]);
                over = there.is_some();
            }
            if let Some(from) = guard.trailers() {
                trailers += &text(&bytes[from..]);
            }
            if guard.is_behind() {
                over = false;
                stops.push((at, std::mem::take(&mut head), std::mem::take(&mut trailers)));
            }
        }
    }
    stops
}

#[test]
fn requests_are_passed_one_by_one_with_heads_and_trailers() {
    let heads = [
        "GET /a HTTP/1.1\r\nHost: b\r\n\r\n",
        "POST /b HTTP/1.1\r\nHost: b\r\nContent-Length: 3\r\n\r\n",
        "POST /c HTTP/1.1\r\nHost: b\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST /d HTTP/1.1\r\nHost: b\r\nTransfer-Encoding: chunked\r\n\r\n",
        "GET /e HTTP/1.1\r\nHost: b\r\nUpgrade: c\r\n\r\n",
    ];
    let trailers = ["", "", "X-Sum: 1\r\n\r\n", "\r\n", ""];
    let bodies = ["", "GET", "1\r\na\r\n0\r\n", "0\r\n", ""];
    let mut raw = String::new();
    let mut expected = Vec::new();
    for ((head, body), trailers) in heads.iter().zip(bodies).zip(trailers) {
        raw += &format!("{head}{body}{trailers}");
        expected.push((raw.len(), (*head).to_owned(), trailers.to_owned()));
    }
    let raw = raw.as_bytes();
    assert_eq!(singly(raw, &[]), expected);
    assert_eq!(singly(raw, &every(raw)), expected);
    for cut in every(raw) {
        assert_eq!(singly(raw, &[cut]), expected, "{cut}");
    }
}

#[test]
fn what_is_left_of_a_body_is_known_where_it_has_a_length() {
    let raw = b"POST / HTTP/1.1\r\nHost: b\r\nContent-Length: 5\r\nUpgrade: c\r\n\r\nabcde";
    let mut guard = Guard::singly();
    assert_eq!(guard.left(), None);
    assert_eq!(guard.watch(&raw[..raw.len() - 2]), Ok(raw.len() - 2));
    assert_eq!(guard.left(), Some(2));
    assert!(guard.asks() && !guard.may_switch());
    assert_eq!(guard.watch(b"deGET"), Ok(2));
    assert_eq!(guard.left(), None);
    assert!(guard.is_behind() && guard.may_switch());
}

#[test]
fn trailers_of_a_section_are_read() {
    let read = |section: &str, most| {
        let trailers = read_trailers(section.as_bytes(), most);
        trailers.map_err(|refusal| refusal.status().as_u16())
    };
    assert_eq!(read("\r\n", 1), Ok(None));
    let one = read("X-Sum: 1\r\nCookie: a\r\n\r\n", 2).unwrap().unwrap();
    assert_eq!(one.len(), 1, "cookies come too late");
    assert_eq!(one["x-sum"], "1");
    assert_eq!(read("Host: a\r\n\r\n", 2), Err(400));
    assert_eq!(read("a b: 1\r\n\r\n", 2), Err(400));
    assert_eq!(read("X: 1\r\n", 2), Err(400), "it is not over");
    assert_eq!(read("X: 1\r\nX: 2\r\n\r\n", 1), Err(431));
}

#[test]
fn a_length_above_the_limit_is_refused_at_the_head() {
    let limits = Limits {
        body: 3,
        ..Limits::default()
    };
    for (length, status) in [(3, None), (4, Some(413)), (u64::MAX, Some(413))] {
        let head = format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n");
        let mut guard = Guard::new().limit(&limits);
        let first = guard.watch(&head.as_bytes()[..20]).unwrap();
        let rest = guard.watch(&head.as_bytes()[first..]);
        let refused = rest.err().map(|refusal| refusal.status().as_u16());
        assert_eq!((refused, guard.is_in_body()), (status, false), "{length}");
    }
}
