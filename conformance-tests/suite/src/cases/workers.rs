//! Models of concurrency: blocking, what is shared, what a slow client costs, what a server says of itself.

use rgi_core::StatusCode;

use crate::{Case, Notes};

pub(super) const CASES: &[Case] =
    &[Case {
        name: "block_is_on_the_wire_before_the_next_is_asked_for",
        says: "a block has reached the client when the application is asked for the next",
        rules: &[],
        app: |mut environ, start_response| {
            let notes = Notes::of(&environ);
            rgi_core::BoxBody::new(start_response.start(StatusCode::OK).push(
                async move |mut out| {
                    out.write("one").await?;
                    let mut input = environ.take_input();
                    let told = input.collect(16).await?;
                    notes.add(format!("told {}", told.escape_ascii()));
                    out.write("two").await
                },
            ))
        },
        client: |c| {
            c.send("POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Content-Length: 3\r\n\r\n");
            c.read_head();
            c.block(3);
            c.send("got");
            c.rest();
            c.notes(2);
        },
        expect: r#"
            200
            "one"
            "two"
            app: told got
            app: sent 200 6 bytes
        "#,
        ..Case::WIRE
    }];
