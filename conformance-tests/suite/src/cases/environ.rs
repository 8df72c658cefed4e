//! What an application is told of a request.

use std::io::Write as _;

use rgi_core::server::Address;
use rgi_core::{BodyExt, BoxBody, Environ, StartResponse, StatusCode};

use crate::Case;

/// Answers with a text.
pub(super) fn text(start_response: StartResponse, text: impl Into<rgi_core::Bytes>) -> BoxBody {
    start_response.start(StatusCode::OK).full(text).into()
}

/// Answers with a text of unknown length: one that depends on where the application stands.
pub(super) fn line(start_response: StartResponse, text: String) -> BoxBody {
    let started = start_response.start(StatusCode::OK);
    started.push(async |mut out| out.write(text).await).erased()
}

/// All values of a field, as the application sees them.
fn values(environ: &Environ, name: &str) -> String {
    let values = environ.headers().get_all(name).into_iter();
    let shown: Vec<String> = values
        .map(|value| format!("[{}]", value.as_bytes().escape_ascii()))
        .collect();
    shown.join(" ")
}

/// These variables of the CGI view, a word each; `-` for one that is not there.
fn vars(environ: &Environ, names: &[&str]) -> String {
    let vars = environ.vars();
    let shown = names.iter().map(|name| match vars.get(name) {
        Some(value) => format!("{name}={}", value.escape_ascii()),
        None => format!("{name}-"),
    });
    shown.collect::<Vec<_>>().join(" ")
}

/// Whether an end of the connection is told as what it is.
fn is_told(address: &Address) -> bool {
    match address {
        Address::Tcp(address) => address.port() != 0,
        Address::Unix(_) => true,
        Address::None => false,
    }
}

