//! Switches of protocols.

use std::time::Duration;

use rgi_core::{BodyExt, BoxBody, Environ, Error, StartResponse, StatusCode};

use crate::cases::bodies::{Dropped, ok};
use crate::cases::environ::text;
use crate::{Case, Notes};

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

pub(crate) const CASES: &[Case] = &[
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
        name: "offer_of_another_protocol_is_not_taken",
        says: "a protocol that the client did not name cannot be switched to: the answer is an ordinary one",
        rules: &[262, 267],
        app: echo,
        client: |c| {
            c.send("GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}Connection: upgrade\r\nUpgrade: other, echoes\r\n\r\n");
            c.answer();
            c.send("GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}\r\n");
            c.answer();
        },
        expect: r#"
            200
            content-length: 8
            "no offer"
            200
            content-length: 8
            "no offer"
        "#,
        ..Case::WIRE
    },
    Case {
        name: "no_offer_to_http_1_0",
        says: "a request of HTTP/1.0 cannot ask for a switch of protocols",
        rules: &[216, 262],
        app: echo,
        client: |c| {
            c.send("GET {root}/ HTTP/1.0\r\n{case}Connection: upgrade\r\nUpgrade: echo\r\n\r\n");
            c.answer();
            c.end();
        },
        expect: r#"
            200
            connection: close
            content-length: 8
            "no offer"
            closed
        "#,
        ..Case::WIRE
    },
    Case {
        name: "upgraded_body_is_polled_to_its_end",
        says: "behind the switch the body goes on, also when it has ended its side, and is dropped then",
        rules: &[192, 265],
        needs: &["upgrade"],
        app: |mut environ, start_response| {
            let (notes, timer) = (Notes::of(&environ), environ.timer());
            let offer = environ.take_offer();
            let Some(Ok(accepted)) = offer.map(|offer| offer.accept("word")) else {
                return text(start_response, "no offer");
            };
            let body = ok(start_response).upgrade(accepted, async move |mut io| {
                let dropped = Dropped(notes);
                io.write_all(b"word").await?;
                io.shutdown().await?;
                dropped.0.add("said");
                timer.sleep(Duration::from_millis(20)).await;
                dropped.0.add("done");
                Ok(())
            });
            body.erased()
        },
        client: |c| {
            c.send("GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}Connection: upgrade\r\nUpgrade: word\r\n\r\n");
            c.read_head();
            c.end();
            c.notes(4);
        },
        expect: r#"
            101
            connection: upgrade
            upgrade: word
            "word"
            closed
            app: said
            app: done
            app: dropped
            app: sent 101 0 bytes
        "#,
        ..Case::WIRE
    },
    Case {
        name: "failing_upgrade_ends_its_connection",
        says: "an error behind the switch ends the connection, and the exchange is truncated",
        rules: &[199, 265],
        needs: &["upgrade"],
        app: |mut environ, start_response| {
            let offer = environ.take_offer();
            let Some(Ok(accepted)) = offer.map(|offer| offer.accept("echo")) else {
                return text(start_response, "no offer");
            };
            let body = ok(start_response).upgrade(accepted, async |mut io| {
                io.read(&mut [0; 4]).await?;
                Err(Error::new("behind the switch"))
            });
            body.erased()
        },
        client: |c| {
            c.send("GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}Connection: upgrade\r\nUpgrade: echo\r\n\r\nword");
            c.read_head();
            c.end();
            c.notes(1);
        },
        expect: "
            101
            connection: upgrade
            upgrade: echo
            closed|reset
            app: truncated 101 0 bytes
        ",
        ..Case::WIRE
    },
];
