//! HTTP/2 as a client of it sees the server.

mod answers;
mod bodies;
mod client;
mod heads;
mod leaves;
mod preface;
mod raw;
#[path = "../wire/server.rs"]
#[allow(dead_code)]
mod server;
mod stops;
mod times;
#[path = "../../../../tests/wire/harness.rs"]
#[allow(dead_code)]
mod wire;
