//! Bodies: iterators of events.
//!
//! A body is made from a [`Started`](crate::Started) by one of its methods, or written by hand as a
//! [`Stream`] of [`Event`]s. Each file here holds one kind.

mod blocking;
mod boxed;
mod cancel;
mod catch;
mod either;
mod ext;
mod file;
mod flatten;
mod full;
mod hold;
mod iter;
mod lifted;
mod map;
mod promised;
mod push;
mod recover;
mod steps;
mod streaming;
mod upgrading;

use futures_core::Stream;

pub use blocking::BlockingBody;
pub use boxed::{BoxBody, LocalBoxBody};
pub use cancel::CancelBody;
pub use catch::CatchPanics;
pub use either::Either;
pub use ext::BodyExt;
pub use file::FileBody;
pub use flatten::Flatten;
pub use full::Full;
pub use hold::Hold;
pub use iter::Iter;
pub use map::{MapDataBody, MapStartBody};
pub use promised::Promised;
pub use push::{Push, Write, Writer};
pub use recover::Recover;
pub use streaming::Streaming;
pub use upgrading::Upgrading;

use crate::{Error, Event};

/// The body iterator: a stream of [`Event`]s, the first of which is the head.
///
/// Dropping it is PEP 3333's `close()`; dropping a [`BlockingBody`] whose iterator is on a pool only
/// has that closed there, maybe later. Whoever polls a body stops at `None`, at an `Err`, after
/// `Trailers` and at the promised length: it need not be fused. The upper bound of `size_hint`
/// counts the events still to come; a 0 there after the first data is how a body of one block gets
/// its `content-length`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a body",
    note = "make one from a started response: `start_response.start(status).full(bytes)`"
)]
pub trait Body: Stream<Item = Result<Event, Error>> {}

impl<T: Stream<Item = Result<Event, Error>> + ?Sized> Body for T {}
