//! Floods of HTTP/2 (RFC 9113 10.5).

use rgi_conformance::http2::{Frame, PREFACE, indexed, literals, table_entry};

use crate::faults::flood::{Flood, flood};
use crate::faults::row::Row;
use crate::faults::setup::Setup;

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "flood_rapid_reset",
        about: "Four clients of HTTP/2 send requests and reset each at once, for 2 s: the memory \
                grows by no more than 32 MiB, the descriptors are back, and plain requests on other \
                connections are answered, the median within the bound, the worst within ten times \
                that.",
        short: false,
        offered: speaks_http2,
        run: |setup, findings| {
            let resets = Flood {
                turn: |turn| {
                    let of_stream = |stream| {
                        [
                            request(stream, "/sleep?ms=100"),
                            Frame::reset(stream, CANCEL).encode(),
                        ]
                    };
                    streams(turn, 50).flat_map(of_stream).flatten().collect()
                },
                ..BEGUN
            };
            flood(setup, findings, &resets)
        },
    },
    Row {
        name: "flood_resets_of_the_server",
        about: "They send requests, and with each a frame that makes the server reset it: the same, \
                32 MiB.",
        short: false,
        offered: speaks_http2,
        run: |setup, findings| {
            let resets = Flood {
                turn: |turn| {
                    let of_stream = |stream| {
                        let beyond = Frame::window(stream, 0x7fff_ffff).encode();
                        [request(stream, "/sleep?ms=100"), beyond]
                    };
                    streams(turn, 50).flat_map(of_stream).flatten().collect()
                },
                ..BEGUN
            };
            flood(setup, findings, &resets)
        },
    },
    Row {
        name: "flood_malformed",
        about: "They send requests that are malformed, so that the server resets them: the same, 32 \
                MiB.",
        short: false,
        offered: speaks_http2,
        run: |setup, findings| {
            let malformed = Flood {
                turn: |turn| {
                    let of_stream = |stream| head(stream, &literals(&[("connection", "x")]));
                    streams(turn, 50).flat_map(of_stream).collect()
                },
                ..BEGUN
            };
            flood(setup, findings, &malformed)
        },
    },
    Row {
        name: "flood_continuation",
        about: "They send a field block without an end, in CONTINUATION of 1 KiB: the same, 32 MiB.",
        short: false,
        offered: speaks_http2,
        run: |setup, findings| {
            let continuation = Flood {
                turn: |turn| {
                    let block = literals(&[("x-field", "value")]).repeat(73);
                    let kind = if turn == 0 {
                        Frame::HEADERS
                    } else {
                        Frame::CONTINUATION
                    };
                    let first = Frame::new(kind, 0, 1, &block).encode();
                    let more = Frame::new(Frame::CONTINUATION, 0, 1, &block).encode();
                    [first, more.repeat(15)].concat()
                },
                ..BEGUN
            };
            flood(setup, findings, &continuation)
        },
    },
    Row {
        name: "flood_empty_continuation",
        about: "They send a field block without an end, in CONTINUATION of nothing: the same, 32 MiB.",
        short: false,
        offered: speaks_http2,
        run: |setup, findings| {
            let continuation = Flood {
                opening: |_| {
                    let begun = Frame::new(Frame::HEADERS, 0, 1, &literals(&[(":method", "GET")]));
                    [begin(&[]), begun.encode()].concat()
                },
                turn: |_| {
                    Frame::new(Frame::CONTINUATION, 0, 1, &[])
                        .encode()
                        .repeat(1000)
                },
                ..BEGUN
            };
            flood(setup, findings, &continuation)
        },
    },
    Row {
        name: "flood_field_table",
        about: "They put a field of 4000 bytes into the table, and send requests that name it 4000 \
                times: the same, 32 MiB.",
        short: false,
        offered: speaks_http2,
        run: |setup, findings| {
            let bombs = Flood {
                turn: |turn| {
                    let stream = 2 * turn + 1;
                    let mut block = literals(&USUAL);
                    if turn == 0 {
                        block.extend(table_entry("x-large", &"x".repeat(4000)));
                    }
                    block.extend(indexed(62).repeat(4000));
                    head(stream, &block)
                },
                reads: true,
                ..BEGUN
            };
            flood(setup, findings, &bombs)
        },
    },
    Row {
        name: "flood_without_windows",
        about: "Ten clients ask for 100 long answers each, with windows of no byte, and hold them: the \
                same, 32 MiB.",
        short: false,
        offered: speaks_http2,
        run: |setup, findings| {
            let held = Flood {
                opening: |_| ask_without_windows(),
                connections: 10,
                ..BEGUN
            };
            flood(setup, findings, &held)
        },
    },
    Row {
        name: "flood_tiny_windows",
        about: "They ask for 100 long answers, and enlarge the windows by a byte at a time: the same, \
                32 MiB.",
        short: false,
        offered: speaks_http2,
        run: |setup, findings| {
            let windows = Flood {
                opening: |_| ask_without_windows(),
                turn: |_| {
                    let of_streams = (0..100).flat_map(|n| Frame::window(2 * n + 1, 1).encode());
                    of_streams.chain(Frame::window(0, 100).encode()).collect()
                },
                reads: true,
                ..BEGUN
            };
            flood(setup, findings, &windows)
        },
    },
    Row {
        name: "flood_ping",
        about: "They send PING, and read no answer: the same, 32 MiB.",
        short: false,
        offered: speaks_http2,
        run: |setup, findings| {
            let pings = Flood {
                turn: |_| {
                    Frame::new(Frame::PING, 0, 0, b"12345678")
                        .encode()
                        .repeat(1000)
                },
                ..BEGUN
            };
            flood(setup, findings, &pings)
        },
    },
    Row {
        name: "flood_settings",
        about: "They send SETTINGS, and read no acknowledgement: the same, 32 MiB.",
        short: false,
        offered: speaks_http2,
        run: |setup, findings| {
            let settings = Flood {
                turn: |turn| {
                    let window = 65_535 + (turn & 1);
                    Frame::settings(&[(INITIAL_WINDOW_SIZE, window)])
                        .encode()
                        .repeat(500)
                },
                ..BEGUN
            };
            flood(setup, findings, &settings)
        },
    },
    Row {
        name: "flood_empty_data",
        about: "They send a body of frames without a byte: the same, 32 MiB.",
        short: false,
        offered: speaks_http2,
        run: |setup, findings| {
            let empty = Flood {
                opening: |_| {
                    let usual = [
                        &[(":method", "POST")],
                        &USUAL[1..3],
                        &[(":path", "/digest")],
                    ];
                    let block = literals(&usual.concat());
                    let head = Frame::new(Frame::HEADERS, Frame::END_HEADERS, 1, &block);
                    [begin(&[]), head.encode()].concat()
                },
                turn: |_| Frame::new(Frame::DATA, 0, 1, &[]).encode().repeat(1000),
                ..BEGUN
            };
            flood(setup, findings, &empty)
        },
    },
    Row {
        name: "flood_priority",
        about: "They send PRIORITY of streams that nobody has opened: the same, 32 MiB.",
        short: false,
        offered: speaks_http2,
        run: |setup, findings| {
            let priority = Flood {
                turn: |turn| {
                    let of_stream =
                        |stream| Frame::new(Frame::PRIORITY, 0, stream, &[0, 0, 0, 0, 16]).encode();
                    streams(turn, 500).flat_map(of_stream).collect()
                },
                ..BEGUN
            };
            flood(setup, findings, &priority)
        },
    },
];

