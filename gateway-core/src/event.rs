//! What a body yields.

use bytes::Bytes;
use http::HeaderMap;

use crate::{FileRegion, Started, Upgrade};

/// One step of a response. The grammar is `Start (Data | File | Flush)* (Trailers | Upgrade)?`; an
/// `Err` anywhere is the end.
#[non_exhaustive]
#[derive(Debug)]
pub enum Event {
    /// The head. Exactly one, and the first; it is not sent before an event that
    /// [commits](Event::commits), or the end.
    Start(Started),
    /// A block of the body, sent before the next one is asked for. An empty one has no meaning.
    Data(Bytes),
    /// A part of a file.
    File(Box<FileRegion>),
    /// Send what there is now, the head included: for bodies whose first bytes take their time.
    Flush,
    /// Trailer fields. The last event. Dropped where the server or the peer cannot take them.
    Trailers(Box<HeaderMap>),
    /// The connection is handed over. Follows the head at once, and is the last event; the body
    /// is polled on until it ends.
    Upgrade(Upgrade),
}

impl Event {
    /// Whether this event sends the head: all but `Start` and empty `Data`.
    pub fn commits(&self) -> bool {
        match self {
            Event::Start(_) => false,
            Event::Data(bytes) => !bytes.is_empty(),
            _ => true,
        }
    }
}
