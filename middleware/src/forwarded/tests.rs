use std::net::SocketAddr;

use http::{HeaderValue, header};
use proptest::prelude::*;
use rgi_core::testing::{Client, Reply};
use rgi_core::{
    Address, App, AppExt, Connection, Environ, Full, StartResponse, StatusCode, app_fn,
};

use super::node::Node;
use super::rfc7239::{Element, Parser};
use super::{Fields, Forwarded};

/// Says what the application sees of the client, and the fields that are left.
fn seen(environ: Environ, start_response: StartResponse) -> Full {
    let mut text = format!("{} {}", environ.remote(), environ.url());
    if !environ.script_name().is_empty() {
        text += &format!(" below {}", environ.script_name());
    }
    for name in environ.headers().keys().filter(|name| *name != "host") {
        text += &format!(" {name}");
    }
    start_response.start(StatusCode::OK).full(text)
}

/// Proxies are 10/8, and one of IPv6.
fn trusting(fields: Fields) -> Forwarded {
    let proxies = Forwarded::new(["10.0.0.0/8", "2001:db8::1"]).expect("they are networks");
    proxies.fields(fields)
}

const ALL: Fields = Fields::XForwarded {
    host: true,
    prefix: true,
};

/// Asks for /p at h, from an address.
fn ask(middleware: Forwarded, peer: Address, fields: &[(&str, &str)]) -> Reply {
    let inner = app_fn(seen).with(middleware);
    let from = app_fn(move |mut environ: Environ, start_response: StartResponse| {
        environ.set_connection(Connection {
            peer: peer.clone(),
            ..Connection::default()
        });
        let host = HeaderValue::from_static("h");
        environ.headers_mut().insert(header::HOST, host);
        inner.call(environ, start_response)
    });
    let client = Client::new(from);
    let request = fields
        .iter()
        .fold(client.get("/p"), |it, (name, value)| it.header(name, value));
    request.send()
}

fn tcp(address: &str) -> Address {
    Address::Tcp(address.parse().expect("an address"))
}

/// What is seen of a request that a trusted proxy has sent.
#[track_caller]
fn check(fields: Fields, sent: &[(&str, &str)], expected: &str) {
    let reply = ask(trusting(fields), tcp("10.0.0.1:99"), sent);
    assert_eq!(reply.text(), expected, "{sent:?}");
}

#[track_caller]
fn check_for(chain: &str, expected: &str) {
    let expected = format!("{expected} http://h/p");
    check(ALL, &[("x-forwarded-for", chain)], &expected);
}

#[test]
fn the_client_is_the_first_from_the_right_that_is_not_trusted() {
    check_for("192.0.2.1", "192.0.2.1:0");
    check_for("6.6.6.6, 192.0.2.1", "192.0.2.1:0");
    check_for("6.6.6.6, 192.0.2.1:5, 10.9.9.9", "192.0.2.1:5");
    check_for("192.0.2.1, 2001:db8::1,, 10.0.0.2", "192.0.2.1:0");
    check_for("192.0.2.1, ::ffff:10.0.0.2", "192.0.2.1:0");
    check_for("2001:db8::9", "[2001:db8::9]:0");
    check_for("[2001:db8::9]:7", "[2001:db8::9]:7");
    // All of them are proxies: one of them asks for itself.
    check_for("10.0.0.3, 10.0.0.2", "10.0.0.3:0");
    check_for("", "10.0.0.1:99");
    let lines = [
        ("x-forwarded-for", "192.0.2.1"),
        ("x-forwarded-for", "10.0.0.2"),
    ];
    check(ALL, &lines, "192.0.2.1:0 http://h/p");
}

#[test]
fn a_client_that_is_not_named_has_no_address() {
    check_for("6.6.6.6, unknown", "-");
    check_for("6.6.6.6, _hidden:_5, 10.0.0.2", "-");
    check_for("unix:", "-");
}

#[test]
fn what_a_client_wrote_is_not_even_read() {
    check_for("<script>, \"x, 192.0.2.1", "192.0.2.1:0");
}

