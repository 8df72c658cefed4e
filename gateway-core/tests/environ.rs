//! What an application is told of a request.

mod common;

use std::io::Write as _;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use common::*;
use rgi_core::server::{Address, Connection, Exchange, Level, RequestHead, Scheme, Tls, syntax};
use rgi_core::testing::Client;
use rgi_core::*;

fn get(target: &str) -> Environ {
    environ(Method::GET, target, &[("Host", "shop.example:8080")])
}

/// An environ of another library's parts.
fn of_parts(request: http::request::Builder) -> Environ {
    let parts = request.body(()).unwrap().into_parts().0;
    let head = RequestHead::from_parts(parts).unwrap();
    let exchange = Exchange::new(head, Input::empty(), Arc::new(host()), Arc::default());
    tokens(exchange).0
}

// ---- the target and its split

#[test]
fn the_target_is_kept_as_it_was_sent() {
    let environ = get("/a%2Fb//c/../d;x?q=%20&r");
    assert_eq!(environ.target(), "/a%2Fb//c/../d;x?q=%20&r");
    assert_eq!(environ.path_info(), "/a%2Fb//c/../d;x");
    assert_eq!(environ.query(), Some("q=%20&r"));
    assert_eq!(environ.script_name(), "");
    assert_eq!(environ.uri().path(), "/a%2Fb//c/../d;x");
    assert_eq!(get("/").query(), None);
    assert_eq!(get("/?").query(), Some(""));
    assert_eq!(get("/?a?b").query(), Some("a?b"));
}

#[test]
fn a_target_is_set_within_the_mount() {
    let mut environ = get("/shop/cart/1?x");
    assert!(environ.mount("/shop"));
    assert_eq!(environ.uri(), "/shop/cart/1?x");
    environ.set_target("/shop/%62asket").unwrap();
    let parts = |environ: &Environ| {
        let (script_name, path_info) = (environ.script_name(), environ.path_info());
        (script_name.to_owned(), path_info.to_owned())
    };
    assert_eq!(environ.target(), "/shop/%62asket");
    assert_eq!(environ.uri(), "/shop/%62asket");
    assert_eq!(parts(&environ), ("/shop".into(), "/%62asket".into()));
    assert_eq!(environ.query(), None);
    assert_eq!(environ.url(), "http://shop.example:8080/shop/%62asket");
    assert_eq!(environ.header("host"), Some(&b"shop.example:8080"[..]));
    // Behind it mounting goes on.
    environ.set_target("/shop/a/b?y").unwrap();
    assert!(environ.mount("/a"));
    assert_eq!(parts(&environ), ("/shop/a".into(), "/b".into()));
    environ.set_target("/shop/a").unwrap();
    assert_eq!(parts(&environ), ("/shop/a".into(), "".into()));

    for (target, status) in [
        ("/other", 404),
        ("/shop/ab", 404),
        ("/shop", 404),
        ("/", 404),
        ("", 400),
        ("shop/a", 400),
        ("/shop/a b", 400),
        ("/shop/a#b", 400),
        ("/shop/ä", 400),
        ("*", 400),
        ("ftp://a/shop/a", 400),
    ] {
        let error = environ.set_target(target).unwrap_err();
        assert_eq!(error.status(), status, "{target}: {error}");
        assert_eq!(environ.target(), "/shop/a", "{target}");
        assert_eq!(parts(&environ), ("/shop/a".into(), "".into()), "{target}");
    }
}

#[test]
fn a_target_that_is_set_has_the_forms_of_one_that_was_sent() {
    let mut environ = get("/a");
    environ.set_target("http://other.example/b?c").unwrap();
    assert_eq!(environ.target(), "http://other.example/b?c");
    assert_eq!(environ.path_info(), "/b");
    assert_eq!(environ.header("host"), Some(&b"other.example"[..]));
    assert_eq!(environ.url(), "http://other.example/b?c");
    environ.set_target("http://other.example").unwrap();
    assert_eq!((environ.path_info(), environ.query()), ("", None));

    let mut environ = self::environ(Method::OPTIONS, "/a", &[("Host", "a")]);
    environ.set_target("*").unwrap();
    assert_eq!((environ.target(), environ.path_info()), ("*", ""));

    // HTTP/2's extended CONNECT has a path (RFC 8441 4), and CONNECT has none.
    let request = http::Request::connect("http://a/chat").version(Version::HTTP_2);
    let mut environ = of_parts(request);
    environ.set_target("/talk").unwrap();
    assert_eq!(environ.path_info(), "/talk");
    let mut environ = of_parts(http::Request::connect("a:1"));
    assert_eq!(environ.set_target("/talk").unwrap_err().status(), 400);
    environ.set_target("b:2").unwrap();
    assert_eq!(environ.target(), "b:2");
}

#[test]
fn mounting_moves_the_split() {
    let mut environ = get("/shop/cart/1?x");
    let whole = |environ: &Environ| format!("{}{}", environ.script_name(), environ.path_info());
    assert!(!environ.mount("/sho"), "not a segment's end");
    assert!(
        !environ.mount("/shop/"),
        "a prefix does not end with a slash"
    );
    assert!(!environ.mount("shop"));
    assert!(!environ.mount("/"));
    assert!(!environ.mount(""));
    assert!(!environ.mount("/Shop"));
    assert!(!environ.mount("/shop/cart/1/2"));
    assert_eq!(environ.script_name(), "");
    for (prefix, script_name, path_info) in [
        ("/shop", "/shop", "/cart/1"),
        ("/cart", "/shop/cart", "/1"),
        ("/1", "/shop/cart/1", ""),
    ] {
        assert!(environ.mount(prefix));
        assert_eq!(
            (environ.script_name(), environ.path_info()),
            (script_name, path_info)
        );
        assert_eq!(
            whole(&environ),
            "/shop/cart/1",
            "one split of the same path"
        );
    }
    assert!(!environ.mount("/1"));
    assert_eq!(environ.query(), Some("x"));
}

