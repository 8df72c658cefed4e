//! The corpus that comes with the command, on each of its servers.

use crate::common::{complains, run, text};

/// Whole and byte by byte: what lies between is tried with fewer cases elsewhere.
fn passes(server: &str) {
    let output = run(&["replay", "--server", server, "--ways", "whole,bytes"]);
    let (report, progress) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{report}{progress}");
}

#[test]
fn evented_takes_all_as_it_should() {
    passes("evented");
}

#[test]
fn prefork_takes_all_as_it_should() {
    passes("prefork");
}

#[test]
fn threaded_takes_all_as_it_should() {
    passes("threaded");
}

#[test]
fn coroutine_takes_all_as_it_should() {
    passes("coroutine");
}

#[test]
fn actix_takes_all_as_it_should() {
    passes("actix");
}

#[test]
fn it_is_printed_as_it_is_read() {
    let printed = run(&["corpus"]);
    assert_eq!(printed.status.code(), Some(0));
    let lines = text(&printed.stdout).lines().count();
    assert!(lines > 500, "{lines}");
    let table = run(&["corpus", "--coverage"]);
    assert!(text(&table.stdout).contains("RFC 9112 7.1"));
}

#[test]
fn servers_that_there_are_not_are_wrong_usage() {
    complains(&["replay", "--server", "nginx"], 2, &["there are: evented"]);
}
