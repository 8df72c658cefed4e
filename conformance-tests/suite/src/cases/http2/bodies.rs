//! Bodies and answers: lengths, trailers both ways, statuses without a body, failures.

use rgi_core::{BodyExt, HeaderMap, HeaderValue};

use super::echo;
use crate::cases::bodies::ok;
use crate::http2::Frame;
use crate::{Case, Notes, pattern};

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "data_is_as_long_as_its_length",
        says: "less or more DATA than content-length says: the stream is malformed, and no reader \
               takes it for whole",
        rules: &[282],
        app: |mut environ, start_response| {
            let notes = Notes::of(&environ);
            let push = ok(start_response).push(async move |mut out| {
                let body = environ.input().collect(1000).await;
                notes.add(format!("whole: {}", body.is_ok()));
                out.write(body?).await
            });
            push.erased()
        },
        client: |c| {
            c.http2();
            c.begin(1, "POST", "/", &[("content-length", "5")]);
            c.last_data(1, b"less");
            c.stream(1);
            c.noted(2);
            c.begin(3, "POST", "/", &[("content-length", "3")]);
            c.last_data(3, b"more");
            c.stream(3);
            c.noted(4);
            c.begin(5, "POST", "/", &[("content-length", "5")]);
            c.data(5, b"rig");
            c.last_data(5, b"ht");
            c.stream(5);
            c.notes(6);
        },
        expect: r#"
            400|reset:PROTOCOL_ERROR by the server
            400|reset:PROTOCOL_ERROR by the server
            200
            "right"
            app: whole: false
            app: disconnected _ 0 bytes
            app: whole: false
            app: disconnected _ 0 bytes
            app: whole: true
            app: sent 200 5 bytes
        "#,
        ..Case::HTTP2
    },
    Case {
        name: "length_of_no_number_is_malformed",
        says: "content-length that is no number, or two that differ, and one of a request that ends \
               with its head",
        rules: &[282],
        app: echo,
        client: |c| {
            c.http2();
            c.begin(1, "POST", "/", &[("content-length", "+4")]);
            c.last_data(1, b"four");
            c.stream(1);
            c.begin(
                3,
                "POST",
                "/",
                &[("content-length", "4"), ("content-length", "5")],
            );
            c.last_data(3, b"four");
            c.stream(3);
            c.request(5, "POST", "/", &[("content-length", "4")]);
            c.stream(5);
        },
        expect: "
            400|reset:PROTOCOL_ERROR by the server
            400|reset:PROTOCOL_ERROR by the server
            400|reset:PROTOCOL_ERROR by the server
        ",
        ..Case::HTTP2
    },
    Case {
        name: "bodies_of_http2_are_read_and_written",
        says: "none, one of no bytes, one of many frames: the reader gets all, and its length if it \
               is told",
        rules: &[269],
        app: |mut environ, start_response| {
            let length = environ.input().length();
            let push = ok(start_response).push(async move |mut out| {
                let body = environ.input().collect(1 << 20).await?;
                out.write(format!("{length:?} {}", body.len())).await
            });
            push.erased()
        },
        client: |c| {
            c.http2();
            c.request(1, "POST", "/", &[]);
            c.stream(1);
            c.begin(3, "POST", "/", &[]);
            c.last_data(3, b"");
            c.stream(3);
            c.begin(5, "POST", "/", &[("content-length", "40000")]);
            let body = pattern(40_000);
            c.data(5, &body[..16_384]);
            c.data(5, b"");
            c.data(5, &body[16_384..32_768]);
            c.last_data(5, &body[32_768..]);
            c.stream(5);
        },
        expect: r#"
            200
            "Some(0) 0"
            200
            "None 0"
            200
            "Some(40000) 40000"
        "#,
        ..Case::HTTP2
    },
    Case {
        name: "trailers_of_http2_go_both_ways",
        says: "trailers of a request stand behind its input, and those of an answer end its stream",
        rules: &[215, 269],
        breaks: &["trailers-unannounced"],
        app: |mut environ, start_response| {
            let started = ok(start_response);
            let push = started.push(async move |mut out| {
                let body = environ.input().collect(1000).await?;
                out.write(body).await?;
                let mut trailers = environ.input().trailers().cloned().unwrap_or_default();
                trailers.insert("x-mine", HeaderValue::from_static("2"));
                out.trailers(trailers).await
            });
            push.erased()
        },
        client: |c| {
            c.http2();
            c.begin(1, "POST", "/", &[("te", "trailers")]);
            c.data(1, b"body");
            c.headers(1, Frame::END_HEADERS | Frame::END_STREAM, &[("x-sum", "1")]);
            c.stream(1);
            // Behind no byte of a body.
            c.begin(3, "POST", "/", &[("te", "trailers")]);
            c.headers(
                3,
                Frame::END_HEADERS | Frame::END_STREAM,
                &[("x-none", "0")],
            );
            c.stream(3);
        },
        expect: r#"
            200
            "body"
            trailer x-sum: 1
            trailer x-mine: 2
            200
            trailer x-none: 0
            trailer x-mine: 2
        "#,
        ..Case::HTTP2
    },
    Case {
        name: "trailers_end_their_stream",
        says: "a second HEADERS that does not end the stream is malformed",
        rules: &[282],
        app: echo,
        client: |c| {
            c.http2();
            c.begin(1, "POST", "/", &[]);
            c.data(1, b"body");
            c.headers(1, Frame::END_HEADERS, &[("x-sum", "1")]);
            c.stream(1);
        },
        expect: "
            400|reset:PROTOCOL_ERROR|goaway:PROTOCOL_ERROR by the server
        ",
        ..Case::HTTP2
    },
    Case {
        name: "pseudo_field_among_trailers_is_no_trailer",
        says: "a request with one is refused as malformed, or its application sees none of it",
        rules: &[268],
        app: |mut environ, start_response| {
            let push = ok(start_response).push(async move |mut out| {
                environ.input().collect(1000).await?;
                let path = environ.path_info().to_owned();
                let names = environ
                    .input()
                    .trailers()
                    .into_iter()
                    .flat_map(HeaderMap::keys);
                let names: Vec<_> = names.map(|name| name.as_str()).collect();
                out.write(format!("{path} {}", names.join(" "))).await
            });
            push.erased()
        },
        client: |c| {
            c.http2();
            c.begin(1, "POST", "/", &[]);
            c.data(1, b"body");
            let trailers = [(":path", "/other"), (":method", "GET"), ("x-sum", "1")];
            c.headers(1, Frame::END_HEADERS | Frame::END_STREAM, &trailers);
            c.stream(1);
        },
        expect: r#"
            ?200
            ?"/ x-sum"
            ?400|reset:PROTOCOL_ERROR|goaway:PROTOCOL_ERROR by the server
        "#,
        ..Case::HTTP2
    },
    Case {
        name: "input_and_answer_of_a_stream_go_both_ways_at_once",
        says: "each block is answered before the next is sent",
        rules: &[269],
        app: |mut environ, start_response| {
            let push = ok(start_response).push(async move |mut out| {
                out.flush().await?;
                while let Some(chunk) =
                    std::future::poll_fn(|cx| environ.input().poll_chunk(cx)).await
                {
                    out.write(chunk?).await?;
                }
                out.write("end").await
            });
            push.erased()
        },
        client: |c| {
            c.http2();
            c.begin(1, "POST", "/", &[]);
            c.stream_head(1);
            for block in ["to", "and", "fro"] {
                c.data(1, block.as_bytes());
                c.stream_data(1, block.len());
            }
            c.last_data(1, b"");
            c.stream(1);
        },
        expect: r#"
            200
            "to"
            "and"
            "fro"
            "end"
        "#,
        ..Case::HTTP2
    },
];