#[test]
fn repeated_slashes_are_segments() {
    let mut environ = get("//a//b");
    assert!(!environ.mount("/a"));
    assert!(environ.mount("//a"));
    assert_eq!(environ.path_info(), "//b");
    assert!(environ.mount("//b"));
    assert_eq!((environ.script_name(), environ.path_info()), ("//a//b", ""));
}

#[test]
fn mounts_compare_the_raw_path() {
    let mut environ = get("/%73hop/x");
    assert!(!environ.mount("/shop"));
    assert!(environ.mount("/%73hop"));
    assert_eq!(environ.path_info(), "/x");
}

#[test]
fn paths_are_decoded_once() {
    let environ = get("/a%20b/%2525/%zz/%4/+%");
    assert_eq!(&*environ.path_decoded(), b"/a b/%25/%zz/%4/+%");
    assert_eq!(&*get("/%ff%00").path_decoded(), b"/\xff\0");
    let plain = get("/plain");
    assert!(matches!(
        plain.path_decoded(),
        std::borrow::Cow::Borrowed(b"/plain")
    ));
}

#[test]
fn a_server_mounts_what_the_deployer_said() {
    let app = app_fn(|environ: Environ, s: StartResponse| {
        let text = format!("{} {}", environ.script_name(), environ.path_info());
        s.start(StatusCode::OK).full(text)
    });
    let client = Client::new(app).mounted("/shop");
    assert_eq!(client.get("/shop/cart?x").send().text(), "/shop /cart");
    assert_eq!(client.get("/shop").send().text(), "/shop ");
    assert_eq!(client.get("/shopping").send().status(), 404);
    let outside = client.head("/").send();
    assert_eq!((outside.status(), outside.body().len()), (404, 0));
    assert_eq!(outside.outcome().end, End::Refused);
}

// ---- other libraries' heads

#[test]
fn origin_form() {
    let environ = of_parts(http::Request::get("/a/b?x=1").header("host", "h"));
    assert_eq!(environ.target(), "/a/b?x=1");
    assert_eq!(
        (environ.path_info(), environ.query()),
        ("/a/b", Some("x=1"))
    );
    assert_eq!(environ.header("host"), Some(&b"h"[..]));
    let environ = of_parts(http::Request::get("/a?"));
    assert_eq!(
        (environ.target(), environ.path_info(), environ.query()),
        ("/a?", "/a", Some(""))
    );
}

#[test]
fn absolute_form() {
    let request = http::Request::get("http://real.example:81/a/b?x").header("host", "other");
    let environ = of_parts(request);
    assert_eq!(environ.target(), "http://real.example:81/a/b?x");
    assert_eq!((environ.path_info(), environ.query()), ("/a/b", Some("x")));
    let host = environ.header("host");
    assert_eq!(
        host,
        Some(&b"real.example:81"[..]),
        "the target's goes before Host's"
    );
    assert_eq!(environ.url(), "http://real.example:81/a/b?x");

    let environ = of_parts(http::Request::get("http://h"));
    assert_eq!((environ.path_info(), environ.query()), ("/", None));
    let environ = of_parts(http::Request::get("http://h?x=1"));
    assert_eq!((environ.path_info(), environ.query()), ("/", Some("x=1")));
}

#[test]
fn asterisk_form() {
    let mut environ = of_parts(http::Request::options("*").header("host", "h"));
    assert_eq!(
        (environ.target(), environ.path_info(), environ.script_name()),
        ("*", "", "")
    );
    assert!(!environ.mount("/a"));
    assert_eq!(environ.url(), "http://h/");
    let environ = environ_of_asterisk();
    assert_eq!((environ.target(), environ.path_info()), ("*", ""));
}

fn environ_of_asterisk() -> Environ {
    environ(Method::OPTIONS, "*", &[])
}

#[test]
fn authority_form() {
    let environ = of_parts(http::Request::connect("h.example:443").header("host", "other"));
    assert_eq!(
        (environ.target(), environ.path_info()),
        ("h.example:443", "")
    );
    assert_eq!(environ.header("host"), Some(&b"other"[..]));
    let environ = of_parts(http::Request::connect("h.example:443"));
    assert_eq!(environ.header("host"), Some(&b"h.example:443"[..]));
}

#[test]
fn http_2() {
    let request = http::Request::get("https://h.example/a?x").version(Version::HTTP_2);
    let environ = of_parts(request.header("host", "other"));
    assert_eq!((environ.target(), environ.path_info()), ("/a?x", "/a"));
    assert_eq!(environ.query(), Some("x"));
    assert_eq!(environ.version(), Version::HTTP_2);
    assert_eq!(environ.headers().get_all("host").iter().count(), 1);
    assert_eq!(environ.header("host"), Some(&b"h.example"[..]));
    assert_eq!(
        environ.vars().get("SERVER_PROTOCOL").unwrap(),
        &b"HTTP/2"[..]
    );

    let request = http::Request::get("https://h.example?x").version(Version::HTTP_2);
    assert_eq!(of_parts(request).target(), "/?x");
    let request = http::Request::connect("h.example:443").version(Version::HTTP_2);
    assert_eq!(of_parts(request).target(), "h.example:443");
    // Extended CONNECT has a path (RFC 8441 4).
    let request = http::Request::connect("https://h.example/chat").version(Version::HTTP_2);
    assert_eq!(of_parts(request).path_info(), "/chat");
}

#[test]
fn extensions_come_along_and_go_along() {
    let environ = of_parts(http::Request::get("/a").extension(5u8).header("x", "1"));
    assert_eq!(environ.extensions().get::<u8>(), Some(&5));
    let request = environ.into_request();
    assert_eq!(request.uri(), "/a");
    assert_eq!(request.headers()["x"], "1");
    assert_eq!(request.extensions().get::<u8>(), Some(&5));
    assert_eq!(request.into_body().length(), Some(0));
}

