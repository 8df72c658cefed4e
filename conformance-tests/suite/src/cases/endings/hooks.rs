//! Closing: when bodies are dropped, what hooks are told, and in which order.

use std::sync::Mutex;

use rgi_core::{BodyExt, BoxBody, Bytes, Environ, Error, Event, StartResponse};

use crate::cases::AT_ONCE;
use crate::cases::bodies::{Dropped, Events, Polled, blocks, ok};
use crate::cases::environ::text;
use crate::{Case, Notes};

/// Bytes of a block that no socket takes many of.
const BLOCK: usize = 64 * 1024;

/// Blocks, or what the path says, in a body that notes its drop.
fn closes(environ: Environ, start_response: StartResponse) -> BoxBody {
    let dropped = Dropped(Notes::of(&environ));
    let path = environ.path_info().to_owned();
    let mut start = Some(ok(start_response));
    let mut given = 0;
    BoxBody::new(Polled(move |_: &mut std::task::Context<'_>| {
        let _ = &dropped;
        if let Some(start) = start.take() {
            return std::task::Poll::Ready(Some(match path.as_str() {
                "/early" => Err(Error::new("before the commit")),
                _ => Ok(Event::Start(start)),
            }));
        }
        given += 1;
        let block = || Some(Ok(Event::Data(Bytes::from("some"))));
        std::task::Poll::Ready(match (path.as_str(), given) {
            ("/panic", 2) => panic!("behind the commit"),
            ("/late", 2) => Some(Err(Error::new("behind the commit"))),
            ("/endless", _) => {
                let mut block = b"some".to_vec();
                block.resize(BLOCK, b'.');
                Some(Ok(Event::Data(block.into())))
            }
            (_, 1 | 2) => block(),
            _ => None,
        })
    }))
}

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "body_is_dropped_on_every_path",
        says: "a body is dropped at its end, after an error or a panic, and where there is no body",
        rules: &[15],
        app: closes,
        client: |c| {
            c.get("/");
            // A server may close a connection that is idle while others come.
            for (noted, target) in [(2, "/early"), (4, "/late"), (6, "/panic")] {
                c.noted(noted);
                c.connect();
                c.get(target);
            }
            c.noted(8);
            c.connect();
            c.head("/");
            c.notes(10);
        },
        expect: r#"
            200
            "somesome"
            500 by the server
            200
            "some"
            cut
            200
            "some"
            cut
            200
            app: dropped
            app: sent 200 8 bytes
            app: dropped
            app: refused 500 26 bytes
            app: dropped
            app: truncated 200 4 bytes
            app: dropped
            app: truncated 200 4 bytes
            app: dropped
            app: sent 200 0 bytes
        "#,
        ..Case::APP
    },
    Case {
        name: "client_that_leaves_ends_the_iteration",
        says: "a body without end is dropped when its client has left, and the exchange disconnected",
        rules: &[15, 200, 203],
        app: closes,
        client: |c| {
            c.ask("GET", "/endless").leave_after(4).send();
            c.notes(2);
        },
        expect: r#"
            200
            "some"
            app: dropped
            app: disconnected 200 _ bytes
        "#,
        ..Case::APP
    },
    Case {
        name: "hooks_run_last_first_behind_the_body",
        says: "hooks run when the body was dropped, the last that was registered first",
        rules: &[192, 194],
        app: |environ, start_response| {
            let notes = Notes::of(&environ);
            for hook in ["first", "second", "third"] {
                let notes = notes.clone();
                environ.on_finish(move |_| notes.add(hook));
            }
            let dropped = Dropped(notes);
            let body = ok(start_response).push(async move |mut out| {
                let dropped = dropped;
                environ.on_finish({
                    let notes = dropped.0.clone();
                    move |_| notes.add("in the body")
                });
                out.write("one").await?;
                out.write("two").await
            });
            body.erased()
        },
        client: |c| {
            c.get("/");
            c.notes(6);
        },
        expect: r#"
            200
            "onetwo"
            app: dropped
            app: in the body
            app: third
            app: second
            app: first
            app: sent 200 6 bytes
        "#,
        ..Case::APP
    },
    Case {
        name: "hooks_run_whatever_happened",
        says: "each hook runs once: behind a panic of the call, a refusal, and another hook's panic",
        rules: &[193, 196],
        app: |environ, start_response| {
            let notes = Notes::of(&environ);
            let (first, last) = (notes.clone(), notes);
            environ.on_finish(move |_| first.add("first"));
            environ.on_finish(|_| panic!("in a hook"));
            environ.on_finish(move |_| last.add("last"));
            match environ.path_info() {
                "/panic" => panic!("in the call"),
                "/refused" => Events::body([Err(Error::malformed("refused"))]),
                _ => text(start_response, "lives"),
            }
        },
        client: |c| {
            c.get("/panic");
            c.get("/refused");
            c.get("/");
            c.notes(9);
        },
        expect: r#"
            500 by the server
            400 by the server
            200
            content-length: 5
            "lives"
            app: last
            app: first
            app: refused 500 26 bytes
            app: last
            app: first
            app: refused 400 16 bytes
            app: last
            app: first
            app: sent 200 5 bytes
        "#,
        ..Case::APP
    },
    Case {
        name: "outcomes_tell_how_it_ended",
        says: "an outcome tells how the exchange ended, its status, its bytes and the error",
        rules: &[197, 198, 199, 200, 201],
        breaks: &["length-too-short"],
        app: |environ, start_response| {
            let notes = Notes::of(&environ);
            environ.on_finish(move |outcome| match outcome.error {
                Some(error) => notes.add(format!("error: {error}")),
                None => notes.add("no error"),
            });
            match environ.path_info() {
                "/blocks" => blocks(ok(start_response), &["one", "two"]),
                "/empty" => ok(start_response).empty().into(),
                "/short" => blocks(ok(start_response).length(8), &["one", "two"]),
                "/replaced" => {
                    let (_, fallback) = start_response.with_fallback();
                    let started = fallback.start(
                        rgi_core::StatusCode::BAD_GATEWAY,
                        Error::new("of somebody else"),
                    );
                    started.full("replaced").into()
                }
                _ => Events::body([Err(Error::new("refused"))]),
            }
        },
        client: |c| {
            c.get("/blocks");
            c.get("/empty");
            c.get("/replaced");
            c.get("/refused");
            c.get("/short");
            c.notes(10);
        },
        expect: r#"
            200
            "onetwo"
            200
            content-length: 0
            502
            content-length: 8
            "replaced"
            500 by the server
            200
            content-length: 8
            "onetwo"
            cut
            app: no error
            app: sent 200 6 bytes
            app: no error
            app: sent 200 0 bytes
            app: error: of somebody else
            app: sent 502 8 bytes
            app: error: refused
            app: refused 500 26 bytes
            app: error: misuse: fewer bytes than the length promised
            app: truncated 200 6 bytes
        "#,
        ..Case::APP
    },
    Case {
        name: "hooks_run_for_a_client_that_left",
        says: "behind a client that left the body is dropped, and each hook run, in the usual order",
        rules: &[192, 193, 200],
        needs: &["told_of_disconnect", AT_ONCE],
        app: |environ, start_response| {
            let notes = Notes::of(&environ);
            for hook in ["first", "last"] {
                let notes = notes.clone();
                environ.on_finish(move |outcome| {
                    let left = outcome.end == rgi_core::End::Disconnected;
                    notes.add(format!("{hook}: {left}"));
                });
            }
            BoxBody::future(async move {
                let dropped = Dropped(notes);
                dropped.0.add("called");
                environ.peer().gone().await;
                Ok(ok(start_response).full("to nobody"))
            })
        },
        client: |c| {
            c.send("GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}\r\n");
            c.noted(1);
            c.leave();
            c.notes(5);
        },
        expect: "
            app: called
            app: dropped
            app: last: true
            app: first: true
            app: disconnected - 0 bytes
        ",
        ..Case::WIRE
    },
    Case {
        name: "late_hook_runs_at_once",
        says: "a hook that is registered when the exchange is over runs at once",
        rules: &[195],
        app: |environ, start_response| {
            let notes = Notes::of(&environ);
            let kept = notes.kept::<Mutex<Option<Environ>>>();
            let mut kept = kept.lock().expect("nobody panics");
            match kept.take() {
                None => *kept = Some(environ),
                Some(before) => {
                    let late = notes.clone();
                    before.on_finish(move |outcome| {
                        late.add(format!("late: {:?} {} bytes", outcome.end, outcome.bytes));
                    });
                    notes.add("registered");
                }
            }
            text(start_response, "text")
        },
        client: |c| {
            c.get("/first");
            c.noted(1);
            // A server may have closed the one that was idle meanwhile.
            c.connect();
            c.get("/second");
            c.notes(4);
        },
        expect: r#"
            200
            content-length: 4
            "text"
            200
            content-length: 4
            "text"
            app: sent 200 4 bytes
            app: late: Sent 4 bytes
            app: registered
            app: sent 200 4 bytes
        "#,
        ..Case::APP
    },
];
