//! The fields of the request.

use rgi_core::BoxBody;

use crate::Case;
use crate::cases::environ::{text, values, vars};

pub(in crate::cases) const CASES: &[Case] = &[
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
        name: "field_names_may_be_any_token",
        says: "a field of any name that is a token reaches the application, found without regard to case",
        rules: &[28],
        app: |environ, start_response| {
            let seen = ["x!#$%&'*+.^_`|~1", "X-UPPER", "x-Lower"].map(|name| {
                String::from_utf8_lossy(environ.header(name).unwrap_or(b"-")).into_owned()
            });
            text(start_response, seen.join(" "))
        },
        client: |c| {
            c.send(
                "GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}X!#$%&'*+.^_`|~1: odd\r\n\
                 x-upper: a\r\nX-LOWER: b\r\n\r\n",
            );
            c.answer();
        },
        expect: r#"
            200
            content-length: 7
            "odd a b"
        "#,
        ..Case::WIRE
    },
    Case {
        name: "big_request_field_arrives_whole",
        says: "a value of 30,000 bytes is passed on as it is",
        rules: &[136],
        app: |environ, start_response| {
            let value = environ.header("x-big").unwrap_or_default();
            let same = value.iter().filter(|byte| **byte == b'v').count();
            text(start_response, format!("{} {same}", value.len()))
        },
        client: |c| {
            let ask = c.ask("GET", "/").field("X-Big", &"v".repeat(30_000));
            ask.field("X-Behind", "b").send();
        },
        expect: r#"
            200
            content-length: 11
            "30000 30000"
        "#,
        ..Case::APP
    },
    Case {
        name: "many_repeats_of_a_field_keep_their_order",
        says: "eighty lines of one name, others between them, are told in the order they came",
        rules: &[135],
        app: |environ, start_response| {
            let all = environ.headers().get_all("x-n").into_iter();
            let numbers: Vec<Option<usize>> = all
                .map(|value| value.to_str().ok().and_then(|value| value.parse().ok()))
                .collect();
            let in_order = numbers.iter().enumerate().all(|(at, n)| *n == Some(at));
            text(start_response, format!("{} {in_order}", numbers.len()))
        },
        client: |c| {
            let mut ask = c.ask("GET", "/");
            for n in 0..80 {
                ask = ask.field("X-N", &n.to_string());
                if n % 16 == 0 {
                    ask = ask.field("X-Other", "o");
                }
            }
            ask.send();
        },
        expect: r#"
            200
            content-length: 7
            "80 true"
        "#,
        ..Case::APP
    },
    Case {
        name: "cookies_of_several_lines_are_one_variable",
        says: "cookies stay apart as fields; the CGI view joins them as cookies are joined",
        rules: &[28, 135],
        app: |environ, start_response| {
            let seen = format!(
                "{} {}",
                values(&environ, "cookie"),
                vars(&environ, &["HTTP_COOKIE"])
            );
            text(start_response, seen)
        },
        client: |c| {
            let ask = c.ask("GET", "/").field("Cookie", "a=1");
            ask.field("Cookie", "b=2; c=3").send();
        },
        expect: r#"
            200
            content-length: 42
            "[a=1] [b=2; c=3] HTTP_COOKIE=a=1; b=2; c=3"
        "#,
        ..Case::APP
    },
    Case {
        name: "connection_cannot_unsay_the_framing",
        says: "naming Host, Content-Length or Expect in Connection takes nothing of them away",
        rules: &[102],
        app: |mut environ, start_response| {
            let seen = ["host", "content-length", "x-named"].map(|name| values(&environ, name));
            BoxBody::future(async move {
                let body = environ.input().collect(100).await?;
                let seen = format!("{} {}", seen.join(" "), body.escape_ascii());
                Ok(text(start_response, seen))
            })
        },
        client: |c| {
            c.send(
                "POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Content-Length: 3\r\nX-Named: n\r\n\
                 Connection: host, X-Named\r\nConnection: content-length\r\n\r\nabc",
            );
            c.answer();
            c.send("GET {root}/ HTTP/1.1\r\nHost: b\r\n{case}\r\n");
            c.answer();
        },
        expect: r#"
            200
            content-length: 12
            "[a] [3]  abc"
            200
            content-length: 6
            "[b]   "
        "#,
        ..Case::WIRE
    },
    Case {
        name: "transfer_fields_are_not_shown",
        says: "Transfer-Encoding, TE and Upgrade are the server's to see, in the CGI view too",
        rules: &[101, 102],
        app: |mut environ, start_response| {
            let names = [
                "HTTP_TRANSFER_ENCODING",
                "HTTP_TE",
                "HTTP_UPGRADE",
                "HTTP_CONNECTION",
            ];
            let seen = vars(&environ, &names);
            BoxBody::future(async move {
                let body = environ.input().collect(100).await?;
                Ok(text(start_response, format!("{seen} {}", body.len())))
            })
        },
        client: |c| {
            c.send(
                "POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Transfer-Encoding: chunked\r\n\
                 TE: trailers\r\nUpgrade: other\r\nConnection: TE, upgrade\r\n\r\n2\r\nab\r\n0\r\n\r\n",
            );
            c.answer();
        },
        expect: r#"
            200
            content-length: 65
            "HTTP_TRANSFER_ENCODING- HTTP_TE- HTTP_UPGRADE- HTTP_CONNECTION- 2"
        "#,
        ..Case::WIRE
    },
];
