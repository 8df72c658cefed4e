//! A [`Prefork`](rgi_prefork::Prefork) server as its clients see it: bytes over sockets.

#[path = "wire/in_place.rs"]
mod in_place;
#[path = "wire/server.rs"]
mod server;
#[path = "wire/turns.rs"]
mod turns;
#[path = "../../../tests/wire/mod.rs"]
mod wire;
