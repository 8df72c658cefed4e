//! Request heads: every rule, on both sides of the line.

use http::{HeaderName, HeaderValue, Method, StatusCode, Version};
use rgi_http1::{FieldSpan, Framing, HeadReader, Limits, Refusal, RequestHead, Span, TargetForm};

/// A head, with the bytes and fields its spans need.
struct Read {
    raw: Vec<u8>,
    head: RequestHead,
    fields: Vec<FieldSpan>,
}

impl Read {
    fn text(&self, span: Span) -> &str {
        std::str::from_utf8(span.of(&self.raw)).unwrap()
    }

    fn authority(&self) -> Option<&str> {
        self.head.authority.map(|span| self.text(span))
    }

    fn query(&self) -> Option<&str> {
        self.head.query.map(|span| self.text(span))
    }

    /// Names and values, as `name: value`.
    fn fields(&self) -> Vec<String> {
        self.fields
            .iter()
            .map(|field| format!("{}: {}", self.text(field.name), self.text(field.value)))
            .collect()
    }
}

fn read_within(raw: &[u8], limits: &Limits) -> Result<Option<Read>, Refusal> {
    let mut fields = Vec::new();
    let whole = HeadReader::default().read(raw, limits, &mut fields)?;

    // Byte by byte it has to come out the same.
    let mut reader = HeadReader::default();
    let mut pieces = Vec::new();
    let mut slow = None;
    for end in 1..=raw.len() {
        slow = reader.read(&raw[..end], limits, &mut pieces)?;
        if slow.is_some() {
            break;
        }
    }
    assert_eq!(whole, slow, "split: {:?}", String::from_utf8_lossy(raw));
    if whole.is_some() {
        assert_eq!(fields, pieces);
    }
    Ok(whole.map(|head| Read {
        raw: raw.to_vec(),
        head,
        fields,
    }))
}

fn read(raw: impl AsRef<[u8]>) -> Read {
    let raw = raw.as_ref();
    match read_within(raw, &Limits::default()) {
        Ok(Some(read)) => read,
        other => panic!(
            "{:?} was to be accepted: {:?}",
            String::from_utf8_lossy(raw),
            other.map(|read| read.is_some())
        ),
    }
}

#[track_caller]
fn refused_within(raw: impl AsRef<[u8]>, limits: &Limits, status: u16) {
    let raw = raw.as_ref();
    let text = String::from_utf8_lossy(raw);
    let whole = HeadReader::default().read(raw, limits, &mut Vec::new());
    let mut reader = HeadReader::default();
    let pieces = (1..=raw.len())
        .map(|end| reader.read(&raw[..end], limits, &mut Vec::new()))
        .find(|read| !matches!(read, Ok(None)));
    let whole = whole.expect_err(&text);
    let pieces = pieces
        .expect("the pieces to be refused")
        .expect_err("the pieces to be refused");
    assert_eq!(whole.status().as_u16(), status, "{text:?}: {whole}");
    assert_eq!(whole, pieces, "{text:?}");
}

#[track_caller]
fn refused(raw: impl AsRef<[u8]>, status: u16) {
    refused_within(raw, &Limits::default(), status);
}

/// `GET / HTTP/1.1`, a Host and these field lines.
fn with(fields: &str) -> String {
    format!("GET / HTTP/1.1\r\nHost: a\r\n{fields}\r\n")
}

/// A request line of HTTP/1.1, and a Host.
fn line(method_and_target: &str) -> String {
    format!("{method_and_target} HTTP/1.1\r\nHost: a\r\n\r\n")
}

#[test]
fn a_plain_get() {
    let raw = "GET /a/b?c=d HTTP/1.1\r\nHost: example.com\r\nX-Y:  z \t\r\nEmpty:\r\n\r\nrest";
    let read = read(raw);
    assert_eq!(read.head.len, raw.len() - 4);
    assert_eq!(read.head.method, Method::GET);
    assert_eq!(read.head.version, Version::HTTP_11);
    assert_eq!(read.head.form, TargetForm::Origin);
    assert_eq!(read.text(read.head.target), "/a/b?c=d");
    assert_eq!(read.text(read.head.path), "/a/b");
    assert_eq!(read.query(), Some("c=d"));
    assert_eq!(read.authority(), Some("example.com"));
    assert_eq!(read.head.framing, Framing::None);
    assert!(read.head.keep_alive);
    assert!(!read.head.expect_continue);
    assert!(!read.head.accepts_trailers);
    assert_eq!(read.head.upgrade, None);
    assert_eq!(read.fields(), ["Host: example.com", "X-Y: z", "Empty: "]);
}

