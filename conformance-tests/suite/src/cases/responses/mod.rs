//! Responses: heads, lengths, blocks, and those that have no body.

pub(super) mod blocks;
pub(super) mod bodiless;
pub(super) mod heads;
pub(super) mod lengths;
