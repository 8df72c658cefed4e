//! Connections: keep-alive, pipelining, how they end.

pub(super) mod keeping;
pub(super) mod pipelines;
pub(super) mod times;
