//! What the process has done.

use super::{Server, each};

/// Whether one process answers all: others count for themselves.
fn counts_alone(server: &Server) -> bool {
    !server.says("multiprocess")
}

#[test]
fn exchanges_are_counted_by_their_end() {
    each(|server| {
        if !counts_alone(server) {
            return;
        }
        let ended = |kind: &str, count: u64| {
            server.wait_for_stats(|stats| {
                stats["bodies_alive"] == 0 && stats["outcomes"][kind] == count
            });
        };
        server.get("/fail/before");
        ended("refused", 1);
        server.get("/panic");
        ended("refused", 2);
        server.get("/").assert(200, "Hello, World!");
        let mut client = server.connect();
        client.get("/fail/during");
        client.rest();
        ended("truncated", 1);
        server.wait_for_stats(|stats| stats["outcomes"]["disconnected"] == 0);
    });
}

#[test]
fn a_body_lives_until_its_client_leaves() {
    each(|server| {
        if !counts_alone(server) || !server.answers_at_once() {
            return;
        }
        for (count, path) in (1..).zip(["/stream", "/push"]) {
            let mut client = server.connect();
            client.get(&format!("{path}?chunks=100000&size=1048576"));
            assert_eq!(client.head().status(), 200);
            server.wait_for_stats(|stats| stats["bodies_alive"] == 1);
            drop(client);
            server.wait_for_stats(|stats| {
                stats["bodies_alive"] == 0 && stats["outcomes"]["disconnected"] == count
            });
        }
    });
}

#[test]
fn a_body_that_waits_ends_its_step_first() {
    each(|server| {
        if !counts_alone(server) || !server.says("told_of_disconnect") {
            return;
        }
        let mut client = server.connect();
        client.get("/stream?chunks=3&size=1&delay_ms=1000");
        assert_eq!(client.head().status(), 200);
        assert_eq!(client.chunk().unwrap(), b"a");
        drop(client);
        server.wait_for_stats(|stats| {
            stats["bodies_alive"] == 0 && stats["outcomes"]["disconnected"] == 1
        });
    });
}

#[test]
fn a_client_that_does_not_read_stops_the_stream() {
    each(|server| {
        if !counts_alone(server) || !server.answers_at_once() {
            return;
        }
        let mut slow = server.connect();
        slow.get("/stream?chunks=10000&size=1048576");
        assert_eq!(slow.head().status(), 200);
        // Other requests pass, and the stream is far from its end.
        for _ in 0..100 {
            server.get("/").assert(200, "Hello, World!");
        }
        server.wait_for_stats(|stats| {
            stats["bodies_alive"] == 1 && stats["chunks_produced"].as_u64() < Some(1000)
        });
    });
}
