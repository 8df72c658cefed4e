//! Why a request is refused.

use std::fmt;
use std::io::{self, Write};

use http::StatusCode;
use rgi_core::Error;

use crate::{Output, Stamp, refuse};

/// Why a request was refused: the status to answer with, and a reason for the
/// log. Once answered the connection has to be closed, for where the next
/// request would begin is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    status: StatusCode,
    reason: &'static str,
}

impl Refusal {
    pub(crate) const fn new(status: StatusCode, reason: &'static str) -> Self {
        Self { status, reason }
    }

    /// 400: what every malformed or ambiguous message gets.
    pub(crate) const fn bad(reason: &'static str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, reason)
    }

    /// 431: fields too long or too many.
    pub(crate) const fn fields_too_large(reason: &'static str) -> Self {
        Self::new(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, reason)
    }

    /// 413: the body is longer than [`Limits::body`](crate::Limits::body).
    pub(crate) const fn body_too_large() -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "the body is longer than the limit",
        )
    }

    /// 431: trailers that are longer than heads may be.
    #[must_use]
    pub const fn trailers_too_large() -> Self {
        Self::fields_too_large("the trailers are longer than heads may be")
    }

    /// 408: a head does not end.
    pub(crate) const fn head_too_slow() -> Self {
        Self::new(StatusCode::REQUEST_TIMEOUT, "the head takes too long")
    }

    /// The status to answer with: 400, 408, 413, 414, 417, 431, 501 or 505.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// What was wrong and what would be right, for the log. It never holds
    /// bytes of the request.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        self.reason
    }

    /// Writes the answer to a blocking stream: [`refuse`](crate::refuse), of a server without a name.
    ///
    /// # Errors
    ///
    /// What the stream says.
    pub fn write_to(&self, stream: &mut impl Write) -> io::Result<()> {
        let mut output = Output::new();
        refuse(self.status, &Stamp::new(""), &mut output);
        output.write_to(stream)
    }

    /// As an input's error, in the midst of a body: the application that passes it on has it answered
    /// with the refusal's status.
    #[must_use]
    pub fn into_error(self) -> Error {
        let error = match self.is_too_large() {
            true => Error::too_large(self.reason),
            false => Error::malformed(self.reason),
        };
        error.with_status(self.status)
    }

    /// Whether the message broke the grammar or could be read in two ways
    /// (400).
    #[must_use]
    pub fn is_malformed(&self) -> bool {
        self.status == StatusCode::BAD_REQUEST
    }

    /// Whether a limit was passed (413, 414 or 431).
    #[must_use]
    pub fn is_too_large(&self) -> bool {
        matches!(self.status.as_u16(), 413 | 414 | 431)
    }

    /// Whether the message asked for something this server does not do
    /// (417, 501 or 505).
    #[must_use]
    pub fn is_unsupported(&self) -> bool {
        matches!(self.status.as_u16(), 417 | 501 | 505)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "request refused with {}: {}",
            self.status.as_u16(),
            self.reason
        )
    }
}

impl std::error::Error for Refusal {}
