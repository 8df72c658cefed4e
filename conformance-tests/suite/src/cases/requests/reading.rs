//! The input: how it is read, and how reading fails.

use std::io::{BufRead, Read};

use rgi_core::{App, BodyExt, BoxBody, Environ, Error, StartResponse, StatusCode, blocking};

use crate::cases::AT_ONCE;
use crate::cases::bodies::ok;
use crate::cases::requests::{block, echo};
use crate::{Case, Notes, pattern};

/// Answers with the body, of which it takes five bytes.
fn collects_five(mut environ: Environ, start_response: StartResponse) -> BoxBody {
    BoxBody::future(async move {
        let body = environ.input().collect(5).await?;
        Ok(ok(start_response).full(body))
    })
}

pub(in crate::cases) const CASES: &[Case] = &[
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
        app: collects_five,
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
        name: "rest_is_collected_behind_the_first_block",
        says: "a block and all of the rest in one go are the whole, of which each byte was counted",
        rules: &[44, 47],
        app: |mut environ, start_response| {
            BoxBody::future(async move {
                let mut whole = match block(&mut environ).await {
                    Some(block) => block?.to_vec(),
                    None => Vec::new(),
                };
                whole.extend(environ.input().collect(1 << 20).await?);
                let counted = environ.input().consumed() == whole.len() as u64;
                let status = if counted {
                    StatusCode::OK
                } else {
                    StatusCode::CONFLICT
                };
                Ok(start_response.start(status).full(whole))
            })
        },
        client: |c| {
            c.post("/", pattern(100_000));
            let pieces = pattern(50_000);
            c.ask("POST", "/")
                .pieces(pieces.chunks(7_001).map(<[u8]>::to_vec))
                .send();
        },
        expect: "
            200
            content-length: 100000
            100000 bytes of the pattern
            200
            content-length: 50000
            50000 bytes of the pattern
        ",
        ..Case::APP
    },
    Case {
        name: "block_of_input_is_never_empty",
        says: "each block holds a byte at least: an empty one would pass for the end",
        rules: &[44],
        app: |mut environ, start_response| {
            BoxBody::future(async move {
                let (mut bytes, mut empty) = (0, 0);
                while let Some(block) = block(&mut environ).await.transpose()? {
                    bytes += block.len();
                    empty += usize::from(block.is_empty());
                }
                Ok(ok(start_response).full(format!("{bytes} {empty}")))
            })
        },
        client: |c| {
            c.ask("POST", "/").pieces(["a", "bc", "def"]).send();
            c.post("/", "abcd");
            c.post("/", "");
        },
        expect: r#"
            200
            content-length: 3
            "6 0"
            200
            content-length: 3
            "4 0"
            200
            content-length: 3
            "0 0"
        "#,
        ..Case::APP
    },
    Case {
        name: "input_is_read_as_it_comes",
        says: "what has come of a body can be read before the rest is sent",
        rules: &[44],
        needs: &[AT_ONCE, "lazy_continue"],
        app: |mut environ, start_response| {
            let notes = Notes::of(&environ);
            BoxBody::future(async move {
                let mut first = Vec::new();
                while first.len() < 3 {
                    first.extend(block(&mut environ).await.transpose()?.unwrap_or_default());
                }
                notes.add("three bytes");
                let rest = environ.input().collect(100).await?;
                let seen = format!("{} {}", first.escape_ascii(), rest.escape_ascii());
                Ok(ok(start_response).full(seen))
            })
        },
        client: |c| {
            c.send("POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Content-Length: 6\r\n\r\nabc");
            c.noted(1);
            c.send("def");
            c.answer();
        },
        expect: r#"
            200
            content-length: 7
            "abc def"
        "#,
        ..Case::WIRE
    },
    Case {
        name: "body_and_answer_go_both_ways_at_once",
        says: "an application that answers each block as it comes is read while it reads",
        rules: &[11, 44],
        needs: &["lazy_continue"],
        app: |mut environ, start_response| {
            let push = ok(start_response).push(async move |mut out| {
                while let Some(block) = block(&mut environ).await.transpose()? {
                    out.write(block).await?;
                }
                out.write(".").await
            });
            push.erased()
        },
        client: |c| {
            c.send("POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Transfer-Encoding: chunked\r\n\r\n");
            c.send("3\r\none\r\n");
            c.read_head();
            c.block(3);
            c.send("3\r\ntwo\r\n");
            c.block(3);
            c.send("0\r\n\r\n");
            c.rest();
        },
        expect: r#"
            200
            ?connection: close
            "one"
            "two"
            "."
        "#,
        ..Case::WIRE
    },
    Case {
        name: "limit_of_the_application_is_413",
        says: "a limit that the application sets is one of its input: a byte more is an error, answered 413",
        rules: &[186],
        app: |mut environ, start_response| {
            environ.map_input(|input| input.limit(5));
            echo(environ, start_response)
        },
        client: |c| {
            c.ask("POST", "/").pieces(["abc", "de"]).send();
            c.ask("POST", "/").pieces(["abc", "def"]).send();
        },
        expect: r#"
            200
            content-length: 5
            "abcde"
            413 by the server
        "#,
        ..Case::APP
    },
    Case {
        name: "length_at_a_limit_is_read",
        says: "a body as long as the application takes is read, one a byte longer is answered 413",
        rules: &[187],
        app: collects_five,
        client: |c| {
            c.post("/", "abcde");
            c.post("/", "abcdef");
        },
        expect: r#"
            200
            content-length: 5
            "abcde"
            413 by the server
        "#,
        ..Case::APP
    },
    Case {
        name: "broken_off_chunks_are_a_disconnect",
        says: "a chunked body that ends before its last chunk does is no whole one, wherever it breaks off",
        rules: &[191],
        app: |mut environ, start_response| {
            let notes = Notes::of(&environ);
            BoxBody::future(async move {
                let read = environ.input().collect(100).await;
                let left = read.as_ref().is_err_and(Error::is_disconnected);
                notes.add(format!("disconnected {left}"));
                Ok(ok(start_response).full(read?))
            })
        },
        client: |c| {
            for (at, chunks) in ["3\r\nab", "3\r\nabc\r\n", "3\r\nabc\r\n0\r\n", "3"]
                .iter()
                .enumerate()
            {
                c.connect();
                c.send(
                    "POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Transfer-Encoding: chunked\r\n\r\n",
                );
                c.send(chunks);
                c.half_close();
                c.end();
                c.noted(2 * (at + 1));
            }
            c.notes(8);
        },
        breaks: &["first-event"],
        expect: "
            closed
            closed
            closed
            closed
            app: disconnected true
            app: disconnected _ 0 bytes
            app: disconnected true
            app: disconnected _ 0 bytes
            app: disconnected true
            app: disconnected _ 0 bytes
            app: disconnected true
            app: disconnected _ 0 bytes
        ",
        ..Case::WIRE
    },
];