#[test]
fn into_request_takes_everything() {
    let app = app_fn(|environ: Environ, s: StartResponse| {
        let request = environ.into_request();
        assert_eq!(request.method(), Method::POST);
        assert_eq!(request.uri(), "/a?x");
        assert_eq!(request.version(), Version::HTTP_11);
        assert_eq!(request.headers()["host"], "test.invalid");
        s.start(StatusCode::OK).stream(request.into_body())
    });
    let reply = Client::new(app).post("/a?x").body("abc").send();
    assert_eq!((reply.status(), reply.text().as_str()), (200, "abc"));
}

// ---- fields

#[test]
fn fields_are_looked_up_with_and_without_a_map() {
    let mut environ = environ(
        Method::GET,
        "/",
        &[
            ("Accept", "a"),
            ("X-Raw", "\u{e9}"),
            ("accept", "b"),
            ("Empty", ""),
        ],
    );
    let check = |environ: &Environ| {
        assert_eq!(environ.header("accept"), Some(&b"a"[..]));
        assert_eq!(environ.header("ACCEPT"), Some(&b"a"[..]));
        assert_eq!(environ.header("x-raw"), Some("\u{e9}".as_bytes()));
        assert_eq!(environ.header("empty"), Some(&b""[..]));
        assert_eq!(environ.header("accep"), None);
        assert_eq!(environ.header("no such: name"), None);
    };
    check(&environ);
    let values: Vec<_> = environ.headers().get_all("accept").iter().collect();
    assert_eq!(values, ["a", "b"], "repeats in order");
    check(&environ);
    environ.headers_mut().remove("accept");
    assert_eq!(
        environ.header("accept"),
        None,
        "the map speaks for them once it is there"
    );
}

#[test]
fn what_is_no_field_is_left_out_of_the_map() {
    let environ = environ(
        Method::GET,
        "/",
        &[("bad name", "1"), ("x", "a\nb"), ("y", "2")],
    );
    let names: Vec<_> = environ.headers().keys().map(|name| name.as_str()).collect();
    assert_eq!(names, ["y"]);
}

#[test]
fn spans_outside_of_the_head_are_empty() {
    let span = |start, end| server::Span { start, end };
    let mut head = RequestHead::new();
    let mut fields = vec![server::FieldSpan {
        name: span(0, 1),
        value: span(5, 900),
    }];
    head.fill(b"x: 1", &mut fields);
    head.line(
        Method::GET,
        Version::HTTP_11,
        span(3, 2),
        span(7, 9),
        Some(span(90, 91)),
    );
    let (environ, _) = tokens(Exchange::new(
        head,
        Input::empty(),
        Arc::new(host()),
        Arc::default(),
    ));
    assert_eq!(
        (environ.target(), environ.path_info(), environ.query()),
        ("", "", Some(""))
    );
    assert!(environ.headers().is_empty());
    assert_eq!(environ.uri(), "*");
    assert!(environ.try_uri().unwrap_err().is_malformed());
}

/// `http` holds less than the grammar of targets lets through, and no target is to become another.
#[test]
fn a_target_is_the_same_in_other_terms() {
    for (target, uri) in [
        ("/a`b?c`d", "/a%60b?c`d"),
        ("/`", "/%60"),
        ("http://a/x`y?z", "/x%60y?z"),
        ("http://a%2Db/admin?x", "/admin?x"),
        ("http://a%2Db", "/"),
        ("HTTPS://a%2Db:1?x", "/?x"),
        ("http://a/x", "http://a/x"),
        (
            "http://[::ffff:1.2.3.4]:80/x",
            "http://[::ffff:1.2.3.4]:80/x",
        ),
    ] {
        let mut environ = get("/elsewhere");
        environ.set_target(target).unwrap();
        assert_eq!(environ.uri(), uri, "{target}");
        assert_eq!(environ.try_uri().unwrap(), uri);
        assert_eq!(environ.target(), target);
    }
    // The split is of the path, and no part of what is told.
    let mut environ = get("/a`/b");
    assert!(environ.mount("/a`"));
    assert_eq!(environ.uri(), "/a%60/b");
    assert!(environ.restore_prefix("/`"));
    assert_eq!(environ.uri(), "/%60/a%60/b");

    let mut asterisk = environ_of(Method::OPTIONS);
    asterisk.set_target("*").unwrap();
    assert_eq!(asterisk.try_uri().unwrap(), "*");
    let mut connect = environ_of(Method::CONNECT);
    connect.set_target("a:80").unwrap();
    assert_eq!(connect.try_uri().unwrap(), "a:80");
}

#[test]
fn a_target_that_has_no_other_terms_is_no_path() {
    let mut connect = environ_of(Method::CONNECT);
    connect.set_target("a%2Db:80").unwrap();
    let long = format!("/{}", "a".repeat(1 << 16));
    for (environ, status) in [(connect, 400), (get(&long), 414)] {
        assert_eq!(environ.uri(), "*");
        assert_eq!(environ.try_uri().unwrap_err().status(), status);
        assert_eq!(environ.into_request().uri(), "*");
    }
}

/// An environ whose target is still to be set.
fn environ_of(method: Method) -> Environ {
    environ(method, "", &[("Host", "a")])
}

/// Each byte that a path or a query may have, and hosts of all its bytes.
#[test]
fn the_tables_differ_in_what_is_named() {
    let bytes =
        |class: &syntax::Class| (0..128).filter(|b| class.has(*b)).map(char::from).collect();
    let (path, query): (String, String) = (bytes(&syntax::PATH), bytes(&syntax::QUERY));
    let environ = get(&format!("/{path}?{query}"));
    let uri = environ.try_uri().unwrap();
    assert_eq!(uri.path(), format!("/{}", path.replace('`', "%60")));
    assert_eq!(uri.query(), Some(&query[..]));
    let host: String = bytes(&syntax::HOST);
    let target = format!("http://{host}:1/");
    let mut environ = get("/");
    environ.set_target(&target).unwrap();
    assert_eq!(environ.uri(), &target[..]);
}

// ---- what a proxy took off

