//! The testbed, answered in memory.

mod alike;
mod bodies;
mod files;
mod readme;
mod refusals;
mod simple;

use rgi_core::testing::{Client, Reply};
use rgi_core::{App, Body};

/// A server that may block.
fn client() -> Client<impl App<Body = impl Body>> {
    Client::new(testbed::app())
}

/// The answer to a GET.
#[track_caller]
fn get(target: &str) -> Reply {
    let reply = client().get(target).send();
    assert_eq!(reply.header("x-rgi-app"), Some("testbed"), "{target}");
    reply
}

/// The JSON of an answer.
#[track_caller]
fn json(reply: &Reply) -> serde_json::Value {
    assert_eq!(reply.status(), 200);
    assert_eq!(reply.header("content-type"), Some("application/json"));
    serde_json::from_str(&reply.text()).unwrap()
}
