//! What proxies say of clients.

use rgi_conformance::Case;
use rgi_core::{
    Address, AppExt, BoxBody, Connection, Environ, Full, StartResponse, StatusCode, app_fn,
};
use rgi_middleware::Forwarded;
use rgi_middleware::forwarded::Fields;

pub(super) const CASES: &[Case] = &[
    Case {
        name: "forwarded_of_a_trusted_proxy_is_believed",
        says: "the client is the first from the right that is no proxy; scheme, host and prefix are its",
        app: |environ, start_response| from([10, 0, 0, 1], ALL, environ, start_response),
        client: |c| {
            c.ask("GET", "/a")
                .field("x-forwarded-for", "6.6.6.6, 192.0.2.7")
                .field("x-forwarded-for", "10.0.0.2")
                .field("x-forwarded-proto", "https")
                .field("x-forwarded-host", "shop.example")
                .field("x-forwarded-prefix", "/shop")
                .send();
        },
        expect: r#"
            200
            content-length: 38
            "192.0.2.7:0 https shop.example /shop/a"
        "#,
        ..Case::APP
    },
    Case {
        name: "forwarded_of_rfc_7239_is_believed",
        says: "the element in which the client is named counts, IPv6 stands in brackets",
        app: |environ, start_response| {
            from([10, 0, 0, 1], Fields::Rfc7239, environ, start_response)
        },
        client: |c| {
            let chain = r#"for="[2001:db8::7]:47";proto=https;host=shop.example, for=10.0.0.2"#;
            c.ask("GET", "/a").field("forwarded", chain).send();
        },
        expect: r#"
            200
            content-length: 38
            "[2001:db8::7]:47 https shop.example /a"
        "#,
        ..Case::APP
    },
    Case {
        name: "forwarded_of_a_stranger_is_taken_off",
        says: "who is no trusted proxy is the client, and its fields reach nobody",
        app: |environ, start_response| from([192, 0, 2, 9], ALL, environ, start_response),
        client: |c| {
            c.ask("GET", "/a")
                .field("x-forwarded-for", "192.0.2.7")
                .field("x-forwarded-proto", "https")
                .field("x-forwarded-host", "shop.example")
                .field("x-forwarded-prefix", "/shop")
                .field("forwarded", "for=192.0.2.7")
                .send();
        },
        expect: r#"
            200
            content-length: 21
            "192.0.2.9:5 http - /a"
        "#,
        ..Case::APP
    },
    Case {
        name: "forwarded_that_is_malformed_is_refused",
        says: "what a trusted proxy passed on unread is answered 400",
        app: |environ, start_response| from([10, 0, 0, 1], ALL, environ, start_response),
        client: |c| {
            for name in ["x-forwarded-for", "x-forwarded-proto"] {
                c.ask("GET", "/").field(name, "example").send();
            }
        },
        expect: r#"
            400
            content-length: 46
            content-type: text/plain; charset=utf-8
            "400 Bad Request: x-forwarded-for is malformed\n"
            400
            content-length: 48
            content-type: text/plain; charset=utf-8
            "400 Bad Request: x-forwarded-proto is malformed\n"
        "#,
        ..Case::APP
    },
];

const ALL: Fields = Fields::XForwarded {
    host: true,
    prefix: true,
};

/// Answers as if a peer had this address, trusting those of 10/8.
fn from(
    peer: [u8; 4],
    fields: Fields,
    mut environ: Environ,
    start_response: StartResponse,
) -> BoxBody {
    environ.set_connection(Connection {
        peer: Address::Tcp((peer, 5).into()),
        ..Connection::default()
    });
    let proxies = Forwarded::new(["10.0.0.0/8"]).expect("a network");
    let seen = app_fn(seen).with(proxies.fields(fields));
    super::call(seen, environ, start_response)
}

/// What of the client and the URL is the same on every server.
fn seen(environ: Environ, start_response: StartResponse) -> Full {
    let host = environ
        .header("host")
        .filter(|host| *host == b"shop.example");
    let shop = environ.script_name().starts_with("/shop");
    let left = |name: &str| environ.header(name).is_some();
    assert!(!left("forwarded") && !left("x-forwarded-for") && !left("x-forwarded-host"));
    let text = format!(
        "{} {} {} {}{}",
        environ.remote(),
        environ.scheme(),
        host.map_or("-", |_| "shop.example"),
        if shop { "/shop" } else { "" },
        environ.path_info(),
    );
    start_response.start(StatusCode::OK).full(text)
}
