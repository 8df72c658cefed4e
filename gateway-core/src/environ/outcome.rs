//! How an exchange ended.

use http::StatusCode;

use crate::Error;

/// How an exchange ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum End {
    /// All payload was handed to the transport without error.
    Sent,
    /// It failed before its head was committed, and the server answered.
    Refused,
    /// It failed after that, and the connection was cut.
    Truncated,
    /// The peer left.
    Disconnected,
}

/// What hooks are told.
#[non_exhaustive]
#[derive(Clone, Copy, Debug)]
pub struct Outcome<'a> {
    /// How it ended.
    pub end: End,
    /// The status that was committed, if one was.
    pub status: Option<StatusCode>,
    /// Bytes of payload given to the server, without framing.
    pub bytes: u64,
    /// What went wrong, also where a middleware answered for it.
    pub error: Option<&'a Error>,
}
