//! An [`Actix`](rgi_actix::Actix) server as its clients see it: bytes over sockets.

#[path = "wire/heads.rs"]
mod heads;
#[path = "wire/locals.rs"]
mod locals;
#[path = "wire/server.rs"]
mod server;
#[path = "../../../tests/wire/threads.rs"]
mod threads;
#[path = "../../../tests/wire/mod.rs"]
mod wire;
