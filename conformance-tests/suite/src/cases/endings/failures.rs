//! Failures: a status before the commit, a cut after it, and nothing of their text.

use rgi_core::{
    App, BodyExt, BoxBody, Bytes, Environ, Error, Event, FieldName, HeaderValue, StartResponse,
    StatusCode, blocking, field,
};

use crate::cases::bodies::{Events, ok};
use crate::cases::environ::text;
use crate::cases::refusals::{alone, closes};
use crate::{Case, Notes};

const X_BROUGHT: FieldName = FieldName::from_static("x-brought");

/// Answers with a block, and fails when the client has got it. With a length for `/length`.
fn fails_midway(environ: Environ, start_response: StartResponse) -> BoxBody {
    let notes = Notes::of(&environ);
    let mut started = ok(start_response);
    if environ.path_info() == "/length" {
        started = started.length(10);
    }
    let body = started.push(async move |mut out| {
        out.write("some").await?;
        notes.signal("fail").await;
        Err(Error::new("broken"))
    });
    body.erased()
}

/// Reads the body in the way that the path says, and passes its errors on.
fn passes_errors_on(mut environ: Environ, start_response: StartResponse) -> BoxBody {
    match environ.path_info() {
        "/collect" => BoxBody::future(async move {
            let body = environ.input().collect(3).await?;
            Ok(ok(start_response).full(body))
        }),
        "/limit" => BoxBody::future(async move {
            environ.map_input(|input| input.limit(3));
            let body = environ.input().collect(100).await?;
            Ok(ok(start_response).full(body))
        }),
        "/boxed" => BoxBody::future(async move {
            let read = environ.input().collect(3).await;
            let body = read.map_err(Box::<dyn std::error::Error + Send + Sync>::from);
            Ok(ok(start_response).full(body.map_err(Error::new)?))
        }),
        _ => {
            let app = blocking(|mut environ: Environ, start_response: StartResponse| {
                environ.map_input(|input| input.limit(3));
                let body: std::io::Result<String> =
                    std::io::read_to_string(environ.input().reader());
                Ok(ok(start_response).full(body?))
            });
            app.call(environ, start_response).erased()
        }
    }
}

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "failure_before_commit_is_a_status",
        says: "an error before the commit is answered with the status that it carries, or 500",
        rules: &[93, 157],
        app: |environ, start_response| {
            let error = match environ.path_info() {
                "/malformed" => Error::malformed("text"),
                "/slow" => Error::malformed("text").with_status(StatusCode::REQUEST_TIMEOUT),
                "/large" => Error::too_large("text"),
                "/timeout" => Error::timeout("text"),
                "/full" => Error::overloaded("text"),
                "/teapot" => Error::new("text").with_status(StatusCode::IM_A_TEAPOT),
                _ => Error::new("text"),
            };
            Events::body([Ok(Event::Start(ok(start_response))), Err(error)])
        },
        client: |c| {
            c.get("/malformed");
            c.get("/slow");
            c.get("/large");
            c.get("/teapot");
            c.get("/");
            c.get("/timeout");
            c.get("/full");
        },
        expect: "
            400 by the server
            408 by the server
            413 by the server
            418 by the server
            500 by the server
            503 by the server
            503 by the server
            retry-after: 1
        ",
        ..Case::APP
    },
    Case {
        name: "error_without_an_answers_status_is_500",
        says: "an error whose status is none of an answer is answered 500",
        rules: &[157],
        app: |_, _| {
            let error = Error::new("text").with_status(StatusCode::SWITCHING_PROTOCOLS);
            Events::body([Err(error)])
        },
        client: |c| c.get("/"),
        expect: "500 by the server",
        ..Case::APP
    },
    Case {
        name: "error_brings_fields_of_its_answer",
        says: "fields that an error is given on its way stand in the answer, behind any start",
        rules: &[288],
        app: |environ, start_response| {
            let mut error = Error::too_large("text");
            let head = error.head_mut();
            head.append(X_BROUGHT, HeaderValue::from_static("along"));
            match environ.path_info() {
                "/other" => head.status = StatusCode::NOT_FOUND,
                _ => drop(head.insert(field::RETRY_AFTER, HeaderValue::from_static("7"))),
            }
            Events::body([Ok(Event::Start(ok(start_response))), Err(error)])
        },
        client: |c| {
            c.get("/");
            c.get("/other");
        },
        expect: "
            413 by the server
            retry-after: 7
            x-brought: along
            404 by the server
            x-brought: along
        ",
        ..Case::APP
    },
    Case {
        name: "error_text_is_not_sent",
        says: "neither an answer for a failure nor a cut one holds the text of what went wrong",
        rules: &[159],
        app: |environ, start_response| match environ.path_info() {
            "/error" => Events::body([Err(Error::new("the secret"))]),
            "/malformed" => Events::body([Err(Error::malformed("the secret"))]),
            "/panic" => panic!("the secret"),
            _ => Events::body([
                Ok(Event::Start(ok(start_response))),
                Ok(Event::Data(Bytes::from("some"))),
                Err(Error::new("the secret")),
            ]),
        },
        client: |c| {
            c.get("/error");
            c.get("/malformed");
            c.get("/panic");
            c.get("/late");
            c.lacks("secret");
        },
        expect: r#"
            500 by the server
            400 by the server
            500 by the server
            200
            "some"
            cut
        "#,
        ..Case::WIRE
    },
    Case {
        name: "cut_after_commit_is_visible",
        says: "an error behind the first block cuts the answer: it never looks whole",
        rules: &[67, 158],
        app: |_, start_response| {
            let blocks = [Ok(Bytes::from("some")), Err(Error::new("broken"))];
            ok(start_response).iter(blocks).erased()
        },
        client: |c| {
            c.get("/");
            c.notes(1);
        },
        expect: r#"
            200
            "some"
            cut
            app: truncated 200 4 bytes
        "#,
        ..Case::APP
    },
    Case {
        name: "cut_of_a_known_length_is_visible",
        says: "an error behind the first block cuts an answer of known length before its end",
        rules: &[67, 158],
        needs: &[crate::cases::AT_ONCE],
        app: fails_midway,
        client: |c| {
            c.send("GET {root}/length HTTP/1.1\r\nHost: a\r\n{case}\r\n");
            c.read_head();
            c.block(4);
            c.signal("fail");
            c.rest();
            c.notes(1);
        },
        expect: r#"
            200
            content-length: 10
            "some"
            cut
            app: truncated 200 4 bytes
        "#,
        ..Case::WIRE
    },
    Case {
        name: "cut_for_http_1_0_is_a_reset",
        says: "where the end of the connection would complete the answer, a failure resets it",
        rules: &[158],
        // Unix sockets have no reset.
        needs: &[crate::cases::AT_ONCE, "tcp"],
        app: fails_midway,
        client: |c| {
            c.send("GET {root}/ HTTP/1.0\r\n{case}Connection: keep-alive\r\n\r\n");
            c.read_head();
            c.block(4);
            c.signal("fail");
            c.end();
            c.notes(1);
        },
        expect: r#"
            200
            connection: close
            "some"
            reset
            app: truncated 200 4 bytes
        "#,
        ..Case::WIRE
    },
    Case {
        name: "failure_behind_a_flush_is_a_cut",
        says: "a flush commits: an error behind it cuts an answer that has no body yet",
        rules: &[151, 158],
        app: |_, start_response| {
            Events::body([
                Ok(Event::Start(ok(start_response))),
                Ok(Event::Flush),
                Err(Error::malformed("behind the flush")),
            ])
        },
        client: |c| {
            c.get("/");
            c.notes(1);
        },
        expect: "
            200
            cut
            app: truncated 200 0 bytes
        ",
        ..Case::APP
    },
    Case {
        name: "fallback_behind_the_commit_is_a_cut",
        says: "once a block was sent no other head can take the place of the first: the answer is cut",
        rules: &[67],
        app: |_, start_response| {
            let (start_response, fallback) = start_response.with_fallback();
            let begun = [
                Ok(Event::Start(ok(start_response))),
                Ok(Event::Data(Bytes::from("some"))),
                Err(Error::new("broken")),
            ];
            let body = Events::body(begun).recover(fallback, |fallback, cause| {
                fallback
                    .start(StatusCode::BAD_GATEWAY, cause)
                    .full("replaced")
            });
            body.erased()
        },
        client: |c| {
            c.get("/recovers");
            c.notes(1);
        },
        expect: r#"
            200
            "some"
            cut
            app: truncated 200 4 bytes
        "#,
        ..Case::APP
    },
    Case {
        name: "nothing_follows_a_cut",
        says: "behind an answer that was cut no other is sent, whatever was asked for",
        rules: &[158],
        app: |environ, start_response| match environ.path_info() {
            "/cut" => {
                let blocks = [Ok(Bytes::from("some")), Err(Error::new("broken"))];
                ok(start_response).iter(blocks).erased()
            }
            _ => text(start_response, "whole"),
        },
        client: |c| {
            c.send(
                "GET {root}/whole HTTP/1.1\r\nHost: a\r\n{case}\r\n\
                 GET {root}/cut HTTP/1.1\r\nHost: a\r\n{case}\r\n\
                 GET {root}/whole HTTP/1.1\r\nHost: a\r\n{case}\r\n",
            );
            c.answer();
            c.answer();
            c.end();
        },
        expect: r#"
            200
            content-length: 5
            "whole"
            200
            "some"
            cut
            closed|reset
        "#,
        ..Case::WIRE
    },
    Case {
        name: "panic_is_caught",
        says: "a panic in the call or in a poll is answered 500 or cut, and the server lives on",
        rules: &[93, 160],
        app: |environ, start_response| match environ.path_info() {
            "/call" => panic!("in the call"),
            "/poll" => {
                let body = ok(start_response).push(async |_| panic!("in a poll"));
                body.erased()
            }
            "/late" => {
                let blocks = ["some", "more"].into_iter().map(|block| match block {
                    "some" => Ok::<_, Error>(Bytes::from(block)),
                    _ => panic!("in a later poll"),
                });
                ok(start_response).iter(blocks).erased()
            }
            _ => text(start_response, "lives"),
        },
        client: |c| {
            c.get("/call");
            c.get("/poll");
            c.get("/late");
            c.noted(3);
            c.get("/");
            c.notes(4);
        },
        expect: r#"
            500 by the server
            500 by the server
            200
            "some"
            cut
            200
            content-length: 5
            "lives"
            app: refused 500 26 bytes
            app: refused 500 26 bytes
            app: truncated 200 4 bytes
            app: sent 200 5 bytes
        "#,
        ..Case::APP
    },
    Case {
        name: "panic_in_a_drop_spoils_nothing",
        says: "a body that panics in its drop was answered with, and the server lives on",
        rules: &[160],
        app: |environ, start_response| {
            if environ.path_info() == "/after" {
                return text(start_response, "lives");
            }
            let panics = PanicsInDrop;
            let blocks = ["one", "two"].into_iter().map(move |block| {
                let _ = &panics;
                Ok::<_, Error>(Bytes::from(block))
            });
            ok(start_response).iter(blocks).erased()
        },
        client: |c| {
            c.get("/");
            c.get("/after");
            c.notes(2);
        },
        expect: r#"
            200
            "onetwo"
            200
            content-length: 5
            "lives"
            app: sent 200 6 bytes
            app: sent 200 5 bytes
        "#,
        ..Case::APP
    },
    Case {
        name: "error_of_input_keeps_its_status",
        says: "an error of the input is answered with its status, through `?`, boxes and io::Error",
        rules: &[162, 186],
        app: passes_errors_on,
        client: |c| {
            c.post("/collect", "four");
            c.post("/limit", "four");
            c.post("/boxed", "four");
            c.post("/reader", "four");
            c.post("/collect", "two");
        },
        expect: r#"
            413 by the server
            413 by the server
            413 by the server
            413 by the server
            200
            content-length: 3
            "two"
        "#,
        ..Case::APP
    },
    Case {
        name: "malformed_input_is_400_however_it_is_read",
        says: "chunks that break the grammar are answered 400, whatever wraps the error on its way",
        rules: &[162, 186],
        app: passes_errors_on,
        client: |c| {
            for request in MALFORMED {
                alone(c, &[request]);
            }
        },
        expect: closes!("400" "400" "400"),
        ..Case::WIRE
    },
];

/// Requests whose second chunk is none.
const MALFORMED: [&str; 3] = [
    "POST {root}/collect HTTP/1.1\r\nHost: a\r\n{case}Transfer-Encoding: chunked\r\n\r\n1\r\na\r\nzz\r\n",
    "POST {root}/boxed HTTP/1.1\r\nHost: a\r\n{case}Transfer-Encoding: chunked\r\n\r\n1\r\na\r\nzz\r\n",
    "POST {root}/reader HTTP/1.1\r\nHost: a\r\n{case}Transfer-Encoding: chunked\r\n\r\n1\r\na\r\nzz\r\n",
];

struct PanicsInDrop;

impl Drop for PanicsInDrop {
    fn drop(&mut self) {
        panic!("in a drop");
    }
}
