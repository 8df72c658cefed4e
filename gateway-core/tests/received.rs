//! Heads that another library has read: what is refused, and what becomes of the rest.

mod common;

use std::sync::Arc;

use common::*;
use http::request::{Builder, Parts};
use rgi_core::server::syntax::{self, Target, TargetForm};
use rgi_core::server::{Connection, Exchange, Limits, Line, Received, Scheme};
use rgi_core::*;

fn request(method: &str, uri: &str, version: Version) -> Builder {
    let request = http::Request::builder().method(method);
    request.uri(uri).version(version)
}

/// Parts of an HTTP/1.1 GET with a Host.
fn get(uri: &str) -> Builder {
    request("GET", uri, Version::HTTP_11).header("host", "a")
}

fn parts(request: Builder) -> Parts {
    request.body(()).unwrap().into_parts().0
}

#[track_caller]
fn with(fields: &[(&str, &str)]) -> Builder {
    let all = fields.iter();
    all.fold(get("/"), |request, (name, value)| {
        request.header(*name, *value)
    })
}

#[track_caller]
fn received(request: Builder) -> Received {
    Received::new(parts(request), &Limits::default()).unwrap()
}

/// The same head, told in texts. They know no HTTP/2.
fn copied(parts: &Parts, limits: &Limits) -> Option<Result<Received, Error>> {
    let uri = &parts.uri;
    let path = uri.path_and_query().map_or("", |path| path.as_str());
    let scheme = uri.scheme_str();
    let authority = uri.authority().map_or("", |named| named.as_str());
    let line = Line {
        method: parts.method.clone(),
        version: parts.version,
        target: &[
            scheme.unwrap_or_default(),
            scheme.map_or("", |_| "://"),
            authority,
            path,
        ],
    };
    let texts = parts.headers.iter();
    let texts = texts.map(|(name, value)| (name.as_str(), value.as_bytes()));
    (parts.version < Version::HTTP_2).then(|| Received::copy(line, texts, limits))
}

#[track_caller]
fn refused_by(request: Builder, limits: &Limits) -> u16 {
    let parts = parts(request);
    let copied = copied(&parts, limits);
    let error = Received::new(parts, limits).unwrap_err();
    assert!(error.is_malformed());
    if let Some(copied) = copied {
        assert_eq!(copied.unwrap_err().status(), error.status());
    }
    error.status().as_u16()
}

/// The status of a refusal.
#[track_caller]
fn refused(request: Builder) -> u16 {
    refused_by(request, &Limits::default())
}

fn environ_of(received: Received) -> Environ {
    let host = Arc::new(host());
    let exchange = Exchange::new(
        received.head,
        Input::empty(),
        host,
        Arc::<Connection>::default(),
    );
    tokens(exchange).0
}

/// The names and values that are left, in their order.
#[track_caller]
fn left(request: Builder) -> Vec<String> {
    let parts = parts(request);
    let limits = Limits::default();
    let copied = copied(&parts, &limits);
    let received = Received::new(parts, &limits).unwrap();
    let upgrade = received.upgrade.clone();
    let environ = environ_of(received);
    let fields = |environ: &Environ| -> Vec<String> {
        let fields = environ.headers().iter();
        let fields = fields.map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()));
        fields.collect()
    };
    if let Some(copied) = copied {
        let copied = copied.unwrap();
        assert_eq!(copied.upgrade, upgrade);
        let copied = environ_of(copied);
        assert_eq!(copied.method(), environ.method());
        assert_eq!(copied.target(), environ.target());
        assert_eq!(copied.path_info(), environ.path_info());
        assert_eq!(copied.query(), environ.query());
        assert_eq!(fields(&copied), fields(&environ));
    }
    fields(&environ)
}

// ---- Host and :authority