#[test]
fn a_prefix_comes_back_before_the_path() {
    for (target, whole) in [
        ("/b/c?x=/b", "/a/b/c?x=/b"),
        ("/b?/b", "/a/b?/b"),
        ("/", "/a/"),
    ] {
        let mut environ = environ(Method::GET, target, &[("Host", "h"), ("X-A", "1")]);
        assert_eq!(environ.uri().path(), environ.path_info());
        environ.mount("/b");
        let before = (
            environ.script_name().to_owned(),
            environ.path_info().to_owned(),
        );
        let query = environ.query().map(str::to_owned);
        assert!(environ.restore_prefix("/a"));
        assert_eq!(environ.target(), whole);
        assert_eq!(environ.script_name(), format!("/a{}", before.0));
        assert_eq!(environ.path_info(), before.1);
        assert_eq!(environ.query(), query.as_deref());
        assert_eq!(environ.uri(), whole);
        assert_eq!(environ.header("x-a"), Some(&b"1"[..]));
        // Once more, of what was moved.
        assert!(environ.restore_prefix("/z%20"));
        assert_eq!(environ.script_name(), format!("/z%20/a{}", before.0));
        assert_eq!(environ.path_info(), before.1);
    }
}

#[test]
fn a_prefix_comes_back_before_the_path_alone() {
    let target = "http://h/b/c?x";
    let mut environ = of_parts(http::Request::get(target));
    assert!(environ.mount("/b") && environ.restore_prefix("/a"));
    assert_eq!(environ.target(), "http://h/a/b/c?x");
    let split = (environ.script_name(), environ.path_info());
    assert_eq!((split, environ.query()), (("/a/b", "/c"), Some("x")));
}

#[test]
fn what_is_no_prefix_changes_nothing() {
    let mut environ = get("/b");
    for prefix in ["", "/", "a", "/a/", "/a b", "/a?x", "/ä"] {
        assert!(!environ.restore_prefix(prefix), "{prefix:?}");
    }
    assert_eq!((environ.target(), environ.script_name()), ("/b", ""));
    let mut all = self::environ(Method::OPTIONS, "*", &[]);
    assert!(!all.restore_prefix("/a"));
    assert_eq!(all.target(), "*");
}

// ---- CGI

#[test]
fn variables_as_pep_3333_has_them() {
    let mut host = host();
    host.vars = vec![
        ("DB_URL".into(), "pg://".into()),
        ("REQUEST_METHOD".into(), "spoofed".into()),
        ("HTTP_X_SECRET".into(), "deployer".into()),
        ("HTTPS".into(), "on".into()),
    ];
    let fields = [
        ("Host", "shop.example:8080"),
        ("Content-Type", "text/plain"),
        ("Content-Length", "5"),
        ("X-Two", "a"),
        ("Cookie", "a=1"),
        ("x-two", "b"),
        ("Cookie", "b=2"),
        ("X_Secret", "client"),
        ("Foo_Bar", "evil"),
        ("Foo-Bar", "good"),
    ];
    let head = head(Method::POST, "/shop/a%20b?x=1", &fields);
    let connection = Connection {
        peer: Address::Tcp("203.0.113.9:5000".parse().unwrap()),
        local: Address::Tcp("[::1]:8080".parse().unwrap()),
        tls: None,
    };
    let exchange = Exchange::new(head, Input::empty(), Arc::new(host), Arc::new(connection));
    let (mut environ, _) = tokens(exchange);
    assert!(environ.mount("/shop"));
    let vars = environ.vars();
    let get = |name: &str| {
        vars.get(name)
            .map(|value| String::from_utf8(value.to_vec()).unwrap())
    };
    for (name, value) in [
        ("REQUEST_METHOD", "POST"),
        ("SCRIPT_NAME", "/shop"),
        ("PATH_INFO", "/a b"),
        ("QUERY_STRING", "x=1"),
        ("REQUEST_URI", "/shop/a%20b?x=1"),
        ("CONTENT_TYPE", "text/plain"),
        ("CONTENT_LENGTH", "5"),
        ("SERVER_NAME", "shop.example"),
        ("SERVER_PORT", "8080"),
        ("SERVER_PROTOCOL", "HTTP/1.1"),
        ("SERVER_SOFTWARE", "rgi-core-tests"),
        ("REMOTE_ADDR", "203.0.113.9"),
        ("REMOTE_PORT", "5000"),
        ("HTTP_HOST", "shop.example:8080"),
        ("HTTP_X_TWO", "a, b"),
        ("HTTP_COOKIE", "a=1; b=2"),
        ("HTTP_FOO_BAR", "good"),
        ("DB_URL", "pg://"),
        ("HTTPS", "on"),
    ] {
        assert_eq!(get(name).as_deref(), Some(value), "{name}");
    }
    for name in [
        "HTTP_CONTENT_TYPE",
        "HTTP_X_SECRET",
        "SSL_PROTOCOL",
        "NO_SUCH",
        "HTTP_",
        "",
    ] {
        assert_eq!(get(name), None, "{name}");
    }
    // The list and the look-up agree.
    let mut names: Vec<_> = vars.iter().map(|(name, _)| name.into_owned()).collect();
    for (name, value) in vars.iter() {
        assert_eq!(vars.get(&name).unwrap(), value, "{name}");
    }
    let all = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), all, "each once");
    assert!(names.iter().any(|name| name == "DB_URL"));
    assert!(!names.iter().any(|name| name == "HTTP_X_SECRET"));
    assert_eq!(environ.var("DB_URL"), Some("pg://"));
    assert_eq!(environ.var("PATH"), None);
}

#[test]
fn variables_of_tls() {
    let mut environ = get("/");
    assert_eq!(environ.vars().get("HTTPS"), None);
    let mut tls = Tls::default();
    tls.version = Some(0x0304);
    tls.server_name = Some("shop.example".into());
    environ.set_connection(Connection {
        tls: Some(tls),
        ..Connection::default()
    });
    let vars = environ.vars();
    assert_eq!(vars.get("HTTPS").unwrap(), &b"on"[..]);
    assert_eq!(vars.get("SSL_PROTOCOL").unwrap(), &b"TLSv1.3"[..]);
    assert_eq!(vars.get("SSL_TLS_SNI").unwrap(), &b"shop.example"[..]);
    assert_eq!(vars.get("REMOTE_ADDR"), None);
}

