//! Clients that leave.

use std::future::poll_fn;
use std::pin::Pin;
use std::time::Duration;

use rgi_core::{
    App, AppExt, BodyExt, BoxBody, Environ, Error, StartResponse, Stream, async_fn, rt,
};

use crate::cases::AT_ONCE;
use crate::cases::bodies::{Dropped, ok};
use crate::cases::environ::text;
use crate::{Case, Notes};

/// A time that is never waited for.
const LONG: Duration = Duration::from_secs(3600);

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "disconnect_is_told_without_reading",
        says: "an application that neither reads nor writes is told at once that its client has left",
        rules: &[200, 202, 218],
        needs: &["told_of_disconnect", "lazy_continue", AT_ONCE],
        app: |environ, start_response| {
            let notes = Notes::of(&environ);
            BoxBody::future(async move {
                notes.add(format!("gone: {}", environ.peer().is_gone()));
                environ.peer().gone().await;
                notes.add(format!("gone: {}", environ.peer().is_gone()));
                Ok(ok(start_response).full("to nobody"))
            })
        },
        client: |c| {
            c.send("POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Content-Length: 9\r\n\r\nunread");
            c.noted(1);
            c.leave();
            c.notes(3);
        },
        expect: "
            app: gone: false
            app: gone: true
            app: disconnected - 0 bytes
        ",
        ..Case::WIRE
    },
    Case {
        name: "disconnect_lets_the_step_end",
        says: "after a disconnect the body ends its step, what it yields is discarded, and it is dropped",
        rules: &[203, 204],
        needs: &["told_of_disconnect"],
        app: |environ, start_response| {
            let (notes, timer) = (Notes::of(&environ), environ.timer());
            let body = ok(start_response).push(async move |mut out| {
                let dropped = Dropped(notes.clone());
                out.write("begun").await?;
                environ.peer().gone().await;
                notes.add("told");
                timer.sleep(Duration::from_millis(20)).await;
                notes.add("the step goes on");
                out.write("to nobody").await?;
                drop(dropped);
                notes.add("it is asked for more");
                Ok(())
            });
            body.erased()
        },
        client: |c| {
            c.send("GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}\r\n");
            c.read_head();
            c.block(5);
            c.leave();
            c.notes(4);
        },
        expect: r#"
            200
            "begun"
            app: told
            app: the step goes on
            app: dropped
            app: disconnected 200 5 bytes
        "#,
        ..Case::WIRE
    },
    Case {
        name: "cancel_on_disconnect_drops_at_once",
        says: "a body that asked for it is dropped in the midst of a step when its client leaves",
        rules: &[204],
        needs: &["told_of_disconnect", AT_ONCE],
        app: |environ, start_response| {
            let app = async_fn(
                |environ: Environ, start_response: StartResponse| async move {
                    let dropped = Dropped(Notes::of(&environ));
                    dropped.0.add("called");
                    environ.timer().sleep(LONG).await;
                    drop(dropped);
                    Ok(ok(start_response).full("much later"))
                },
            );
            let app = app.cancel_on_disconnect();
            app.call(environ, start_response).erased()
        },
        client: |c| {
            c.send("GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}\r\n");
            c.noted(1);
            c.leave();
            c.notes(3);
        },
        expect: "
            app: called
            app: dropped
            app: disconnected - 0 bytes
        ",
        ..Case::WIRE
    },
    Case {
        name: "write_after_a_disconnect_fails",
        says: "each write after a disconnect is an error that says so",
        rules: &[205],
        needs: &["told_of_disconnect", AT_ONCE],
        app: |environ, start_response| {
            let notes = Notes::of(&environ);
            let body = ok(start_response).push(move |mut out| {
                // The writer is elsewhere: what is in the body is dropped with it.
                std::thread::spawn(move || {
                    rt::block_on(async {
                        let first = out.write("begun").await.is_ok();
                        notes.signal("write").await;
                        // What ends the step the body is in is taken, and discarded.
                        while out.write("to nobody").await.is_ok() {}
                        notes.signal("tell").await;
                        notes.add(format!("the first was written: {first}"));
                        for _ in 0..2 {
                            let write = out.write("to nobody").await;
                            let told = write.is_err_and(|error| error.is_disconnected());
                            notes.add(format!("told: {told}"));
                        }
                    });
                });
                std::future::ready(Ok(()))
            });
            body.erased()
        },
        client: |c| {
            c.send("GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}\r\n");
            c.read_head();
            c.block(5);
            c.leave();
            c.signal("write");
            c.noted(1);
            c.signal("tell");
            c.notes(4);
        },
        expect: r#"
            200
            "begun"
            app: disconnected 200 _ bytes
            app: the first was written: true
            app: told: true
            app: told: true
        "#,
        ..Case::WIRE
    },
    Case {
        name: "read_after_a_disconnect_fails",
        says: "each read of an input after a disconnect is an error that says so",
        rules: &[205],
        needs: &["told_of_disconnect", "lazy_continue", AT_ONCE],
        app: |mut environ, start_response| {
            let (notes, mut input) = (Notes::of(&environ), environ.take_input());
            std::thread::spawn(move || {
                rt::block_on(notes.signal("read"));
                let mut read = || rt::block_on(poll_fn(|cx| Pin::new(&mut input).poll_next(cx)));
                while let Some(Ok(_)) = read() {}
                for _ in 0..2 {
                    let told = match read() {
                        Some(Err(error)) => error.is_disconnected(),
                        _ => false,
                    };
                    notes.add(format!("told: {told}"));
                }
            });
            let notes = Notes::of(&environ);
            BoxBody::future(async move {
                notes.add("called");
                environ.peer().gone().await;
                Ok(ok(start_response).full("to nobody"))
            })
        },
        client: |c| {
            c.send("POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Content-Length: 9\r\n\r\nsome");
            c.noted(1);
            c.leave();
            c.noted(2);
            c.signal("read");
            c.notes(4);
        },
        expect: "
            app: called
            app: disconnected - 0 bytes
            app: told: true
            app: told: true
        ",
        ..Case::WIRE
    },
    Case {
        name: "half_closed_client_gets_what_is_ready",
        says: "a client that ends its side behind its requests gets the answers that are ready",
        rules: &[206],
        app: |environ, start_response| match environ.path_info() {
            "/large" => ok(start_response).full(crate::pattern(3_000_000)).into(),
            _ => text(start_response, "ready"),
        },
        client: |c| {
            c.send(
                "GET {root}/1 HTTP/1.1\r\nHost: a\r\n{case}\r\n\
                 GET {root}/large HTTP/1.1\r\nHost: a\r\n{case}\r\n\
                 GET {root}/3 HTTP/1.1\r\nHost: a\r\n{case}\r\n",
            );
            c.half_close();
            c.answer();
            c.answer();
            c.answer();
            c.end();
        },
        expect: r#"
            200
            content-length: 5
            "ready"
            200
            content-length: 3000000
            3000000 bytes of the pattern
            200
            content-length: 5
            "ready"
            closed
        "#,
        ..Case::WIRE
    },
    Case {
        name: "client_that_leaves_ends_no_other",
        says: "a client that leaves in the midst of its answer disturbs no other connection",
        rules: &[163, 203],
        needs: &["told_of_disconnect", AT_ONCE],
        app: |environ, start_response| {
            let notes = Notes::of(&environ);
            let path = environ.path_info().to_owned();
            let body = ok(start_response).push(async move |mut out| {
                out.write("begun").await?;
                match path.as_str() {
                    "/leaves" => environ.peer().gone().await,
                    _ => notes.signal("go").await,
                }
                out.write("whole").await?;
                Err::<(), _>(Error::new("nobody gets here")).or(Ok(()))
            });
            body.erased()
        },
        client: |c| {
            c.send("GET {root}/stays HTTP/1.1\r\nHost: a\r\n{case}\r\n");
            c.read_head();
            c.block(5);
            c.apart(|c| {
                c.send("GET {root}/leaves HTTP/1.1\r\nHost: a\r\n{case}\r\n");
                c.read_head();
                c.block(5);
                c.leave();
            });
            c.noted(1);
            c.signal("go");
            c.rest();
            c.notes(2);
        },
        expect: r#"
            200
            "begun"
            200
            "begun"
            "whole"
            app: disconnected 200 5 bytes
            app: sent 200 10 bytes
        "#,
        ..Case::WIRE
    },
];