#[test]
fn http_1_1_has_one_host() {
    assert_eq!(left(get("/")), ["host: a"]);
    let none = || request("GET", "/", Version::HTTP_11);
    assert_eq!(refused(none()), 400);
    assert_eq!(refused(get("/").header("host", "a")), 400);
    assert_eq!(refused(get("/").header("host", "b")), 400);
    // An absolute target does not stand for it (RFC 9112 3.2.2).
    assert_eq!(refused(request("GET", "http://a/", Version::HTTP_11)), 400);
    for host in [
        "", "a b", "a,b", "u@a", "a:x", "a:65536", "[::1", "[a]", "a/", "%4",
    ] {
        assert_eq!(refused(none().header("host", host)), 400, "{host:?}");
    }
    for host in ["a:80", "a:", "[::1]:8080", "1.2.3.4", "A.b-c_d", "%41"] {
        assert_eq!(left(none().header("host", host)), [format!("host: {host}")]);
    }
}

#[test]
fn http_1_0_may_have_none() {
    let old = || request("GET", "/", Version::HTTP_10);
    assert!(left(old()).is_empty());
    assert_eq!(left(old().header("host", "a")), ["host: a"]);
    assert_eq!(refused(old().header("host", "a").header("host", "a")), 400);
    assert_eq!(refused(old().header("host", "a b")), 400);
}

#[test]
fn an_absolute_target_goes_before_host() {
    let absolute = request("GET", "http://b:1/x?y", Version::HTTP_11).header("host", "a");
    let environ = environ_of(received(absolute));
    assert_eq!(environ.target(), "http://b:1/x?y");
    assert_eq!((environ.path_info(), environ.query()), ("/x", Some("y")));
    assert_eq!(environ.header("host"), Some(&b"b:1"[..]));
    assert_eq!(environ.scheme(), Scheme::Http);
}

#[test]
fn http_2_has_an_authority_or_a_host_that_agree() {
    let new = |uri: &str| request("GET", uri, Version::HTTP_2);
    assert_eq!(left(new("http://a:80/")), ["host: a:80"]);
    assert_eq!(left(new("http://a/").header("host", "a")), ["host: a"]);
    assert_eq!(left(new("http://a/").header("host", "A")), ["host: a"]);
    assert_eq!(left(new("/").header("host", "b")), ["host: b"]);
    assert_eq!(refused(new("/")), 400);
    assert_eq!(refused(new("http://a/").header("host", "b")), 400);
    assert_eq!(refused(new("http://a/").header("host", "a:80")), 400);
    assert_eq!(refused(new("http://a/").header("host", "")), 400);
    let twice = new("http://a/").header("host", "a").header("host", "a");
    assert_eq!(refused(twice), 400);
    assert_eq!(refused(new("http://u@a/")), 400);
    // The target is its path, as HTTP/1.1 would have it.
    let environ = environ_of(received(new("https://a/x?y")));
    assert_eq!(environ.target(), "/x?y");
    assert_eq!(environ.version(), Version::HTTP_2);
}

// ---- targets

#[test]
fn forms_of_the_target_by_method() {
    for (method, uri, target) in [
        ("GET", "/a%2F/../b;c?d=%20", "/a%2F/../b;c?d=%20"),
        ("OPTIONS", "*", "*"),
        ("CONNECT", "there:443", "there:443"),
        ("GET", "http://a", "http://a/"),
        ("GET", "HTTPS://a/", "https://a/"),
    ] {
        let request = request(method, uri, Version::HTTP_11).header("host", "a");
        assert_eq!(environ_of(received(request)).target(), target);
    }
    for (method, uri) in [
        ("GET", "*"),
        ("GET", "there:443"),
        ("CONNECT", "there"),
        ("CONNECT", "/"),
        ("CONNECT", "http://there:443"),
        ("GET", "ftp://a/"),
    ] {
        let request = request(method, uri, Version::HTTP_11).header("host", "a");
        assert_eq!(refused(request), 400, "{method} {uri}");
    }
}

#[test]
fn bytes_that_no_target_has() {
    // What http::Uri lets pass, and a target has not.
    for uri in ["/\"", "/a\\b", "/\u{e4}", "/?\u{e4}"] {
        assert_eq!(refused(get(uri)), 400, "{uri}");
    }
    for uri in ["/|^{}[]", "/?\\?`", "/%zz"] {
        assert_eq!(environ_of(received(get(uri))).target(), uri);
    }
}

