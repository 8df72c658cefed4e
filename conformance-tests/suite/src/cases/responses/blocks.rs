//! Blocks: as they are, one by one, each when it is there.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use rgi_core::{BodyExt, BoxBody, Bytes, Error, Event};

use crate::cases::bodies::{Events, Polled, blocks, ok};
use crate::{Case, Notes, pattern};

/// A body like a head, with which one that is parsed twice would go wrong.
const LIKE_A_HEAD: &[&str] = &[
    "\r\n\r\nHTTP/1.1 404 Not Found\r\n",
    "Content-Length: 3\r\n\r\n",
    "0\r\n\r\n",
];

/// Any bytes, among them those that text is made of.
const BINARY: &[u8] = b"cr\rlf\ncrlf\r\n\r\nnul\0\x01\x7f\x80\xff\xc3";

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "body_bytes_arrive_unchanged",
        says: "blocks are bytes: line ends and bytes that are no text arrive as they are",
        rules: &[12, 90],
        app: |environ, start_response| match environ.path_info() {
            "/whole" => ok(start_response).full(BINARY).into(),
            _ => {
                let blocks = BINARY.chunks(2).map(|two| Ok::<_, Error>(Bytes::from(two)));
                ok(start_response).iter(blocks).erased()
            }
        },
        client: |c| {
            c.get("/whole");
            c.get("/");
        },
        expect: r#"
            200
            content-length: 23
            "cr\rlf\ncrlf\r\n\r\nnul\x00\x01\x7f\x80\xff\xc3"
            200
            "cr\rlf\ncrlf\r\n\r\nnul\x00\x01\x7f\x80\xff\xc3"
        "#,
        ..Case::APP
    },
    Case {
        name: "body_like_a_head_stays_a_body",
        says: "a body that looks like an answer, or like the end of one, is a body",
        rules: &[12, 76],
        app: |_, start_response| blocks(ok(start_response), LIKE_A_HEAD),
        client: |c| {
            c.get("/1");
            c.get("/2");
        },
        expect: r#"
            200
            "\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\n0\r\n\r\n"
            200
            "\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\n0\r\n\r\n"
        "#,
        ..Case::APP
    },
    Case {
        name: "many_blocks_arrive_in_order",
        says: "96,000 bytes in small blocks and a million in larger ones arrive whole and in order",
        rules: &[11, 99],
        app: |environ, start_response| {
            let (bytes, size) = match environ.path_info() {
                "/small" => (pattern(96_000), 100),
                _ => (pattern(1_000_000), 9_999),
            };
            let mut at = 0;
            let blocks = std::iter::from_fn(move || {
                let from = at;
                at = bytes.len().min(from + size);
                (from < at).then(|| Ok::<_, Error>(bytes.slice(from..at)))
            });
            ok(start_response).iter(blocks).erased()
        },
        client: |c| {
            c.get("/small");
            c.get("/large");
        },
        expect: "
            200
            96000 bytes of the pattern
            200
            1000000 bytes of the pattern
        ",
        ..Case::APP
    },
    Case {
        name: "empty_block_means_nothing",
        says: "an empty block neither ends a body nor gives it a length, wherever it stands",
        rules: &[153],
        app: |environ, start_response| match environ.path_info() {
            "/empty" => blocks(ok(start_response), &["", "", ""]),
            _ => blocks(ok(start_response), &["", "one", "", "", "two", ""]),
        },
        client: |c| {
            c.get("/");
            c.get("/empty");
        },
        expect: r#"
            200
            "onetwo"
            200
            content-length: 0
        "#,
        ..Case::APP
    },
    Case {
        name: "pending_body_is_waited_for",
        says: "a body that takes its time before its first block, and between blocks, is waited for",
        rules: &[156],
        app: |environ, start_response| {
            let timer = environ.timer();
            let body = ok(start_response).push(async move |mut out| {
                for block in ["one", "two"] {
                    timer.sleep(Duration::from_millis(20)).await;
                    out.write(block).await?;
                }
                Ok(())
            });
            body.erased()
        },
        client: |c| c.get("/"),
        expect: r#"
            200
            "onetwo"
        "#,
        ..Case::APP
    },
    Case {
        name: "start_may_come_late",
        says: "a head that is made only when the body is iterated, after a while, is the answer's",
        rules: &[18],
        app: |environ, start_response| {
            BoxBody::future(async move {
                environ.timer().sleep(Duration::from_millis(20)).await;
                let started = start_response.start(rgi_core::StatusCode::CREATED);
                Ok(started.full("late"))
            })
        },
        client: |c| c.get("/"),
        expect: r#"
            201
            content-length: 4
            "late"
        "#,
        ..Case::APP
    },
    Case {
        name: "hand_written_bodies_are_served",
        says: "a body of an application's own type is served, and not asked again behind its end",
        rules: &[19, 152],
        app: |_, start_response| {
            Events::body([
                Ok(Event::Start(ok(start_response))),
                Ok(Event::Data(Bytes::from("one"))),
                Ok(Event::Flush),
                Ok(Event::Data(Bytes::from("two"))),
            ])
        },
        client: |c| {
            c.get("/");
            c.notes(1);
        },
        expect: r#"
            200
            "onetwo"
            app: sent 200 6 bytes
        "#,
        ..Case::APP
    },
    Case {
        name: "broken_grammar_is_500_or_cut",
        says: "a body that breaks the order of events is answered 500, and cut once it began",
        rules: &[150],
        breaks: &["first-event", "second-start"],
        app: |environ, start_response| {
            let (start_response, fallback) = start_response.with_fallback();
            let start = Event::Start(ok(start_response));
            let second = fallback.start(rgi_core::StatusCode::OK, Error::new("no cause"));
            let (second, data) = (Event::Start(second), || Event::Data(Bytes::from("data")));
            match environ.path_info() {
                "/data-first" => Events::body([Ok(data()), Ok(start)]),
                "/flush-first" => Events::body([Ok(Event::Flush), Ok(start)]),
                "/two-starts" => Events::body([Ok(start), Ok(second), Ok(data())]),
                _ => Events::body([Ok(start), Ok(data()), Ok(second), Ok(data())]),
            }
        },
        client: |c| {
            c.get("/data-first");
            c.get("/flush-first");
            c.get("/two-starts");
            c.get("/start-behind-data");
        },
        expect: r#"
            500 by the server
            500 by the server
            500 by the server
            200
            "data"
            cut
        "#,
        ..Case::APP
    },
    Case {
        name: "block_is_sent_before_the_next_is_asked_for",
        says: "each block reaches the client while the application has not got the next one yet",
        rules: &[11, 78, 79, 167],
        needs: &[crate::cases::AT_ONCE],
        app: |environ, start_response| {
            let notes = Notes::of(&environ);
            let mut given = ["first", "second", "third"].into_iter();
            let mut start = Some(Event::Start(ok(start_response)));
            let mut wait = None::<crate::Signal>;
            BoxBody::new(Polled(move |cx: &mut Context<'_>| {
                if let Some(start) = start.take() {
                    return Poll::Ready(Some(Ok(start)));
                }
                if let Some(signal) = &mut wait {
                    ready!(Pin::new(signal).poll(cx));
                }
                let next = given.next();
                wait = next.map(|block| notes.signal(block));
                Poll::Ready(next.map(|block| Ok(Event::Data(Bytes::from(block)))))
            }))
        },
        client: |c| {
            c.send("GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}\r\n");
            c.read_head();
            c.block(5);
            c.signal("first");
            c.block(6);
            c.signal("second");
            c.block(5);
            c.signal("third");
            c.rest();
        },
        expect: r#"
            200
            "first"
            "second"
            "third"
        "#,
        ..Case::WIRE
    },
    Case {
        name: "pushed_blocks_are_sent_as_written",
        says: "what is written is sent as a yielded block is: before the next is written",
        rules: &[85],
        needs: &[crate::cases::AT_ONCE],
        app: |environ, start_response| {
            let notes = Notes::of(&environ);
            let body = ok(start_response).push(async move |mut out| {
                out.write("one").await?;
                notes.signal("one").await;
                out.write("").await?;
                out.write("two").await?;
                notes.signal("two").await;
                notes.add("written");
                Ok(())
            });
            body.erased()
        },
        client: |c| {
            c.send("GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}\r\n");
            c.read_head();
            c.block(3);
            c.signal("one");
            c.block(3);
            c.signal("two");
            c.rest();
            c.notes(2);
        },
        expect: r#"
            200
            "one"
            "two"
            app: written
            app: sent 200 6 bytes
        "#,
        ..Case::WIRE
    },
];
