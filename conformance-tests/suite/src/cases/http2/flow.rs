//! Windows: no more is sent than the other side has room for, and nobody waits for another's.

use std::sync::atomic::{AtomicUsize, Ordering};

use rgi_core::{BodyExt, Bytes, Error};

use crate::cases::bodies::ok;
use crate::cases::environ::text;
use crate::http2::Frame;
use crate::{Case, Notes, pattern};

/// SETTINGS_INITIAL_WINDOW_SIZE.
const FIRST_WINDOW: u16 = 4;

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "answer_fits_into_its_window",
        says: "with a window of 500 bytes that many are sent; each that it grows by is sent then",
        rules: &[285],
        app: |_, start_response| ok(start_response).full(pattern(3000)).into(),
        client: |c| {
            c.http2_with(&[(FIRST_WINDOW, 500)]);
            c.acknowledged(1);
            c.request(1, "GET", "/", &[]);
            c.stream_head(1);
            c.stream_data(1, 500);
            c.bytes_by_now(1);
            c.frame(Frame::window(1, 600));
            c.stream_data(1, 600);
            c.bytes_by_now(1);
            c.frame(Frame::window(1, 10_000));
            c.stream(1);
        },
        expect: r#"
            1 acknowledged
            200
            content-length: 3000
            500 bytes of the pattern
            500 bytes of stream 1
            600 bytes of the pattern
            1100 bytes of stream 1
            1900 bytes of the pattern
        "#,
        ..Case::HTTP2
    },
    Case {
        name: "window_of_settings_is_that_of_open_streams",
        says: "SETTINGS_INITIAL_WINDOW_SIZE changes the window of streams that are open, to less than \
               nothing, too",
        rules: &[285],
        app: |_, start_response| ok(start_response).full(pattern(4000)).into(),
        client: |c| {
            c.http2_with(&[(FIRST_WINDOW, 2000)]);
            c.acknowledged(1);
            c.request(1, "GET", "/", &[]);
            c.stream_head(1);
            c.stream_data(1, 2000);
            // Now it is 500 less than nothing.
            c.frame(Frame::settings(&[(FIRST_WINDOW, 1500)]));
            c.acknowledged(2);
            c.frame(Frame::window(1, 500));
            c.bytes_by_now(1);
            c.frame(Frame::window(1, 600));
            c.stream_data(1, 600);
            c.bytes_by_now(1);
            c.frame(Frame::settings(&[(FIRST_WINDOW, 100_000)]));
            c.stream(1);
        },
        expect: r#"
            1 acknowledged
            200
            content-length: 4000
            2000 bytes of the pattern
            2 acknowledged
            2000 bytes of stream 1
            600 bytes of the pattern
            2600 bytes of stream 1
            1400 bytes of the pattern
        "#,
        ..Case::HTTP2
    },
    Case {
        name: "stream_without_a_window_holds_up_no_other",
        says: "while the answers of many streams wait for a window, those of others are sent",
        rules: &[270, 285],
        app: |environ, start_response| match environ.path_info() {
            "/held" => ok(start_response).full(pattern(5000)).into(),
            _ => start_response
                .start(rgi_core::StatusCode::NO_CONTENT)
                .empty()
                .into(),
        },
        client: |c| {
            c.http2_with(&[(FIRST_WINDOW, 0)]);
            c.acknowledged(1);
            for n in 0..20 {
                c.request(2 * n + 1, "GET", "/held", &[]);
            }
            c.request(101, "GET", "/free", &[]);
            c.stream(101);
            c.bytes_by_now(1);
            c.frame(Frame::window(39, 5000));
            c.stream(39);
            c.bytes_by_now(1);
        },
        expect: r#"
            1 acknowledged
            204
            0 bytes of stream 1
            200
            content-length: 5000
            5000 bytes of the pattern
            0 bytes of stream 1
        "#,
        ..Case::HTTP2
    },
    Case {
        name: "window_of_the_connection_bounds_all_streams",
        says: "together, answers are no longer than the connection's window",
        rules: &[285],
        app: |_, start_response| ok(start_response).full(pattern(60_000)).into(),
        client: |c| {
            c.http2_with(&[(FIRST_WINDOW, 1 << 20)]);
            c.request(1, "GET", "/", &[]);
            c.stream(1);
            c.request(3, "GET", "/", &[]);
            c.stream_head(3);
            // 65535 in all.
            c.stream_data(3, 5_535);
            c.bytes_by_now(3);
            c.frame(Frame::window(0, 100_000));
            c.stream(3);
        },
        expect: r#"
            200
            content-length: 60000
            60000 bytes of the pattern
            200
            content-length: 60000
            5535 bytes of the pattern
            5535 bytes of stream 3
            54465 bytes of the pattern
        "#,
        ..Case::HTTP2
    },
    Case {
        name: "full_window_stops_the_iteration",
        says: "an application whose client gives no window is not asked for block after block",
        rules: &[285],
        app: |environ, start_response| {
            let notes = Notes::of(&environ);
            let made = notes.kept::<AtomicUsize>();
            if environ.path_info() == "/made" {
                let few = made.load(Ordering::SeqCst) < 100;
                return text(start_response, format!("few: {few}"));
            }
            let endless = std::iter::repeat_with(move || {
                made.fetch_add(1, Ordering::SeqCst);
                Ok::<_, Error>(Bytes::from_static(&[b'x'; 8192]))
            });
            ok(start_response).iter(endless).erased()
        },
        client: |c| {
            c.http2();
            c.request(1, "GET", "/", &[]);
            c.stream_head(1);
            c.stream_data(1, 0);
            for _ in 0..5 {
                c.ping(b"patience");
            }
            c.apart(|c| c.get("/made"));
            c.frame(Frame::reset(1, 8));
        },
        expect: r#"
            200
            200
            content-length: 9
            "few: true"
        "#,
        ..Case::HTTP2
    },
    Case {
        name: "input_beyond_the_windows_ends_the_connection",
        says: "DATA of more bytes than the server has room for: FLOW_CONTROL_ERROR",
        rules: &[280, 285],
        app: |environ, start_response| {
            let go = Notes::of(&environ).signal("go");
            let push = ok(start_response).push(async move |mut out| {
                go.await;
                // Unread until here.
                drop(environ);
                out.write("late").await
            });
            push.erased()
        },
        client: |c| {
            c.http2();
            let window = c.setting(FIRST_WINDOW).unwrap_or(65_535);
            c.begin(1, "POST", "/", &[]);
            let block = vec![b'x'; 16_384];
            for _ in 0..=window / 16_384 {
                c.data(1, &block);
            }
            c.stream(1);
        },
        expect: "
            reset:FLOW_CONTROL_ERROR|goaway:FLOW_CONTROL_ERROR by the server
        ",
        ..Case::HTTP2
    },
    Case {
        name: "reader_gives_room_for_what_it_has_read",
        says: "a body longer than all windows arrives while it is read, with WINDOW_UPDATE on the way",
        rules: &[285],
        app: |mut environ, start_response| {
            let push = ok(start_response).push(async move |mut out| {
                let mut read = 0;
                while let Some(chunk) =
                    std::future::poll_fn(|cx| environ.input().poll_chunk(cx)).await
                {
                    read += chunk?.len();
                }
                out.write(format!("{read} bytes")).await
            });
            push.erased()
        },
        client: |c| {
            c.http2();
            c.begin(1, "POST", "/", &[]);
            c.body(1, 3 << 20);
            c.stream(1);
        },
        expect: r#"
            200
            "3145728 bytes"
        "#,
        ..Case::HTTP2
    },
    Case {
        name: "unread_input_gives_its_room_back",
        says: "bodies that nobody reads take no room from the streams behind them",
        rules: &[270, 285],
        app: |environ, start_response| text(start_response, environ.path_info().to_owned()),
        client: |c| {
            c.http2();
            for n in 0..40 {
                c.begin(2 * n + 1, "POST", "/unread", &[]);
                c.body(2 * n + 1, 60_000);
            }
            c.request(101, "GET", "/next", &[]);
            c.stream(101);
        },
        expect: r#"
            200
            content-length: 5
            "/next"
        "#,
        ..Case::HTTP2
    },
];
