//! Frames and field blocks of HTTP/2, as bytes: for who writes them himself, right or wrong.
//!
//! ```
//! use rgi_conformance::http2::{Decoder, Frame, literals};
//!
//! let block = literals(&[(":method", "GET")]);
//! let frame = Frame::new(Frame::HEADERS, Frame::END_HEADERS, 1, &block);
//! let (read, len) = Frame::parse(&frame.encode()).expect("it is whole");
//! assert_eq!((read.stream, len), (1, 9 + block.len()));
//! let fields = Decoder::default().decode(&read.payload)?;
//! assert_eq!(fields, [(":method".to_owned(), "GET".to_owned())]);
//! # Ok::<(), String>(())
//! ```

mod frame;
mod hpack;
mod huffman;

pub use self::frame::{Frame, PREFACE, code_name};
pub use self::hpack::{Decoder, TABLE_SIZE, indexed, integer, literals, table_entry};