/// A connection of HTTP/2 that has begun.
const BEGUN: Flood = Flood {
    opening: |_| begin(&[]),
    ..Flood::FOUR
};

const CANCEL: u32 = 8;
const INITIAL_WINDOW_SIZE: u16 = 4;

const USUAL: [(&str, &str); 4] = [
    (":method", "GET"),
    (":scheme", "http"),
    (":authority", "a"),
    (":path", "/"),
];

fn begin(settings: &[(u16, u32)]) -> Vec<u8> {
    [PREFACE, &Frame::settings(settings).encode()].concat()
}

/// A hundred long answers are asked for, with windows of no byte.
fn ask_without_windows() -> Vec<u8> {
    let asked = (0..100).flat_map(|n| request(2 * n + 1, "/stream?chunks=128&size=65536"));
    [begin(&[(INITIAL_WINDOW_SIZE, 0)]), asked.collect()].concat()
}

/// So many streams of a turn, none of which was in a turn before.
fn streams(turn: u32, count: u32) -> impl Iterator<Item = u32> {
    (0..count).map(move |n| (2 * (turn * count + n) + 1) & 0x7fff_ffff)
}

fn request(stream: u32, path: &str) -> Vec<u8> {
    head(
        stream,
        &literals(&[&USUAL[..3], &[(":path", path)]].concat()),
    )
}

fn head(stream: u32, block: &[u8]) -> Vec<u8> {
    let flags = Frame::END_HEADERS | Frame::END_STREAM;
    Frame::new(Frame::HEADERS, flags, stream, block).encode()
}

fn speaks_http2(setup: &Setup) -> Result<(), String> {
    match setup.speaks_http2()? {
        true => Ok(()),
        false => Err("it does not speak HTTP/2".into()),
    }
}
