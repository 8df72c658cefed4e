//! The HTTP/1.1 server protocol for RGI servers, without I/O.
//!
//! Nothing here knows a socket or a thread: bytes go in, and heads, body data
//! and refusals come out; decisions of the commit machine go in, and bytes
//! come out.
//!
//! ```
//! use std::future::poll_fn;
//! use std::pin::pin;
//! use std::sync::Arc;
//!
//! use rgi_core::rt::{ThreadClock, block_on};
//! use rgi_core::server::{Exchange, Host, ServerInfo};
//! use rgi_core::{Environ, Full, Input, StartResponse, StatusCode, app_fn};
//! use rgi_http1::{HeadReader, Limits, Output, Stamp, Turn};
//!
//! fn app(environ: Environ, start_response: StartResponse) -> Full {
//!     let path = environ.path_info().to_owned();
//!     start_response.start(StatusCode::OK).full(path)
//! }
//!
//! // What came from the client so far, and where its fields are.
//! let received = b"GET /cart HTTP/1.1\r\nHost: example.com\r\n\r\n";
//! let mut fields = Vec::new();
//! let head = HeadReader::default()
//!     .read(received, &Limits::default(), &mut fields)?
//!     .expect("all of the head is there");
//!
//! // The exchange. A request with a body has a `PulledBody` or `BodyReader` behind its input.
//! let mut turn = Turn::new(&head);
//! let request = head.to_core(&received[..head.len], &mut fields);
//! let host = Host::new(ServerInfo::default(), Arc::new(ThreadClock::new()));
//! let exchange = Exchange::new(request, Input::empty(), Arc::new(host), Arc::default());
//! let mut response = pin!(exchange.call(&app_fn(app)));
//!
//! // The answer.
//! let (stamp, mut output) = (Stamp::new("rgi"), Output::new());
//! let commit = block_on(poll_fn(|cx| response.as_mut().poll_head(cx)));
//! turn.head(&commit, &stamp, &mut output);
//! while let Some(payload) = block_on(poll_fn(|cx| response.as_mut().poll_payload(cx))) {
//!     turn.payload(payload.expect("here a server would reset the connection"), &mut output);
//! }
//! turn.end(None, &mut output);
//!
//! // What goes to the client: here it lies in one piece.
//! let bytes = output.single().expect("small blocks alone");
//! assert!(bytes.starts_with(b"HTTP/1.1 200 OK\r\ndate: "));
//! assert!(bytes.ends_with(b"server: rgi\r\ncontent-length: 5\r\n\r\n/cart"));
//! assert!(turn.keep_alive());
//! # Ok::<(), rgi_http1::Refusal>(())
//! ```
//!
//! # Reading
//!
//! The reading is strict. Where RFC 9110 and RFC 9112 leave a message open to
//! two readings there is one answer, and it is a refusal: whoever reads the
//! same bytes before or after this server may have chosen the other reading,
//! and that is how requests are smuggled.
//!
//! - [`HeadReader`] turns bytes into a [`RequestHead`] and a list of
//!   [`FieldSpan`]s: offsets into the bytes given, nothing copied.
//! - [`BodyReader`] takes the body that follows off a buffer, as
//!   [`Framing`] says, down to the trailers.
//! - An [`Incoming`] has both read off a blocking stream, the [`PulledBody`]
//!   as the application asks for it: for servers that wait for their clients.
//! - [`Limits`] bound both, and a [`Refusal`] says which status to answer.
//!
//! What is refused, and with which status, does not depend on how the bytes
//! were cut into pieces: the first fault in byte order decides.
//!
//! Where another engine does the reading, a [`Guard`] stops what that engine
//! would let pass and this reading refuses.
//!
//! # Writing
//!
//! The commit machine of [`rgi_core::server`] decides what is sent; how it is
//! sent is decided here, so that no application and no server writes a field
//! of framing or of the connection.
//!
//! - A [`Turn`] frames one response and says whether the connection lives on.
//! - [`interim`], [`refuse`] and [`CONTINUE`] are what a server says by itself.
//! - An [`Output`] queues it all, as slices for a vectored write, or for a
//!   blocking stream.
//! - A [`Stamp`] is the `date` and `server` of them all.
//!
//! A connection's waits and how long they may take are values too:
//! [`Wait`] and [`Timeouts`].
#![forbid(unsafe_code)]

mod body;
mod chunk;
mod connection;
mod date;
mod deadline;
mod fields;
mod framing;
mod guard;
mod head;
mod limits;
mod line;
mod output;
mod parse;
mod pull;
mod refusal;
mod scan;
mod span;
mod trailers;
mod turn;
mod watch;

pub use body::{BodyReader, Decoded};
pub use date::Stamp;
pub use deadline::{Timeouts, Wait};
pub use framing::Framing;
pub use guard::Guard;
pub use head::{HeadReader, RequestHead};
pub use limits::Limits;
pub use output::Output;
pub use pull::{Incoming, PulledBody};
pub use refusal::Refusal;
pub use rgi_core::server::syntax::TargetForm;
pub use span::{FieldSpan, Span};
pub use trailers::{admit as admit_trailers, read as read_trailers};
pub use turn::{CONTINUE, Turn, interim, refuse};