#[test]
fn https_is_on_where_a_proxy_has_the_tls() {
    let mut environ = get("/");
    environ.set_scheme(Scheme::Https);
    assert_eq!(environ.vars().get("HTTPS").unwrap(), &b"on"[..]);
    assert_eq!(environ.vars().get("SSL_PROTOCOL"), None);
}

#[test]
fn server_names_have_no_port() {
    let name = |host: &str| {
        let environ = environ(Method::GET, "/", &[("Host", host)]);
        String::from_utf8(environ.vars().get("SERVER_NAME").unwrap().to_vec()).unwrap()
    };
    assert_eq!(name("h.example"), "h.example");
    assert_eq!(name("[::1]:80"), "[::1]");
    assert_eq!(name("[::1"), "[::1");
    assert_eq!(name(""), "localhost");
}

// ---- the URL

#[test]
fn urls_are_put_together_again() {
    let mut environ = get("/shop/a%20b?x=%31");
    assert!(environ.mount("/shop"));
    assert_eq!(environ.url(), "http://shop.example:8080/shop/a%20b?x=%31");
    environ.set_scheme(Scheme::Https);
    assert_eq!(environ.url(), "https://shop.example:8080/shop/a%20b?x=%31");
    assert_eq!(get("/?").url(), "http://shop.example:8080/?");

    let mut bare = environ_without_host();
    let mut local = |address: &str| {
        let local = Address::Tcp(address.parse().unwrap());
        bare.set_connection(Connection {
            local,
            ..Connection::default()
        });
        bare.url()
    };
    assert_eq!(local("192.0.2.1:80"), "http://192.0.2.1/");
    assert_eq!(local("192.0.2.1:81"), "http://192.0.2.1:81/");
    assert_eq!(local("[::1]:80"), "http://[::1]/");
    assert_eq!(local("[::1]:81"), "http://[::1]:81/");
    assert_eq!(environ_without_host().url(), "http://localhost/");
}

fn environ_without_host() -> Environ {
    environ(Method::GET, "/", &[])
}

#[test]
fn the_scheme_is_the_last_hops() {
    let exchange = |tls: Option<Tls>| {
        let connection = Connection {
            tls,
            ..Connection::default()
        };
        let head = head(Method::GET, "/", &[]);
        Exchange::new(head, Input::empty(), Arc::new(host()), Arc::new(connection))
    };
    assert_eq!(
        tokens(exchange(Some(Tls::default()))).0.scheme(),
        Scheme::Https
    );
    assert_eq!(tokens(exchange(None)).0.scheme(), Scheme::Http);
}

// ---- stops

#[test]
fn an_application_is_told_that_its_server_stops() {
    let app = || {
        app_fn(|environ: Environ, s: StartResponse| {
            let text = environ.is_stopping().to_string();
            s.start(StatusCode::OK).full(text)
        })
    };
    let mut client = Client::new(app());
    assert_eq!(client.get("/").send().text(), "false");
    client.host_mut().stop.now();
    assert_eq!(client.get("/").send().text(), "true");
    assert_eq!(Client::new(app()).stopping().get("/").send().text(), "true");
}

#[test]
fn who_waits_for_the_stop_is_woken() {
    let mut client = Client::new(async_fn(async |environ: Environ, s: StartResponse| {
        let (stopping, unused) = (environ.stopping(), environ.stopping());
        drop((environ, unused));
        stopping.await;
        Ok(s.start(StatusCode::OK).full("stopping"))
    }));
    let stop = client.host_mut().stop.clone();
    let (told, tells) = (stop.clone(), std::sync::Barrier::new(2));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            tells.wait();
            told.graceful();
        });
        tells.wait();
        assert_eq!(client.get("/").send().text(), "stopping");
    });
    assert_eq!(client.get("/").send().text(), "stopping", "at once");
}

