//! The pages, each a function of the router's type.

pub(crate) mod body;
pub(crate) mod facts;
pub(crate) mod failures;
pub(crate) mod file;
pub(crate) mod hello;
pub(crate) mod memory;
pub(crate) mod protocol;
pub(crate) mod streams;
pub(crate) mod waits;
