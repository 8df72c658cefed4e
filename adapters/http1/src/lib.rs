//! The HTTP/1.1 server protocol for RGI servers, without I/O.
//!
//! Nothing here knows a socket, a thread or a clock: bytes go in, and heads,
//! body data and refusals come out. The reading is strict. Where RFC 9110 and
//! RFC 9112 leave a message open to two readings there is one answer, and it
//! is a refusal: whoever reads the same bytes before or after this server may
//! have chosen the other reading, and that is how requests are smuggled.
//!
//! - [`HeadReader`] turns bytes into a [`RequestHead`] and a list of
//!   [`FieldSpan`]s: offsets into the bytes given, nothing copied.
//! - [`BodyReader`] takes the body that follows off a buffer, as
//!   [`Framing`] says, down to the trailers.
//! - [`Limits`] bound both, and a [`Refusal`] says which status to answer.
//!
//! The writing side knows the commit machine's decisions:
//!
//! - a [`Turn`] frames one response and says whether the connection lives on;
//! - [`interim`], [`refuse`] and [`CONTINUE`] are what a server says by itself;
//! - an [`Output`] queues it all, as slices for a vectored write.
//!
//! What is refused, and with which status, does not depend on how the bytes
//! were cut into pieces: the first fault in byte order decides.
#![forbid(unsafe_code)]

mod authority;
mod body;
mod chars;
mod chunk;
mod connection;
mod date;
mod deadline;
mod fields;
mod framing;
mod head;
mod limits;
mod line;
mod output;
mod parse;
mod refusal;
mod scan;
mod span;
mod target;
mod trailers;
mod turn;

pub use body::{BodyReader, Decoded};
pub use date::Stamp;
pub use deadline::{Timeouts, Wait};
pub use framing::Framing;
pub use head::{HeadReader, RequestHead};
pub use limits::Limits;
pub use output::Output;
pub use refusal::Refusal;
pub use span::{FieldSpan, Span};
pub use target::TargetForm;
pub use turn::{CONTINUE, Turn, interim, refuse};
