//! Heads of responses: what is in them, and when they go out.

use rgi_core::{
    BodyExt, BoxBody, Bytes, Environ, Error, Event, FieldName, HeaderMap, HeaderName, HeaderValue,
    StartResponse, StatusCode, field,
};

use crate::Case;
use crate::cases::bodies::{Events, blocks, ok};
use crate::cases::environ::text;

const X_TEST: FieldName = FieldName::from_static("x-test");
const X_OTHER: FieldName = FieldName::from_static("x-other");

fn value(value: &'static str) -> HeaderValue {
    HeaderValue::from_static(value)
}

/// Every field that is the server's, put into a map of another library's.
fn servers_fields() -> HeaderMap {
    let mut fields = HeaderMap::new();
    for (name, value) in [
        ("connection", "x-named"),
        ("x-named", "1"),
        ("keep-alive", "timeout=5"),
        ("proxy-connection", "close"),
        ("te", "trailers"),
        ("transfer-encoding", "gzip"),
        ("upgrade", "other"),
        ("x-test", "stays"),
    ] {
        let name = HeaderName::from_static(name);
        fields.insert(name, HeaderValue::from_static(value));
    }
    fields
}

/// Answers with the status in the path.
fn status_of_path(environ: Environ, start_response: StartResponse) -> BoxBody {
    let status = environ.path_info().trim_start_matches('/').parse();
    let status = status.map(|code: u16| StatusCode::from_u16(code));
    match status {
        Ok(Ok(status)) => start_response.start(status).full("text").into(),
        _ => text(start_response, "the path is no status"),
    }
}

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "status_is_sent_as_it_was_set",
        says: "any final status goes out as it is, with its body, whether it has a name or not",
        rules: &[99],
        app: status_of_path,
        client: |c| {
            c.get("/200");
            c.get("/404");
            c.get("/418");
            c.get("/599");
        },
        expect: r#"
            200
            content-length: 4
            "text"
            404
            content-length: 4
            "text"
            418
            content-length: 4
            "text"
            599
            content-length: 4
            "text"
        "#,
        ..Case::APP
    },
    Case {
        name: "response_arrives_as_it_was_made",
        says: "fields that the server knows nothing of, and those it knows, arrive unchanged",
        rules: &[99],
        app: |_, start_response| {
            let started = start_response.start(StatusCode::NOT_FOUND);
            let started = started.header(field::CONTENT_TYPE, value("text/html; charset=utf-8"));
            let started = started.header(field::CONTENT_LANGUAGE, value("de"));
            let started = started.header(field::ETAG, value("W/\"a, b\""));
            let started = started.header(field::SET_COOKIE, value("a=b; Path=/; HttpOnly"));
            let started = started.header(X_TEST, value("Case, (comment) and  two spaces"));
            started.header(X_OTHER, value("")).full("<p>\n").into()
        },
        client: |c| c.get("/"),
        expect: r#"
            404
            content-language: de
            content-length: 4
            content-type: text/html; charset=utf-8
            etag: W/"a, b"
            set-cookie: a=b; Path=/; HttpOnly
            x-other:
            x-test: Case, (comment) and  two spaces
            "<p>\n"
        "#,
        ..Case::APP
    },
    Case {
        name: "repeated_response_fields_stay_apart",
        says: "fields of one name are sent one by one, in the order they were set",
        rules: &[142],
        app: |environ, start_response| {
            let (first, second) = match environ.path_info() {
                "/turned" => ("c", "a, b"),
                _ => ("a, b", "c"),
            };
            let started = ok(start_response).header(X_TEST, value(first));
            let started = started.header(X_OTHER, value("between"));
            started.header(X_TEST, value(second)).empty().into()
        },
        client: |c| {
            c.get("/");
            c.get("/turned");
        },
        expect: "
            200
            content-length: 0
            x-other: between
            x-test: a, b
            x-test: c
            200
            content-length: 0
            x-other: between
            x-test: c
            x-test: a, b
        ",
        ..Case::APP
    },
    Case {
        name: "big_field_value_is_sent_whole",
        says: "a field whose value has some hundred bytes arrives whole",
        rules: &[99],
        app: |_, start_response| {
            let started = ok(start_response).header(X_TEST, value(BIG));
            started.empty().into()
        },
        client: |c| c.get("/"),
        expect: "
            200
            content-length: 0
            x-test: 0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789
        ",
        ..Case::APP
    },
    Case {
        name: "field_names_compare_without_case",
        says: "a field is found however its name is written, in requests and in responses",
        rules: &[60],
        app: |environ, start_response| {
            let of = |name| environ.header(name).unwrap_or_default().to_owned();
            let seen = [of("x-test"), of("X-TEST"), of("X-tEsT")].concat();
            let mut started = ok(start_response).header(X_TEST, value("first"));
            let name = HeaderName::from_bytes(b"X-Test").map_err(Error::new);
            if let Ok(name) = name.and_then(FieldName::try_from) {
                started.head_mut().insert(name, value("instead"));
            }
            started.full(seen).into()
        },
        client: |c| c.ask("GET", "/").field("x-TEst", "a").send(),
        expect: r#"
            200
            content-length: 3
            x-test: instead
            "aaa"
        "#,
        ..Case::APP
    },
    Case {
        name: "date_is_added",
        says: "an answer without a date is given one",
        rules: &[59],
        app: |_, start_response| text(start_response, "x"),
        client: |c| {
            c.show("date");
            c.get("/");
        },
        expect: r#"
            200
            content-length: 1
            date: a date
            "x"
        "#,
        ..Case::WIRE
    },
    Case {
        name: "applications_date_and_server_stand",
        says: "Date and Server of the application are sent, and none of the server's beside them",
        rules: &[143],
        app: |_, start_response| {
            let started = ok(start_response).header(field::DATE, value("today"));
            started.header(field::SERVER, value("mine")).full("x").into()
        },
        client: |c| {
            c.show("date");
            c.show("server");
            c.get("/");
        },
        expect: r#"
            200
            content-length: 1
            date: today
            server: mine
            "x"
        "#,
        ..Case::WIRE
    },
    Case {
        name: "hop_by_hop_fields_are_not_sent",
        says: "fields of the connection do not get into a head, by name or out of another's map",
        rules: &[61, 100],
        app: |_, start_response| {
            let mut started = ok(start_response);
            started.head_mut().adopt(servers_fields());
            for (name, value) in servers_fields() {
                if let Some(Ok(name)) = name.map(FieldName::try_from)
                    && name.as_str() != "x-named"
                {
                    started.head_mut().insert(name, value);
                }
            }
            started.full("x").into()
        },
        client: |c| {
            c.show("keep-alive");
            c.show("transfer-encoding");
            c.get("/");
        },
        expect: r#"
            200
            content-length: 1
            x-test: stays
            "x"
        "#,
        ..Case::WIRE
    },
    Case {
        name: "start_alone_sends_nothing",
        says: "behind a start and empty blocks an error still becomes the status it carries",
        rules: &[64, 151, 157],
        app: |_, start_response| {
            let conflict = Error::new("changed its mind").with_status(StatusCode::CONFLICT);
            Events::body([
                Ok(Event::Start(ok(start_response))),
                Ok(Event::Data(Bytes::new())),
                Ok(Event::Data(Bytes::new())),
                Err(conflict),
            ])
        },
        client: |c| {
            c.get("/");
            c.notes(1);
        },
        expect: "
            409 by the server
            app: refused 409 13 bytes
        ",
        ..Case::APP
    },
    Case {
        name: "flush_sends_the_head",
        says: "a flush sends the head before there is a block, and a block before there is another",
        rules: &[151, 154],
        app: |environ, start_response| {
            let notes = crate::Notes::of(&environ);
            let body = ok(start_response).push(async move |mut out| {
                out.flush().await?;
                notes.signal("head").await;
                out.write("one").await?;
                out.flush().await?;
                notes.signal("block").await;
                out.write("two").await
            });
            body.erased()
        },
        client: |c| {
            c.send("GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}\r\n");
            c.read_head();
            c.signal("head");
            c.block(3);
            c.signal("block");
            c.rest();
        },
        needs: &[crate::cases::AT_ONCE],
        expect: r#"
            200
            "one"
            "two"
        "#,
        ..Case::WIRE
    },
    Case {
        name: "replace_before_commit",
        says: "a head that a fallback replaces is not sent, nor anything of it",
        rules: &[66],
        app: |_, start_response| {
            let (start_response, fallback) = start_response.with_fallback();
            let started = ok(start_response).header(X_TEST, value("old")).length(4);
            let broken = [Ok(Event::Start(started)), Err(Error::new("broken"))];
            let body = Events::body(broken).recover(fallback, |fallback, cause| {
                let started = fallback.start(StatusCode::BAD_GATEWAY, cause);
                started.header(X_OTHER, value("new")).full("replaced")
            });
            body.erased()
        },
        client: |c| {
            c.get("/");
            c.notes(1);
        },
        expect: r#"
            502
            content-length: 8
            x-other: new
            "replaced"
            app: sent 502 8 bytes
        "#,
        ..Case::APP
    },
    Case {
        name: "recalled_start_leaves_nothing_behind",
        says: "a start that is taken back leaves neither status nor fields nor length behind",
        rules: &[66],
        app: |_, start_response| {
            let started = start_response.start(StatusCode::IM_A_TEAPOT);
            let started = started.header(X_TEST, value("old")).length(1);
            blocks(started.recall().start(StatusCode::ACCEPTED), &["one", "two"])
        },
        client: |c| c.get("/"),
        expect: r#"
            202
            "onetwo"
        "#,
        ..Case::APP
    },
    Case {
        name: "informational_start_is_500",
        says: "a start with a 1xx status that is no upgrade's is answered 500",
        rules: &[145],
        breaks: &["first-event"],
        app: status_of_path,
        client: |c| {
            c.get("/100");
            c.get("/101");
            c.get("/103");
        },
        expect: "
            500 by the server
            500 by the server
            500 by the server
        ",
        ..Case::APP
    },
    Case {
        name: "unused_token_is_500",
        says: "a body that ends without a start is answered 500, and one that was never begun as well",
        rules: &[126],
        breaks: &["first-event"],
        app: |environ, start_response| match environ.path_info() {
            "/dropped" => {
                drop(start_response);
                Events::body([])
            }
            _ => BoxBody::future(async move {
                let _kept = start_response;
                Ok(Events::body([]))
            }),
        },
        client: |c| {
            c.get("/dropped");
            c.get("/kept");
            c.notes(2);
        },
        expect: "
            500 by the server
            500 by the server
            app: refused 500 26 bytes
            app: refused 500 26 bytes
        ",
        ..Case::APP
    },
];

/// Longer than the lengths that fit into small buffers.
const BIG: &str = "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789";
