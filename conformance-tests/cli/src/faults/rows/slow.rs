//! Clients that take their time.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

use crate::endpoint::Connection;
use crate::faults::findings::Findings;
use crate::faults::launch::Launch;
use crate::faults::request::{Client, get};
use crate::faults::rest::Rest;
use crate::faults::row::{Row, anywhere};
use crate::faults::setup::Setup;
use crate::faults::tally::Tally;
use crate::faults::testbed::{PATIENCE, Testbed};

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "slow_half_heads",
        about: "60 clients hold half a head: the median of nine plain requests beside them is \
                within the bound.",
        short: false,
        offered: anywhere,
        run: |setup, findings| beside(setup, setup.launch(), findings, half_heads),
    },
    Row {
        name: "slow_bodies",
        about: "60 clients send a body byte by byte: the same.",
        short: false,
        offered: anywhere,
        run: |setup, findings| beside(setup, setup.launch(), findings, bodies),
    },
    Row {
        name: "slow_readers_of_files",
        about: "20 clients do not read what they were sent, 8 MiB of a file each: the same.",
        short: false,
        offered: anywhere,
        run: |setup, findings| beside(setup, setup.launch(), findings, readers_of_files),
    },
    Row {
        name: "slow_readers_of_blocks",
        about: "20 clients do not read what they were sent, 8 MiB each that are made while they \
                are sent: the same. A prefork worker makes no more than --buffer-body ahead, nor does \
                a thread of a pool, so they are given so much.",
        short: false,
        offered: anywhere,
        run: |setup, findings| {
            let ahead = match &*setup.server {
                "prefork" | "threaded" => "16m",
                _ => "64k",
            };
            let launch = setup.launch().option("--buffer-body", ahead);
            beside(setup, launch, findings, readers_of_blocks)
        },
    },
    Row {
        name: "slow_all_together",
        about: "Half heads, bodies byte by byte, readers of files and 60 idle connections, all at \
                once: the same, and when they are gone the descriptors are back.",
        short: true,
        offered: anywhere,
        run: |setup, findings| beside(setup, setup.launch(), findings, all_together),
    },
];

/// Connections of clients that take their time.
#[derive(Default)]
struct Slow {
    held: Vec<Connection>,
    /// They are sent a byte each now and then.
    trickled: Vec<Connection>,
}

impl Slow {
    fn open(&mut self, testbed: &Testbed, count: usize, text: &str) -> Result<(), String> {
        let opened = opened(testbed, count, text)?;
        self.held.extend(opened);
        Ok(())
    }

    fn trickle(&self, is_over: &AtomicBool) {
        while !is_over.load(Relaxed) {
            for connection in &self.trickled {
                // One that the server hangs up on is no slow client any more.
                let _ = connection.write_all(b"x");
            }
            thread::sleep(Duration::from_millis(50));
        }
    }
}

fn opened(testbed: &Testbed, count: usize, text: &str) -> Result<Vec<Connection>, String> {
    let open = |_| {
        let connection = testbed.endpoint.connect(PATIENCE)?;
        let _ = connection.write_all(text.as_bytes());
        Ok(connection)
    };
    let opened: Result<Vec<_>, crate::Error> = (0..count).map(open).collect();
    opened.map_err(|error| error.to_string())
}

fn half_heads(testbed: &Testbed, slow: &mut Slow) -> Result<(), String> {
    slow.open(testbed, 60, "GET / HTTP/1.1\r\nHost: a\r\nX-Slow")
}

fn bodies(testbed: &Testbed, slow: &mut Slow) -> Result<(), String> {
    let head = "POST /digest HTTP/1.1\r\nHost: a\r\nContent-Length: 20000\r\n\r\n";
    slow.trickled.extend(opened(testbed, 60, head)?);
    Ok(())
}

fn readers_of_files(testbed: &Testbed, slow: &mut Slow) -> Result<(), String> {
    let request = get(&testbed.endpoint, "/file?size=8388608", false);
    slow.open(testbed, 20, &request)
}

fn readers_of_blocks(testbed: &Testbed, slow: &mut Slow) -> Result<(), String> {
    let request = get(&testbed.endpoint, "/stream?chunks=128&size=65536", false);
    slow.open(testbed, 20, &request)
}

fn all_together(testbed: &Testbed, slow: &mut Slow) -> Result<(), String> {
    half_heads(testbed, slow)?;
    bodies(testbed, slow)?;
    readers_of_files(testbed, slow)?;
    slow.open(testbed, 60, &get(&testbed.endpoint, "/", false))
}

/// Plain requests beside slow clients.
fn beside(
    setup: &Setup,
    launch: Launch<'_>,
    findings: &mut Findings,
    begin: fn(&Testbed, &mut Slow) -> Result<(), String>,
) -> Result<(), String> {
    let testbed = launch.start()?;
    // What a worker opens once for good, such as the testbed's file, is there from now on.
    for _ in 0..10 * testbed.processes.max(1) {
        testbed.get("/file?size=10");
    }
    let rest = Rest::of(&testbed);
    let mut slow = Slow::default();
    begin(&testbed, &mut slow)?;
    let is_over = AtomicBool::new(false);
    let mut tally = Tally::default();
    thread::scope(|scope| {
        scope.spawn(|| slow.trickle(&is_over));
        thread::sleep(Duration::from_millis(500));
        for _ in 0..9 {
            let mut client = Client::new(&testbed.endpoint, PATIENCE / 4);
            tally.count(&client.get("/environ"), false);
            thread::sleep(Duration::from_millis(50));
        }
        is_over.store(true, Relaxed);
    });
    let median = tally.median();
    findings.note(format!("the median is {median:.1?}"));
    findings.expect(median <= setup.bound, || {
        format!("the median is {median:.0?}, more than {:?}", setup.bound)
    });
    findings.count(&tally);
    drop(slow);
    rest.compare(&testbed, findings);
    testbed.stop(findings);
    Ok(())
}
