//! One error type for applications, bodies and input.

use std::any::Any;
use std::error::Error as StdError;
use std::sync::Arc;
use std::{fmt, io};

use http::StatusCode;

use crate::head::PooledHead;
use crate::quiet::dispose;
use crate::{Head, field};

type BoxError = Box<dyn StdError + Send + Sync>;

/// Why an exchange, a body or a read failed. One pointer wide.
///
/// `?` makes one of any standard error. It is no `std::error::Error` itself (as with anyhow), so
/// that the conversion can be blanket; `Box<dyn std::error::Error + Send + Sync>` and
/// [`io::Error`] can be made of it, and its kind and status survive the trip there and back.
///
/// ```
/// use rgi_core::{Error, StatusCode};
///
/// fn parse(text: &str) -> Result<u32, Error> {
///     text.parse().map_err(|e| Error::new(e).with_status(StatusCode::BAD_REQUEST))
/// }
/// assert_eq!(parse("x").unwrap_err().status(), StatusCode::BAD_REQUEST);
///
/// let there: std::io::Error = Error::too_large("64 KiB are allowed").into();
/// assert_eq!(Error::from(there).status(), StatusCode::PAYLOAD_TOO_LARGE);
/// ```
pub struct Error(Box<Repr>);

struct Repr {
    kind: Kind,
    status: Option<StatusCode>,
    /// Shared by the copies for several places that must be told.
    source: Option<Arc<dyn StdError + Send + Sync>>,
    /// What its answer begins with, where somebody changed that.
    head: Option<PooledHead>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Other,
    Disconnected,
    Malformed,
    TooLarge,
    Timeout,
    Overloaded,
    Panic,
    Misuse,
}

impl Error {
    /// Makes an error of another one, or of a message. Answered with 500 unless
    /// [`with_status`](Self::with_status) says otherwise, or `source` is, or was caused by, an
    /// `Error` with a status of its own.
    pub fn new(source: impl Into<BoxError>) -> Error {
        let source = match source.into().downcast::<Carried>() {
            Ok(carried) => return carried.0,
            Err(source) => source,
        };
        let source = match source.downcast::<io::Error>() {
            Ok(error) if error.get_ref().is_some_and(|e| e.is::<Carried>()) => {
                return Error::new(error.into_inner().expect("an inner error was just seen"));
            }
            Ok(error) => error as BoxError,
            Err(source) => source,
        };
        let (kind, status, head) = inherited(&*source);
        Error(Box::new(Repr {
            kind,
            status,
            source: Some(source.into()),
            head,
        }))
    }

    /// Sets the status the server answers if this ends an exchange before its head is committed.
    pub fn with_status(mut self, status: StatusCode) -> Error {
        self.0.status = Some(status);
        if let Some(head) = &mut self.0.head {
            head.status = status;
        }
        self
    }

    /// The status the server answers if this ends an exchange before its head is committed: what
    /// [`with_status`](Self::with_status) said, or 400, 413, 503 by kind, or 500.
    pub fn status(&self) -> StatusCode {
        self.0.said().unwrap_or(match self.0.kind {
            Kind::Malformed => StatusCode::BAD_REQUEST,
            Kind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Kind::Timeout | Kind::Overloaded => StatusCode::SERVICE_UNAVAILABLE,
            Kind::Other | Kind::Disconnected | Kind::Panic | Kind::Misuse => {
                StatusCode::INTERNAL_SERVER_ERROR
            }
        })
    }

    /// The head that the answer begins with if this ends an exchange before its head is committed: the
    /// [`status`](Self::status), and the fields that were put here. What describes the content is the
    /// server's, or whose [`Fallback`](crate::Fallback) answers.
    ///
    /// A middleware that adds fields to responses adds them here as well, so that a 413 has them as a 200
    /// has: [`EditHead::edit_error`](crate::EditHead::edit_error).
    pub fn head_mut(&mut self) -> &mut Head {
        let status = self.status();
        self.0.head.get_or_insert_with(|| {
            let mut head = PooledHead::new();
            head.status = status;
            head
        })
    }

    /// What the answer begins with.
    pub(crate) fn take_head(&mut self) -> PooledHead {
        let status = self.status();
        self.0.status = Some(status);
        let mut head = self.0.head.take().unwrap_or_else(PooledHead::new);
        head.status = status;
        // What describes the content is of who makes it.
        head.remove(&field::CONTENT_TYPE);
        head.set_length(None);
        head
    }

    fn of(kind: Kind, message: impl Into<BoxError>) -> Error {
        Error(Box::new(Repr {
            kind,
            status: None,
            source: Some(Arc::from(message.into())),
            head: None,
        }))
    }

    /// The peer has left. Servers answer nothing and do not log it as a failure.
    pub fn disconnected() -> Error {
        Error(Box::new(Repr {
            kind: Kind::Disconnected,
            status: None,
            source: None,
            head: None,
        }))
    }

