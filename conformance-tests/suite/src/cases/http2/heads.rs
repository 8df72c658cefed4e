//! Heads of requests: pseudo-fields, names, values, what HTTP/2 has not (RFC 9113 8).

use super::hello;
use crate::cases::environ::text;
use crate::client::CASE;
use crate::http2::Frame;
use crate::{Case, Client};

const WHOLE: u8 = Frame::END_HEADERS | Frame::END_STREAM;

const METHOD: (&str, &str) = (":method", "GET");
const SCHEME: (&str, &str) = (":scheme", "http");
const HOST: (&str, &str) = (":authority", "a");
const PATH: (&str, &str) = (":path", "{root}/");

/// Each on a connection of its own: refused, and no application sees it.
fn refused(c: &mut Client<'_>, heads: &[&[(&str, &str)]]) {
    for head in heads {
        c.http2();
        c.headers(1, WHOLE, head);
        c.stream(1);
        c.connect();
    }
}

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "authority_stands_as_host",
        says: "the environ has Host from :authority, no pseudo-field, and the path as sent",
        rules: &[268, 269],
        app: |environ, start_response| {
            let fields = environ.headers().iter();
            let fields = fields.map(|(name, value)| {
                format!("{name}={}", String::from_utf8_lossy(value.as_bytes()))
            });
            let fields: Vec<_> = fields
                .filter(|field| !field.starts_with("x-rgi-"))
                .collect();
            let said = format!(
                "{} {} {} {}",
                environ.method(),
                environ.path_info(),
                environ.query().unwrap_or("-"),
                fields.join("; ")
            );
            text(start_response, said)
        },
        client: |c| {
            c.http2();
            let fields = [
                ("x-a", "1"),
                ("cookie", "a=1"),
                ("cookie", "b=2"),
                ("x-a", "2"),
            ];
            c.request(1, "GET", "/a%2fb?q", &fields);
            c.stream(1);
            c.headers(3, WHOLE, &[METHOD, SCHEME, PATH, CASE, ("host", "b:8")]);
            c.stream(3);
        },
        expect: r#"
            200
            content-length: 68
            "GET /a%2fb q x-a=1; x-a=2; cookie=a=1; cookie=b=2; host=test.invalid"
            200
            content-length: 16
            "GET / - host=b:8"
        "#,
        ..Case::HTTP2
    },
    Case {
        name: "authority_and_host_agree",
        says: "neither, two that differ, one with a user: 400 or a reset",
        rules: &[268, 282],
        app: hello,
        client: |c| {
            refused(
                c,
                &[
                    &[METHOD, SCHEME, PATH, CASE],
                    &[METHOD, SCHEME, HOST, PATH, CASE, ("host", "b")],
                    &[METHOD, SCHEME, (":authority", "me@a"), PATH, CASE],
                    &[METHOD, SCHEME, PATH, CASE, ("host", "a"), ("host", "b")],
                ],
            );
        },
        expect: "
            400|reset:PROTOCOL_ERROR by the server
            400|reset:PROTOCOL_ERROR by the server
            400|reset:PROTOCOL_ERROR by the server
            400|reset:PROTOCOL_ERROR by the server
        ",
        ..Case::HTTP2
    },
    Case {
        name: "pseudo_fields_are_all_there",
        says: "a request without :method, :scheme or :path is malformed",
        rules: &[282],
        app: hello,
        client: |c| {
            refused(
                c,
                &[
                    &[SCHEME, HOST, PATH, CASE],
                    &[METHOD, HOST, PATH, CASE],
                    &[METHOD, SCHEME, HOST, CASE],
                    &[METHOD, SCHEME, HOST, (":path", ""), CASE],
                    &[METHOD, SCHEME, HOST, (":path", "no-slash"), CASE],
                ],
            );
        },
        expect: "
            400|reset:PROTOCOL_ERROR by the server
            400|reset:PROTOCOL_ERROR by the server
            400|reset:PROTOCOL_ERROR by the server
            400|reset:PROTOCOL_ERROR by the server
            400|reset:PROTOCOL_ERROR by the server
        ",
        ..Case::HTTP2
    },
    Case {
        name: "pseudo_fields_come_once",
        says: "a request with two of a pseudo-field is malformed",
        rules: &[282],
        app: hello,
        client: |c| {
            refused(
                c,
                &[
                    &[METHOD, METHOD, SCHEME, HOST, PATH, CASE],
                    &[METHOD, SCHEME, SCHEME, HOST, PATH, CASE],
                    &[METHOD, SCHEME, HOST, HOST, PATH, CASE],
                    &[METHOD, SCHEME, HOST, PATH, PATH, CASE],
                ],
            );
        },
        expect: "
            400|reset:PROTOCOL_ERROR|goaway:PROTOCOL_ERROR by the server
            400|reset:PROTOCOL_ERROR|goaway:PROTOCOL_ERROR by the server
            400|reset:PROTOCOL_ERROR|goaway:PROTOCOL_ERROR by the server
            400|reset:PROTOCOL_ERROR|goaway:PROTOCOL_ERROR by the server
        ",
        ..Case::HTTP2
    },
    Case {
        name: "pseudo_fields_come_first",
        says: "a pseudo-field behind an ordinary one is malformed",
        rules: &[282],
        app: hello,
        client: |c| {
            refused(
                c,
                &[
                    &[METHOD, SCHEME, HOST, ("x-a", "1"), PATH, CASE],
                    &[("x-a", "1"), METHOD, SCHEME, HOST, PATH, CASE],
                ],
            );
        },
        expect: "
            400|reset:PROTOCOL_ERROR|goaway:PROTOCOL_ERROR by the server
            400|reset:PROTOCOL_ERROR|goaway:PROTOCOL_ERROR by the server
        ",
        ..Case::HTTP2
    },
    Case {
        name: "pseudo_fields_are_those_of_requests",
        says: "an unknown pseudo-field, and that of answers, are malformed",
        rules: &[282],
        app: hello,
        client: |c| {
            refused(
                c,
                &[
                    &[METHOD, SCHEME, HOST, PATH, (":unknown", "1"), CASE],
                    &[METHOD, SCHEME, HOST, PATH, (":status", "200"), CASE],
                ],
            );
        },
        expect: "
            400|reset:PROTOCOL_ERROR|goaway:PROTOCOL_ERROR by the server
            400|reset:PROTOCOL_ERROR|goaway:PROTOCOL_ERROR by the server
        ",
        ..Case::HTTP2
    },
    Case {
        name: "field_names_are_in_lower_case",
        says: "a name in upper case, an empty one, one with a space, are malformed",
        rules: &[282],
        app: hello,
        client: |c| {
            refused(
                c,
                &[
                    &[METHOD, SCHEME, HOST, PATH, CASE, ("X-Upper", "1")],
                    &[METHOD, SCHEME, HOST, PATH, CASE, ("", "1")],
                    &[METHOD, SCHEME, HOST, PATH, CASE, ("x a", "1")],
                ],
            );
        },
        expect: "
            400|reset:PROTOCOL_ERROR|goaway:PROTOCOL_ERROR by the server
            400|reset:PROTOCOL_ERROR|goaway:PROTOCOL_ERROR by the server
            400|reset:PROTOCOL_ERROR|goaway:PROTOCOL_ERROR by the server
        ",
        ..Case::HTTP2
    },
    Case {
        name: "field_values_hold_no_line_ends",
        says: "CR, LF and NUL in a value are malformed: nothing of them gets to where lines are",
        rules: &[282],
        app: hello,
        client: |c| {
            refused(
                c,
                &[
                    &[METHOD, SCHEME, HOST, PATH, CASE, ("x-a", "1\r\nx-b: 2")],
                    &[METHOD, SCHEME, HOST, PATH, CASE, ("x-a", "1\n2")],
                    &[METHOD, SCHEME, HOST, PATH, CASE, ("x-a", "1\r2")],
                    &[METHOD, SCHEME, HOST, PATH, CASE, ("x-a", "1\u{0}2")],
                    &[
                        METHOD,
                        SCHEME,
                        HOST,
                        (":path", "{root}/ HTTP/1.1\r\n"),
                        CASE,
                    ],
                    &[(":method", "GET / HTTP/1.1"), SCHEME, HOST, PATH, CASE],
                ],
            );
        },
        expect: "
            400|reset:PROTOCOL_ERROR|goaway:PROTOCOL_ERROR by the server
            400|reset:PROTOCOL_ERROR|goaway:PROTOCOL_ERROR by the server
            400|reset:PROTOCOL_ERROR|goaway:PROTOCOL_ERROR by the server
            400|reset:PROTOCOL_ERROR|goaway:PROTOCOL_ERROR by the server
            400|reset:PROTOCOL_ERROR|goaway:PROTOCOL_ERROR by the server
            400|reset:PROTOCOL_ERROR|goaway:PROTOCOL_ERROR by the server
        ",
        ..Case::HTTP2
    },
    Case {
        name: "fields_of_the_connection_are_malformed",
        says: "Connection, Keep-Alive, Proxy-Connection, Transfer-Encoding, Upgrade, and TE of more \
               than trailers",
        rules: &[282],
        app: hello,
        client: |c| {
            let usual = [METHOD, SCHEME, HOST, PATH, CASE];
            for field in [
                ("connection", "close"),
                ("keep-alive", "1"),
                ("proxy-connection", "close"),
                ("transfer-encoding", "chunked"),
                ("upgrade", "h2c"),
                ("te", "gzip"),
            ] {
                refused(c, &[&[&usual[..], &[field]].concat()]);
            }
        },
        expect: "
            400|reset:PROTOCOL_ERROR by the server
            400|reset:PROTOCOL_ERROR by the server
            400|reset:PROTOCOL_ERROR by the server
            400|reset:PROTOCOL_ERROR by the server
            400|reset:PROTOCOL_ERROR by the server
            400|reset:PROTOCOL_ERROR by the server
        ",
        ..Case::HTTP2
    },
    Case {
        name: "malformed_request_ends_no_other",
        says: "behind a stream that was refused for its head, the next is served",
        rules: &[270, 282],
        app: hello,
        client: |c| {
            c.http2();
            c.request(1, "GET", "/", &[("connection", "close")]);
            c.request(3, "GET", "/", &[]);
            c.stream(1);
            c.stream(3);
        },
        expect: r#"
            400|reset:PROTOCOL_ERROR by the server
            200
            content-length: 5
            "hello"
        "#,
        ..Case::HTTP2
    },
    Case {
        name: "te_of_trailers_is_the_connections",
        says: "TE: trailers is allowed, and no application sees it",
        rules: &[269],
        app: |environ, start_response| {
            let has = environ.header("te").is_some();
            text(start_response, format!("TE: {has}"))
        },
        client: |c| {
            c.http2();
            c.request(1, "GET", "/", &[("te", "trailers")]);
            c.stream(1);
        },
        expect: r#"
            200
            content-length: 9
            "TE: false"
        "#,
        ..Case::HTTP2
    },
    Case {
        name: "heads_beyond_the_limits_are_refused_alone",
        says: "too long a target is 414, too many fields and too large a head 431; the stream alone \
               is over",
        rules: &[270, 284],
        settings: Some(|config| {
            config.limits.head = 6000;
            config.limits.headers = 20;
            config.limits.target = 200;
        }),
        app: hello,
        client: |c| {
            c.http2();
            c.request(1, "GET", &format!("/{}", "t".repeat(300)), &[]);
            c.stream(1);
            c.request(3, "GET", "/", &[("x-a", "1"); 25]);
            c.stream(3);
            c.request(5, "GET", "/", &[("x-a", &"v".repeat(7000))]);
            c.stream(5);
            c.request(7, "GET", "/", &[]);
            c.stream(7);
        },
        expect: r#"
            414 by the server
            431 by the server
            431 by the server
            200
            content-length: 5
            "hello"
        "#,
        ..Case::HTTP2
    },
    Case {
        name: "connect_without_a_tunnel_is_refused",
        says: "CONNECT has :method and :authority alone; nobody is offered a tunnel, and with a path \
               it is malformed",
        rules: &[264, 282],
        app: |mut environ, start_response| {
            let offered = environ.take_offer().is_some();
            let refused = start_response.start(rgi_core::StatusCode::METHOD_NOT_ALLOWED);
            refused.full(format!("offered: {offered}")).into()
        },
        client: |c| {
            refused(c, &[&[(":method", "CONNECT"), SCHEME, HOST, PATH, CASE]]);
        },
        expect: "
            400|reset:PROTOCOL_ERROR|501 by the server
        ",
        ..Case::HTTP2
    },
    Case {
        name: "outside_of_the_mount_is_404_on_each_version",
        says: "a path that does not begin with the prefix is answered by the server",
        rules: &[269],
        settings: Some(|config| config.script_name = "/mounted".into()),
        app: |environ, start_response| text(start_response, environ.path_info().to_owned()),
        client: |c| {
            c.http2();
            c.headers(
                1,
                WHOLE,
                &[METHOD, SCHEME, HOST, (":path", "/elsewhere"), CASE],
            );
            c.stream(1);
            c.request(3, "GET", "/here", &[]);
            c.stream(3);
        },
        expect: r#"
            404 by the server
            200
            content-length: 5
            "/here"
        "#,
        ..Case::HTTP2
    },
];
