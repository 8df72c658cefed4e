//! Answers: statuses without a body, blocks, failures, hints.

use rgi_core::{BodyExt, BoxBody, Error, HeaderMap, HeaderValue, StatusCode};

use super::echo;
use crate::cases::bodies::{blocks, ok};
use crate::cases::environ::text;
use crate::{Case, Notes};

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "answers_without_a_body_end_with_their_head",
        says: "HEAD, 204 and 304 on HTTP/2: the length where there may be one, and no DATA",
        rules: &[168, 269],
        app: |environ, start_response| {
            let status = match environ.path_info() {
                "/204" => StatusCode::NO_CONTENT,
                "/304" => StatusCode::NOT_MODIFIED,
                _ => StatusCode::OK,
            };
            match status {
                StatusCode::OK => start_response.start(status).full("hello").into(),
                _ => start_response.start(status).empty().into(),
            }
        },
        client: |c| {
            c.http2();
            c.request(1, "HEAD", "/", &[]);
            c.request(3, "GET", "/204", &[]);
            c.request(5, "GET", "/304", &[]);
            c.request(7, "GET", "/", &[]);
            for stream in [1, 3, 5, 7] {
                c.stream(stream);
            }
        },
        expect: r#"
            200
            content-length: 5
            204
            304
            200
            content-length: 5
            "hello"
        "#,
        ..Case::HTTP2
    },
    Case {
        name: "blocks_of_http2_are_sent_as_they_come",
        says: "what an application has flushed is with the client before the next block is made",
        rules: &[269],
        app: |environ, start_response| {
            let notes = Notes::of(&environ);
            let push = ok(start_response).push(async move |mut out| {
                out.flush().await?;
                notes.signal("one").await;
                out.write("one").await?;
                notes.signal("two").await;
                out.write("two").await
            });
            push.erased()
        },
        client: |c| {
            c.http2();
            c.request(1, "GET", "/", &[]);
            c.stream_head(1);
            c.signal("one");
            c.stream_data(1, 3);
            c.signal("two");
            c.stream_data(1, 3);
            c.stream(1);
        },
        expect: r#"
            200
            "one"
            "two"
        "#,
        ..Case::HTTP2
    },
    Case {
        name: "failures_on_http2_are_statuses_or_resets",
        says: "before the commit a status; behind it a reset of the stream, with INTERNAL_ERROR, and \
               what was sent stays sent",
        rules: &[158, 270],
        app: |environ, start_response| -> BoxBody {
            let notes = Notes::of(&environ);
            match environ.path_info() {
                "/panic" => panic!("in the call"),
                "/fail" => BoxBody::future(async {
                    let status = StatusCode::IM_A_TEAPOT;
                    Err::<BoxBody, _>(Error::new("tea").with_status(status))
                }),
                "/short" => {
                    let started = ok(start_response).length(10);
                    let push = started.push(async move |mut out| {
                        out.write("half").await?;
                        notes.signal("go").await;
                        Ok(())
                    });
                    push.erased()
                }
                "/cut" => {
                    let push = ok(start_response).push(async move |mut out| {
                        out.write("half").await?;
                        notes.signal("go").await;
                        Err(Error::new("midway"))
                    });
                    push.erased()
                }
                _ => text(start_response, "lives"),
            }
        },
        breaks: &["length-too-short"],
        client: |c| {
            c.http2();
            c.request(1, "GET", "/panic", &[]);
            c.stream(1);
            c.request(3, "GET", "/fail", &[]);
            c.stream(3);
            for (stream, path) in [(5, "/short"), (7, "/cut")] {
                c.request(stream, "GET", path, &[]);
                c.stream_head(stream);
                c.stream_data(stream, 4);
            }
            c.signal("go");
            c.stream(5);
            c.stream(7);
            c.request(9, "GET", "/", &[]);
            c.stream(9);
        },
        expect: r#"
            500 by the server
            418 by the server
            200
            content-length: 10
            "half"
            200
            "half"
            reset:INTERNAL_ERROR by the server
            reset:INTERNAL_ERROR by the server
            200
            content-length: 5
            "lives"
        "#,
        ..Case::HTTP2
    },
    Case {
        name: "answer_may_come_before_the_body_of_its_request",
        says: "an application that reads nothing answers while the body comes; the answer is whole, \
               and the next stream is served",
        rules: &[269, 270],
        app: |environ, start_response| text(start_response, format!("to {}", environ.path_info())),
        client: |c| {
            c.http2();
            c.begin(1, "POST", "/unread", &[]);
            c.data(1, b"some");
            c.stream(1);
            c.data(1, b"more of it");
            c.last_data(1, b"");
            c.request(3, "GET", "/next", &[]);
            c.stream(3);
        },
        expect: r#"
            200
            content-length: 10
            "to /unread"
            200
            content-length: 8
            "to /next"
        "#,
        ..Case::HTTP2
    },
    Case {
        name: "hints_on_http2_come_first_or_not_at_all",
        says: "an interim response of HTTP/2 stands before the answer, or is left out, and nothing \
               breaks",
        rules: &[269],
        app: |_, start_response| {
            let mut fields = HeaderMap::new();
            fields.insert("link", HeaderValue::from_static("</a>"));
            start_response.inform(StatusCode::EARLY_HINTS, &fields);
            text(start_response, "done")
        },
        client: |c| {
            c.http2();
            c.request(1, "GET", "/hints", &[]);
            c.stream(1);
        },
        expect: r#"
            ?103
            ?link: </a>
            200
            content-length: 4
            "done"
        "#,
        ..Case::HTTP2
    },
    Case {
        name: "expectations_on_http2_are_met",
        says: "a body that waits for 100 is sent, and read; an expectation nobody knows is 417",
        rules: &[269],
        app: echo,
        client: |c| {
            c.http2();
            c.begin(1, "POST", "/", &[("expect", "100-continue")]);
            c.last_data(1, b"body");
            c.stream(1);
            c.begin(3, "POST", "/", &[("expect", "gold")]);
            c.stream(3);
        },
        expect: r#"
            ?100
            200
            content-length: 4
            "body"
            417 by the server
        "#,
        ..Case::HTTP2
    },
    Case {
        name: "repeated_fields_of_http2_stay_apart",
        says: "fields of one name keep their number and order, in both directions",
        rules: &[269],
        app: |environ, start_response| {
            let asked = environ.headers().get_all("x-a").into_iter();
            let mut started = ok(start_response);
            for value in asked {
                let name = rgi_core::FieldName::from_static("x-a");
                started = started.header(name, value.clone());
            }
            blocks(started, &["one", "two"])
        },
        client: |c| {
            c.http2();
            c.request(1, "GET", "/", &[("x-a", "1"), ("x-b", "2"), ("x-a", "3")]);
            c.stream(1);
        },
        expect: r#"
            200
            x-a: 1
            x-a: 3
            "onetwo"
        "#,
        ..Case::HTTP2
    },
    Case {
        name: "methods_of_any_name_and_bodies_of_any_method",
        says: "a method nobody knows, and a GET with a body, are served as on HTTP/1.1",
        rules: &[269],
        app: echo,
        client: |c| {
            c.http2();
            c.begin(1, "BREW", "/", &[]);
            c.last_data(1, b"tea");
            c.stream(1);
            c.begin(3, "GET", "/", &[]);
            c.data(3, b"a ");
            c.last_data(3, b"body");
            c.stream(3);
        },
        expect: r#"
            200
            content-length: 3
            "tea"
            200
            content-length: 6
            "a body"
        "#,
        ..Case::HTTP2
    },
];
