//! Lengths: promised, inferred, unknown.

use rgi_core::{BodyExt, Bytes, Error, Event};

use crate::cases::bodies::{Events, blocks, ok};
use crate::cases::environ::text;
use crate::{Case, Notes};

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "single_block_has_its_length",
        says: "a body of one block, or of none, has its length; one of two blocks has none",
        rules: &[166],
        app: |environ, start_response| match environ.path_info() {
            "/full" => text(start_response, "full"),
            "/one" => blocks(ok(start_response), &["one"]),
            "/none" => blocks(ok(start_response), &[]),
            _ => blocks(ok(start_response), &["one", "two"]),
        },
        client: |c| {
            c.get("/full");
            c.get("/one");
            c.get("/none");
            c.get("/two");
        },
        expect: r#"
            200
            content-length: 4
            "full"
            200
            content-length: 3
            "one"
            200
            content-length: 0
            200
            "onetwo"
        "#,
        ..Case::APP
    },
    Case {
        name: "block_that_may_not_be_the_last_has_no_length",
        says: "one block of a body that does not say that it is the last is sent without a length",
        rules: &[166, 167],
        app: |_, start_response| {
            Events::body([
                Ok(Event::Start(ok(start_response))),
                Ok(Event::Data(Bytes::from("alone"))),
            ])
        },
        client: |c| c.get("/"),
        expect: r#"
            200
            "alone"
        "#,
        ..Case::APP
    },
    Case {
        name: "promised_length_is_sent",
        says: "a length that was promised for several blocks stands in the head, and is kept",
        rules: &[71],
        app: |_, start_response| blocks(ok(start_response).length(6), &["one", "", "two"]),
        client: |c| {
            c.get("/");
            c.notes(1);
        },
        expect: r#"
            200
            content-length: 6
            "onetwo"
            app: sent 200 6 bytes
        "#,
        ..Case::APP
    },
    Case {
        name: "short_body_is_cut",
        says: "a body with fewer bytes than its head promised is cut",
        rules: &[73, 158],
        breaks: &["length-too-short"],
        app: |_, start_response| blocks(ok(start_response).length(10), &["half", ""]),
        client: |c| {
            c.get("/");
            c.notes(1);
        },
        expect: r#"
            200
            content-length: 10
            "half"
            cut
            app: truncated 200 4 bytes
        "#,
        ..Case::APP
    },
    Case {
        name: "no_more_than_the_length_is_sent",
        says: "a block that goes beyond the promised length is not sent, and the answer is cut",
        rules: &[71, 72],
        breaks: &["length-too-long"],
        app: |_, start_response| blocks(ok(start_response).length(6), &["abc", "defghi"]),
        client: |c| {
            c.get("/");
            c.notes(1);
        },
        expect: r#"
            200
            content-length: 6
            "abc"
            cut
            app: truncated 200 3 bytes
        "#,
        ..Case::APP
    },
    Case {
        name: "iteration_stops_at_the_length",
        says: "a body that has given the promised bytes is asked for no more",
        rules: &[72, 152],
        app: |environ, start_response| {
            let notes = Notes::of(&environ);
            let blocks = ["abc", "def", "ghi"].into_iter().map(move |block| {
                notes.add(block);
                Ok::<_, Error>(Bytes::from(block))
            });
            ok(start_response).length(6).iter(blocks).erased()
        },
        client: |c| {
            c.get("/");
            c.notes(3);
        },
        expect: r#"
            200
            content-length: 6
            "abcdef"
            app: abc
            app: def
            app: sent 200 6 bytes
        "#,
        ..Case::APP
    },
    Case {
        name: "broken_promise_of_one_block_is_500",
        says: "a first block that shows the promise to be broken is answered 500: nothing was sent yet",
        rules: &[71, 165],
        breaks: &["length-too-long", "length-too-short"],
        app: |environ, start_response| match environ.path_info() {
            "/short" => blocks(ok(start_response).length(10), &["only"]),
            "/none" => blocks(ok(start_response).length(10), &[]),
            _ => blocks(ok(start_response).length(2), &["long", "er"]),
        },
        client: |c| {
            c.get("/short");
            c.get("/none");
            c.get("/long");
        },
        expect: "
            500 by the server
            500 by the server
            500 by the server
        ",
        ..Case::APP
    },
    Case {
        name: "unknown_length_is_chunked",
        says: "a body of unknown length is chunked on HTTP/1.1, and the connection goes on",
        rules: &[76],
        app: |_, start_response| blocks(ok(start_response), &["one", "two"]),
        client: |c| {
            c.show("transfer-encoding");
            c.send(
                "GET {root}/1 HTTP/1.1\r\nHost: a\r\n{case}\r\n\
                 GET {root}/2 HTTP/1.1\r\nHost: a\r\n{case}\r\n",
            );
            c.answer();
            c.answer();
        },
        expect: r#"
            200
            transfer-encoding: chunked
            "onetwo"
            200
            transfer-encoding: chunked
            "onetwo"
        "#,
        ..Case::WIRE
    },
    Case {
        name: "unknown_length_ends_with_the_connection_on_http_1_0",
        says: "to HTTP/1.0 a body of unknown length has no coding, and ends with the connection",
        rules: &[251],
        app: |_, start_response| blocks(ok(start_response), &["one", "two"]),
        client: |c| {
            c.show("transfer-encoding");
            c.send("GET {root}/ HTTP/1.0\r\n{case}Connection: keep-alive\r\n\r\n");
            c.answer();
            c.end();
        },
        expect: r#"
            200
            connection: close
            "onetwo"
            closed
        "#,
        ..Case::WIRE
    },
];