#[test]
fn targets_up_to_the_limit() {
    let limits = Limits {
        target: 10,
        ..Limits::default()
    };
    for uri in ["/123456789", "/12?456789"] {
        assert!(Received::new(parts(get(uri)), &limits).is_ok());
        assert_eq!(refused_by(get(&format!("{uri}0")), &limits), 414);
    }
    let none = Limits {
        target: 0,
        ..Limits::default()
    };
    assert_eq!(refused_by(get("/"), &none), 414);
}

// ---- the head

#[test]
fn heads_up_to_the_limit() {
    // GET / HTTP/1.1, Host: a, x: ..., with their line ends.
    const BESIDE: usize = 16 + 9 + 5;
    let of = |size: usize| with(&[("x", &"v".repeat(size - BESIDE))]);
    let limits = Limits {
        head: 1000,
        ..Limits::default()
    };
    assert!(Received::new(parts(of(1000)), &limits).is_ok());
    assert_eq!(refused_by(of(1001), &limits), 431);
    // The whole request line counts, the query and the authority too.
    let long = "q".repeat(1000);
    for uri in [
        format!("/{long}"),
        format!("/?{long}"),
        format!("http://{long}/"),
    ] {
        assert_eq!(refused_by(get(&uri), &limits), 431, "{:.10}", uri);
    }
    let method = request(&"M".repeat(1000), "/", Version::HTTP_11).header("host", "a");
    assert_eq!(refused_by(method, &limits), 431);
}

#[test]
fn fields_up_to_the_limit() {
    let limits = Limits {
        headers: 3,
        ..Limits::default()
    };
    let two = [("x", "1"), ("x", "2")];
    assert!(Received::new(parts(with(&two)), &limits).is_ok());
    assert_eq!(refused_by(with(&two).header("y", "3"), &limits), 431);
    // Options of Connection are as many.
    let options = |value: &str| with(&[("connection", value)]);
    assert!(Received::new(parts(options("a, b,, c")), &limits).is_ok());
    assert_eq!(refused_by(options("a, b, c, d"), &limits), 431);
}

// ---- bodies

#[test]
fn lengths_up_to_the_limit() {
    let limits = Limits {
        body: 1000,
        ..Limits::default()
    };
    let of = |length: &str| with(&[("content-length", length)]);
    for length in ["0", "1000", "0001000"] {
        assert!(Received::new(parts(of(length)), &limits).is_ok());
    }
    let refusal = |length: &str, limits: &Limits| {
        let error = Received::new(parts(of(length)), limits).unwrap_err();
        (error.status().as_u16(), error.is_too_large())
    };
    assert_eq!(refusal("1001", &limits), (413, true));
    let unlimited = Limits {
        body: 0,
        ..Limits::default()
    };
    assert!(Received::new(parts(of("18446744073709551615")), &unlimited).is_ok());
    for length in ["", "+1", "-1", "1 ", "1,1", "0x1", "18446744073709551616"] {
        assert_eq!(refusal(length, &unlimited), (400, false), "{length:?}");
    }
}

#[test]
fn chunked_is_the_one_transfer_coding() {
    let of = |codings: &[&str]| {
        let fields: Vec<_> = codings.iter().map(|c| ("transfer-encoding", *c)).collect();
        with(&fields)
    };
    for codings in [&["chunked"][..], &["Chunked"]] {
        assert_eq!(left(of(codings)), ["host: a"]);
    }
    for (codings, status) in [
        (&["gzip, chunked"][..], 501),
        (&["gzip", "chunked"], 501),
        (&["gzip"], 400),
        (&["identity"], 400),
        (&["chunked, chunked"], 400),
        (&["chunked", "chunked"], 400),
        (&["chunked;q=1"], 400),
    ] {
        assert_eq!(refused(of(codings)), status, "{codings:?}");
    }
}

#[test]
fn connect_has_no_content() {
    let connect = || request("CONNECT", "there:1", Version::HTTP_11).header("host", "there:1");
    received(connect());
    received(connect().header("content-length", "0"));
    assert_eq!(refused(connect().header("content-length", "1")), 400);
    assert_eq!(
        refused(connect().header("transfer-encoding", "chunked")),
        400
    );
}