pub(super) const CASES: &[Case] = &[
    Case {
        name: "request_line_reaches_the_application",
        says: "method and version are what the client sent, whatever the method is",
        rules: &[20, 27],
        app: |environ, start_response| {
            let (method, version) = (environ.method(), environ.version());
            let seen = format!(
                "{method} {version:?} {}",
                vars(&environ, &["SERVER_PROTOCOL"])
            );
            text(start_response, seen)
        },
        client: |c| {
            c.get("/");
            c.ask("DELETE", "/").send();
            c.ask("PROPFIND", "/").send();
            c.ask("get", "/").send();
        },
        expect: r#"
            200
            content-length: 37
            "GET HTTP/1.1 SERVER_PROTOCOL=HTTP/1.1"
            200
            content-length: 40
            "DELETE HTTP/1.1 SERVER_PROTOCOL=HTTP/1.1"
            200
            content-length: 42
            "PROPFIND HTTP/1.1 SERVER_PROTOCOL=HTTP/1.1"
            200
            content-length: 37
            "get HTTP/1.1 SERVER_PROTOCOL=HTTP/1.1"
        "#,
        ..Case::APP
    },
    Case {
        name: "target_is_kept_as_sent",
        says: "target and query are the bytes that were sent; an empty query is not a missing one",
        rules: &[128, 129],
        app: |environ, start_response| {
            let seen = format!("{} {:?}", environ.target(), environ.query());
            line(start_response, seen)
        },
        client: |c| {
            c.get("/a%2Fb?c=%64&e?f");
            c.get("/?");
            c.get("/");
        },
        expect: r#"
            200
            "{root}/a%2Fb?c=%64&e?f Some(\"c=%64&e?f\")"
            200
            "{root}/? Some(\"\")"
            200
            "{root}/ None"
        "#,
        ..Case::APP
    },
    Case {
        name: "path_is_split_at_the_mount",
        says: "script name and path info are the prefix and what is behind it, together the path",
        rules: &[21, 22, 130, 131],
        app: |environ, start_response| {
            let (script_name, path_info) = (environ.script_name(), environ.path_info());
            let seen = format!("{script_name:?} {path_info:?}");
            line(start_response, seen)
        },
        client: |c| {
            c.get("/a/b");
            c.get("/");
        },
        expect: r#"
            200
            "\"{root}\" \"/a/b\""
            200
            "\"{root}\" \"/\""
        "#,
        ..Case::APP
    },
    Case {
        name: "outside_of_the_mount_is_404",
        says: "a request outside of the prefix is answered 404 by the server",
        rules: &[134],
        settings: Some(|config| config.script_name.push_str("/inside")),
        app: |_, start_response| text(start_response, "inside"),
        client: |c| {
            c.send("GET /elsewhere HTTP/1.1\r\nHost: a\r\n{case}\r\n");
            c.answer();
            c.send("GET {root}r/ HTTP/1.1\r\nHost: a\r\n{case}\r\n");
            c.answer();
            c.send("GET {root} HTTP/1.1\r\nHost: a\r\n{case}\r\n");
            c.answer();
        },
        expect: r#"
            404 by the server
            404 by the server
            200
            content-length: 6
            "inside"
        "#,
        ..Case::WIRE
    },
    Case {
        name: "path_is_not_normalised",
        says: "repeated slashes, dot segments and encoded slashes stay as they are",
        rules: &[133],
        app: |environ, start_response| text(start_response, environ.path_info().to_owned()),
        client: |c| {
            c.get("//a///b/");
            c.get("/a/../b/./c");
            c.get("/a%2fb%2F");
        },
        expect: r#"
            200
            content-length: 8
            "//a///b/"
            200
            content-length: 11
            "/a/../b/./c"
            200
            content-length: 9
            "/a%2fb%2F"
        "#,
        ..Case::APP
    },
    Case {
        name: "path_is_decoded_once",
        says: "the decoded view of a path undoes one level of percent-encoding",
        rules: &[132],
        app: |environ, start_response| {
            let decoded = environ.path_decoded().into_owned();
            text(start_response, decoded)
        },
        client: |c| {
            c.get("/a%2cb");
            c.get("/a%252cb");
            c.get("/%E3%81%82");
        },
        expect: r#"
            200
            content-length: 4
            "/a,b"
            200
            content-length: 6
            "/a%2cb"
            200
            content-length: 4
            "/\xe3\x81\x82"
        "#,
        ..Case::APP
    },
    Case {
        name: "url_is_put_together_again",
        says: "scheme, host, script name, path and query make the URL of the request",
        rules: &[37],
        app: |environ, start_response| {
            let url = environ.url();
            line(start_response, url)
        },
        client: |c| c.get("/a%20b?c=d"),
        expect: r#"
            200
            "http://test.invalid{root}/a%20b?c=d"
        "#,
        ..Case::APP
    },
    Case {
        name: "cgi_variables_are_told",
        says: "the CGI view has the variables of PEP 3333, with the values of the request",
        rules: &[26, 29, 33],
        app: |environ, start_response| {
            let vars = vars(
                &environ,
                &[
                    "REQUEST_METHOD",
                    "PATH_INFO",
                    "QUERY_STRING",
                    "CONTENT_TYPE",
                    "CONTENT_LENGTH",
                    "SERVER_NAME",
                    "HTTP_CONTENT_TYPE",
                ],
            );
            let port = environ.vars().get("SERVER_PORT");
            let has_port = port.is_some_and(|port| !port.is_empty());
            text(start_response, format!("{vars} port {has_port}"))
        },
        client: |c| {
            let ask = c.ask("POST", "/a%2cb?c");
            ask.field("Content-Type", "text/x").body("body").send();
            c.get("/");
        },
        expect: r#"
            200
            content-length: 140
            "REQUEST_METHOD=POST PATH_INFO=/a,b QUERY_STRING=c CONTENT_TYPE=text/x CONTENT_LENGTH=4 SERVER_NAME=test.invalid HTTP_CONTENT_TYPE- port true"
            200
            content-length: 128
            "REQUEST_METHOD=GET PATH_INFO=/ QUERY_STRING= CONTENT_TYPE- CONTENT_LENGTH- SERVER_NAME=test.invalid HTTP_CONTENT_TYPE- port true"
        "#,
        ..Case::APP
    },
    Case {
        name: "cgi_view_confuses_no_names",
        says: "a field whose name has an underscore is not taken for the one with a hyphen",
        rules: &[137],
        app: |environ, start_response| {
            let seen = vars(&environ, &["HTTP_X_USER", "HTTP_X_OTHER"]);
            text(start_response, seen)
        },
        client: |c| {
            let ask = c.ask("GET", "/").field("X_User", "forged");
            ask.field("X-Other", "true").send();
            c.ask("GET", "/").field("X-User", "real").send();
        },
        expect: r#"
            200
            content-length: 30
            "HTTP_X_USER- HTTP_X_OTHER=true"
            200
            content-length: 30
            "HTTP_X_USER=real HTTP_X_OTHER-"
        "#,
        ..Case::APP
    },
    Case {
        name: "deployers_values_are_told",
        says: "the deployer's names and values stand in the environ, behind what the request says",
        rules: &[110],
        settings: Some(|config| {
            config.vars.push(("greeting".into(), "hello".into()));
            config.vars.push(("HTTP_X_A".into(), "deployer".into()));
        }),
        app: |environ, start_response| {
            let own = environ.var("greeting").unwrap_or("none").to_owned();
            let seen = format!("{own} {}", vars(&environ, &["greeting", "HTTP_X_A"]));
            text(start_response, seen)
        },
        client: |c| c.get("/"),
        expect: r#"
            200
            content-length: 30
            "hello greeting=hello HTTP_X_A-"
        "#,
        ..Case::APP
    },
    Case {
        name: "request_fields_reach_the_application",
        says: "a field is there if it was sent, with its value as it is, without the white space around",
        rules: &[28, 136],
        app: |environ, start_response| {
            let seen = ["x-a", "x-empty", "x-none", "authorization", "cookie"]
                .map(|name| values(&environ, name));
            let var = vars(&environ, &["HTTP_X_A", "HTTP_X_NONE"]);
            text(start_response, format!("{} {var}", seen.join("; ")))
        },
        client: |c| {
            c.send(
                "GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}X-A: \t a  b \t\r\nX-Empty:\r\n\
                 Authorization: Basic dTpw\r\nCookie: c=d; e=f\r\n\r\n",
            );
            c.answer();
        },
        expect: r#"
            200
            content-length: 65
            "[a  b]; []; ; [Basic dTpw]; [c=d; e=f] HTTP_X_A=a  b HTTP_X_NONE-"
        "#,
        ..Case::WIRE
    },
    Case {
        name: "field_bytes_are_kept",
        says: "the bytes of a value, those above ASCII among them, arrive as they were sent",
        rules: &[136],
        app: |environ, start_response| {
            let value = environ.header("x-a").unwrap_or_default().to_vec();
            text(start_response, value)
        },
        client: |c| {
            c.send("GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}X-A: ");
            c.send_bytes(&[b'v'; 40]);
            c.send_bytes(b"\xe9\xff\r\n\r\n");
            c.answer();
        },
        expect: r#"
            200
            content-length: 42
            "vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv\xe9\xff"
        "#,
        ..Case::WIRE
    },
    Case {
        name: "repeated_request_fields_stay_apart",
        says: "fields of one name are all there, in order, with their values unchanged",
        rules: &[135],
        app: |environ, start_response| {
            let seen = format!(
                "{} {}",
                values(&environ, "x-twice"),
                vars(&environ, &["HTTP_X_TWICE"])
            );
            text(start_response, seen)
        },
        client: |c| {
            c.ask("GET", "/")
                .field("X-Twice", "a, b")
                .field("X-Other", "o")
                .field("x-twice", "c")
                .send();
        },
        expect: r#"
            200
            content-length: 31
            "[a, b] [c] HTTP_X_TWICE=a, b, c"
        "#,
        ..Case::APP
    },
    Case {
        name: "hop_by_hop_fields_stay_with_the_server",
        says: "fields of the connection, and those it names, are not shown to the application",
        rules: &[101, 102],
        app: |environ, start_response| {
            let names = environ.headers().keys().map(|name| name.as_str());
            let mut names: Vec<_> = names.filter(|name| !name.starts_with("x-rgi")).collect();
            names.sort_unstable();
            text(start_response, names.join(" "))
        },
        client: |c| {
            c.send(
                "GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}Connection: keep-alive, X-Named, Host\r\n\
                 Keep-Alive: timeout=5\r\nTE: trailers\r\nProxy-Connection: close\r\nX-Named: n\r\n\
                 X-Kept: k\r\n\r\n",
            );
            c.answer();
        },
        expect: r#"
            200
            content-length: 11
            "host x-kept"
        "#,
        ..Case::WIRE
    },
    Case {
        name: "scheme_and_addresses_are_told",
        says: "the scheme is http, both ends of the connection are known, and none of TLS's facts is",
        rules: &[37, 138, 139],
        app: |environ, start_response| {
            let ends = [environ.remote(), environ.local()].map(is_told);
            let tls = environ.connection().tls.is_some();
            let vars = vars(&environ, &["HTTPS", "SSL_PROTOCOL"]);
            text(
                start_response,
                format!("{} {ends:?} {tls} {vars}", environ.scheme()),
            )
        },
        client: |c| c.get("/"),
        expect: r#"
            200
            content-length: 44
            "http [true, true] false HTTPS- SSL_PROTOCOL-"
        "#,
        ..Case::APP
    },
    Case {
        name: "error_stream_takes_any_text",
        says: "the error stream takes lines, parts of lines and bytes that are no text, and is flushed",
        rules: &[39],
        app: |environ, start_response| {
            let mut errors = environ.errors();
            let written = errors
                .write_all(b"a line\nand \xff\xfe part")
                .and_then(|()| errors.write_all("\u{e9}\n".as_bytes()))
                .and_then(|()| errors.flush());
            text(start_response, format!("{:?}", written.is_ok()))
        },
        client: |c| c.get("/"),
        expect: r#"
            200
            content-length: 4
            "true"
        "#,
        ..Case::APP
    },
    Case {
        name: "requests_see_nothing_of_each_other",
        says: "nothing of a request is left in the environ of the next on its connection",
        rules: &[141],
        app: |mut environ, start_response| {
            let mark = environ.extensions().get::<u8>().copied();
            let seen = format!("{:?} {} {mark:?}", environ.query(), values(&environ, "x-a"));
            environ.extensions_mut().insert(7u8);
            environ
                .headers_mut()
                .insert("x-a", rgi_core::HeaderValue::from_static("changed"));
            text(start_response, seen)
        },
        client: |c| {
            c.ask("GET", "/?first").field("X-A", "a").send();
            c.get("/");
        },
        expect: r#"
            200
            content-length: 22
            "Some(\"first\") [a] None"
            200
            content-length: 10
            "None  None"
        "#,
        ..Case::APP
    },
    Case {
        name: "application_is_called_again_and_again",
        says: "an application answers one request after the other",
        rules: &[4],
        app: |environ, start_response| text(start_response, environ.path_info().to_owned()),
        client: |c| {
            for _ in 0..4 {
                c.get("/again");
            }
        },
        expect: r#"
            200
            content-length: 6
            "/again"
            200
            content-length: 6
            "/again"
            200
            content-length: 6
            "/again"
            200
            content-length: 6
            "/again"
        "#,
        ..Case::APP
    },
];
