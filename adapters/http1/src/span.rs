//! Places in the bytes of a head: the core crate's, so that an index goes over as it is.

pub use rgi_core::server::{FieldSpan, Span};

/// This span, `by` bytes further on.
pub(crate) fn shifted(span: Span, by: usize) -> Span {
    Span::new(span.start as usize + by, span.end as usize + by)
}
