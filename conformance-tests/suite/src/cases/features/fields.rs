//! Trailers and interim responses: fields that are not the head's.

use std::time::Duration;

use rgi_core::{
    BodyExt, BoxBody, Error, Event, HeaderMap, HeaderValue, StartResponse, Started, StatusCode,
    field,
};

use crate::Case;
use crate::cases::bodies::{Events, ok};

/// A request of a client that takes trailers (RFC 9110 6.5.1).
const TAKES_TRAILERS: &str =
    "GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}Connection: TE\r\nTE: trailers\r\n\r\n";

/// Begins an answer that announces the trailer `x-sum`.
fn announced(start_response: StartResponse) -> Started {
    ok(start_response).header(field::TRAILER, HeaderValue::from_static("x-sum"))
}

/// Trailers of these names, all with the value `1`.
fn trailers(names: &[&'static str]) -> HeaderMap {
    let one = HeaderValue::from_static("1");
    names
        .iter()
        .map(|name| ((*name).parse().expect("a name"), one.clone()))
        .collect()
}

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "trailers_go_to_whom_takes_them",
        says: "announced trailers are sent to a client that said it takes them, and to no other",
        rules: &[174, 215],
        needs: &["trailers"],
        app: |_, start_response| {
            let push = announced(start_response).push(async |mut out| {
                out.write("body").await?;
                out.trailers(trailers(&["x-sum"])).await
            });
            push.erased()
        },
        client: |c| {
            c.send(TAKES_TRAILERS);
            c.answer();
            c.send("GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}\r\n");
            c.answer();
            c.send("GET {root}/ HTTP/1.0\r\n{case}\r\n");
            c.answer();
            c.end();
        },
        expect: r#"
            200
            trailer: x-sum
            "body"
            trailer x-sum: 1
            200
            trailer: x-sum
            "body"
            200
            connection: close
            ?trailer: x-sum
            "body"
            closed
        "#,
        ..Case::WIRE
    },
    Case {
        name: "trailers_behind_a_length_are_left_out",
        says: "trailers behind a promised length are left out, and the connection goes on",
        rules: &[176],
        app: |_, start_response| {
            let push = announced(start_response).length(4).push(async |mut out| {
                out.write("body").await?;
                out.trailers(trailers(&["x-sum"])).await
            });
            push.erased()
        },
        client: |c| {
            for _ in 0..2 {
                c.send(TAKES_TRAILERS);
                c.answer();
            }
        },
        expect: r#"
            200
            content-length: 4
            trailer: x-sum
            "body"
            200
            content-length: 4
            trailer: x-sum
            "body"
        "#,
        ..Case::WIRE
    },
    Case {
        name: "trailers_hold_no_framing",
        says: "fields of framing and of the connection are no trailers",
        rules: &[178],
        needs: &["trailers"],
        app: |_, start_response| {
            let push = announced(start_response).push(async |mut out| {
                out.write("body").await?;
                let names = [
                    "content-length",
                    "x-sum",
                    "transfer-encoding",
                    "connection",
                    "trailer",
                ];
                out.trailers(trailers(&names)).await
            });
            push.erased()
        },
        client: |c| {
            c.send(TAKES_TRAILERS);
            c.answer();
        },
        breaks: &["trailers-unannounced"],
        expect: r#"
            200
            trailer: x-sum
            "body"
            trailer x-sum: 1
        "#,
        ..Case::WIRE
    },
    Case {
        name: "early_hints_come_before_the_answer",
        says: "interim responses are sent before the answer, with their fields, and in order",
        rules: &[214, 259],
        needs: &["informational"],
        app: |environ, start_response| {
            BoxBody::future(async move {
                let mut fields = HeaderMap::new();
                fields.append("link", HeaderValue::from_static("</a>"));
                fields.append("link", HeaderValue::from_static("</b>"));
                start_response.inform(StatusCode::EARLY_HINTS, &fields);
                environ.timer().sleep(Duration::from_millis(20)).await;
                start_response.inform(StatusCode::PROCESSING, &HeaderMap::new());
                environ.timer().sleep(Duration::from_millis(20)).await;
                Ok(ok(start_response).full("late"))
            })
        },
        client: |c| {
            c.send("GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}\r\n");
            c.answer();
            c.send("GET {root}/ HTTP/1.0\r\n{case}\r\n");
            c.answer();
            c.end();
        },
        expect: r#"
            103
            link: </a>
            link: </b>
            102
            200
            content-length: 4
            "late"
            200
            connection: close
            content-length: 4
            "late"
            closed
        "#,
        ..Case::WIRE
    },
    Case {
        name: "interim_responses_hold_no_framing",
        says: "what is no hint is not sent as one, nor are fields of framing in one",
        rules: &[261],
        needs: &["informational"],
        app: |environ, start_response| {
            BoxBody::future(async move {
                let fields = trailers(&[
                    "content-length",
                    "x-kept",
                    "transfer-encoding",
                    "connection",
                ]);
                for status in [100, 101, 103, 200] {
                    let status = StatusCode::from_u16(status).expect("a status");
                    start_response.inform(status, &fields);
                }
                environ.timer().sleep(Duration::from_millis(20)).await;
                Ok(ok(start_response).full("late"))
            })
        },
        client: |c| {
            c.send("GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}\r\n");
            c.answer();
        },
        expect: r#"
            103
            x-kept: 1
            200
            content-length: 4
            "late"
        "#,
        ..Case::WIRE
    },
    Case {
        name: "trailers_commit_an_empty_body",
        says: "trailers behind no block at all send the head, and are sent",
        rules: &[151, 174],
        needs: &["trailers"],
        app: |_, start_response| {
            let push = announced(start_response)
                .push(async |out| out.trailers(trailers(&["x-sum"])).await);
            push.erased()
        },
        client: |c| {
            c.send(TAKES_TRAILERS);
            c.answer();
        },
        expect: r#"
            200
            trailer: x-sum
            trailer x-sum: 1
        "#,
        ..Case::WIRE
    },
    Case {
        name: "failure_behind_hints_is_a_status",
        says: "interim responses commit nothing: an error behind them and a start is still a status",
        rules: &[157, 259],
        needs: &["informational"],
        app: |environ, start_response| {
            BoxBody::future(async move {
                start_response.inform(StatusCode::EARLY_HINTS, &trailers(&["x-hint"]));
                environ.timer().sleep(Duration::from_millis(20)).await;
                Ok(Events::body([
                    Ok(Event::Start(ok(start_response))),
                    Err(Error::malformed("behind the hints")),
                ]))
            })
        },
        client: |c| {
            c.send("GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}\r\n");
            c.answer();
            c.notes(1);
        },
        expect: "
            103
            x-hint: 1
            400 by the server
            app: refused 400 16 bytes
        ",
        ..Case::WIRE
    },
];
