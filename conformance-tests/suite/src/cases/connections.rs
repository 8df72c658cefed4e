//! Connections: keep-alive, pipelining, how they end.

use super::environ::text;
use crate::Case;

pub(super) const CASES: &[Case] = &[Case {
    name: "pipelined_answers_in_order",
    says: "requests sent behind each other are answered in their order",
    rules: &[],
    app: |environ, start_response| {
        let target = environ.path_info().to_owned();
        text(start_response, target)
    },
    client: |c| {
        c.send(
            "GET {root}/1 HTTP/1.1\r\nHost: a\r\n{case}\r\n\
                 GET {root}/2 HTTP/1.1\r\nHost: a\r\n{case}\r\n\
                 GET {root}/3 HTTP/1.1\r\nHost: a\r\n{case}Connection: close\r\n\r\n",
        );
        c.answer();
        c.answer();
        c.answer();
        c.end();
    },
    expect: r#"
            200
            content-length: 2
            "/1"
            200
            content-length: 2
            "/2"
            200
            connection: close
            content-length: 2
            "/3"
            closed
        "#,
    ..Case::WIRE
}];