#[test]
fn a_head_needs_its_end() {
    let raw = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    for end in 0..raw.len() {
        assert!(
            read_within(&raw.as_bytes()[..end], &Limits::default())
                .unwrap()
                .is_none()
        );
    }
}

#[test]
fn a_reader_goes_on_to_the_next_head() {
    let mut reader = HeadReader::default();
    let mut fields = Vec::new();
    let limits = Limits::default();
    let raw = b"GET /1 HTTP/1.1\r\nHost: a\r\n\r\n";
    assert_eq!(reader.read(&raw[..20], &limits, &mut fields), Ok(None));
    assert!(
        reader
            .read(raw, &limits, &mut fields)
            .is_ok_and(|head| head.is_some())
    );
    assert_eq!(fields.len(), 1);
    assert_eq!(reader.read(&raw[..9], &limits, &mut fields), Ok(None));
    assert!(fields.is_empty());
    reader.reset();
    let raw = b"POST / HTTP/1.0\r\n\r\n";
    let head = reader.read(raw, &limits, &mut fields).unwrap().unwrap();
    assert_eq!(head.method, Method::POST);
}

#[test]
fn empty_lines_before_a_request() {
    let read = read("\r\n\r\nGET /x?y HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(read.text(read.head.target), "/x?y");
    assert_eq!(read.head.len, read.raw.len());
    assert_eq!(read.fields(), ["Host: a"]);
    assert!(
        read_within(b"\r\n\r\n\r\n\r\n", &Limits::default())
            .unwrap()
            .is_none()
    );
    self::read("\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
    refused("\r\n\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400);
    refused("\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400);
    refused("\rGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400);
    refused("\r\n\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400);
}

#[test]
fn started_after_the_first_byte_that_counts() {
    let reader = HeadReader::default();
    for idle in ["", "\r", "\r\n", "\r\n\r", "\r\n\r\n"] {
        assert!(!reader.started(idle.as_bytes()), "{idle:?}");
    }
    for begun in ["G", "\r\nG", "\n", "\rG", "\r\r", "\r\n\r\n\r\n\r\n\r\n"] {
        assert!(reader.started(begun.as_bytes()), "{begun:?}");
    }
}

#[test]
fn methods() {
    for method in ["GET", "get", "M-SEARCH", "-BLARGH", "!#$%&'*+-.^_`|~9"] {
        assert_eq!(read(line(&format!("{method} /"))).head.method, method);
    }
    let longest = "M".repeat(64);
    assert_eq!(read(line(&format!("{longest} /"))).head.method, *longest);
    refused(line(&format!("{longest}M /")), 501);
    for b in 0..=255u8 {
        let raw = [b"GE", &[b][..], b"T / HTTP/1.1\r\nHost: a\r\n\r\n"].concat();
        if b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b) {
            read(raw);
        } else {
            refused(raw, 400);
        }
    }
    refused(" GET / HTTP/1.1\r\nHost: a\r\n\r\n", 400);
    refused("\x16\x03\x01\x02\x00\x01\x00", 400);
}

#[test]
fn one_space_each_in_the_request_line() {
    for line in [
        "GET  / HTTP/1.1",
        "GET /  HTTP/1.1",
        "GET\t/ HTTP/1.1",
        "GET /\tHTTP/1.1",
        "GET / HTTP/1.1 ",
        "GET /a b HTTP/1.1",
        "GET HTTP/1.1",
        "GET",
        "GET ",
        "GET /",
        "GET / ",
    ] {
        refused(format!("{line}\r\nHost: a\r\n\r\n"), 400);
    }
}

#[test]
fn versions() {
    assert_eq!(
        read("GET / HTTP/1.0\r\n\r\n").head.version,
        Version::HTTP_10
    );
    for version in [
        "HTTP/2.0", "HTTP/1.2", "HTTP/5.6", "HTTP/0.9", "HTTP/1.9", "HTTP/3.0",
    ] {
        refused(format!("GET / {version}\r\nHost: a\r\n\r\n"), 505);
    }
    refused("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505);
    for version in [
        "FTP/1.1",
        "HTTP/111",
        "HTTP/1.11",
        "HTTP/11.1",
        "http/1.1",
        "HTTP/1,1",
        "HTTP/1.",
        "HTTP/1",
        "HTTP/",
        "HTTP",
        "HTTP/d.d",
        "HTTP/1.d",
        "IHTTP/1.0",
        "HTTP/-1.1",
    ] {
        refused(format!("GET / {version}\r\nHost: a\r\n\r\n"), 400);
    }
    refused(format!("GET / HTTP/{}.1\r\n\r\n", "1".repeat(80)), 400);
    refused("GET /\r\n\r\n", 400);
}

#[test]
fn bytes_of_a_target() {
    let unreserved = b"-._~!$&'()*+,;=:@/%|^`{}[]";
    for b in 0..=255u8 {
        let path = [b"GET /a", &[b][..], b"b HTTP/1.1\r\nHost: a\r\n\r\n"].concat();
        let query = [b"GET /?a", &[b][..], b"b HTTP/1.1\r\nHost: a\r\n\r\n"].concat();
        let common = b.is_ascii_alphanumeric() || unreserved.contains(&b);
        if common || b == b'?' {
            read(path);
        } else {
            refused(path, 400);
        }
        if common || b == b'?' || b == b'\\' {
            read(query);
        } else {
            refused(query, 400);
        }
    }
    // Percent signs are the decoder's business.
    read(line("GET /%zz%"));
    refused(line("GET /a#b"), 400);
}

#[test]
fn origin_form() {
    for (target, path, query) in [
        ("/", "/", None),
        ("//x//y", "//x//y", None),
        ("/?", "/", Some("")),
        ("/a?b?c", "/a", Some("b?c")),
        ("/?/../", "/", Some("/../")),
        ("/http://b/", "/http://b/", None),
        ("/*", "/*", None),
    ] {
        let read = read(line(&format!("GET {target}")));
        assert_eq!(read.head.form, TargetForm::Origin);
        assert_eq!(read.text(read.head.path), path);
        assert_eq!(read.query(), query);
        assert_eq!(read.authority(), Some("a"));
    }
    for target in ["foo", "foo/bar", "?a", ".", "example.com:443", "\\"] {
        refused(line(&format!("GET {target}")), 400);
    }
}

#[test]
fn absolute_form() {
    for (target, authority, path, query) in [
        ("http://b", "b", "", None),
        ("http://b/", "b", "/", None),
        ("http://b/c?d", "b", "/c", Some("d")),
        ("http://b?d/e", "b", "", Some("d/e")),
        ("HTTPS://b:8/c", "b:8", "/c", None),
        ("hTTp://[::1]:80/c", "[::1]:80", "/c", None),
        ("http://b:/", "b:", "/", None),
    ] {
        let read = read(line(&format!("GET {target}")));
        assert_eq!(read.head.form, TargetForm::Absolute);
        assert_eq!(read.text(read.head.target), target);
        assert_eq!(read.authority(), Some(authority));
        assert_eq!(read.text(read.head.path), path);
        assert_eq!(read.query(), query);
        // Host has the value of the target's authority.
        assert_eq!(read.fields(), [format!("Host: {authority}")]);
    }
    for target in [
        "http://",
        "http:///x",
        "http://:80/",
        "http://?x",
        "http://u@b/",
        "http://u:p@b/",
        "http://b:99999/",
        "http://b:x/",
        "http://[::1/",
        "http://[x]/",
        "http://b,c/",
        "http://b\\c/",
        "http://b#c",
        "http:/b",
        "http:b",
        "ftp://b/",
        "s://]ufd/:",
        "://b/",
        "httpx://b/",
    ] {
        refused(line(&format!("GET {target}")), 400);
    }
    let userinfo = HeadReader::default()
        .read(
            line("GET http://u:p@b:1/").as_bytes(),
            &Limits::default(),
            &mut Vec::new(),
        )
        .unwrap_err();
    assert_eq!(
        userinfo.reason(),
        "userinfo before the host is not accepted"
    );
    // Host is needed all the same, and has to be a valid one.
    refused("GET http://b/ HTTP/1.1\r\n\r\n", 400);
    refused("GET http://b/ HTTP/1.1\r\nHost: @\r\n\r\n", 400);
    let old = read("GET http://b/ HTTP/1.0\r\n\r\n");
    assert_eq!(old.authority(), Some("b"));
    assert!(old.fields.is_empty());
}

#[test]
fn authority_form() {
    let read = read("CONNECT b:443 HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(read.head.form, TargetForm::Authority);
    assert_eq!(read.authority(), Some("b:443"));
    assert_eq!(read.fields(), ["Host: b:443"]);
    assert!(read.head.path.is_empty());
    assert_eq!(read.head.query, None);
    self::read(line("CONNECT [::1]:443"));
    for target in ["b", "b:", ":443", "/", "*", "http://b/", "b:443/", "u@b:1"] {
        refused(line(&format!("CONNECT {target}")), 400);
    }
    let connect = |fields| format!("CONNECT b:1 HTTP/1.1\r\nHost: b:1\r\n{fields}\r\n");
    self::read(connect("Content-Length: 0\r\n"));
    refused(connect("Content-Length: 1\r\n"), 400);
    refused(connect("Transfer-Encoding: chunked\r\n"), 400);
}

#[test]
fn asterisk_form() {
    let read = read(line("OPTIONS *"));
    assert_eq!(read.head.form, TargetForm::Asterisk);
    assert_eq!(read.text(read.head.target), "*");
    assert!(read.head.path.is_empty());
    assert_eq!(read.authority(), Some("a"));
    refused(line("GET *"), 400);
    refused(line("M-SEARCH *"), 400);
    refused(line("OPTIONS **"), 400);
    refused(line("options *"), 400);
}

#[test]
fn long_targets() {
    let limits = Limits {
        target: 10,
        ..Limits::default()
    };
    let exact = line("GET /123456789");
    assert!(read_within(exact.as_bytes(), &limits).unwrap().is_some());
    refused_within(line("GET /1234567890"), &limits, 414);
    // As soon as it is too long, and not before.
    let mut reader = HeadReader::default();
    let mut fields = Vec::new();
    assert_eq!(
        reader.read(b"GET /123456789", &limits, &mut fields),
        Ok(None)
    );
    let refusal = reader
        .read(b"GET /1234567890", &limits, &mut fields)
        .unwrap_err();
    assert_eq!(refusal.status(), StatusCode::URI_TOO_LONG);
    assert!(refusal.is_too_large());
    // What comes first in the bytes decides.
    refused_within(line("GET /123456789\"0"), &limits, 400);
    refused_within(line("GET /1234567890\""), &limits, 414);
}

#[test]
fn long_heads() {
    let raw = with("X: 1\r\n");
    let limits = |head| Limits {
        head,
        ..Limits::default()
    };
    assert!(
        read_within(raw.as_bytes(), &limits(raw.len()))
            .unwrap()
            .is_some()
    );
    refused_within(&raw, &limits(raw.len() - 1), 431);
    // Empty lines in front do not count.
    let late = format!("\r\n{raw}");
    assert!(
        read_within(late.as_bytes(), &limits(raw.len()))
            .unwrap()
            .is_some()
    );
    refused_within(&raw, &limits(2), 431);
    refused_within(&raw, &limits(4), 414);
    refused_within(&raw, &limits(10), 431);
    refused_within(&raw, &limits(0), 431);
    // Before its end came.
    let endless = format!("GET / HTTP/1.1\r\nX: {}", "x".repeat(100));
    refused_within(&endless, &limits(100), 431);
    refused_within(format!("{endless}\n\r\n\r\n"), &limits(100), 431);
    refused_within(endless.replace("xxxx", "xx\nx"), &limits(100), 400);
}

#[test]
fn many_fields() {
    let fields = |n: usize| with(&"a:b\r\n".repeat(n - 1));
    let limits = |headers| Limits {
        headers,
        ..Limits::default()
    };
    for n in [1, 2, 99, 100, 101, 500] {
        let raw = fields(n);
        let read = read_within(raw.as_bytes(), &limits(n)).unwrap().unwrap();
        assert_eq!(read.fields.len(), n);
        refused_within(fields(n + 1), &limits(n), 431);
    }
    refused_within("GET / HTTP/1.0\r\na:b\r\n\r\n", &limits(0), 431);
    let bare = "GET / HTTP/1.0\r\n\r\n";
    assert!(read_within(bare.as_bytes(), &limits(0)).unwrap().is_some());
}

#[test]
fn long_names() {
    let longest = "x".repeat(32 * 1024);
    let read = read(with(&format!("{longest}: y\r\n")));
    let name = read.fields[1].name.of(&read.raw);
    assert!(HeaderName::from_bytes(name).is_ok());
    refused(with(&format!("{longest}x: y\r\n")), 431);
}

#[test]
fn line_ends_are_crlf() {
    let raw = "GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\nEmpty:\r\nY: 2 \r\n\r\n";
    read(raw);
    for (at, _) in raw.match_indices("\r\n") {
        let bare_lf = [&raw[..at], &raw[at + 1..]].concat();
        refused(bare_lf, 400);
        // The last one would wait for its LF, were nothing behind it.
        let bare_cr = [&raw[..at + 1], &raw[at + 2..], "x"].concat();
        refused(bare_cr, 400);
        let two_crs = [&raw[..at], "\r", &raw[at..]].concat();
        refused(two_crs, 400);
    }
    refused("GET / HTTP/1.1\nHost: a\n\n", 400);
    refused("GET / HTTP/1.0\n\n", 400);
    refused("GET / HTTP/1.0\r\n\n", 400);
    refused("GET / HTTP/1.0\n\r\n", 400);
}

#[test]
fn field_names() {
    for b in 0..=255u8 {
        let raw = [b"GET / HTTP/1.1\r\nHost: a\r\nx", &[b][..], b"y: z\r\n\r\n"].concat();
        if b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b) {
            let read = read(raw);
            assert!(HeaderName::from_bytes(read.fields[1].name.of(&read.raw)).is_ok());
        } else if b != b':' {
            refused(raw, 400);
        }
    }
    for lines in [
        ": x\r\n",
        "x : y\r\n",
        "x\t: y\r\n",
        "x\r\n",
        "x y\r\n",
        " x: y\r\n",
        "x: y\r\n z\r\n",
        "x: y\r\n\tz\r\n",
        "x:\r\n y\r\n",
        "x: y\r\n \r\n",
    ] {
        refused(with(lines), 400);
    }
    refused("GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400);
    refused("GET / HTTP/1.1\r\n\tHost: a\r\nHost: a\r\n\r\n", 400);
}

#[test]
fn field_values() {
    for b in 0..=255u8 {
        for value in [&[b'x', b, b'y'][..], &[b], &[b, b'y'], &[b'x', b]] {
            let raw = [b"GET / HTTP/1.1\r\nHost: a\r\nx:", value, b"\r\n\r\n"].concat();
            if b == b'\t' || (b >= b' ' && b != 0x7F) {
                let read = read(raw);
                let read_value = read.fields[1].value.of(&read.raw);
                assert_eq!(read_value, trimmed(value));
                assert!(HeaderValue::from_bytes(read_value).is_ok());
            } else {
                refused(raw, 400);
            }
        }
    }
    let read = read(with("a: \t \r\nb:c : d\r\n"));
    assert_eq!(read.fields(), ["Host: a", "a: ", "b: c : d"]);
}

fn trimmed(value: &[u8]) -> &[u8] {
    let blank = |b: &u8| *b == b' ' || *b == b'\t';
    let start = value.iter().position(|b| !blank(b)).unwrap_or(value.len());
    let end = value
        .iter()
        .rposition(|b| !blank(b))
        .map_or(start, |i| i + 1);
    &value[start..end]
}

#[test]
fn hosts() {
    let host = |value: &str| format!("GET / HTTP/1.1\r\nHost:{value}\r\n\r\n");
    for value in [
        "a",
        "example.com",
        "example.com:80",
        "example.com:",
        "example.com:65535",
        "example.com:00080",
        "127.0.0.1",
        "127.0.0.1:0",
        "[::1]",
        "[::1]:8080",
        "[::ffff:1.2.3.4]",
        "0.0.0.0=5000",
        "a_b.c",
        "a%2Fb",
        "~!$&'()*+;=",
    ] {
        assert_eq!(read(host(value)).authority(), Some(value));
    }
    for value in [
        "",
        " ",
        ":80",
        "a,b",
        "a, b",
        "a b",
        "a/b",
        "a?b",
        "a#b",
        "u@a",
        "a\\b",
        "a:b",
        "a:80:80",
        "a:65536",
        "a:-1",
        "a:+1",
        "a: 1",
        "a:99999999999999999999999",
        "[::1",
        "::1",
        "[]",
        "[a]",
        "[1.2.3.4]",
        "[::1]a",
        "[::1%25eth0]",
        "[v1.a]",
        "a%",
        "a%2",
        "a%zz",
        "a[",
        "<a>",
        "\"a\"",
        "caf\u{e9}",
    ] {
        refused(host(value), 400);
        refused(host(value).replace("HTTP/1.1", "HTTP/1.0"), 400);
    }
    refused("GET / HTTP/1.1\r\n\r\n", 400);
    refused("GET / HTTP/1.1\r\nHost_: a\r\n\r\n", 400);
    refused(with("hOST: a\r\n"), 400);
    refused("GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", 400);
    assert_eq!(read("GET / HTTP/1.0\r\n\r\n").authority(), None);
}

#[test]
fn content_lengths() {
    for (value, length) in [
        ("0", 0),
        ("5", 5),
        ("  7\t", 7),
        ("003", 3),
        ("1073741824", 1 << 30),
    ] {
        let read = read(with(&format!("content-LENGTH:{value}\r\n")));
        assert_eq!(read.head.framing, Framing::Length(length));
        assert_eq!(read.fields.len(), 2, "Content-Length is passed on");
    }
    for value in [
        "",
        " ",
        "-1",
        "+1",
        "-0",
        "1 2",
        "0x1",
        "1.0",
        "1e1",
        "0_1",
        "a",
        "1,1",
        "1, 1",
        "1,",
        ",1",
        "\u{b2}",
        "18446744073709551616",
        "99999999999999999999999999",
    ] {
        refused(with(&format!("Content-Length: {value}\r\n")), 400);
    }
    refused(with("Content-Length: 1\r\nContent-Length: 1\r\n"), 400);
    refused(with("Content-Length: 1\r\ncontent-length: 2\r\n"), 400);
    refused(with("Content-Length : 1\r\n"), 400);
    refused(with("Content-Length: 1073741825\r\n"), 413);
    let limits = |body| Limits {
        body,
        ..Limits::default()
    };
    let largest = with("Content-Length: 18446744073709551615\r\n");
    let read = read_within(largest.as_bytes(), &limits(0)).unwrap();
    assert_eq!(read.unwrap().head.framing, Framing::Length(u64::MAX));
    refused_within(with("Content-Length: 4\r\n"), &limits(3), 413);
    self::read(with("Content_Length: x\r\n"));
}

#[test]
fn transfer_encodings() {
    for value in ["chunked", "CHUNKED", " Chunked \t"] {
        let read = read(with(&format!("Transfer-Encoding:{value}\r\n")));
        assert_eq!(read.head.framing, Framing::Chunked);
        assert_eq!(read.fields(), ["Host: a"]);
    }
    for (value, status) in [
        ("", 400),
        (",", 400),
        (",chunked", 400),
        ("chunked,", 400),
        ("chunked, chunked", 400),
        ("chunked, gzip", 400),
        ("gzip", 400),
        ("identity", 400),
        ("xchunked", 400),
        ("chunkedx", 400),
        ("chunked;a=b", 400),
        ("chunked;", 400),
        ("\"chunked\"", 400),
        ("chunked chunked", 400),
        ("gzip, chunked, chunked", 400),
        ("gzip, chunked", 501),
        ("identity,chunked", 501),
        ("pigeons , Chunked", 501),
    ] {
        refused(with(&format!("Transfer-Encoding: {value}\r\n")), status);
    }
    let te = "Transfer-Encoding: chunked\r\n";
    refused(with(&[te, te].concat()), 400);
    refused(with(&[te, "Transfer-Encoding: gzip\r\n"].concat()), 400);
    refused(with(&["Transfer-Encoding: gzip\r\n", te].concat()), 501);
    refused(with(&["Transfer-Encoding:\r\n", te].concat()), 400);
    refused(with(&[te, "Content-Length: 3\r\n"].concat()), 400);
    refused(with(&["Content-Length: 0\r\n", te].concat()), 400);
    refused(format!("GET / HTTP/1.0\r\n{te}\r\n"), 400);
    refused(
        "GET / HTTP/1.0\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        400,
    );
    let read = read(with("Transfer_Encoding: chunked\r\n"));
    assert_eq!(read.head.framing, Framing::None);
    assert_eq!(read.fields.len(), 2);
}

#[test]
fn expectations() {
    let expecting = |fields: &str| read(with(fields)).head.expect_continue;
    assert!(expecting("Expect: 100-continue\r\nContent-Length: 1\r\n"));
    assert!(expecting(
        "eXPECT: 100-CONTINUE\r\nTransfer-Encoding: chunked\r\n"
    ));
    assert!(!expecting("Expect: 100-continue\r\nContent-Length: 0\r\n"));
    assert!(!expecting("Expect: 100-continue\r\n"));
    for value in [
        "",
        "200-ok",
        "100-continue, x",
        "100-continue;a",
        "100-continued",
    ] {
        refused(with(&format!("Expect: {value}\r\n")), 417);
    }
    refused(with("Expect: 100-continue\r\nExpect: x\r\n"), 417);
    let old = read("POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n");
    assert!(!old.head.expect_continue);
    read("POST / HTTP/1.0\r\nExpect: x\r\n\r\n");
}

#[test]
fn persistence() {
    for (version, connection, keep) in [
        ("HTTP/1.1", "", true),
        ("HTTP/1.1", "Connection: keep-alive\r\n", true),
        ("HTTP/1.1", "Connection: Close\r\n", false),
        ("HTTP/1.1", "Connection: close\t\r\n", false),
        ("HTTP/1.1", "Connection: keep-alive, close\r\n", false),
        (
            "HTTP/1.1",
            "Connection: close\r\nConnection: keep-alive\r\n",
            false,
        ),
        ("HTTP/1.1", "Connection: x, ,CLOSE,\r\n", false),
        ("HTTP/1.1", "Connection: closed\r\n", true),
        ("HTTP/1.1", "Connection:\r\n", true),
        ("HTTP/1.0", "", false),
        ("HTTP/1.0", "Connection: Keep-Alive\r\n", true),
        ("HTTP/1.0", "Connection: keep-alive, close\r\n", false),
        ("HTTP/1.0", "Connection: x\r\n", false),
    ] {
        let read = read(format!("GET / {version}\r\nHost: a\r\n{connection}\r\n"));
        assert_eq!(read.head.keep_alive, keep, "{version} {connection:?}");
    }
    for value in ["a b", "close close", "a;b", "\"close\"", "a=b", "\u{e9}"] {
        refused(with(&format!("Connection: {value}\r\n")), 400);
    }
}

#[test]
fn hop_by_hop_fields_are_held_back() {
    let read = read(with(
        "Connection: X-One, keep-alive, Upgrade\r\nX-One: 1\r\nKeep-Alive: 5\r\n\
         Proxy-Connection: close\r\nTE: trailers\r\nUpgrade: b\r\nX-Two: 2\r\n\
         connection: x-two, host, content-length, expect, missing\r\nx-one: 3\r\n\
         Content-Length: 0\r\nExpect: 100-continue\r\nX-Three: 3\r\n",
    ));
    assert_eq!(
        read.fields(),
        [
            "Host: a",
            "Content-Length: 0",
            "Expect: 100-continue",
            "X-Three: 3"
        ]
    );
    assert!(read.head.keep_alive, "Proxy-Connection does not count");
    assert_eq!(read.authority(), Some("a"));
    // Nor can the framing be unsaid.
    let read = self::read(with(
        "Connection: transfer-encoding\r\nTransfer-Encoding: chunked\r\n",
    ));
    assert_eq!(read.head.framing, Framing::Chunked);
    // With empty lines in front offsets are not those of the head.
    let late = format!("\r\n\r\n{}", with("Connection: b\r\nB: 1\r\nC: 2\r\n"));
    assert_eq!(self::read(late).fields(), ["Host: a", "C: 2"]);
}

#[test]
fn names_near_those_with_a_meaning() {
    refused(with("hOsT: a\r\n"), 400);
    for name in [
        "H_st",
        "T_",
        "Hosts",
        "Content_Length",
        "Transfer_Encoding",
        "KEEP_ALIVE",
    ] {
        let read = read(with(&format!("{name}: x\r\n")));
        assert_eq!(read.fields(), ["Host: a", &format!("{name}: x")]);
    }
}

#[test]
fn connection_options_are_bounded() {
    let options = |n| with(&format!("Connection: {}\r\n", "x,".repeat(n)));
    read(options(100));
    refused(options(101), 431);
    // Those with a meaning of their own, and empty ones, name nothing.
    read(with(&format!(
        "Connection: {}\r\n",
        "close,,te,".repeat(300)
    )));
}

#[test]
fn upgrades() {
    let upgrade = |raw: String| {
        let read = read(raw);
        read.head.upgrade.map(|span| read.text(span).to_owned())
    };
    let both = "Connection: keep-alive, uPGRADE\r\nUpgrade: websocket\r\n";
    assert_eq!(upgrade(with(both)).as_deref(), Some("websocket"));
    assert_eq!(
        upgrade(with(&format!("{both}Upgrade: second\r\n"))).as_deref(),
        Some("websocket")
    );
    assert_eq!(upgrade(with("Upgrade: websocket\r\n")), None);
    assert_eq!(upgrade(with("Connection: upgrade\r\n")), None);
    assert_eq!(upgrade(with("Connection: upgrade\r\nUpgrade:\r\n")), None);
    assert_eq!(upgrade(format!("GET / HTTP/1.0\r\n{both}\r\n")), None);
}

#[test]
fn trailers_are_accepted_by_te() {
    for (fields, accepted) in [
        ("", false),
        ("TE:\r\n", false),
        ("TE: trailers\r\n", true),
        ("te: gzip;q=0.5, Trailers\r\nConnection: TE\r\n", true),
        ("TE: gzip\r\nTE: trailers\r\n", true),
        ("TE: xtrailers\r\n", false),
    ] {
        assert_eq!(
            read(with(fields)).head.accepts_trailers,
            accepted,
            "{fields}"
        );
    }
    assert!(
        !read("GET / HTTP/1.0\r\nTE: trailers\r\n\r\n")
            .head
            .accepts_trailers
    );
}

#[test]
fn faults_are_told_in_the_order_of_the_bytes() {
    // The request line before the fields, and these before their meaning.
    refused("GET / HTTP/3.1\r\nHost : a\r\n\r\n", 505);
    refused("GET / HTTP/1.1\r\nExpect: x\r\nHost : a\r\n\r\n", 400);
    refused("GET * HTTP/2.0\r\n\r\n", 505);
    // And without waiting for the end of the head.
    for (raw, status) in [
        ("GET / HTTP/2.0\r\n", 505),
        ("GET foo HTTP/1.1\r\n", 400),
        ("GET / HTTP/1.1\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\n", 400),
        ("GET / HTTP/1.1\r\n ", 400),
        ("GET / HTTP/1.12", 400),
        ("GET /#", 400),
    ] {
        refused(raw, status);
    }
}

#[test]
fn a_refusal_says_what_was_wrong() {
    let refusal = HeadReader::default()
        .read(
            b"GET / HTTP/1.1\r\n\r\n",
            &Limits::default(),
            &mut Vec::new(),
        )
        .unwrap_err();
    assert!(refusal.is_malformed() && !refusal.is_too_large() && !refusal.is_unsupported());
    assert_eq!(refusal.reason(), "HTTP/1.1 without Host (RFC 9112 3.2)");
    assert_eq!(
        refusal.to_string(),
        "request refused with 400: HTTP/1.1 without Host (RFC 9112 3.2)"
    );
    let error: &dyn std::error::Error = &refusal;
    assert!(error.source().is_none());
}
