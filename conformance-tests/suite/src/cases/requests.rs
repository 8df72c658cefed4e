//! Requests: their bodies, and how they come.

use std::io::{BufRead, Read};

use rgi_core::{App, BodyExt, BoxBody, Bytes, Environ, Error, StartResponse, StatusCode, blocking};

use super::bodies::ok;
use super::environ::text;
use crate::{Case, Notes, pattern};

/// Answers with the body of the request.
pub(super) fn echo(mut environ: Environ, start_response: StartResponse) -> BoxBody {
    BoxBody::future(async move {
        let body = environ.input().collect(1 << 24).await?;
        Ok(ok(start_response).full(body))
    })
}

/// Notes that it was called, and answers with the body of the request.
pub(super) fn noted_echo(environ: Environ, start_response: StartResponse) -> BoxBody {
    Notes::of(&environ).add("called");
    echo(environ, start_response)
}

/// The next block of the input.
async fn block(environ: &mut Environ) -> Option<Result<Bytes, Error>> {
    std::future::poll_fn(|cx| environ.input().poll_chunk(cx)).await
}

pub(super) const CASES: &[Case] = &[
    Case {
        name: "bodies_of_any_size_are_read",
        says: "no byte, one byte and some hundred KiB arrive as they were sent, with a length and in chunks",
        rules: &[38, 47],
        app: echo,
        client: |c| {
            c.post("/", "");
            c.post("/", "x");
            c.post("/", pattern(96_000));
            c.post("/", pattern(300_000));
            let pieces = pattern(300_000);
            let pieces = pieces.chunks(9_999).map(<[u8]>::to_vec);
            c.ask("POST", "/").pieces(pieces).send();
        },
        expect: r#"
            200
            content-length: 0
            200
            content-length: 1
            "x"
            200
            content-length: 96000
            96000 bytes of the pattern
            200
            content-length: 300000
            300000 bytes of the pattern
            200
            content-length: 300000
            300000 bytes of the pattern
        "#,
        ..Case::APP
    },
    Case {
        name: "body_that_looks_like_a_head_is_a_body",
        says: "line ends and what looks like a request stay bytes of the body",
        rules: &[45],
        app: echo,
        client: |c| {
            c.post("/", "\r\n\r\nGET /x HTTP/1.1\r\nHost: b\r\n\r\n\0\n\r");
            c.get("/");
        },
        expect: r#"
            200
            content-length: 35
            "\r\n\r\nGET /x HTTP/1.1\r\nHost: b\r\n\r\n\x00\n\r"
            200
            content-length: 0
        "#,
        ..Case::APP
    },
    Case {
        name: "length_of_input_is_the_clients",
        says: "the input's length is what was said: 0 without a body, none where it is not known",
        rules: &[183],
        app: |mut environ, start_response| {
            let input = environ.input();
            let seen = format!("{:?} {}", input.length(), input.consumed());
            text(start_response, seen)
        },
        client: |c| {
            c.get("/");
            c.post("/", "four");
            c.ask("POST", "/").pieces(["a", "b"]).send();
        },
        expect: r#"
            200
            content-length: 9
            "Some(0) 0"
            200
            content-length: 9
            "Some(4) 0"
            200
            content-length: 6
            "None 0"
        "#,
        ..Case::APP
    },
    Case {
        name: "input_ends_at_its_length",
        says: "the input ends with its last byte: what follows is the next request",
        rules: &[45],
        app: echo,
        client: |c| {
            c.send(
                "POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Content-Length: 3\r\n\r\nabc\
                 POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Content-Length: 2\r\n\r\nde",
            );
            c.answer();
            c.answer();
        },
        expect: r#"
            200
            content-length: 3
            "abc"
            200
            content-length: 2
            "de"
        "#,
        ..Case::WIRE
    },
    Case {
        name: "end_of_input_is_told_each_time",
        says: "an input at its end says so again and again, and one that never was does, too",
        rules: &[48],
        app: |mut environ, start_response| {
            BoxBody::future(async move {
                let body = environ.input().collect(100).await?;
                let mut ends = 0;
                for _ in 0..3 {
                    ends += u32::from(block(&mut environ).await.is_none());
                }
                let seen = format!("{} {ends} {}", body.len(), environ.input().is_end());
                Ok(ok(start_response).full(seen))
            })
        },
        client: |c| {
            c.post("/", "body");
            c.get("/");
        },
        expect: r#"
            200
            content-length: 8
            "4 3 true"
            200
            content-length: 8
            "0 3 true"
        "#,
        ..Case::APP
    },
    Case {
        name: "input_is_read_as_blocks_lines_and_bytes",
        says: "a blocking application reads its input by bytes, by lines and to the end",
        rules: &[44],
        app: |environ, start_response| {
            let app = blocking(|mut environ: Environ, start_response| {
                let mut reader = environ.input().reader();
                let mut first = [0; 2];
                reader.read_exact(&mut first)?;
                let mut line = String::new();
                reader.read_line(&mut line)?;
                let mut rest = Vec::new();
                reader.read_to_end(&mut rest)?;
                let again = reader.read(&mut first)?;
                let seen = format!("{first:?} {line:?} {} {again}", rest.len());
                Ok(ok(start_response).full(seen))
            });
            app.call(environ, start_response).erased()
        },
        client: |c| {
            let pieces = ["a", "bc\r", "\nline\nmore", "\n"];
            c.ask("POST", "/").pieces(pieces).send();
        },
        expect: r#"
            200
            content-length: 21
            "[97, 98] \"c\\r\\n\" 10 0"
        "#,
        ..Case::APP
    },
    Case {
        name: "chunked_request_is_decoded",
        says: "chunks of any size, with extensions and leading zeros, are the body and nothing else",
        rules: &[102],
        app: |mut environ, start_response| {
            BoxBody::future(async move {
                let coding = environ.headers().contains_key("transfer-encoding");
                let body = environ.input().collect(100).await?;
                let seen = format!("{} {coding}", body.escape_ascii());
                Ok(ok(start_response).full(seen))
            })
        },
        client: |c| {
            c.send(
                "POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Transfer-Encoding: Chunked\r\n\r\n\
                 1\r\na\r\n00A;name=value;other=\"q\\\"\"\r\n0123456789\r\n2\r\n\r\n\r\n0\r\n\r\n",
            );
            c.answer();
            c.send("GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}\r\n");
            c.answer();
        },
        expect: r#"
            200
            content-length: 21
            "a0123456789\\r\\n false"
            200
            content-length: 6
            " false"
        "#,
        ..Case::WIRE
    },
    Case {
        name: "request_trailers_come_behind_the_input",
        says: "trailers are there when the input was read, and never among the fields",
        rules: &[179],
        app: |mut environ, start_response| {
            BoxBody::future(async move {
                let before = environ.input().trailers().is_some();
                let body = environ.input().collect(100).await?;
                let among = environ.headers().contains_key("x-sum");
                let trailers = environ.input().trailers();
                let sum = trailers.and_then(|map| map.get("x-sum")).cloned();
                let seen = format!("{before} {} {among} {sum:?}", body.len());
                Ok(ok(start_response).full(seen))
            })
        },
        client: |c| {
            let ask = c.ask("POST", "/").pieces(["a", "bc"]);
            ask.trailer("x-sum", "6").send();
            c.ask("POST", "/").pieces(["abc"]).send();
        },
        expect: r#"
            200
            content-length: 23
            "false 3 false Some(\"6\")"
            200
            content-length: 18
            "false 3 false None"
        "#,
        ..Case::APP
    },
    Case {
        name: "unread_body_is_not_the_next_request",
        says: "a body that nobody read is skipped: the next request is what stands behind it",
        rules: &[189],
        app: |environ, start_response| {
            let seen = format!("{} {}", environ.method(), environ.path_info());
            text(start_response, seen)
        },
        client: |c| {
            c.send(
                "POST {root}/1 HTTP/1.1\r\nHost: a\r\n{case}Content-Length: 30\r\n\r\n\
                 GET /x HTTP/1.1\r\nHost: b\r\n\r\n..\
                 GET {root}/2 HTTP/1.1\r\nHost: a\r\n{case}Connection: close\r\n\r\n",
            );
            c.answer();
            c.answer();
            c.end();
        },
        expect: r#"
            200
            content-length: 7
            "POST /1"
            200
            connection: close
            content-length: 6
            "GET /2"
            closed
        "#,
        ..Case::WIRE
    },
    Case {
        name: "broken_off_body_is_a_disconnect",
        says: "a body whose client ends in its midst is never a whole one",
        rules: &[191],
        app: |mut environ, start_response| {
            let notes = Notes::of(&environ);
            BoxBody::future(async move {
                let error = environ.input().collect(100).await.err();
                let again = block(&mut environ)
                    .await
                    .is_some_and(|again| again.is_err());
                let left = error.as_ref().is_some_and(Error::is_disconnected);
                notes.add(format!("disconnected {left}, again {again}"));
                Err::<BoxBody, _>(error.unwrap_or_else(|| Error::new("a whole body")))
                    .inspect(|_| drop(start_response))
            })
        },
        client: |c| {
            c.send("POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Content-Length: 10\r\n\r\nabc");
            c.half_close();
            c.end();
            c.notes(2);
        },
        breaks: &["first-event"],
        expect: "
            closed
            app: disconnected true, again true
            app: disconnected _ 0 bytes
        ",
        ..Case::WIRE
    },
    Case {
        name: "large_chunked_body_is_413_to_its_reader",
        says: "a body that turns out too long is an error to its reader, answered 413 where it is passed on",
        rules: &[186],
        settings: Some(|config| config.limits.body = 10),
        app: echo,
        client: |c| {
            c.send(
                "POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Transfer-Encoding: chunked\r\n\r\n\
                 5\r\nabcde\r\n6\r\nabcdef\r\n0\r\n\r\n",
            );
            c.answer();
            c.end();
        },
        expect: "
            413 by the server
            connection: close
            closed
        ",
        ..Case::WIRE
    },
    Case {
        name: "broken_input_is_told_each_time",
        says: "an input that failed gives its error at each further read",
        rules: &[184],
        app: |mut environ, start_response| {
            BoxBody::future(async move {
                let mut statuses = Vec::new();
                for _ in 0..3 {
                    let error = environ.input().collect(100).await.err();
                    statuses.extend(error.map(|error| error.status().as_u16()));
                }
                let started = start_response.start(StatusCode::BAD_REQUEST);
                Ok(started.full(format!("{statuses:?}")))
            })
        },
        client: |c| {
            c.send(
                "POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Transfer-Encoding: chunked\r\n\r\n\
                 1\r\nab\r\n",
            );
            c.answer();
            c.end();
        },
        expect: r#"
            400
            connection: close
            content-length: 15
            "[400, 400, 400]"
            closed
        "#,
        ..Case::WIRE
    },
    Case {
        name: "announced_length_beyond_a_limit_is_refused_unread",
        says: "a length beyond the application's own limit is refused before a byte is read",
        rules: &[187],
        needs: &["lazy_continue"],
        app: |mut environ, start_response| {
            BoxBody::future(async move {
                let body = environ.input().collect(5).await?;
                Ok(ok(start_response).full(body))
            })
        },
        client: |c| {
            c.send(
                "POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Content-Length: 6\r\n\
                 Expect: 100-continue\r\n\r\n",
            );
            c.answer();
            c.end();
        },
        expect: "
            413 by the server
            connection: close
            closed
        ",
        ..Case::WIRE
    },
    Case {
        name: "kept_input_is_told_of_the_end",
        says: "an input that outlives its exchange gives an error, and no byte of the next request",
        rules: &[190],
        app: |mut environ, start_response| {
            let notes = Notes::of(&environ);
            let kept = notes.kept::<std::sync::Mutex<Option<rgi_core::Input>>>();
            if environ.path_info() == "/keep" {
                *kept.lock().unwrap() = Some(environ.take_input());
                return text(start_response, "kept");
            }
            let before = kept.lock().unwrap().take();
            BoxBody::future(async move {
                let mut before = before.ok_or_else(|| Error::new("nothing was kept"))?;
                let read = before.collect(100).await;
                Ok(ok(start_response).full(format!("{}", read.is_err())))
            })
        },
        client: |c| {
            c.send(
                "POST {root}/keep HTTP/1.1\r\nHost: a\r\n{case}Transfer-Encoding: chunked\r\n\r\n",
            );
            c.read_head();
            c.rest();
            c.connect();
            c.send("GET {root}/read HTTP/1.1\r\nHost: a\r\n{case}\r\n");
            c.answer();
        },
        expect: r#"
            200
            ?connection: close
            content-length: 4
            "kept"
            200
            content-length: 4
            "true"
        "#,
        ..Case::WIRE
    },
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
];