#[test]
fn facts_outlive_the_environ() {
    let mut host = host();
    host.vars = vec![("shop".to_owned(), "open".to_owned())];
    let (stop, log) = (host.stop.clone(), Arc::new(Lines::default()));
    host.log = log.clone();
    let mut environ = tokens(exchange_on(host, Method::GET, "/a/b")).0;
    let early = environ.facts();
    environ.mount("/a");
    environ.set_scheme(Scheme::Https);
    let facts = environ.facts();
    drop(environ);
    assert_eq!((early.scheme(), early.script_name()), (Scheme::Http, ""));
    assert_eq!((facts.scheme(), facts.script_name()), (Scheme::Https, "/a"));
    assert_eq!((facts.var("shop"), facts.var("door")), (Some("open"), None));
    assert_eq!(facts.vars().collect::<Vec<_>>(), [("shop", "open")]);
    assert_eq!(facts.server().software, "rgi-core-tests");
    writeln!(facts.errors(), "noted").unwrap();
    assert_eq!(log.0.lock().unwrap()[0], (Level::Error, "noted".to_owned()));
    let mut stopping = pin!(facts.stopping());
    let mut cx = Context::from_waker(Waker::noop());
    assert!(!facts.is_stopping() && stopping.as_mut().poll(&mut cx).is_pending());
    stop.graceful();
    assert!(facts.is_stopping() && stopping.as_mut().poll(&mut cx).is_ready());
    assert_eq!(
        format!("{early:?}").split(", server").next(),
        Some(r#"Facts { scheme: Http, script_name: """#)
    );
}

#[test]
fn who_no_longer_waits_for_the_stop_is_forgotten() {
    let host = host();
    let stop = host.stop.clone();
    let environ = tokens(exchange_on(host, Method::GET, "/")).0;
    let (mut waits, mut leaves) = (pin!(environ.stopping()), Box::pin(environ.stopping()));
    let (first, firsts) = counter();
    let (second, seconds) = counter();
    let mut cx = Context::from_waker(&first);
    for _ in 0..2 {
        assert!(waits.as_mut().poll(&mut cx).is_pending());
        let mut cx = Context::from_waker(&second);
        assert!(leaves.as_mut().poll(&mut cx).is_pending());
    }
    drop(leaves);
    stop.graceful();
    let woken = |count: &AtomicUsize| count.load(Ordering::SeqCst);
    assert_eq!((woken(&firsts), woken(&seconds)), (1, 0));
    assert!(waits.as_mut().poll(&mut cx).is_ready());
}

// ---- loans

#[test]
fn a_lent_environ_comes_back_when_it_is_dropped() {
    let mut environ = get("/shop/a");
    assert!(environ.mount("/shop"));
    let (mut lent, loan) = environ.lend();
    lent.set_method(Method::PUT);
    assert!(lent.mount("/a"));
    lent.extensions_mut().insert(5u8);
    let loan = loan.reclaim().expect_err("the borrower still has it");
    drop(lent);
    let environ = loan.reclaim().expect("it was returned");
    assert_eq!(environ.method(), Method::GET);
    assert_eq!(
        (environ.script_name(), environ.path_info()),
        ("/shop", "/a")
    );
    assert_eq!(
        environ.extensions().get::<u8>(),
        Some(&5),
        "what else was changed stays"
    );
}

#[test]
fn loans_nest() {
    let (lent, outer) = get("/a").lend();
    let (lent, inner) = lent.lend();
    drop(lent);
    let outer = outer.reclaim().expect_err("the inner loan has it");
    let lent = inner.reclaim().expect("returned to the inner loan");
    let outer = outer.reclaim().expect_err("the inner borrower has it");
    drop(lent);
    assert_eq!(
        outer
            .reclaim()
            .expect("returned to the outer loan")
            .path_info(),
        "/a"
    );
}

#[test]
fn loans_that_are_dropped_pass_it_on() {
    // Dropped before the environ comes back ..
    let (lent, outer) = get("/a").lend();
    let (lent, inner) = lent.lend();
    drop(inner);
    drop(lent);
    assert_eq!(outer.reclaim().expect("passed on").path_info(), "/a");
    // .. and behind it.
    let (lent, outer) = get("/a").lend();
    let (lent, inner) = lent.lend();
    drop(lent);
    drop(inner);
    assert_eq!(outer.reclaim().expect("passed on").path_info(), "/a");
    // With nobody left it is just dropped.
    let dropped = Arc::new(());
    let (mut lent, outer) = get("/a").lend();
    lent.extensions_mut().insert(dropped.clone());
    drop(outer);
    drop(lent);
    assert_eq!(Arc::strong_count(&dropped), 1);
}

#[test]
fn a_loan_comes_back_with_its_target() {
    let mut environ = get("/shop/a?x");
    assert!(environ.mount("/shop"));
    let (mut lent, loan) = environ.lend();
    lent.set_target("/shop/much/longer").unwrap();
    assert!(lent.mount("/much"));
    assert_eq!(lent.uri().path(), "/shop/much/longer");
    drop(lent);
    let environ = loan.reclaim().expect("it was returned");
    assert_eq!(environ.target(), "/shop/a?x");
    assert_eq!(environ.uri(), "/shop/a?x");
    assert_eq!(
        (environ.script_name(), environ.path_info(), environ.query()),
        ("/shop", "/a", Some("x"))
    );
}

#[test]
fn a_loan_comes_back_from_the_same_client() {
    let exchange = exchange_on(host(), Method::GET, "/a").offer(Some("x".parse().unwrap()));
    let (mut lent, loan) = tokens(exchange).0.lend();
    lent.set_scheme(Scheme::Https);
    lent.set_connection(Connection {
        peer: Address::Unix(None),
        ..Connection::default()
    });
    assert!(lent.take_offer().expect("one").accept("x").is_ok());
    drop(lent);
    let mut environ = loan.reclaim().expect("it was returned");
    assert_eq!(environ.scheme(), Scheme::Http);
    assert_ne!(*environ.remote(), Address::Unix(None));
    assert!(environ.take_offer().is_some());
    // What was gone before stays so.
    let (lent, loan) = environ.lend();
    drop(lent);
    let mut environ = loan.reclaim().expect("it was returned");
    assert!(environ.take_offer().is_none());
}

/// How many bytes may be read of an input.
fn bound(environ: &mut Environ) -> Option<usize> {
    let mut cx = Context::from_waker(Waker::noop());
    let mut bytes = 0;
    loop {
        match environ.input().poll_chunk(&mut cx) {
            Poll::Ready(Some(Ok(chunk))) => bytes += chunk.len(),
            Poll::Ready(Some(Err(_))) => return Some(bytes),
            Poll::Ready(None) | Poll::Pending => return None,
        }
    }
}

/// An input of `bytes` blocks of one byte.
fn blocks(bytes: usize) -> Input {
    let block = || Ok(bytes::Bytes::from_static(b"x"));
    Input::stream(Steps((0..bytes).map(move |_| block())), None)
}

/// The items of an iterator.
struct Steps<I>(I);

impl<I: Iterator + Unpin> Stream for Steps<I> {
    type Item = I::Item;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<I::Item>> {
        Poll::Ready(self.0.next())
    }
}

#[test]
fn a_loan_comes_back_with_the_limit_of_its_input() {
    let mut environ = get("/a");
    *environ.input() = blocks(9).limit(5);
    let (mut lent, outer) = environ.lend();
    lent.map_input(|input| input.limit(3));
    let (mut lent, inner) = lent.lend();
    lent.map_input(|input| input.limit(1));
    drop(lent);
    let lent = inner.reclaim().expect("it was returned");
    // One that nobody asks back changes nothing for the one around it.
    let (mut lent, inner) = lent.lend();
    lent.map_input(|input| input.limit(2));
    drop(inner);
    drop(lent);
    let mut environ = outer.reclaim().expect("it was returned");
    assert_eq!(bound(&mut environ), Some(5));

    let mut environ = get("/a");
    *environ.input() = blocks(9);
    let (mut lent, outer) = environ.lend();
    lent.map_input(|input| input.limit(3));
    let (lent, inner) = lent.lend();
    drop(lent);
    let mut lent = inner.reclaim().expect("it was returned");
    assert_eq!(bound(&mut lent), Some(3));
    drop(lent);
    drop(outer);
}

#[test]
fn a_limit_of_another_input_than_the_one_lent_stays() {
    for is_nested in [false, true] {
        let mut environ = get("/a");
        *environ.input() = blocks(1);
        let (mut lent, outer) = environ.lend();
        // As what decompresses does it.
        lent.map_input(|_| blocks(9).limit(3));
        if is_nested {
            let (again, inner) = lent.lend();
            lent = again;
            drop(inner);
        }
        drop(lent);
        let mut environ = outer.reclaim().expect("it was returned");
        assert_eq!(bound(&mut environ), Some(3));
    }
}

#[test]
fn an_environ_that_became_a_request_does_not_come_back() {
    let (lent, loan) = get("/a").lend();
    drop(lent.into_request());
    assert!(loan.reclaim().is_err());
}

#[test]
fn an_environ_may_come_back_from_another_thread() {
    let (lent, loan) = get("/a").lend();
    std::thread::spawn(move || drop(lent)).join().unwrap();
    assert_eq!(loan.reclaim().expect("returned").path_info(), "/a");
}

#[test]
fn cascades_try_one_application_behind_the_other() {
    let app = |name: &'static str| {
        app_fn(move |environ: Environ, s: StartResponse| {
            let status = match environ.path_info() == name {
                true => StatusCode::OK,
                false => StatusCode::NOT_FOUND,
            };
            s.start(status).full(name)
        })
    };
    let (first, second) = (app("/1"), app("/2"));
    let cascade = async_fn(move |environ: Environ, s: StartResponse| {
        let (environ, loan) = environ.lend();
        let (s, fallback) = s.with_fallback();
        let (mut body, second) = (first.call(environ, s), second);
        async move {
            let found = body.started().unwrap().head().status == StatusCode::OK;
            match loan.reclaim() {
                Ok(environ) if !found => {
                    let s = fallback
                        .start(StatusCode::OK, Error::new("not found"))
                        .recall();
                    Ok(second.call(environ, s))
                }
                _ => Ok::<_, Error>(body),
            }
        }
    });
    let client = Client::new(cascade);
    assert_eq!(client.get("/1").send().text(), "/1");
    assert_eq!(client.get("/2").send().text(), "/2");
    assert_eq!(client.get("/3").send().status(), 404);
}

