//! Streams: their numbers, their states, how many there are.

use rgi_core::BodyExt;

use super::{echo, hello};
use crate::cases::bodies::ok;
use crate::cases::environ::text;
use crate::client::CASE;
use crate::http2::Frame;
use crate::{Case, Notes};

const CANCEL: u32 = 8;

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "streams_are_of_odd_numbers",
        says: "HEADERS of an even stream: PROTOCOL_ERROR",
        rules: &[280],
        app: hello,
        client: |c| {
            c.http2();
            c.request(2, "GET", "/", &[]);
            c.goaway();
        },
        expect: "
            goaway:PROTOCOL_ERROR by the server
            closed
        ",
        ..Case::HTTP2
    },
    Case {
        name: "headers_belong_to_a_stream",
        says: "HEADERS and DATA of the connection: PROTOCOL_ERROR",
        rules: &[280],
        app: hello,
        client: |c| {
            c.http2();
            c.request(0, "GET", "/", &[]);
            c.goaway();
            c.http2();
            c.data(0, b"x");
            c.goaway();
        },
        expect: "
            goaway:PROTOCOL_ERROR by the server
            closed
            goaway:PROTOCOL_ERROR by the server
            closed
        ",
        ..Case::HTTP2
    },
    Case {
        name: "numbers_of_streams_go_up",
        says: "a new stream of a lower number than one before: the connection ends",
        rules: &[280],
        app: hello,
        client: |c| {
            c.http2();
            c.request(5, "GET", "/", &[]);
            c.stream(5);
            c.request(3, "GET", "/", &[]);
            c.goaway();
        },
        expect: r#"
            200
            content-length: 5
            "hello"
            goaway:PROTOCOL_ERROR|goaway:STREAM_CLOSED by the server
            closed
        "#,
        ..Case::HTTP2
    },
    Case {
        name: "numbers_of_streams_may_be_left_out",
        says: "streams 1, 7 and 2^31-1: each is answered",
        rules: &[270],
        app: hello,
        client: |c| {
            c.http2();
            for stream in [1, 7, 0x7fff_ffff] {
                c.request(stream, "GET", "/", &[]);
                c.stream(stream);
            }
        },
        expect: r#"
            200
            content-length: 5
            "hello"
            200
            content-length: 5
            "hello"
            200
            content-length: 5
            "hello"
        "#,
        ..Case::HTTP2
    },
    Case {
        name: "idle_stream_has_headers_first",
        says: "DATA, RST_STREAM and WINDOW_UPDATE of a stream that was never opened: PROTOCOL_ERROR",
        rules: &[280],
        app: hello,
        client: |c| {
            for frame in [
                Frame::new(Frame::DATA, 0, 1, b"x"),
                Frame::reset(1, CANCEL),
                Frame::window(1, 1),
            ] {
                c.http2();
                c.frame(frame);
                c.goaway();
            }
        },
        expect: "
            goaway:PROTOCOL_ERROR by the server
            closed
            goaway:PROTOCOL_ERROR by the server
            closed
            goaway:PROTOCOL_ERROR by the server
            closed
        ",
        ..Case::HTTP2
    },
    Case {
        name: "ended_request_has_no_more_data",
        says: "DATA behind END_STREAM: STREAM_CLOSED, of the stream or the connection",
        rules: &[280],
        app: |environ, start_response| {
            let go = Notes::of(&environ).signal("go");
            let push = ok(start_response).push(async move |mut out| {
                go.await;
                out.write("late").await
            });
            push.erased()
        },
        client: |c| {
            c.http2();
            c.request(1, "GET", "/", &[]);
            c.data(1, b"more");
            c.stream(1);
        },
        expect: "
            reset:STREAM_CLOSED|goaway:STREAM_CLOSED|goaway:PROTOCOL_ERROR by the server
        ",
        ..Case::HTTP2
    },
    Case {
        name: "ended_stream_has_no_more_frames",
        says: "HEADERS of a stream that both sides have ended: STREAM_CLOSED, or PROTOCOL_ERROR",
        rules: &[280],
        app: hello,
        client: |c| {
            c.http2();
            c.request(1, "GET", "/", &[]);
            c.stream(1);
            c.request(1, "GET", "/", &[]);
            c.goaway();
        },
        expect: r#"
            200
            content-length: 5
            "hello"
            goaway:STREAM_CLOSED|goaway:PROTOCOL_ERROR by the server
            closed
        "#,
        ..Case::HTTP2
    },
    Case {
        name: "late_frames_of_an_ended_stream_are_passed_over",
        says: "WINDOW_UPDATE, RST_STREAM and PRIORITY of a stream that has ended: nothing comes of \
               them",
        rules: &[280],
        app: hello,
        client: |c| {
            c.http2();
            c.request(1, "GET", "/", &[]);
            c.stream(1);
            c.frame(Frame::window(1, 100));
            c.frame(Frame::reset(1, CANCEL));
            c.frame(Frame::new(Frame::PRIORITY, 0, 1, &[0, 0, 0, 0, 1]));
            c.request(3, "GET", "/again", &[]);
            c.stream(3);
        },
        expect: r#"
            200
            content-length: 5
            "hello"
            200
            content-length: 5
            "hello"
        "#,
        ..Case::HTTP2
    },
    Case {
        name: "stream_may_not_depend_on_itself_or_nobody_cares",
        says: "a stream that depends on itself: PROTOCOL_ERROR as of old, or nothing as of RFC 9113",
        rules: &[280],
        app: hello,
        client: |c| {
            c.http2();
            let block = c.field_block(&[
                (":method", "GET"),
                (":scheme", "http"),
                (":authority", "a"),
                (":path", "{root}/"),
                CASE,
            ]);
            let flags = Frame::END_HEADERS | Frame::END_STREAM | Frame::WITH_PRIORITY;
            let payload = [&[0, 0, 0, 1, 16][..], &block].concat();
            c.frame(Frame::new(Frame::HEADERS, flags, 1, &payload));
            c.stream(1);
        },
        expect: r#"
            ?200
            ?content-length: 5
            ?"hello"
            ?reset:PROTOCOL_ERROR|goaway:PROTOCOL_ERROR by the server
        "#,
        ..Case::HTTP2
    },
    Case {
        name: "error_of_a_stream_ends_no_other",
        says: "WINDOW_UPDATE beyond 2^31-1 of a stream resets it, and the others go on",
        rules: &[270, 280],
        app: |environ, start_response| {
            let go = Notes::of(&environ).signal("go");
            let push = ok(start_response).push(async move |mut out| {
                go.await;
                out.write("late").await
            });
            push.erased()
        },
        client: |c| {
            c.http2();
            for stream in [1, 3, 5] {
                c.request(stream, "GET", "/", &[]);
            }
            c.frame(Frame::window(3, 0x7fff_ffff));
            c.stream(3);
            c.signal("go");
            c.stream(1);
            c.stream(5);
        },
        expect: r#"
            reset:FLOW_CONTROL_ERROR by the server
            200
            "late"
            200
            "late"
        "#,
        ..Case::HTTP2
    },
    Case {
        name: "window_of_a_stream_grows_by_more_than_nothing",
        says: "WINDOW_UPDATE by 0 of a stream: PROTOCOL_ERROR, of the stream or the connection",
        rules: &[280],
        app: echo,
        client: |c| {
            c.http2();
            c.begin(1, "POST", "/", &[]);
            c.frame(Frame::window(1, 0));
            c.stream(1);
        },
        expect: "
            reset:PROTOCOL_ERROR|goaway:PROTOCOL_ERROR by the server
        ",
        ..Case::HTTP2
    },
    Case {
        name: "streams_beyond_the_limit_are_refused_alone",
        says: "the server says how many streams there may be: of more, those are reset, and the \
               others are answered",
        rules: &[270, 284],
        app: |environ, start_response| {
            if environ.path_info() == "/other" {
                return text(start_response, "other");
            }
            let go = Notes::of(&environ).signal("go");
            let push = ok(start_response).push(async move |mut out| {
                go.await;
                out.write("held").await
            });
            push.erased()
        },
        client: |c| {
            c.http2();
            let most = c.setting(3).unwrap_or(1000).min(1000);
            // So that the server has heard that its settings were.
            c.ping(b"settled.");
            for n in 0..=most {
                c.request(2 * n + 1, "GET", "/", &[]);
            }
            c.stream(2 * most + 1);
            c.signal("go");
            for n in [0, most - 1] {
                c.stream(2 * n + 1);
            }
            c.request(2 * most + 3, "GET", "/other", &[]);
            c.stream(2 * most + 3);
        },
        expect: r#"
            reset:REFUSED_STREAM|reset:PROTOCOL_ERROR by the server
            200
            "held"
            200
            "held"
            200
            content-length: 5
            "other"
        "#,
        ..Case::HTTP2
    },
];
