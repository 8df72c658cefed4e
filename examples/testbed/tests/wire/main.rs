//! The testbed as a program, on each server, as its clients see it: bytes over sockets.

mod bodies;
mod client;
mod failures;
mod files;
mod pages;
mod protocol;
mod server;
mod startup;
mod stats;

use server::Server;

/// The servers that the program is tried on.
const SERVERS: &[&str] = &["coroutine", "evented", "prefork", "actix"];

/// Runs a test on each server. A server is asked for its facts: what it says it cannot do, nobody
/// expects of it.
fn each(test: impl Fn(&Server)) {
    each_under("", test);
}

/// The same with the testbed mounted under a prefix.
fn each_under(prefix: &str, test: impl Fn(&Server)) {
    for name in SERVERS {
        // Shown with a test that fails.
        eprintln!("on the server {name}");
        test(&Server::start(name, prefix));
    }
}
