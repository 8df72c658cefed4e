//! A [`Threaded`](rgi_threaded::Threaded) server as its clients see it: bytes over sockets.

#[path = "wire/pool.rs"]
mod pool;
#[path = "wire/server.rs"]
mod server;
#[path = "../../../tests/wire/threads.rs"]
mod threads;
#[path = "../../../tests/wire/mod.rs"]
mod wire;