    /// The request is not well-formed: 400.
    pub fn malformed(message: impl Into<BoxError>) -> Error {
        Error::of(Kind::Malformed, message)
    }

    /// More was sent than is allowed: 413.
    pub fn too_large(message: impl Into<BoxError>) -> Error {
        Error::of(Kind::TooLarge, message)
    }

    /// Something took too long: 503.
    pub fn timeout(message: impl Into<BoxError>) -> Error {
        Error::of(Kind::Timeout, message)
    }

    /// There is no capacity left: 503 with `retry-after`.
    pub fn overloaded(message: impl Into<BoxError>) -> Error {
        Error::of(Kind::Overloaded, message)
    }

    /// A panic, by its payload: 500.
    pub fn panic(payload: Box<dyn Any + Send>) -> Error {
        let message = match payload.downcast::<&'static str>() {
            Ok(text) => text.to_string(),
            Err(payload) => match payload.downcast::<String>() {
                Ok(text) => *text,
                Err(payload) => {
                    dispose(payload);
                    "a payload that is no text".to_owned()
                }
            },
        };
        Error::of(Kind::Panic, message)
    }

    /// The contract was broken: 500.
    pub fn misuse(message: impl Into<BoxError>) -> Error {
        Error::of(Kind::Misuse, message)
    }

    /// Whether the peer has left.
    pub fn is_disconnected(&self) -> bool {
        self.0.kind == Kind::Disconnected
    }

    /// Whether the request was not well-formed.
    pub fn is_malformed(&self) -> bool {
        self.0.kind == Kind::Malformed
    }

    /// Whether more was sent than is allowed.
    pub fn is_too_large(&self) -> bool {
        self.0.kind == Kind::TooLarge
    }

    /// Whether something took too long.
    pub fn is_timeout(&self) -> bool {
        self.0.kind == Kind::Timeout
    }

    /// Whether there was no capacity left.
    pub fn is_overloaded(&self) -> bool {
        self.0.kind == Kind::Overloaded
    }

    /// Whether this was a panic.
    pub fn is_panic(&self) -> bool {
        self.0.kind == Kind::Panic
    }

    /// Whether the contract was broken.
    pub fn is_misuse(&self) -> bool {
        self.0.kind == Kind::Misuse
    }

    /// What this was made of.
    pub fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0
            .source
            .as_deref()
            .map(|e| e as &(dyn StdError + 'static))
    }

    /// A copy with the same kind, status and source, for a second place that must be told.
    pub(crate) fn twin(&self) -> Error {
        Error(Box::new(Repr {
            kind: self.0.kind,
            status: self.0.said(),
            source: self.0.source.clone(),
            head: None,
        }))
    }
}

impl Repr {
    /// The status that was set, by whatever means.
    fn said(&self) -> Option<StatusCode> {
        self.head.as_ref().map(|head| head.status).or(self.status)
    }
}

/// What is of the nearest [`Error`] among the causes of a foreign error: its kind, status, and head.
fn inherited(source: &(dyn StdError + 'static)) -> (Kind, Option<StatusCode>, Option<PooledHead>) {
    let mut next = Some(source);
    while let Some(error) = next {
        if let Some(Carried(error)) = error.downcast_ref() {
            let head = error.0.head.as_ref();
            return (error.0.kind, error.0.said(), head.map(|head| head.copy()));
        }
        // `io::Error::source` passes over the error it holds.
        next = match error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref)
        {
            Some(held) => Some(held as &(dyn StdError + 'static)),
            None => error.source(),
        };
    }
    (Kind::Other, None, None)
}

impl<E: StdError + Send + Sync + 'static> From<E> for Error {
    fn from(error: E) -> Error {
        Error::new(error)
    }
}

/// An [`Error`] on its way through an interface that asks for a standard error.
struct Carried(Error);

impl StdError for Carried {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source()
    }
}

impl fmt::Display for Carried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Carried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<Error> for BoxError {
    fn from(error: Error) -> BoxError {
        Box::new(Carried(error))
    }
}

impl From<Error> for io::Error {
    fn from(error: Error) -> io::Error {
        let kind = match error.0.kind {
            Kind::Disconnected => io::ErrorKind::ConnectionReset,
            Kind::Malformed => io::ErrorKind::InvalidData,
            Kind::Timeout => io::ErrorKind::TimedOut,
            _ => io::ErrorKind::Other,
        };
        io::Error::new(kind, Carried(error))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let label = match self.0.kind {
            Kind::Other => "",
            Kind::Disconnected => "the peer has left",
            Kind::Malformed => "malformed request: ",
            Kind::TooLarge => "too large: ",
            Kind::Timeout => "timed out: ",
            Kind::Overloaded => "overloaded: ",
            Kind::Panic => "panicked: ",
            Kind::Misuse => "misuse: ",
        };
        f.write_str(label)?;
        match &self.0.source {
            Some(source) => source.fmt(f),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("status", &self.status())
            .field("source", &self.0.source)
            .finish()
    }
}
