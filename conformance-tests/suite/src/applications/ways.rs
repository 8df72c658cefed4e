//! The ways a request is made in.

use http::Method;

use super::exchange::Asked;

/// How a request is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Once,
    Again,
    Prefix,
    Pieces,
    BrokenOff,
    NotBlocking,
    Left,
    Head,
    Length,
    Chunks,
}

impl Way {
    /// All but the first two, which tell what stays.
    pub(super) const OTHERS: [Way; 8] = [
        Way::Prefix,
        Way::Pieces,
        Way::BrokenOff,
        Way::NotBlocking,
        Way::Left,
        Way::Head,
        Way::Length,
        Way::Chunks,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Way::Once => "in memory",
            Way::Again => "once more",
            Way::Prefix => "under a prefix",
            Way::Pieces => "with its body in pieces",
            Way::BrokenOff => "with a body that breaks off",
            Way::NotBlocking => "where it may not block",
            Way::Left => "by a client that leaves",
            Way::Head => "as a HEAD",
            Way::Length => "over HTTP/1.1",
            Way::Chunks => "over HTTP/1.1 in chunks",
        }
    }

    /// Whether there is such a way for the request.
    pub(super) fn fits(self, asked: &Asked) -> bool {
        match self {
            Way::Pieces | Way::BrokenOff | Way::Chunks => !asked.body.is_empty(),
            Way::Prefix => asked.target.starts_with('/'),
            Way::Head => asked.method == Method::GET,
            // The reader of answers knows of no HEAD.
            Way::Length => asked.method != Method::HEAD,
            _ => true,
        }
    }

    /// Whether its answer is to be that of the first time.
    pub(super) fn is_compared(self) -> bool {
        !matches!(self, Way::BrokenOff | Way::Left)
    }
}
