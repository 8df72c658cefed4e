//! An [`Evented`](rgi_evented::Evented) server as its clients see it: bytes over sockets.

#[path = "wire/basics.rs"]
mod basics;
#[path = "wire/support.rs"]
mod support;
