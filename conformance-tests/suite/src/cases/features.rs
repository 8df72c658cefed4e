//! Trailers, interim responses, switches of protocols, files.

use std::io::Write as _;
use std::time::Duration;

use rgi_core::{
    BodyExt, BoxBody, Bytes, Environ, FileRegion, HeaderMap, HeaderValue, StartResponse, Started,
    StatusCode, field,
};

use super::bodies::ok;
use super::environ::text;
use crate::Case;

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

/// A file of ten bytes, `0123456789`.
fn digits() -> std::fs::File {
    let mut file = tempfile::tempfile().expect("a file");
    file.write_all(b"0123456789").expect("room for ten bytes");
    file
}

fn region(range: std::ops::Range<u64>) -> FileRegion {
    FileRegion::new(digits(), range).expect("a region of the file")
}

/// Takes the offer of the protocol `echo`, and gives back what comes, in capitals, until the client
/// has ended its side; then a word, and its own end.
fn echo(mut environ: Environ, start_response: StartResponse) -> BoxBody {
    let accepted = environ
        .take_offer()
        .and_then(|offer| offer.accept("echo").ok());
    let Some(accepted) = accepted else {
        return text(start_response, "no offer");
    };
    let body = start_response
        .start(StatusCode::OK)
        .upgrade(accepted, async |mut io| {
            let mut room = [0; 64];
            loop {
                match io.read(&mut room).await? {
                    0 => break,
                    n => io.write_all(&room[..n].to_ascii_uppercase()).await?,
                }
            }
            io.write_all(b"end").await?;
            io.shutdown().await?;
            Ok(())
        });
    body.erased()
}