// ---- the log

#[test]
fn errors_reach_the_log_line_by_line() {
    let lines = Arc::new(Lines::default());
    let app = app_fn(|environ: Environ, s: StartResponse| {
        let mut errors = environ.errors();
        write!(errors, "half ").unwrap();
        write!(errors, "a line\nand two\n\nthe").unwrap();
        errors.flush().unwrap();
        errors.flush().unwrap();
        write!(errors, "rest").unwrap();
        s.start(StatusCode::OK).empty()
    });
    let mut client = Client::new(app);
    client.host_mut().log = lines.clone();
    client.get("/").send();
    let lines = lines.0.lock().unwrap();
    let texts: Vec<_> = lines.iter().map(|(_, text)| text.as_str()).collect();
    assert_eq!(texts, ["half a line", "and two", "", "the", "rest"]);
    assert!(lines.iter().all(|(level, _)| *level == Level::Error));
}

#[test]
fn lines_without_end_are_broken() {
    let lines = Arc::new(Lines::default());
    let mut host = host();
    host.log = lines.clone();
    let (environ, _) = tokens(exchange_on(host, Method::GET, "/"));
    environ.errors().write_all(&[b'x'; 40 * 1024]).unwrap();
    let lengths: Vec<_> = lines
        .0
        .lock()
        .unwrap()
        .iter()
        .map(|(_, text)| text.len())
        .collect();
    assert_eq!(lengths, [16 * 1024, 16 * 1024, 8 * 1024]);
}

// ---- the peer

#[test]
fn gone_wakes_at_once() {
    let peers = Arc::new(Mutex::new(None));
    let put = peers.clone();
    let app = app_fn(move |environ: Environ, s: StartResponse| {
        *put.lock().unwrap() = Some(environ.peer());
        Script::new([start(s.start(StatusCode::OK)), Step::Hang])
    });
    let response = exchange(Method::GET, "/").call(&app);
    let peer: Peer = peers.lock().unwrap().take().unwrap();
    let (first, firsts) = counter();
    let (second, seconds) = counter();
    let mut gone = pin!(peer.gone());
    let mut other = Box::pin(peer.clone().gone());
    assert!(
        gone.as_mut()
            .poll(&mut Context::from_waker(&first))
            .is_pending()
    );
    assert!(
        other
            .as_mut()
            .poll(&mut Context::from_waker(&first))
            .is_pending()
    );
    // The last waker counts, and one that is dropped does not.
    assert!(
        gone.as_mut()
            .poll(&mut Context::from_waker(&second))
            .is_pending()
    );
    drop(other);
    assert!(!peer.is_gone());
    response.hang_up().unwrap().now();
    assert!(peer.is_gone());
    assert_eq!(firsts.load(Ordering::SeqCst), 0);
    assert_eq!(seconds.load(Ordering::SeqCst), 1);
    assert!(
        gone.as_mut()
            .poll(&mut Context::from_waker(&second))
            .is_ready()
    );
    assert!(
        pin!(peer.gone())
            .poll(&mut Context::from_waker(&second))
            .is_ready()
    );
}

