//! Requests that are refused, and what is left alone by it.

pub(super) mod chunks;
pub(super) mod framing;
pub(super) mod heads;
pub(super) mod limits;
pub(super) mod targets;

use crate::Client;

/// Each of these is refused on a connection of its own, before an application sees it; then a clean
/// request is served.
pub(in crate::cases) fn refused(c: &mut Client<'_>, requests: &[&str]) {
    for request in requests {
        c.connect();
        c.send(request);
        c.answer();
        c.end();
    }
    c.connect();
    c.send("GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}Connection: close\r\n\r\n");
    c.answer();
    c.notes(2);
}

/// What is seen then, behind the refusals.
macro_rules! refusals {
    ($($status:literal)*) => {
        concat!(
            $($status, " by the server\nconnection: close\nclosed\n",)*
            "200\nconnection: close\ncontent-length: 0\napp: called\napp: sent 200 0 bytes\n",
        )
    };
}

pub(in crate::cases) use refusals;
