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
        alone(c, &[request]);
    }
    c.connect();
    c.send("GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}Connection: close\r\n\r\n");
    c.answer();
    c.notes(2);
}

/// A request on a connection of its own, in so many writes: its answer, and the end.
pub(in crate::cases) fn alone(c: &mut Client<'_>, writes: &[&str]) {
    c.connect();
    for text in writes {
        c.send(text);
    }
    c.answer();
    c.end();
}

/// What is seen of refusals, each with the end of its connection.
macro_rules! closes {
    ($($status:literal)*) => {
        concat!($($status, " by the server\nconnection: close\nclosed\n",)*)
    };
}

/// What is seen of [`refused`]: the refusals, and the clean request behind them.
macro_rules! refusals {
    ($($status:literal)*) => {
        concat!(
            $crate::cases::refusals::closes!($($status)*),
            "200\nconnection: close\ncontent-length: 0\napp: called\napp: sent 200 0 bytes\n",
        )
    };
}

pub(in crate::cases) use {closes, refusals};
