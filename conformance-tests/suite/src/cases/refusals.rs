//! Requests that are refused, and what is left alone by it.

use crate::Case;

pub(super) const CASES: &[Case] = &[Case {
    name: "malformed_head_is_refused",
    says: "a head that is malformed is answered 400 by the server, and the connection ends",
    rules: &[],
    app: super::requests::echo,
    client: |c| {
        c.send("GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}no colon\r\n\r\n");
        c.answer();
        c.end();
        c.notes(0);
    },
    expect: "
            400 by the server
            connection: close
            closed
        ",
    ..Case::WIRE
}];
