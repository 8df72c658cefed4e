//! The server on a thread and its clients, without the cases.

pub(crate) mod client;
pub(crate) mod support;
