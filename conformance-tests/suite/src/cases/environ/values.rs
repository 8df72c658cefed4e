//! The CGI view, the connection, and what each request has for itself.

use std::io::Write as _;

use rgi_core::BoxBody;

use crate::cases::AT_ONCE;
use crate::cases::environ::{is_told, line, text, values, vars};
use crate::{Case, Notes};

pub(in crate::cases) const CASES: &[Case] = &[
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
        name: "scheme_and_addresses_are_told",
        says: "the scheme is http, and both ends of the connection are known",
        rules: &[37, 138, 139],
        app: |environ, start_response| {
            let ends = [environ.remote(), environ.local()].map(is_told);
            text(start_response, format!("{} {ends:?}", environ.scheme()))
        },
        client: |c| c.get("/"),
        expect: r#"
            200
            content-length: 17
            "http [true, true]"
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
    Case {
        name: "plain_connection_has_no_facts_of_tls",
        says: "without TLS neither the connection nor the CGI view says anything of it",
        rules: &[30, 140],
        app: |environ, start_response| {
            let tls = environ.connection().tls.is_some();
            let vars = vars(&environ, &["HTTPS", "SSL_PROTOCOL", "SSL_TLS_SNI"]);
            text(start_response, format!("{tls} {vars}"))
        },
        client: |c| c.get("/"),
        expect: r#"
            200
            content-length: 39
            "false HTTPS- SSL_PROTOCOL- SSL_TLS_SNI-"
        "#,
        ..Case::APP
    },
    Case {
        name: "server_has_the_name_it_was_called_by",
        says: "the name of the server is that of Host, without its port, and there without a Host as well",
        rules: &[26],
        app: |environ, start_response| {
            let vars = environ.vars();
            let has = |name| vars.get(name).is_some_and(|value| !value.is_empty());
            let has = ["SERVER_NAME", "SERVER_PORT", "HTTP_HOST"].map(has);
            let name = match has {
                [_, _, true] => self::vars(&environ, &["SERVER_NAME"]),
                _ => "a name of its own".to_owned(),
            };
            text(start_response, format!("{name} {has:?}"))
        },
        client: |c| {
            c.send("GET {root}/ HTTP/1.1\r\nHost: b.example:8080\r\n{case}\r\n");
            c.answer();
            c.send("GET {root}/ HTTP/1.1\r\nHost: [::1]:81\r\n{case}\r\n");
            c.answer();
            c.send("GET {root}/ HTTP/1.0\r\n{case}\r\n");
            c.answer();
        },
        expect: r#"
            200
            content-length: 40
            "SERVER_NAME=b.example [true, true, true]"
            200
            content-length: 36
            "SERVER_NAME=[::1] [true, true, true]"
            200
            connection: close
            content-length: 37
            "a name of its own [true, true, false]"
        "#,
        ..Case::WIRE
    },
    Case {
        name: "cgi_view_of_the_path_is_decoded",
        says: "script name and path info of the CGI view are decoded, the request's URI is not",
        rules: &[29, 132],
        app: |environ, start_response| {
            let vars = environ.vars();
            let get =
                |name| String::from_utf8_lossy(&vars.get(name).unwrap_or_default()).into_owned();
            let script_name = environ.script_name().replace("%20", " ");
            let seen = format!(
                "{} {} {}",
                get("SCRIPT_NAME") == script_name,
                get("PATH_INFO"),
                get("REQUEST_URI")
            );
            line(start_response, seen)
        },
        client: |c| c.get("/a%20b%252c?%20"),
        expect: r#"
            200
            "true /a b%2c {root}/a%20b%252c?%20"
        "#,
        ..Case::APP
    },
    Case {
        name: "each_variable_is_listed_once",
        says: "the list of the CGI view and its look-up agree, and no name stands in it twice",
        rules: &[29, 137],
        settings: Some(|config| {
            config.vars.push(("QUERY_STRING".into(), "deployer".into()));
            config.vars.push(("HTTP_X_A".into(), "deployer".into()));
            config.vars.push(("OWN".into(), "deployer".into()));
        }),
        app: |environ, start_response| {
            let vars = environ.vars();
            let mut names: Vec<_> = vars.iter().map(|(name, _)| name).collect();
            let agree = vars
                .iter()
                .all(|(name, value)| vars.get(&name) == Some(value));
            let all = names.len();
            names.sort_unstable();
            names.dedup();
            let own = vars
                .iter()
                .filter(|(_, value)| **value == b"deployer"[..])
                .count();
            text(
                start_response,
                format!("{agree} {} {own}", names.len() == all),
            )
        },
        client: |c| {
            let ask = c.ask("GET", "/?a").field("X-A", "a").field("X_A", "b");
            ask.field("X-A", "c").send();
        },
        expect: r#"
            200
            content-length: 11
            "true true 1"
        "#,
        ..Case::APP
    },
    Case {
        name: "deployers_values_hide_nothing_of_the_request",
        says: "a deployer's value of a name that the request has is not told in its place",
        rules: &[110, 137],
        settings: Some(|config| {
            config
                .vars
                .push(("REQUEST_METHOD".into(), "deployer".into()));
            config.vars.push(("HTTP_X_A".into(), "deployer".into()));
            config.vars.push(("CONTENT_TYPE".into(), "deployer".into()));
        }),
        app: |environ, start_response| {
            let seen = vars(&environ, &["REQUEST_METHOD", "HTTP_X_A", "CONTENT_TYPE"]);
            text(start_response, seen)
        },
        client: |c| {
            let ask = c.ask("DELETE", "/").field("X-A", "a");
            ask.field("Content-Type", "text/x").send();
        },
        expect: r#"
            200
            content-length: 52
            "REQUEST_METHOD=DELETE HTTP_X_A=a CONTENT_TYPE=text/x"
        "#,
        ..Case::APP
    },
    Case {
        name: "pipelined_requests_see_nothing_of_each_other",
        says: "a short request behind a long one, read in one go, has nothing of the long one's",
        rules: &[141],
        app: |environ, start_response| {
            let seen = format!(
                "{} {} {:?} {} {}",
                environ.method(),
                environ.path_info(),
                environ.query(),
                values(&environ, "x-a"),
                values(&environ, "content-type"),
            );
            text(start_response, seen)
        },
        client: |c| {
            c.send(
                "POST {root}/a/long/path?with=a&query HTTP/1.1\r\nHost: a\r\n{case}X-A: a\r\n\
                 X-A: b\r\nContent-Type: text/x\r\nContent-Length: 6\r\n\r\nX-A: c\
                 GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}\r\n\
                 GET {root}/b HTTP/1.0\r\n{case}X-A: d\r\n\r\n",
            );
            c.answer();
            c.answer();
            c.answer();
        },
        expect: r#"
            200
            content-length: 55
            "POST /a/long/path Some(\"with=a&query\") [a] [b] [text/x]"
            200
            content-length: 12
            "GET / None  "
            200
            connection: close
            content-length: 16
            "GET /b None [d] "
        "#,
        ..Case::WIRE
    },
    Case {
        name: "requests_under_way_at_once_stay_apart",
        says: "a request that waits has its own environ behind another that came in the meantime",
        rules: &[141],
        needs: &[AT_ONCE],
        app: |mut environ, start_response| {
            let notes = Notes::of(&environ);
            let mark = environ.path_info().to_owned();
            environ.extensions_mut().insert(mark);
            BoxBody::future(async move {
                if environ.path_info() == "/first" {
                    notes.add("waits");
                    notes.signal("go").await;
                }
                let mark = environ.extensions().get::<String>().cloned();
                let seen = format!(
                    "{} {} {mark:?}",
                    environ.path_info(),
                    values(&environ, "x-a")
                );
                Ok(text(start_response, seen))
            })
        },
        client: |c| {
            c.send("GET {root}/first HTTP/1.1\r\nHost: a\r\n{case}X-A: a\r\n\r\n");
            c.noted(1);
            c.apart(|c| c.ask("GET", "/second").field("X-A", "b").send());
            c.signal("go");
            c.answer();
        },
        expect: r#"
            200
            content-length: 27
            "/second [b] Some(\"/second\")"
            200
            content-length: 25
            "/first [a] Some(\"/first\")"
        "#,
        ..Case::WIRE
    },
];