#[test]
fn no_expectation_but_to_continue() {
    let of = |expect: &str, version: Version| {
        let request = request("POST", "/", version).header("host", "a");
        request.header("expect", expect)
    };
    for expect in ["100-continue", "100-CONTINUE"] {
        let fields = left(of(expect, Version::HTTP_11));
        assert_eq!(fields, ["host: a", &format!("expect: {expect}")]);
    }
    for expect in ["gold", "", "100-continue, gold", "100-continue=1"] {
        assert_eq!(refused(of(expect, Version::HTTP_11)), 417, "{expect:?}");
        assert_eq!(refused(of(expect, Version::HTTP_2)), 417, "{expect:?}");
        // HTTP/1.0 has none (RFC 9110 10.1.1).
        received(of(expect, Version::HTTP_10));
    }
}

// ---- what is the connection's

#[test]
fn fields_of_the_connection_are_taken_out() {
    for (name, value) in [
        ("connection", "close"),
        ("keep-alive", "timeout=5"),
        ("proxy-connection", "keep-alive"),
        ("te", "trailers"),
        ("transfer-encoding", "chunked"),
        ("upgrade", "websocket"),
    ] {
        assert_eq!(
            left(with(&[(name, value), ("x", "1")])),
            ["host: a", "x: 1"]
        );
        let again = (name, value);
        if name != "transfer-encoding" {
            assert_eq!(left(with(&[again, again])), ["host: a"]);
        }
    }
    // These are for whoever answers.
    let ends = [
        ("trailer", "x-sum"),
        ("proxy-authorization", "b"),
        ("via", "c"),
    ];
    assert_eq!(left(with(&ends)).len(), 4);
}

#[test]
fn fields_that_connection_names_are_taken_out() {
    let fields = [
        ("x-a", "1"),
        ("connection", " close , X-A,,\tx-none "),
        ("x-a", "2"),
        ("x-b", "3"),
        ("connection", "x-c"),
        ("x-c", "4"),
    ];
    assert_eq!(left(with(&fields)), ["host: a", "x-b: 3"]);
    // What a message is and whom it is for cannot be unsaid.
    let fields = [
        ("content-length", "5"),
        ("expect", "100-continue"),
        ("connection", "host, content-length, expect, Connection"),
    ];
    let left = left(with(&fields));
    assert_eq!(
        left,
        ["host: a", "content-length: 5", "expect: 100-continue"]
    );
    for option in ["a b", "x;y", "\"x\"", "a/b", "\u{e4}"] {
        assert_eq!(refused(with(&[("connection", option)])), 400, "{option}");
    }
}

#[test]
fn an_upgrade_is_offered_where_it_is_meant() {
    let offer = |version: Version, fields: &[(&str, &str)]| {
        let request = request("GET", "/", version).header("host", "a");
        let all = fields.iter();
        let request = all.fold(request, |request, (name, value)| {
            request.header(*name, *value)
        });
        received(request).upgrade
    };
    let meant = [("connection", "close, Upgrade"), ("upgrade", "b, a/1")];
    let offered = offer(Version::HTTP_11, &meant).unwrap();
    assert_eq!(offered, "b, a/1");
    assert_eq!(offer(Version::HTTP_10, &meant), None);
    assert_eq!(offer(Version::HTTP_2, &meant), None);
    assert_eq!(offer(Version::HTTP_11, &meant[..1]), None);
    assert_eq!(offer(Version::HTTP_11, &meant[1..]), None);
    let others = [("connection", "upgrades, x-upgrade"), ("upgrade", "a")];
    assert_eq!(offer(Version::HTTP_11, &others), None);
    let nothing = [("connection", "upgrade"), ("upgrade", "")];
    assert_eq!(offer(Version::HTTP_11, &nothing), None);
}

// ---- the grammar

