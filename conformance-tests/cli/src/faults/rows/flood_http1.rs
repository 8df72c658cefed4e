//! Floods of HTTP/1.1.

use crate::faults::flood::{Flood, flood};
use crate::faults::row::{Row, anywhere};
use crate::faults::setup::Setup;

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "flood_pipelines",
        about: "Four clients send requests as fast as they can, and read no answer, for 2 s: the \
                memory grows by no more than 32 MiB, the descriptors are back, and plain requests on \
                other connections are answered, the median within the bound, the worst within ten \
                times that. Of prefork, which serves one request at a time, the times are told alone.",
        short: false,
        offered: anywhere,
        run: |setup, findings| {
            let pipelines = Flood {
                turn: |_| b"GET / HTTP/1.1\r\nHost: a\r\n\r\n".repeat(500),
                ..Flood::FOUR
            };
            flood(setup, findings, &pipelines)
        },
    },
    Row {
        name: "flood_pipelines_read",
        about: "Four clients do so and read the answers, 500 requests on each connection: the same, \
                32 MiB.",
        short: false,
        offered: anywhere,
        run: |setup, findings| {
            let pipelines = Flood {
                turn: |_| b"GET / HTTP/1.1\r\nHost: a\r\n\r\n".repeat(50),
                turns: 10,
                reads: true,
                ..Flood::FOUR
            };
            flood(setup, findings, &pipelines)
        },
    },
    Row {
        name: "flood_tiny_chunks",
        about: "Four clients send bodies without an end, in chunks of one byte: the same, 32 MiB.",
        short: false,
        offered: bodies_beside_others,
        run: |setup, findings| {
            let chunks = Flood {
                opening: post,
                turn: |_| b"1\r\nx\r\n".repeat(2000),
                ..Flood::FOUR
            };
            flood(setup, findings, &chunks)
        },
    },
    Row {
        name: "flood_chunk_extensions",
        about: "Four clients send chunks of one byte, each with 1000 bytes of extensions: the same, \
                32 MiB.",
        short: false,
        offered: bodies_beside_others,
        run: |setup, findings| {
            let extensions = Flood {
                opening: post,
                turn: |_| {
                    format!("1;{}\r\nx\r\n", "e".repeat(1000))
                        .repeat(20)
                        .into_bytes()
                },
                ..Flood::FOUR
            };
            flood(setup, findings, &extensions)
        },
    },
    Row {
        name: "flood_heads",
        about: "Four clients send heads of fields without an end: the same, 32 MiB.",
        short: false,
        offered: anywhere,
        run: |setup, findings| {
            let heads = Flood {
                opening: |host| format!("GET / HTTP/1.1\r\nHost: {host}\r\n").into_bytes(),
                turn: |_| b"x-field: value\r\n".repeat(500),
                ..Flood::FOUR
            };
            flood(setup, findings, &heads)
        },
    },
    Row {
        name: "flood_trailers",
        about: "Four clients send trailers without an end: the same, 32 MiB.",
        short: false,
        offered: anywhere,
        run: |setup, findings| {
            let trailers = Flood {
                opening: |host| [&post(host)[..], b"1\r\nx\r\n0\r\n"].concat(),
                turn: |_| b"x-field: value\r\n".repeat(500),
                ..Flood::FOUR
            };
            flood(setup, findings, &trailers)
        },
    },
    Row {
        name: "flood_connections",
        about: "Four clients open connections, say a word, and close them: the same, 32 MiB.",
        short: false,
        offered: anywhere,
        run: |setup, findings| {
            let connections = Flood {
                opening: |_| b"GET / HT".to_vec(),
                turns: 0,
                ..Flood::FOUR
            };
            flood(setup, findings, &connections)
        },
    },
];

fn post(host: &str) -> Vec<u8> {
    format!("POST /digest HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\n")
        .into_bytes()
}

/// More bodies than these clients' are read at once.
fn bodies_beside_others(setup: &Setup) -> Result<(), String> {
    let at_once = match &*setup.server {
        "prefork" => setup.processes.max(1),
        "threaded" => setup.threads.unwrap_or(32) * setup.processes.max(1),
        _ => return Ok(()),
    };
    match at_once > 2 * Flood::FOUR.connections {
        true => Ok(()),
        false => Err("its workers are held by bodies that go on, each by one".into()),
    }
}