#[test]
fn peers_that_are_not_trusted_are_not_believed() {
    let sent = [
        ("forwarded", "for=192.0.2.1;proto=https"),
        ("x-forwarded-for", "192.0.2.1"),
        ("x-forwarded-for", "what?"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-client-cert", "CN=root"),
        ("x-real-ip", "192.0.2.1"),
        ("x-other", "1"),
    ];
    let reply = ask(trusting(ALL), tcp("192.0.2.9:5"), &sent);
    assert_eq!(reply.text(), "192.0.2.9:5 http://h/p x-other");
    let reply = ask(trusting(ALL), Address::Unix(None), &sent);
    assert_eq!(reply.text(), "unix: http://h/p x-other");
    let reply = ask(
        trusting(ALL).trusting_unix(),
        Address::Unix(None),
        &sent[..2],
    );
    assert_eq!(reply.text(), "192.0.2.1:0 http://h/p");
    let reply = ask(trusting(ALL), tcp("[::ffff:10.0.0.1]:5"), &sent[1..2]);
    assert_eq!(reply.text(), "192.0.2.1:0 http://h/p");
}

#[test]
fn scheme_host_and_prefix_are_taken_over() {
    let sent = [
        ("x-forwarded-for", "192.0.2.1"),
        ("x-forwarded-proto", "HTTPS"),
        ("x-forwarded-host", "shop.example:8443"),
        ("x-forwarded-prefix", "/shop/"),
        ("x-forwarded-port", "8443"),
    ];
    let shop = "192.0.2.1:0 https://shop.example:8443/shop/p below /shop x-forwarded-port";
    check(ALL, &sent, shop);
    let few = Fields::XForwarded {
        host: false,
        prefix: false,
    };
    check(few, &sent, "192.0.2.1:0 https://h/p x-forwarded-port");
    // The other family is not mixed in, and fools nobody.
    let other = [("forwarded", "for=192.0.2.2;host=evil")];
    check(ALL, &other, "10.0.0.1:99 http://h/p");
    check(Fields::Rfc7239, &sent[..4], "10.0.0.1:99 http://h/p");
}

#[test]
fn of_several_values_the_one_beside_the_client_counts() {
    let chain = ("x-forwarded-for", "6.6.6.6, 192.0.2.1, 10.0.0.2");
    let proto = |text| [chain, ("x-forwarded-proto", text)];
    check(ALL, &proto("http, https, http"), "192.0.2.1:0 https://h/p");
    check(ALL, &proto("https, http"), "192.0.2.1:0 https://h/p");
    check(ALL, &proto("wss"), "192.0.2.1:0 https://h/p");
    check(ALL, &proto("https, , ws, http"), "192.0.2.1:0 http://h/p");
}

#[test]
fn what_a_proxy_passed_on_unread_is_refused() {
    for (name, value) in [
        ("x-forwarded-for", "192.0.2.1, example.com"),
        ("x-forwarded-for", "192.0.2.1:"),
        ("x-forwarded-for", "192.0.2.1:99999"),
        ("x-forwarded-for", "[192.0.2.1]"),
        ("x-forwarded-proto", "gopher"),
        ("x-forwarded-host", "a b"),
        ("x-forwarded-host", "user@a"),
        ("x-forwarded-prefix", "shop"),
        ("x-forwarded-prefix", "//evil.example"),
        ("x-forwarded-prefix", "/a?b"),
    ] {
        let reply = ask(trusting(ALL), tcp("10.0.0.1:99"), &[(name, value)]);
        let expected = format!("400 Bad Request: {name} is malformed\n");
        assert_eq!((reply.status(), reply.text()), (400, expected), "{value}");
    }
}

#[track_caller]
fn check_forwarded(field: &str, expected: &str) {
    check(Fields::Rfc7239, &[("forwarded", field)], expected);
}

#[test]
fn the_field_of_rfc_7239_is_read() {
    check_forwarded("for=192.0.2.1", "192.0.2.1:0 http://h/p");
    check_forwarded(
        "For=\"[2001:db8:cafe::17]:4711\"",
        "[2001:db8:cafe::17]:4711 http://h/p",
    );
    let whole = "for=192.0.2.60; proto=https;by=203.0.113.43;HOST=\"a:8443\"";
    check_forwarded(whole, "192.0.2.60:0 https://a:8443/p");
    // The element in which the client is named counts, and none else.
    let chain = "for=6.6.6.6;host=evil, for=192.0.2.1;proto=https, for=10.0.0.2;proto=http;host=in";
    check_forwarded(chain, "192.0.2.1:0 https://h/p");
    check_forwarded("for=6.6.6.6, for=_hidden, for=10.0.0.2", "- http://h/p");
    check_forwarded("for=unknown;proto=https", "- https://h/p");
    check_forwarded("proto=https", "10.0.0.1:99 https://h/p");
    check_forwarded(
        ", for=192.0.2.1;;secret=\"a\\\"b,;\" ,",
        "192.0.2.1:0 http://h/p",
    );
}

#[test]
fn a_malformed_field_of_rfc_7239_is_refused() {
    for field in [
        // A client's quotation mark, and what proxies wrote behind it.
        "for=\", for=192.0.2.1",
        "for=1.1.1.1;by=\", for=\"[2001:db8::1]\"",
        "for=192.0.2.1;for=192.0.2.2",
        "for = 192.0.2.1",
        "for=192.0.2.1:80",
        "for=[2001:db8::1]",
        "for=2001:db8::1",
        "for=\"2001:db8::1\"",
        "for=",
        "for",
        "192.0.2.1",
        "for=192.0.2.1 proto=https",
        "for=192.0.2.1;proto=gopher",
        "for=192.0.2.1;host=\"a b\"",
        "for=example",
    ] {
        let reply = ask(
            trusting(Fields::Rfc7239),
            tcp("10.0.0.1:99"),
            &[("forwarded", field)],
        );
        assert_eq!(reply.status(), 400, "{field}");
    }
}

#[test]
fn what_is_no_network_is_said() {
    let error = |text: &str| Forwarded::new([text]).expect_err(text).to_string();
    assert_eq!(
        error("localhost"),
        "\"localhost\" is neither an address nor a network such as 10.0.0.0/8"
    );
    assert!(error("10.0.0.1/8").contains("bits behind its length"));
    for text in ["10.0.0.1", " ::1 ", "0.0.0.0/0", "2001:db8::/32"] {
        Forwarded::new([text]).expect(text);
    }
}

#[test]
fn it_is_send_where_what_it_wraps_is() {
    fn send<A: App<Body: Send> + Send + Sync>(_: A) {}
    send(app_fn(seen).with(trusting(ALL)));
}

/// A value as a token where it can be one, or else as a quoted string, some of it escaped.
fn written(value: &str, escapes: &[bool]) -> String {
    let quoted = |c: char, escaped: bool| match escaped || matches!(c, '"' | '\\') {
        true => format!("\\{c}"),
        false => c.to_string(),
    };
    let escapes = escapes.iter().chain(std::iter::repeat(&false));
    let text: String = value
        .chars()
        .zip(escapes)
        .map(|(c, e)| quoted(c, *e))
        .collect();
    format!("\"{text}\"")
}

proptest! {
    #[test]
    fn any_field_is_read_as_it_was_written(
        values in prop::collection::vec("[ -~]{0,12}", 1..6),
        escapes in prop::collection::vec(any::<bool>(), 0..12),
    ) {
        let element = |value: &String| {
            let value = written(value, &escapes);
            format!("by=x;For={value} ;proto=tok;HOST={value}")
        };
        let line = values.iter().map(element).collect::<Vec<_>>().join(" ,\t");
        let mut elements = Vec::new();
        prop_assert_eq!(Parser(line.as_bytes()).elements(&mut elements), Some(()));
        let expected = values.iter().map(|value| Element {
            client: Some(value.as_bytes().into()),
            proto: Some(b"tok".as_slice().into()),
            host: Some(value.as_bytes().into()),
        });
        prop_assert_eq!(elements, expected.collect::<Vec<_>>());
    }

    #[test]
    fn any_address_is_read_as_it_was_written(address: SocketAddr) {
        let written = address.to_string();
        // `Display` has a scope, and fields have none.
        prop_assume!(!written.contains('%'));
        let without_flow = SocketAddr::new(address.ip(), address.port());
        prop_assert_eq!(Node::parse(written.as_bytes()), Some(Node::Known(without_flow)));
        let bare = address.ip().to_string();
        let bare = Node::parse_loosely(bare.as_bytes());
        prop_assert_eq!(bare, Some(Node::Known(SocketAddr::new(address.ip(), 0))));
    }

    #[test]
    fn nothing_makes_it_panic(field in "[\"\\\\;,=a-z\\[\\]:0-9 \t]{0,40}") {
        let mut elements = Vec::new();
        let _ = Parser(field.as_bytes()).elements(&mut elements);
        let _ = Node::parse(field.as_bytes());
        let _ = Node::parse_loosely(field.as_bytes());
    }
}