#[test]
fn words_and_lists() {
    assert!(syntax::is_word(b"ChUnKeD", b"chunked"));
    assert!(!syntax::is_word(b"chunke", b"chunked") && !syntax::is_word(b"chunked ", b"chunked"));
    assert!(syntax::is_word(b"100-CONTINUE", b"100-continue"));
    assert_eq!(syntax::trim(b" \t a b\t "), b"a b");
    assert_eq!(syntax::trim(b" \t "), b"");
    let members = |list: &'static str| syntax::members(list.as_bytes()).collect::<Vec<_>>();
    assert_eq!(members("a"), [b"a"]);
    assert_eq!(members(""), [b""]);
    assert_eq!(members(" a ,b,,c\t,"), [&b"a"[..], b"b", b"", b"c", b""]);
    assert!(syntax::TOKEN.spells(b"a!#$%&'*+-.^_`|~09Z"));
    for b in b"\"(),/:;<=>?@[\\]{} \t\0\x7f\x80" {
        assert!(!syntax::TOKEN.has(*b), "{b}");
    }
    assert!(!syntax::TOKEN.spells(b""));
    assert_eq!(syntax::TOKEN.run(b"abc def"), 3);
    for b in 0..=u8::MAX {
        let control = (b < b' ' && b != b'\t') || b == 0x7f;
        assert_eq!(syntax::VALUE.has(b), !control, "{b}");
    }
}

#[test]
fn authorities() {
    for (text, port) in [
        ("a", None),
        ("a:", None),
        ("a:0", Some(0)),
        ("a:65535", Some(65535)),
        ("[::1]", None),
        ("[2001:db8::1]:443", Some(443)),
        ("%C3%A4.example", None),
        ("a_b~c!$&'()*+;=d", None),
    ] {
        assert_eq!(syntax::authority(text.as_bytes()), Ok(port), "{text}");
    }
    for text in [
        "",
        ":80",
        "a:b",
        "a:-1",
        "a:65536",
        "a:1:2",
        "[]",
        "[::1",
        "::1",
        "[::1]a",
        "[v1.x]",
        "u@a",
        "u:p@a:1",
        "a b",
        "a/",
        "a?",
        "a#",
        "a,b",
        "%",
        "%4",
        "%4g",
        "\u{e4}",
        "a\0",
        "[fe80::1%25eth0]",
    ] {
        assert!(syntax::authority(text.as_bytes()).is_err(), "{text}");
    }
}

#[test]
fn targets_taken_apart() {
    let parse = |method: &str, target: &str| {
        let target = target.to_owned();
        Target::parse(method.as_bytes(), target.as_bytes()).map(|parsed| {
            let text = |span: server::Span| target[span.range()].to_owned();
            (
                parsed.form,
                parsed.authority.map(text),
                text(parsed.path),
                parsed.query.map(text),
            )
        })
    };
    let some = |text: &str| Some(text.to_owned());
    use TargetForm::*;
    for (method, target, form, authority, path, query) in [
        ("GET", "/", Origin, None, "/", None),
        ("GET", "//a/..?b?c", Origin, None, "//a/..", some("b?c")),
        ("GET", "/?", Origin, None, "/", some("")),
        ("OPTIONS", "*", Asterisk, None, "", None),
        ("OPTIONS", "/", Origin, None, "/", None),
        ("CONNECT", "a:1", Authority, some("a:1"), "", None),
        ("GET", "http://a", Absolute, some("a"), "", None),
        (
            "GET",
            "http://a:1/b?c",
            Absolute,
            some("a:1"),
            "/b",
            some("c"),
        ),
        ("GET", "HTTPs://a?c", Absolute, some("a"), "", some("c")),
    ] {
        let parsed = parse(method, target);
        assert_eq!(
            parsed,
            Ok((form, authority, path.to_owned(), query)),
            "{target}"
        );
    }
    for (method, target) in [
        ("GET", ""),
        ("GET", "a"),
        ("GET", "*"),
        ("OPTIONS", "*a"),
        ("CONNECT", "a"),
        ("CONNECT", "/a:1"),
        ("CONNECT", "http://a:1"),
        ("GET", "http://"),
        ("GET", "http:///a"),
        ("GET", "http:/a"),
        ("GET", "ws://a/"),
        ("GET", "/a#b"),
        ("GET", "/a b"),
        ("GET", "/a\\b"),
        ("GET", "/a\0"),
        ("GET", "/\u{e4}"),
        ("GET", "/?\"a"),
        ("GET", "/?#"),
        ("GET", "http://u@a/"),
    ] {
        assert!(parse(method, target).is_err(), "{method} {target:?}");
    }
}
