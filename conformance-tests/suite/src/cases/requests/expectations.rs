//! `Expect: 100-continue`: when `100 Continue` is sent, and when not.

use rgi_core::{BodyExt, BoxBody};

use crate::cases::AT_ONCE;
use crate::cases::bodies::ok;
use crate::cases::environ::text;
use crate::cases::requests::{block, echo, noted_echo};
use crate::{Case, Notes};

pub(in crate::cases) const CASES: &[Case] = &[
    Case {
        name: "hundred_continue_on_first_read",
        says: "100 Continue is sent when the application first reads, and not before",
        rules: &[97],
        needs: &["lazy_continue"],
        app: noted_echo,
        client: |c| {
            c.send("POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Content-Length: 2\r\nExpect: 100-continue\r\n\r\n");
            c.read_head();
            c.send("ok");
            c.answer();
            c.notes(2);
        },
        expect: r#"
            100
            200
            content-length: 2
            "ok"
            app: called
            app: sent 200 2 bytes
        "#,
        ..Case::WIRE
    },
    Case {
        name: "no_hundred_continue_if_dropped",
        says: "100 Continue is not sent where the input is dropped unread, and the connection ends",
        rules: &[217, 256],
        needs: &["lazy_continue"],
        app: |_, start_response| text(start_response, "unread"),
        client: |c| {
            c.send("POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Content-Length: 2\r\nExpect: 100-continue\r\n\r\n");
            c.answer();
            c.end();
        },
        expect: r#"
            200
            connection: close
            content-length: 6
            "unread"
            closed
        "#,
        ..Case::WIRE
    },
    Case {
        name: "no_hundred_continue_after_commit",
        says: "100 Continue is not sent behind the head, where it would be part of the answer",
        rules: &[257],
        needs: &["lazy_continue"],
        app: |mut environ, start_response| {
            let push = ok(start_response).push(async move |mut out| {
                out.write("head").await?;
                let read = environ.input().collect(100).await;
                out.write(format!(" {}", read.is_ok())).await
            });
            push.erased()
        },
        client: |c| {
            c.send("POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Content-Length: 2\r\nExpect: 100-continue\r\n\r\n");
            c.read_head();
            c.block(4);
            c.send("ok");
            c.rest();
        },
        expect: r#"
            200
            ?connection: close
            "head"
            " true"
        "#,
        ..Case::WIRE
    },
    Case {
        name: "no_hundred_continue_when_the_body_came_along",
        says: "who sends its body unasked need not be told to; hyper tells it all the same",
        rules: &[258],
        needs: &["lazy_continue"],
        app: echo,
        client: |c| {
            c.send("POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Content-Length: 2\r\nExpect: 100-continue\r\n\r\nok");
            c.answer();
        },
        expect: r#"
            ?100
            200
            content-length: 2
            "ok"
        "#,
        ..Case::WIRE
    },
    Case {
        name: "no_hundred_continue_to_http_1_0",
        says: "HTTP/1.0 has no expectations: nothing is sent before the answer",
        rules: &[98],
        app: echo,
        client: |c| {
            c.send(
                "POST {root}/ HTTP/1.0\r\n{case}Content-Length: 2\r\nExpect: 100-continue\r\n\r\n",
            );
            c.send("ok");
            c.answer();
            c.end();
        },
        expect: r#"
            200
            connection: close
            content-length: 2
            "ok"
            closed
        "#,
        ..Case::WIRE
    },
    Case {
        name: "no_hundred_continue_for_what_no_application_sees",
        says: "a request that the server refuses is not told to go on",
        rules: &[98],
        app: noted_echo,
        client: |c| {
            c.send(
                "POST {root}/ HTTP/1.1\r\n{case}Content-Length: 2\r\nExpect: 100-continue\r\n\r\n",
            );
            c.answer();
            c.end();
            c.notes(0);
        },
        expect: "
            400 by the server
            connection: close
            closed
        ",
        ..Case::WIRE
    },
    Case {
        name: "hundred_continue_is_sent_once_for_each_body",
        says: "who reads in parts has it sent once; so has the next request, and one in other letters",
        rules: &[97],
        needs: &["lazy_continue"],
        app: |mut environ, start_response| {
            BoxBody::future(async move {
                let mut bytes = 0;
                while let Some(block) = block(&mut environ).await.transpose()? {
                    bytes += block.len();
                }
                Ok(text(start_response, bytes.to_string()))
            })
        },
        client: |c| {
            c.send("POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Content-Length: 4\r\nExpect: 100-continue\r\n\r\n");
            c.read_head();
            c.send("ab");
            c.send("cd");
            c.answer();
            c.send("POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Transfer-Encoding: chunked\r\nExpect: 100-Continue\r\n\r\n");
            c.read_head();
            c.send("1\r\na\r\n");
            c.send("0\r\n\r\n");
            c.answer();
        },
        expect: r#"
            100
            200
            content-length: 1
            "4"
            100
            200
            content-length: 1
            "1"
        "#,
        ..Case::WIRE
    },
    Case {
        name: "no_hundred_continue_without_a_body",
        says: "where no body is announced, or an empty one, there is nothing to go on with",
        rules: &[258],
        app: echo,
        client: |c| {
            c.send("GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}Expect: 100-continue\r\n\r\n");
            c.answer();
            c.send("POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Content-Length: 0\r\nExpect: 100-continue\r\n\r\n");
            c.answer();
        },
        expect: "
            200
            content-length: 0
            200
            content-length: 0
        ",
        ..Case::WIRE
    },
    Case {
        name: "no_hundred_continue_while_the_application_waits",
        says: "as long as the application has not read nothing is sent, however long it takes",
        rules: &[217],
        needs: &["lazy_continue", AT_ONCE],
        app: |environ, start_response| {
            let notes = Notes::of(&environ);
            BoxBody::future(async move {
                notes.add("waits");
                notes.signal("go").await;
                drop(environ);
                Ok(text(start_response, "unread"))
            })
        },
        client: |c| {
            c.send("POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Content-Length: 2\r\nExpect: 100-continue\r\n\r\n");
            c.noted(1);
            c.signal("go");
            c.answer();
            c.end();
            c.notes(2);
        },
        expect: r#"
            200
            connection: close
            content-length: 6
            "unread"
            closed
            app: waits
            app: sent 200 6 bytes
        "#,
        ..Case::WIRE
    },
    Case {
        name: "no_hundred_continue_outside_of_the_mount",
        says: "a request outside of the prefix is not told to go on",
        rules: &[98],
        settings: Some(|config| config.script_name.push_str("/inside")),
        app: noted_echo,
        client: |c| {
            c.send("POST /elsewhere HTTP/1.1\r\nHost: a\r\n{case}Content-Length: 2\r\nExpect: 100-continue\r\n\r\n");
            c.answer();
            c.end();
            c.notes(0);
        },
        expect: "
            404 by the server
            connection: close
            closed
        ",
        ..Case::WIRE
    },
    Case {
        name: "no_hundred_continue_for_a_length_past_the_limit",
        says: "a body that is announced too long is answered 413, and not told to come",
        rules: &[98, 244],
        settings: Some(|config| config.limits.body = 10),
        app: noted_echo,
        client: |c| {
            c.send("POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Content-Length: 11\r\nExpect: 100-continue\r\n\r\n");
            c.answer();
            c.end();
            c.notes(0);
        },
        expect: "
            413 by the server
            connection: close
            closed
        ",
        ..Case::WIRE
    },
];
