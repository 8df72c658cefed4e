//! What takes too long.

use std::time::Duration;

use rgi_core::{BodyExt, BoxBody, Bytes};

use crate::cases::AT_ONCE;
use crate::cases::bodies::{Dropped, ok};
use crate::cases::requests::{block, echo};
use crate::{Case, Notes};

/// Long enough for a client that does all it has to do at once.
const SOON: Option<Duration> = Some(Duration::from_millis(150));

pub(in crate::cases) const CASES: &[Case] = &[
    Case {
        name: "slow_head_is_408",
        says: "a head that does not end in time is answered 408, and the connection ends",
        rules: &[252],
        settings: Some(|config| config.header_timeout = SOON),
        app: echo,
        client: |c| {
            c.send("GET {root}/ HTTP/1.1\r\nHost: a\r\nX-Slow");
            c.answer();
            c.end();
        },
        expect: "
            408 by the server
            connection: close
            closed
        ",
        ..Case::WIRE
    },
    Case {
        name: "slow_body_is_408",
        says: "a body that stops coming is an error to its reader, answered 408",
        rules: &[252],
        settings: Some(|config| config.body_timeout = SOON),
        app: echo,
        client: |c| {
            c.send("POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Content-Length: 3\r\n\r\na");
            c.answer();
            c.end();
        },
        expect: "
            408 by the server
            connection: close
            closed
        ",
        ..Case::WIRE
    },
    Case {
        name: "idle_connection_is_closed_without_a_word",
        says: "a connection on which nothing comes is closed, before its first request and behind one",
        rules: &[252],
        settings: Some(|config| config.keep_alive = SOON),
        app: echo,
        client: |c| {
            c.send("");
            c.end();
            c.connect();
            c.send("GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}\r\n");
            c.answer();
            c.end();
        },
        expect: "
            closed
            200
            content-length: 0
            closed
        ",
        ..Case::WIRE
    },
    Case {
        name: "client_that_takes_nothing_is_cut",
        says: "a client that takes nothing for too long is cut, and the body is dropped",
        rules: &[253],
        settings: Some(|config| config.write_timeout = SOON),
        app: |environ, start_response| {
            let dropped = Dropped(Notes::of(&environ));
            let block = Bytes::from(vec![b'x'; 64 * 1024]);
            let blocks = std::iter::repeat_with(move || {
                let _dropped = &dropped;
                Ok::<_, rgi_core::Error>(block.clone())
            });
            ok(start_response).iter(blocks).erased()
        },
        client: |c| {
            c.send("GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}\r\n");
            c.read_head();
            c.noted(2);
        },
        expect: "
            200
        ",
        ..Case::WIRE
    },
    Case {
        name: "long_request_is_503_or_cut",
        says: "a request that takes too long is answered 503 before its head, and cut behind it",
        rules: &[254],
        needs: &["!may_block"],
        settings: Some(|config| config.request_timeout = SOON),
        app: |environ, start_response| {
            let notes = Notes::of(&environ);
            let begins = environ.path_info() == "/begins";
            BoxBody::future(async move {
                let started = ok(start_response);
                let never = async move |notes: Notes| notes.signal("never").await;
                if !begins {
                    never(notes.clone()).await;
                }
                Ok(started.push(async move |mut out| {
                    out.write("begun").await?;
                    never(notes).await;
                    Ok(())
                }))
            })
        },
        client: |c| {
            c.get("/");
            c.get("/begins");
        },
        expect: r#"
            503 by the server
            200
            "begun"
            cut
        "#,
        ..Case::WIRE
    },
    Case {
        name: "slow_next_head_is_408",
        says: "a head that does not end in time is answered 408 behind another request too, also if it came along with it",
        rules: &[252],
        settings: Some(|config| config.header_timeout = SOON),
        app: echo,
        client: |c| {
            c.send("GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}\r\n");
            c.answer();
            c.send("GET {root}/ HTT");
            c.answer();
            c.end();
            c.connect();
            c.send("GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}\r\nGET {root}/ HTT");
            c.answer();
            c.answer();
            c.end();
        },
        expect: "
            200
            content-length: 0
            408 by the server
            connection: close
            closed
            200
            content-length: 0
            408 by the server
            connection: close
            closed
        ",
        ..Case::WIRE
    },
    Case {
        name: "slow_chunks_are_408",
        says: "chunks that stop coming are an error to their reader, answered 408",
        rules: &[252],
        settings: Some(|config| config.body_timeout = SOON),
        app: echo,
        client: |c| {
            c.send("POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Transfer-Encoding: chunked\r\n\r\n2\r\na");
            c.answer();
            c.end();
        },
        expect: "
            408 by the server
            connection: close
            closed
        ",
        ..Case::WIRE
    },
    Case {
        name: "stray_line_end_is_no_slow_head",
        says: "a line end behind an answer begins no request: the connection is closed as an idle one is",
        rules: &[246, 252],
        settings: Some(|config| {
            config.header_timeout = SOON;
            config.keep_alive = Some(Duration::from_millis(500));
        }),
        app: echo,
        client: |c| {
            c.send("GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}\r\n");
            c.answer();
            c.send("\r\n");
            c.end();
        },
        expect: "
            200
            content-length: 0
            closed
        ",
        ..Case::WIRE
    },
    Case {
        name: "slow_application_is_no_slow_client",
        says: "the time an application takes between its reads is not held against the client",
        rules: &[252],
        needs: &[AT_ONCE, "lazy_continue"],
        settings: Some(|config| config.body_timeout = SOON),
        app: |mut environ, start_response| {
            let notes = Notes::of(&environ);
            BoxBody::future(async move {
                let first = block(&mut environ).await.transpose()?.unwrap_or_default();
                notes.add("works");
                notes.signal("sent").await;
                environ.timer().sleep(Duration::from_millis(400)).await;
                let rest = environ.input().collect(100).await?;
                Ok(ok(start_response).full([first, rest].concat()))
            })
        },
        client: |c| {
            c.send("POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Content-Length: 6\r\n\r\nabc");
            c.noted(1);
            c.send("def");
            c.signal("sent");
            c.answer();
        },
        expect: r#"
            200
            content-length: 6
            "abcdef"
        "#,
        ..Case::WIRE
    },
];
