//! An [`Evented`](rgi_evented::Evented) server as its clients see it: bytes over sockets.

#[path = "wire/loops.rs"]
mod loops;
#[path = "wire/server.rs"]
mod server;
#[path = "../../../tests/wire/threads.rs"]
mod threads;
#[path = "../../../tests/wire/mod.rs"]
mod wire;
