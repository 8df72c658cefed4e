//! Which stream comes when: nobody waits for another, and none is left out.

use std::sync::atomic::{AtomicUsize, Ordering};

use rgi_core::{BodyExt, Bytes, Error, blocking};

use crate::cases::bodies::ok;
use crate::cases::environ::text;
use crate::http2::Frame;
use crate::{Case, Notes};

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "later_stream_may_be_answered_first",
        says: "a stream that waits holds up none behind it, nor those before",
        rules: &[270],
        app: |environ, start_response| {
            let (notes, path) = (Notes::of(&environ), environ.path_info().to_owned());
            if path == "/quick" {
                return text(start_response, "quick");
            }
            let signal = if path == "/first" { "first" } else { "second" };
            let push = ok(start_response).push(async move |mut out| {
                notes.signal(signal).await;
                out.write(signal).await
            });
            push.erased()
        },
        client: |c| {
            c.http2();
            c.request(1, "GET", "/first", &[]);
            c.request(3, "GET", "/second", &[]);
            c.request(5, "GET", "/quick", &[]);
            c.stream(5);
            c.signal("second");
            c.stream(3);
            c.bytes_by_now(1);
            c.signal("first");
            c.stream(1);
        },
        expect: r#"
            200
            content-length: 5
            "quick"
            200
            "second"
            0 bytes of stream 1
            200
            "first"
        "#,
        ..Case::HTTP2
    },
    Case {
        name: "streams_are_worked_on_at_once",
        says: "fifty streams are in the application before one is answered",
        rules: &[270],
        app: |environ, start_response| {
            let notes = Notes::of(&environ);
            let here = notes.kept::<AtomicUsize>();
            let push = ok(start_response).push(async move |mut out| {
                if here.fetch_add(1, Ordering::SeqCst) + 1 == 50 {
                    notes.add("all are here");
                }
                notes.signal("go").await;
                out.write("done").await
            });
            push.erased()
        },
        client: |c| {
            c.http2();
            for n in 0..50 {
                c.request(2 * n + 1, "GET", "/", &[]);
            }
            c.noted(1);
            c.signal("go");
            c.stream(1);
            c.stream(99);
        },
        expect: r#"
            200
            "done"
            200
            "done"
        "#,
        ..Case::HTTP2
    },
    Case {
        name: "endless_answer_leaves_room_for_others",
        says: "beside a stream that always has more to send, others are answered",
        rules: &[270],
        app: |environ, start_response| {
            if environ.path_info() == "/short" {
                return text(start_response, "short");
            }
            let endless =
                std::iter::repeat_with(|| Ok::<_, Error>(Bytes::from_static(&[b'x'; 4096])));
            ok(start_response).iter(endless).erased()
        },
        client: |c| {
            // As much as there may be: no window holds it up.
            c.http2_with(&[(4, 0x7fff_ffff)]);
            c.frame(Frame::window(0, 0x7fff_0000));
            c.request(1, "GET", "/endless", &[]);
            c.stream_head(1);
            for n in 1..6 {
                c.request(2 * n + 1, "GET", "/short", &[]);
                c.stream(2 * n + 1);
            }
            c.frame(Frame::reset(1, 8));
        },
        expect: r#"
            200
            200
            content-length: 5
            "short"
            200
            content-length: 5
            "short"
            200
            content-length: 5
            "short"
            200
            content-length: 5
            "short"
            200
            content-length: 5
            "short"
        "#,
        ..Case::HTTP2
    },
    Case {
        name: "connections_of_both_versions_share_nothing",
        says: "while a connection of HTTP/2 waits, requests of HTTP/1.1 are answered on another, and \
               the other way round",
        rules: &[269, 270],
        app: |environ, start_response| {
            if environ.path_info() == "/quick" {
                return text(start_response, format!("{:?}", environ.version()));
            }
            let notes = Notes::of(&environ);
            let push = ok(start_response).push(async move |mut out| {
                notes.signal("go").await;
                out.write(format!("{:?}", environ.version())).await
            });
            push.erased()
        },
        client: |c| {
            c.http2();
            c.request(1, "GET", "/wait", &[]);
            c.apart(|c| {
                c.get("/quick");
                c.send("GET {root}/wait HTTP/1.1\r\nHost: a\r\n{case}\r\n");
                c.apart(|c| {
                    c.http2();
                    c.request(1, "GET", "/quick", &[]);
                    c.stream(1);
                });
                c.signal("go");
                c.answer();
            });
            c.stream(1);
        },
        expect: r#"
            200
            content-length: 8
            "HTTP/1.1"
            200
            content-length: 8
            "HTTP/2.0"
            200
            "HTTP/1.1"
            200
            "HTTP/2.0"
        "#,
        ..Case::HTTP2
    },
    Case {
        name: "lift_that_blocks_holds_up_no_stream",
        says: "a blocking application on one stream leaves the others of its connection alone",
        rules: &[221, 270],
        app: |environ, start_response| {
            if environ.path_info() == "/quick" {
                return text(start_response, "quick");
            }
            use rgi_core::App;
            let lifted = blocking(
                |environ: rgi_core::Environ, start_response: rgi_core::StartResponse| {
                    rgi_core::rt::block_on(Notes::of(&environ).signal("go"));
                    Ok::<_, Error>(ok(start_response).full("blocked"))
                },
            );
            lifted.call(environ, start_response).erased()
        },
        client: |c| {
            c.http2();
            c.request(1, "GET", "/", &[]);
            c.request(3, "GET", "/quick", &[]);
            c.stream(3);
            c.signal("go");
            c.stream(1);
        },
        expect: r#"
            200
            content-length: 5
            "quick"
            200
            content-length: 7
            "blocked"
        "#,
        ..Case::HTTP2
    },
];