#[test]
fn gone_wakes_when_it_is_over() {
    let (environ, s) = tokens(exchange(Method::GET, "/"));
    drop(s);
    let mut cx = Context::from_waker(Waker::noop());
    assert!(pin!(environ.peer().gone()).poll(&mut cx).is_ready());
    assert!(!environ.peer().is_gone(), "over is not gone");

    let peers = Arc::new(Mutex::new(None));
    let put = peers.clone();
    let app = app_fn(move |environ: Environ, s: StartResponse| {
        *put.lock().unwrap() = Some(environ.peer());
        s.start(StatusCode::OK).empty()
    });
    let response = exchange(Method::GET, "/").call(&app);
    let peer: Peer = peers.lock().unwrap().take().unwrap();
    let (waker, wakes) = counter();
    let mut gone = pin!(peer.gone());
    assert!(
        gone.as_mut()
            .poll(&mut Context::from_waker(&waker))
            .is_pending()
    );
    drive(response);
    assert_eq!(wakes.load(Ordering::SeqCst), 1);
}

#[test]
fn gone_is_told_across_threads() {
    for _ in 0..200 {
        let peers = Arc::new(Mutex::new(None));
        let put = peers.clone();
        let app = app_fn(move |environ: Environ, s: StartResponse| {
            *put.lock().unwrap() = Some(environ.peer());
            Script::new([start(s.start(StatusCode::OK)), Step::Hang])
        });
        let exchange = exchange(Method::GET, "/");
        let hang_up = exchange.hang_up();
        let response = exchange.call(&app);
        let peer: Peer = peers.lock().unwrap().take().unwrap();
        let waiting = std::thread::spawn(move || rt::block_on(peer.gone()));
        hang_up.now();
        waiting.join().unwrap();
        drop(response);
    }
}

// ---- recycling

#[test]
fn nothing_of_an_exchange_is_found_in_the_next() {
    let ran = Arc::new(AtomicUsize::new(0));
    for round in 0..3 {
        let mut exchange = {
            let mut environ_head = head(Method::PUT, "/dirty?q", &[("X-Dirty", "1")]);
            if round == 1 {
                let parts = http::Request::put("/dirty?q")
                    .extension(7u64)
                    .body(())
                    .unwrap();
                environ_head = RequestHead::from_parts(parts.into_parts().0).unwrap();
            }
            let connection = Connection {
                tls: Some(Tls::default()),
                ..Connection::default()
            };
            let input = Input::whole("dirty".into());
            Exchange::new(environ_head, input, Arc::new(host()), Arc::new(connection))
        };
        exchange.environ_mut().extensions_mut().insert(5u8);
        let count = ran.clone();
        let exchange = exchange.offer(Some(HeaderValue::from_static("chat")));
        exchange.hang_up().now();
        let app = app_fn(move |mut environ: Environ, s: StartResponse| {
            let count = count.clone();
            environ.on_finish(move |_| {
                count.fetch_add(1, Ordering::SeqCst);
            });
            environ.mount("/dirty");
            environ
                .headers_mut()
                .insert("x-more", HeaderValue::from_static("1"));
            assert_eq!(environ.uri().path(), "/dirty");
            assert!(environ.peer().is_gone());
            let started = s.start(StatusCode::NOT_FOUND).length(5);
            started
                .header(field::ETAG, HeaderValue::from_static("e"))
                .full("dirty")
        });
        drive(exchange.call(&app));
        assert_eq!(ran.load(Ordering::SeqCst), round + 1);

        let clean = app_fn(|mut environ: Environ, s: StartResponse| {
            assert_eq!(environ.method(), Method::GET);
            assert_eq!((environ.target(), environ.query()), ("/", None));
            assert_eq!((environ.script_name(), environ.path_info()), ("", "/"));
            assert_eq!(environ.header("x-dirty"), None);
            assert_eq!(environ.headers().len(), 1);
            assert_eq!(environ.uri(), "/");
            assert_eq!(environ.scheme(), Scheme::Http);
            assert!(environ.extensions().is_empty());
            assert!(environ.input().is_end());
            assert!(environ.take_offer().is_none());
            assert!(!environ.peer().is_gone());
            let started = s.start(StatusCode::OK);
            let head = started.head();
            assert_eq!((head.iter().len(), head.length()), (0, None));
            assert!(head.cause().is_none() && head.protocol().is_none());
            started.empty()
        });
        let seen = drive(common::exchange(Method::GET, "/").call(&clean));
        assert_eq!(seen.to_string(), "200 Length(0) | end");
        assert_eq!(ran.load(Ordering::SeqCst), round + 1, "no hook runs twice");
    }
}

#[test]
fn a_hang_up_that_is_kept_tells_nobody_else() {
    let stale = exchange(Method::GET, "/");
    let hang_up = stale.hang_up();
    let app = app_fn(|_, s: StartResponse| s.start(StatusCode::OK).empty());
    drive(stale.call(&app));
    let app = app_fn(move |environ: Environ, s: StartResponse| {
        hang_up.now();
        assert!(!environ.peer().is_gone());
        s.start(StatusCode::OK).empty()
    });
    assert_eq!(drive(exchange(Method::GET, "/").call(&app)).status, 200);
}

#[test]
fn pools_are_entered_again_from_what_they_drop() {
    // An extension that holds an environ, whose extension holds a head.
    let mut outer = get("/outer");
    let mut inner = get("/inner");
    inner.extensions_mut().insert(Arc::new(started(200)));
    outer.extensions_mut().insert(Arc::new(inner));
    drop(outer);
    assert_eq!(get("/next").path_info(), "/next");
}

#[test]
fn environs_of_one_thread_may_end_on_another() {
    let environs: Vec<_> = (0..300).map(|n| get(&format!("/{n}"))).collect();
    let check = move || {
        for (n, environ) in environs.into_iter().enumerate() {
            assert_eq!(environ.path_info(), format!("/{n}"));
        }
        assert_eq!(get("/own").path_info(), "/own");
    };
    std::thread::spawn(check).join().unwrap();
}

#[test]
fn what_is_printed_says_what_it_is() {
    let text = format!("{:?}", get("/a?x"));
    assert!(text.contains("GET") && text.contains("/a?x"), "{text}");
    let text = format!("{:?}", exchange(Method::GET, "/"));
    assert!(text.contains("Exchange"), "{text}");
}
