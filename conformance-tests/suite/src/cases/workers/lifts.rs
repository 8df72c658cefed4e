//! Blocking applications: in place, or on a pool.

use std::io::{BufRead, ErrorKind, Read};
use std::time::Duration;

use rgi_core::{BoxBody, Bytes, Environ, Error, StartResponse, rt};

use super::lifted;
use crate::cases::AT_ONCE;
use crate::cases::bodies::ok;
use crate::cases::environ::text;
use crate::{Case, Notes};

/// Blocks until the client says `go` where the path asks for it, and answers with the body.
fn blocks_or_reads(environ: Environ, start_response: StartResponse) -> BoxBody {
    lifted(environ, start_response, |mut environ, start_response| {
        let notes = Notes::of(&environ);
        if environ.path_info() == "/block" {
            notes.add("blocks");
            rt::block_on(notes.signal("go"));
        }
        let mut body = String::new();
        environ.input().reader().read_to_string(&mut body)?;
        Ok(ok(start_response).full(format!("read {body:?}")))
    })
}

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "blocking_read_names_the_lift",
        says: "a blocking read where the thread may not wait is an error that says what to do",
        rules: &[188],
        needs: &["!may_block"],
        app: |mut environ, start_response| {
            let mut room = [0; 8];
            let read = environ.input().reader().read(&mut room);
            let error = read.err();
            let kind = error.as_ref().map(|error| error.kind());
            let names = error.is_some_and(|error| error.to_string().contains("blocking"));
            text(
                start_response,
                format!("{} {names}", kind == Some(ErrorKind::WouldBlock)),
            )
        },
        client: |c| {
            c.send("POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Content-Length: 4\r\n\r\n");
            c.read_head();
            c.block(9);
        },
        expect: r#"
            200
            ?connection: close
            content-length: 9
            "true true"
        "#,
        ..Case::WIRE
    },
    Case {
        name: "lift_that_blocks_stalls_nobody",
        says: "a blocking application on the pool holds up no other request",
        rules: &[221],
        needs: &["!may_block"],
        app: |environ, start_response| match environ.path_info() {
            "/block" => blocks_or_reads(environ, start_response),
            _ => text(start_response, "not stalled"),
        },
        client: |c| {
            c.send("GET {root}/block HTTP/1.1\r\nHost: a\r\n{case}\r\n");
            c.noted(1);
            c.apart(|c| c.get("/"));
            c.signal("go");
            c.answer();
        },
        expect: r#"
            200
            content-length: 11
            "not stalled"
            200
            content-length: 7
            "read \"\""
        "#,
        ..Case::WIRE
    },
    Case {
        name: "pool_without_a_free_thread_is_503",
        says: "a blocking call that waits too long for a thread is answered 503 with Retry-After",
        rules: &[223],
        needs: &["!may_block"],
        settings: Some(|config| {
            config.blocking_threads = 1;
            config.queue_timeout = Some(Duration::from_millis(100));
        }),
        app: blocks_or_reads,
        client: |c| {
            c.send("GET {root}/block HTTP/1.1\r\nHost: a\r\n{case}\r\n");
            c.noted(1);
            c.apart(|c| {
                c.send("GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}\r\n");
                c.answer();
            });
            c.signal("go");
            c.answer();
        },
        expect: r#"
            503 by the server
            retry-after: _
            200
            content-length: 7
            "read \"\""
        "#,
        ..Case::WIRE
    },
    Case {
        name: "slow_bodies_hold_no_thread",
        says: "a blocking call is made when its body is there: one that comes slowly holds no thread",
        rules: &[224],
        needs: &["!may_block"],
        settings: Some(|config| config.blocking_threads = 1),
        app: blocks_or_reads,
        client: |c| {
            c.send("POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Content-Length: 4\r\n\r\nsl");
            c.apart(|c| c.post("/", "quick"));
            c.send("ow");
            c.answer();
        },
        expect: r#"
            200
            content-length: 12
            "read \"quick\""
            200
            content-length: 11
            "read \"slow\""
        "#,
        ..Case::WIRE
    },
    Case {
        name: "hundred_continue_for_a_lift",
        says: "to gather a body for a blocking call is to read it: 100 Continue is sent",
        rules: &[224],
        needs: &["lazy_continue"],
        app: blocks_or_reads,
        client: |c| {
            c.send("POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Content-Length: 2\r\nExpect: 100-continue\r\n\r\n");
            c.read_head();
            c.send("ok");
            c.answer();
        },
        expect: r#"
            100
            200
            content-length: 9
            "read \"ok\""
        "#,
        ..Case::WIRE
    },
    Case {
        name: "client_that_leaves_frees_its_thread",
        says: "a blocking call is not made for a client that left while it waited for a thread",
        rules: &[225],
        needs: &["!may_block", "told_of_disconnect"],
        settings: Some(|config| {
            config.blocking_threads = 1;
            config.queue_timeout = None;
        }),
        app: |environ, start_response| match environ.path_info() {
            "/seen" => text(start_response, "seen"),
            _ => blocks_or_reads(environ, start_response),
        },
        client: |c| {
            c.send("GET {root}/block HTTP/1.1\r\nHost: a\r\n{case}\r\n");
            c.noted(1);
            c.apart(|c| {
                // When the first is answered the second was read.
                c.send(
                    "GET {root}/seen HTTP/1.1\r\nHost: a\r\n{case}\r\n\
                     GET {root}/block HTTP/1.1\r\nHost: a\r\n{case}\r\n",
                );
                c.answer();
                c.leave();
                c.noted(3);
            });
            c.signal("go");
            c.answer();
            c.notes(4);
        },
        expect: r#"
            200
            content-length: 4
            "seen"
            200
            content-length: 7
            "read \"\""
            app: blocks
            app: sent 200 4 bytes
            app: disconnected - 0 bytes
            app: sent 200 7 bytes
        "#,
        ..Case::WIRE
    },
    Case {
        name: "panic_on_the_pool_is_500",
        says: "a panic and an error of a blocking application are those of its request alone",
        rules: &[226],
        app: |environ, start_response| {
            lifted(
                environ,
                start_response,
                |environ, start_response| match environ.path_info() {
                    "/panic" => panic!("on purpose"),
                    "/error" => Err(Error::too_large("on purpose")),
                    _ => Ok(ok(start_response).full("alive")),
                },
            )
        },
        client: |c| {
            c.get("/panic");
            c.get("/error");
            c.get("/");
        },
        breaks: &["first-event"],
        expect: r#"
            500 by the server
            413 by the server
            200
            content-length: 5
            "alive"
        "#,
        ..Case::APP
    },
    Case {
        name: "lift_reads_lines_and_yields_blocks",
        says: "a blocking application reads its input line by line, and answers with an iterator's blocks",
        rules: &[44, 221],
        app: |environ, start_response| {
            lifted(environ, start_response, |mut environ, start_response| {
                let lines = environ.input().reader().lines();
                let lines = lines.collect::<Result<Vec<_>, _>>()?;
                let blocks = lines
                    .into_iter()
                    .map(|line| Ok::<_, Error>(Bytes::from(line + ".")));
                Ok(ok(start_response).iter(blocks))
            })
        },
        client: |c| {
            c.post("/", "one\ntwo\r\n\nthree");
            let pieces = ["one\ntw", "o", "\n", "three\n"];
            c.ask("POST", "/").pieces(pieces).send();
        },
        expect: r#"
            200
            "one.two..three."
            200
            "one.two.three."
        "#,
        ..Case::APP
    },
    Case {
        name: "lift_that_fails_midway_is_cut",
        says: "an error or a panic of a blocking iterator behind its first block cuts the answer",
        rules: &[158, 226],
        app: |environ, start_response| {
            lifted(environ, start_response, |environ, start_response| {
                let panics = environ.path_info() == "/panic";
                let blocks = ["some", "more"].into_iter().map(move |block| match block {
                    "some" => Ok(Bytes::from(block)),
                    _ if panics => panic!("on purpose"),
                    _ => Err(Error::new("on purpose")),
                });
                Ok(ok(start_response).iter(blocks))
            })
        },
        client: |c| {
            c.get("/error");
            c.noted(1);
            c.get("/panic");
            c.notes(2);
        },
        expect: r#"
            200
            "some"
            cut
            200
            "some"
            cut
            app: truncated 200 4 bytes
            app: truncated 200 4 bytes
        "#,
        ..Case::APP
    },
    Case {
        name: "blocks_of_a_lift_are_sent_one_by_one",
        says: "a block of a blocking iterator has reached the client while the next one blocks",
        rules: &[11, 78, 221],
        needs: &[AT_ONCE],
        app: |environ, start_response| {
            lifted(environ, start_response, |environ, start_response| {
                let notes = Notes::of(&environ);
                let mut before = None;
                let blocks = ["first", "second", "third"].into_iter().map(move |block| {
                    if let Some(before) = before.replace(block) {
                        rt::block_on(notes.signal(before));
                    }
                    Ok::<_, Error>(Bytes::from(block))
                });
                Ok(ok(start_response).iter(blocks))
            })
        },
        client: |c| {
            c.send("GET {root}/lift HTTP/1.1\r\nHost: a\r\n{case}\r\n");
            c.read_head();
            c.block(5);
            c.signal("first");
            c.block(6);
            c.signal("second");
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
        name: "lift_reads_what_comes_while_it_runs",
        says: "a blocking application that was begun before its body was there reads the rest as it comes",
        rules: &[221, 224],
        needs: &[AT_ONCE],
        settings: Some(|config| config.buffer_body = 0),
        app: |environ, start_response| {
            lifted(environ, start_response, |mut environ, start_response| {
                let notes = Notes::of(&environ);
                let mut body = [0; 8];
                for four in body.chunks_mut(4) {
                    environ.input().reader().read_exact(four)?;
                    notes.add(format!("read {}", four.escape_ascii()));
                }
                Ok(ok(start_response).full(body.to_vec()))
            })
        },
        client: |c| {
            c.send("POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Content-Length: 8\r\n\r\nhalf");
            c.noted(1);
            c.send("more");
            c.answer();
            c.notes(3);
        },
        expect: r#"
            200
            content-length: 8
            "halfmore"
            app: read half
            app: read more
            app: sent 200 8 bytes
        "#,
        ..Case::WIRE
    },
    Case {
        name: "client_that_leaves_ends_the_iteration_of_a_lift",
        says: "a blocking iterator without end is asked no more when its client has left",
        rules: &[15, 203],
        app: |environ, start_response| {
            lifted(environ, start_response, |_, start_response| {
                let mut block = b"some".to_vec();
                block.resize(64 * 1024, b'.');
                let blocks = std::iter::repeat(Bytes::from(block)).map(Ok::<_, Error>);
                Ok(ok(start_response).iter(blocks))
            })
        },
        client: |c| {
            c.ask("GET", "/").leave_after(4).send();
            c.notes(1);
        },
        expect: r#"
            200
            "some"
            app: disconnected 200 _ bytes
        "#,
        ..Case::APP
    },
];
