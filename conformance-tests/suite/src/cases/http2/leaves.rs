//! Clients that reset their streams, or leave.

use rgi_core::BodyExt;

use super::echo;
use crate::cases::bodies::{Dropped, ok};
use crate::cases::environ::text;
use crate::http2::Frame;
use crate::{Case, Notes};

const CANCEL: u32 = 8;

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "reset_of_a_wrong_size_ends_the_connection",
        says: "RST_STREAM of three bytes: FRAME_SIZE_ERROR",
        rules: &[280],
        app: echo,
        client: |c| {
            c.http2();
            c.begin(1, "POST", "/", &[]);
            c.frame(Frame::new(Frame::RST_STREAM, 0, 1, &[0, 0, 8]));
            c.goaway();
        },
        expect: "
            goaway:FRAME_SIZE_ERROR|goaway:PROTOCOL_ERROR by the server
            closed
        ",
        ..Case::HTTP2
    },
    Case {
        name: "stream_that_is_reset_ends_its_request_alone",
        says: "RST_STREAM wakes the application, ends its exchange as a disconnect, and no other",
        rules: &[270, 281],
        app: |environ, start_response| {
            let notes = Notes::of(&environ);
            if environ.path_info() == "/other" {
                return text(start_response, "other");
            }
            let push = ok(start_response).push(async move |mut out| {
                let _dropped = Dropped(notes.clone());
                out.write("begun").await?;
                environ.peer().gone().await;
                notes.add("told");
                out.write("to nobody").await
            });
            push.erased()
        },
        client: |c| {
            c.http2();
            c.request(1, "GET", "/", &[]);
            c.stream_head(1);
            c.stream_data(1, 5);
            c.frame(Frame::reset(1, CANCEL));
            c.noted(3);
            c.request(3, "GET", "/other", &[]);
            c.stream(3);
            c.notes(4);
        },
        expect: r#"
            200
            "begun"
            200
            content-length: 5
            "other"
            app: told
            app: dropped
            app: disconnected 200 5 bytes
            app: sent 200 5 bytes
        "#,
        ..Case::HTTP2
    },
    Case {
        name: "body_of_a_reset_stream_is_broken_off",
        says: "RST_STREAM in the middle of a request's body: its reader is told of a disconnect",
        rules: &[281],
        app: |mut environ, start_response| {
            let notes = Notes::of(&environ);
            let push = ok(start_response).push(async move |mut out| {
                let mut read = 0;
                loop {
                    match std::future::poll_fn(|cx| environ.input().poll_chunk(cx)).await {
                        Some(Ok(chunk)) => {
                            read += chunk.len();
                            if read == 4 {
                                notes.add("4 bytes");
                            }
                        }
                        Some(Err(error)) => {
                            notes.add(format!("gone: {}", error.is_disconnected()));
                            return Err(error);
                        }
                        None => return out.write("whole").await,
                    }
                }
            });
            push.erased()
        },
        client: |c| {
            c.http2();
            c.begin(1, "POST", "/", &[("content-length", "9")]);
            c.data(1, b"half");
            c.noted(1);
            c.frame(Frame::reset(1, CANCEL));
            c.notes(3);
        },
        expect: "
            app: 4 bytes
            app: gone: true
            app: disconnected _ 0 bytes
        ",
        ..Case::HTTP2
    },
    Case {
        name: "connection_that_ends_ends_all_its_streams",
        says: "a client that leaves: the application of each stream is told",
        rules: &[281],
        app: |environ, start_response| {
            let notes = Notes::of(&environ);
            let push = ok(start_response).push(async move |mut out| {
                out.write("begun").await?;
                environ.peer().gone().await;
                notes.add("told");
                out.write("to nobody").await
            });
            push.erased()
        },
        client: |c| {
            c.http2();
            for stream in [1, 3, 5] {
                c.request(stream, "GET", "/", &[]);
                c.stream_head(stream);
                c.stream_data(stream, 5);
            }
            c.leave();
            c.noted(6);
        },
        expect: r#"
            200
            "begun"
            200
            "begun"
            200
            "begun"
        "#,
        ..Case::HTTP2
    },
];