pub(super) const CASES: &[Case] = &[
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
            c.send(
                "GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}Connection: TE\r\nTE: trailers\r\n\r\n",
            );
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
                c.send("GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}Connection: TE\r\nTE: trailers\r\n\r\n");
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
            c.send(
                "GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}Connection: TE\r\nTE: trailers\r\n\r\n",
            );
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
        name: "fact_upgrade_holds",
        says: "there is an offer where the client asked for a switch of protocols, and nowhere else",
        rules: &[216],
        needs: &["upgrade"],
        app: |mut environ, start_response| {
            let offer = environ.take_offer();
            let protocols = offer.map(|offer| offer.protocols().collect::<Vec<_>>().join(" "));
            let shown = environ.headers().contains_key("upgrade");
            text(start_response, format!("{protocols:?} {shown}"))
        },
        client: |c| {
            c.send("GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}Connection: upgrade\r\nUpgrade: echo, other\r\n\r\n");
            c.answer();
            c.send("GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}Upgrade: echo\r\n\r\n");
            c.answer();
            c.send("GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}\r\n");
            c.answer();
        },
        expect: r#"
            200
            content-length: 24
            "Some(\"echo other\") false"
            200
            content-length: 10
            "None false"
            200
            content-length: 10
            "None false"
        "#,
        ..Case::WIRE
    },
    Case {
        name: "no_upgrade_without_the_fact",
        says: "a server that says it cannot hand connections over offers no switch of protocols",
        rules: &[216],
        needs: &["!upgrade"],
        app: echo,
        client: |c| {
            c.send("GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}Connection: upgrade\r\nUpgrade: echo\r\n\r\n");
            c.answer();
        },
        expect: r#"
            200
            content-length: 8
            "no offer"
        "#,
        ..Case::WIRE
    },
    Case {
        name: "offer_not_taken_changes_nothing",
        says: "an offer that is not taken is an ordinary request, and the connection goes on",
        rules: &[267],
        app: |_, start_response| text(start_response, "ordinary"),
        client: |c| {
            c.send("GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}Connection: upgrade\r\nUpgrade: echo\r\n\r\n");
            c.answer();
            c.send("GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}\r\n");
            c.answer();
        },
        expect: r#"
            200
            content-length: 8
            "ordinary"
            200
            content-length: 8
            "ordinary"
        "#,
        ..Case::WIRE
    },
    Case {
        name: "upgrade_hands_over_left_over_bytes",
        says: "a switch is answered 101 with its protocol, and bytes behind the request are the protocol's",
        rules: &[263, 265],
        needs: &["upgrade"],
        app: echo,
        client: |c| {
            c.send("GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}Connection: upgrade\r\nUpgrade: echo\r\n\r\nleft");
            c.read_head();
            c.switched(4);
            c.send("more");
            c.switched(4);
            c.leave();
        },
        expect: r#"
            101
            connection: upgrade
            upgrade: echo
            "LEFT"
            "MORE"
        "#,
        ..Case::WIRE
    },
    Case {
        name: "upgraded_connection_ends_one_side_at_a_time",
        says: "a client that has ended its side of a switched connection still gets what is sent",
        rules: &[266],
        needs: &["upgrade"],
        app: echo,
        client: |c| {
            c.send("GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}Connection: upgrade\r\nUpgrade: echo\r\n\r\n");
            c.read_head();
            c.send("last");
            c.switched(4);
            c.half_close();
            c.end();
            c.notes(1);
        },
        expect: r#"
            101
            connection: upgrade
            upgrade: echo
            "LAST"
            "end"
            closed
            app: sent 101 0 bytes
        "#,
        ..Case::WIRE
    },
    Case {
        name: "file_regions_are_sent_exactly",
        says: "a region of a file is sent as it is: whole, in part, and not at all to HEAD",
        rules: &[118, 119, 121],
        app: |environ, start_response| {
            let range = match environ.path_info() {
                "/part" => 2..6,
                "/none" => 4..4,
                _ => 0..10,
            };
            ok(start_response).file(region(range)).erased()
        },
        client: |c| {
            c.get("/whole");
            c.get("/part");
            c.get("/none");
            c.head("/part");
        },
        expect: r#"
            200
            content-length: 10
            "0123456789"
            200
            content-length: 4
            "2345"
            200
            content-length: 0
            200
            content-length: 4
        "#,
        ..Case::APP
    },
    Case {
        name: "big_file_is_sent_whole",
        says: "a file larger than any buffer arrives byte for byte",
        rules: &[118, 213],
        app: |_, start_response| {
            let mut file = tempfile::tempfile().expect("a file");
            file.write_all(&crate::pattern(3_000_000))
                .expect("room for 3 MB");
            let region = FileRegion::new(file, 0..3_000_000).expect("all of the file");
            ok(start_response).file(region).erased()
        },
        client: |c| c.get("/"),
        expect: "
            200
            content-length: 3000000
            3000000 bytes of the pattern
        ",
        ..Case::APP
    },
    Case {
        name: "files_pass_through_layers",
        says: "a layer that looks at blocks sees those of a file",
        rules: &[121],
        app: |_, start_response| {
            let body = ok(start_response).file(region(1..4));
            body.map_data(|data| Ok(Bytes::from([&data[..], b"!"].concat())))
                .erased()
        },
        client: |c| c.get("/"),
        expect: r#"
            200
            "123!"
        "#,
        ..Case::APP
    },
    Case {
        name: "files_and_blocks_mix",
        says: "blocks and regions of files follow each other in their order",
        rules: &[182],
        app: |_, start_response| {
            let push = ok(start_response).push(async |mut out| {
                out.write("a").await?;
                out.file(region(0..2)).await?;
                out.write("b").await?;
                out.flush().await?;
                out.file(region(8..10)).await?;
                out.file(region(3..3)).await?;
                out.write("c").await
            });
            push.erased()
        },
        client: |c| c.get("/"),
        expect: r#"
            200
            "a01b89c"
        "#,
        ..Case::APP
    },
    Case {
        name: "shortened_file_is_cut",
        says: "a file that became shorter than its region cuts the answer",
        rules: &[181],
        app: |_, start_response| {
            let file = digits();
            let same = file.try_clone().expect("a second handle");
            let region = FileRegion::new(file, 0..10).expect("all of the file");
            same.set_len(4).expect("a shorter file");
            ok(start_response).file(region).erased()
        },
        client: |c| {
            c.get("/");
            c.notes(1);
        },
        expect: r#"
            200
            content-length: 10
            "0123"
            cut
            app: truncated 200 10 bytes
        "#,
        ..Case::APP
    },
];
