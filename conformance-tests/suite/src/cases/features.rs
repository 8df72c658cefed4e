//! Trailers, interim responses, switches of protocols, files, flushes.

use crate::Case;

pub(super) const CASES: &[Case] = &[];
