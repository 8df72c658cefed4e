//! The connection: its preface, frames that are of it, and their errors.

use std::time::Duration;

use super::hello;
use crate::Case;
use crate::http2::{Frame, PREFACE};

/// Frames without a meaning for the case, so that they differ.
const NOTHING: &[u8] = &[];

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "fact_http2_holds",
        says: "where `http2` is true, a connection that begins with the preface is one of HTTP/2",
        rules: &[279],
        app: |environ, start_response| {
            let said = format!("{:?} {}", environ.version(), environ.server().http2);
            crate::cases::environ::text(start_response, said)
        },
        client: |c| {
            c.http2();
            c.request(1, "GET", "/", &[]);
            c.stream(1);
        },
        expect: r#"
            200
            content-length: 13
            "HTTP/2.0 true"
        "#,
        ..Case::HTTP2
    },
    Case {
        name: "preface_without_the_fact_is_refused",
        says: "where `http2` is false, the preface of HTTP/2 is a request that is refused",
        rules: &[279],
        needs: &["!http2"],
        client: |c| {
            c.send_bytes(PREFACE);
            c.answer();
            c.end();
        },
        expect: "
            400|505 by the server
            connection: close
            closed
        ",
        ..Case::WIRE
    },
    Case {
        name: "settings_are_acknowledged_in_order",
        says: "each SETTINGS is acknowledged, those with settings nobody knows, too",
        rules: &[280],
        app: hello,
        client: |c| {
            c.http2();
            c.acknowledged(1);
            // Identifiers that mean nothing, and an empty table.
            c.frame(Frame::settings(&[(0x0a0a, 7), (0xff00, 1)]));
            c.frame(Frame::settings(&[(1, 0)]));
            c.acknowledged(3);
            c.request(1, "GET", "/", &[]);
            c.stream(1);
        },
        expect: r#"
            1 acknowledged
            3 acknowledged
            200
            content-length: 5
            "hello"
        "#,
        ..Case::HTTP2
    },
    Case {
        name: "ping_is_answered_with_its_bytes",
        says: "PING is answered, with the same eight bytes, before a request that waits",
        rules: &[280],
        app: |environ, start_response| {
            use rgi_core::BodyExt;
            let go = crate::Notes::of(&environ).signal("go");
            let push = crate::cases::bodies::ok(start_response).push(async move |mut out| {
                go.await;
                out.write("late").await
            });
            push.erased()
        },
        client: |c| {
            c.http2();
            c.request(1, "GET", "/", &[]);
            c.ping(b"12345678");
            c.ping(b"\0\xff\0\xff\0\xff\0\xff");
            c.bytes_by_now(1);
            c.signal("go");
            c.stream(1);
        },
        expect: r#"
            0 bytes of stream 1
            200
            "late"
        "#,
        ..Case::HTTP2
    },
    Case {
        name: "unknown_frames_are_passed_over",
        says: "frames of unknown types, flags that mean nothing, PRIORITY: nothing comes of them",
        rules: &[280],
        app: hello,
        client: |c| {
            c.http2();
            c.frame(Frame::new(0x42, 0xff, 0, b"what is this"));
            c.frame(Frame::new(0xfa, 0, 77, b"grease"));
            c.frame(Frame::new(Frame::PING, 0xfe, 0, b"flags..."));
            c.frame(Frame::new(Frame::PRIORITY, 0, 9, &[0, 0, 0, 3, 16]));
            c.request(1, "GET", "/", &[]);
            c.stream(1);
        },
        expect: r#"
            200
            content-length: 5
            "hello"
        "#,
        ..Case::HTTP2
    },
    Case {
        name: "preface_is_followed_by_settings",
        says: "a connection whose first frame is not SETTINGS is ended",
        rules: &[280],
        app: hello,
        client: |c| {
            c.send_bytes(PREFACE);
            c.frame(Frame::new(Frame::PING, 0, 0, b"too soon"));
            c.goaway();
        },
        expect: "
            ?goaway:PROTOCOL_ERROR by the server
            closed
        ",
        ..Case::HTTP2
    },
    Case {
        name: "ping_of_a_wrong_size_ends_the_connection",
        says: "PING of seven bytes: FRAME_SIZE_ERROR",
        rules: &[280],
        app: hello,
        client: |c| {
            c.http2();
            c.frame(Frame::new(Frame::PING, 0, 0, b"7 bytes"));
            c.goaway();
        },
        expect: "
            goaway:FRAME_SIZE_ERROR|goaway:PROTOCOL_ERROR by the server
            closed
        ",
        ..Case::HTTP2
    },
    Case {
        name: "ping_of_a_stream_ends_the_connection",
        says: "PING is the connection's: PROTOCOL_ERROR",
        rules: &[280],
        app: hello,
        client: |c| {
            c.http2();
            c.frame(Frame::new(Frame::PING, 0, 1, b"12345678"));
            c.goaway();
        },
        expect: "
            goaway:PROTOCOL_ERROR by the server
            closed
        ",
        ..Case::HTTP2
    },
    Case {
        name: "settings_of_a_stream_end_the_connection",
        says: "SETTINGS are the connection's: PROTOCOL_ERROR",
        rules: &[280],
        app: hello,
        client: |c| {
            c.http2();
            c.frame(Frame::new(Frame::SETTINGS, 0, 1, NOTHING));
            c.goaway();
        },
        expect: "
            goaway:PROTOCOL_ERROR by the server
            closed
        ",
        ..Case::HTTP2
    },
    Case {
        name: "settings_of_a_wrong_size_end_the_connection",
        says: "SETTINGS that are cut, and acknowledgements that say more: FRAME_SIZE_ERROR",
        rules: &[280],
        app: hello,
        client: |c| {
            c.http2();
            c.frame(Frame::new(Frame::SETTINGS, 0, 0, &[0, 3, 0, 0, 0]));
            c.goaway();
            c.http2();
            c.frame(Frame::new(
                Frame::SETTINGS,
                Frame::ACK,
                0,
                &[0, 3, 0, 0, 0, 9],
            ));
            c.goaway();
        },
        expect: "
            goaway:FRAME_SIZE_ERROR|goaway:PROTOCOL_ERROR by the server
            closed
            goaway:FRAME_SIZE_ERROR|goaway:PROTOCOL_ERROR by the server
            closed
        ",
        ..Case::HTTP2
    },
    Case {
        name: "settings_out_of_range_end_the_connection",
        says: "ENABLE_PUSH 2, frames of 16383 bytes and of 2^24 bytes: PROTOCOL_ERROR; a window of \
               2^31: FLOW_CONTROL_ERROR",
        rules: &[280],
        app: hello,
        client: |c| {
            for setting in [(2, 2), (5, 16_383), (5, 1 << 24), (4, 1 << 31)] {
                c.http2_with(&[setting]);
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
            goaway:FLOW_CONTROL_ERROR|goaway:PROTOCOL_ERROR by the server
            closed
        ",
        ..Case::HTTP2
    },
    Case {
        name: "frame_larger_than_allowed_ends_the_connection",
        says: "a frame of more bytes than the server has allowed: FRAME_SIZE_ERROR",
        rules: &[280],
        app: hello,
        client: |c| {
            c.http2();
            let most = c.setting(5).unwrap_or(16_384);
            // Its head alone: nobody waits for the rest.
            let length = (most + 1).to_be_bytes();
            c.send_bytes(&[&length[1..], &[Frame::PING, 0, 0, 0, 0, 0]].concat());
            c.goaway();
        },
        expect: "
            goaway:FRAME_SIZE_ERROR|goaway:PROTOCOL_ERROR by the server
            closed
        ",
        ..Case::HTTP2
    },
    Case {
        name: "windows_grow_by_more_than_nothing",
        says: "WINDOW_UPDATE by 0 of the connection: PROTOCOL_ERROR",
        rules: &[280],
        app: hello,
        client: |c| {
            c.http2();
            c.frame(Frame::window(0, 0));
            c.goaway();
        },
        expect: "
            goaway:PROTOCOL_ERROR by the server
            closed
        ",
        ..Case::HTTP2
    },
    Case {
        name: "window_of_the_connection_has_a_bound",
        says: "WINDOW_UPDATE beyond 2^31-1 of the connection: FLOW_CONTROL_ERROR",
        rules: &[280],
        app: hello,
        client: |c| {
            c.http2();
            c.frame(Frame::window(0, 0x7fff_ffff));
            c.goaway();
        },
        expect: "
            goaway:FLOW_CONTROL_ERROR by the server
            closed
        ",
        ..Case::HTTP2
    },
    Case {
        name: "window_update_of_a_wrong_size_ends_the_connection",
        says: "WINDOW_UPDATE of three bytes: FRAME_SIZE_ERROR",
        rules: &[280],
        app: hello,
        client: |c| {
            c.http2();
            c.frame(Frame::new(Frame::WINDOW_UPDATE, 0, 0, &[0, 0, 1]));
            c.goaway();
        },
        expect: "
            goaway:FRAME_SIZE_ERROR|goaway:PROTOCOL_ERROR by the server
            closed
        ",
        ..Case::HTTP2
    },
    Case {
        name: "clients_push_nothing",
        says: "PUSH_PROMISE of a client's: PROTOCOL_ERROR",
        rules: &[280],
        app: hello,
        client: |c| {
            c.http2();
            c.frame(Frame::new(
                Frame::PUSH_PROMISE,
                Frame::END_HEADERS,
                1,
                &[0, 0, 0, 2, 0x82],
            ));
            c.goaway();
        },
        expect: "
            goaway:PROTOCOL_ERROR by the server
            closed
        ",
        ..Case::HTTP2
    },
    Case {
        name: "idle_connection_is_told_before_it_is_closed",
        says: "a connection on which nothing is asked for longer than keep_alive ends with GOAWAY",
        rules: &[283],
        settings: Some(|config| config.keep_alive = Some(Duration::from_millis(200))),
        app: hello,
        client: |c| {
            c.http2();
            c.request(1, "GET", "/", &[]);
            c.stream(1);
            c.goaway();
        },
        expect: r#"
            200
            content-length: 5
            "hello"
            goaway:NO_ERROR by the server
            closed
        "#,
        ..Case::HTTP2
    },
];
