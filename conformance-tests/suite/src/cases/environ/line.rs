//! What the request line says.

use crate::Case;
use crate::cases::environ::{line, text, vars};

pub(in crate::cases) const CASES: &[Case] = &[
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
        name: "method_may_be_any_token",
        says: "a method that nobody knows, with any letters and signs a token may have, is passed on",
        rules: &[20],
        app: |environ, start_response| text(start_response, environ.method().to_string()),
        client: |c| {
            c.ask("M-SEARCH", "/").send();
            c.ask("!#$%&'*+-.^_`|~9", "/").send();
            c.ask("delete", "/").send();
        },
        expect: r#"
            200
            content-length: 8
            "M-SEARCH"
            200
            content-length: 16
            "!#$%&\'*+-.^_`|~9"
            200
            content-length: 6
            "delete"
        "#,
        ..Case::APP
    },
    Case {
        name: "http_1_0_is_told_as_such",
        says: "the version is the client's, and not the highest that the server speaks",
        rules: &[27],
        app: |environ, start_response| {
            let version = environ.version();
            let seen = format!("{version:?} {}", vars(&environ, &["SERVER_PROTOCOL"]));
            text(start_response, seen)
        },
        client: |c| {
            c.send("GET {root}/ HTTP/1.0\r\n{case}\r\n");
            c.answer();
        },
        expect: r#"
            200
            connection: close
            content-length: 33
            "HTTP/1.0 SERVER_PROTOCOL=HTTP/1.0"
        "#,
        ..Case::WIRE
    },
    Case {
        name: "query_begins_at_the_first_question_mark",
        says: "slashes and question marks of a query are its own, and an encoded one stays in the path",
        rules: &[129],
        app: |environ, start_response| {
            let seen = format!("{} {:?}", environ.path_info(), environ.query());
            text(start_response, seen)
        },
        client: |c| {
            c.get("/a?b?/c//../d");
            c.get("/a%3Fb");
        },
        expect: r#"
            200
            content-length: 21
            "/a Some(\"b?/c//../d\")"
            200
            content-length: 11
            "/a%3Fb None"
        "#,
        ..Case::APP
    },
    Case {
        name: "no_byte_of_a_target_is_written_anew",
        says: "signs that may stand in a target and signs that are encoded for no need stay what they are",
        rules: &[128],
        app: |environ, start_response| line(start_response, environ.target().to_owned()),
        client: |c| {
            c.get("/;a=b,c:@!$&()*+~_-.%7e%7E%41");
            c.get("/?|^{}[]`;+%2b");
        },
        expect: r#"
            200
            "{root}/;a=b,c:@!$&()*+~_-.%7e%7E%41"
            200
            "{root}/?|^{}[]`;+%2b"
        "#,
        ..Case::APP
    },
    Case {
        name: "absolute_target_is_kept_whole",
        says: "an absolute target is told as it was sent; path and query are those within it",
        rules: &[128, 129],
        app: |environ, start_response| {
            let path = environ.path_info().to_owned();
            let seen = format!("{} {path} {:?}", environ.target(), environ.query());
            line(start_response, seen)
        },
        client: |c| {
            c.send("GET http://b:81{root}/x//y?c HTTP/1.1\r\nHost: b:81\r\n{case}\r\n");
            c.answer();
        },
        expect: r#"
            200
            "http://b:81{root}/x//y?c /x//y Some(\"c\")"
        "#,
        ..Case::WIRE
    },
    Case {
        name: "asterisk_of_options_reaches_the_application",
        says: "OPTIONS of the server as a whole is a request like others, with no path",
        rules: &[236],
        settings: Some(|config| config.script_name.clear()),
        app: |environ, start_response| {
            let (target, path_info) = (environ.target(), environ.path_info());
            let seen = format!("{} {target} {path_info:?}", environ.method());
            text(start_response, seen)
        },
        client: |c| {
            c.send("OPTIONS * HTTP/1.1\r\nHost: a\r\n{case}\r\n");
            c.answer();
        },
        expect: r#"
            200
            content-length: 12
            "OPTIONS * \"\""
        "#,
        ..Case::WIRE
    },
    Case {
        name: "url_has_the_port_of_host",
        says: "the URL has the host and the port that the client named, an address of IPv6 among them",
        rules: &[37],
        app: |environ, start_response| line(start_response, environ.url()),
        client: |c| {
            c.send("GET {root}/?a HTTP/1.1\r\nHost: b.example:8080\r\n{case}\r\n");
            c.answer();
            c.send("GET {root}/ HTTP/1.1\r\nHost: [::1]:81\r\n{case}\r\n");
            c.answer();
        },
        expect: r#"
            200
            "http://b.example:8080{root}/?a"
            200
            "http://[::1]:81{root}/"
        "#,
        ..Case::WIRE
    },
];
