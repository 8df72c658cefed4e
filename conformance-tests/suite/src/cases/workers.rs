//! Models of concurrency: blocking, what is shared, what a slow client costs, what a server says of itself.

use crate::Case;

pub(super) const CASES: &[Case] = &[];
