//! What every server that speaks HTTP/1.1 does, as its clients see it: bytes over sockets.
//!
//! Each server's tests take these in by `#[path]`, beside a module `server` that starts it and says
//! where it differs by nature.

mod basics;
pub(crate) mod client;
mod lifts;
mod load;
mod peers;
mod proxies;
mod stops;
pub(crate) mod support;
mod times;
mod workers;
