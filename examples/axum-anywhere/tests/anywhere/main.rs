//! The same checks over the wire on each server.

mod client;
mod pages;
mod socket;
mod uploads;

use client::Program;

fn check(server: &str) {
    let program = Program::serve(server);
    pages::extractors(&program);
    pages::routers(&program);
    pages::layers(&program);
    pages::events(&program);
    uploads::bodies(&program);
    uploads::forms(&program);
    socket::conversation(&program);
    socket::refusals(&program);
    pages::events_until_the_stop(program);
}

#[test]
fn coroutine() {
    check("coroutine");
}

#[test]
fn evented() {
    check("evented");
}

#[test]
fn threaded() {
    check("threaded");
}

#[test]
fn prefork() {
    check("prefork");
}

#[test]
fn actix() {
    check("actix");
}
