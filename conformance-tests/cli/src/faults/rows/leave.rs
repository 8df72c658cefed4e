//! Clients that leave.

use std::collections::BTreeSet;

use crate::endpoint::Connection;
use crate::faults::findings::Findings;
use crate::faults::process::Process;
use crate::faults::request::get;
use crate::faults::rest::Rest;
use crate::faults::row::{Row, anywhere};
use crate::faults::setup::Setup;
use crate::faults::tally::Tally;
use crate::faults::testbed::{PATIENCE, Testbed};
use crate::faults::wait::until_true;

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "leave_in_a_request",
        about: "Forty clients leave in the middle of a request's body: no body stays alive, and the \
                descriptors are back.",
        short: false,
        offered: anywhere,
        run: |setup, findings| left(setup, findings, in_a_request),
    },
    Row {
        name: "leave_in_an_answer",
        about: "Forty clients leave in the middle of an answer: the same.",
        short: false,
        offered: anywhere,
        run: |setup, findings| left(setup, findings, in_an_answer),
    },
    Row {
        name: "leave_an_upgrade",
        about: "Forty clients leave a connection that has switched to the protocol `echo`: the \
                same.",
        short: false,
        offered: anywhere,
        run: |setup, findings| left(setup, findings, an_upgrade),
    },
];

const CLIENTS: usize = 40;

/// A client that begins, and is where it should be before it leaves.
type Begin = fn(&Testbed) -> Result<Connection, String>;

fn left(setup: &Setup, findings: &mut Findings, begin: Begin) -> Result<(), String> {
    let testbed = setup.launch().start()?;
    let mut tally = Tally::default();
    quiet(&testbed, &mut tally)?;
    let rest = Rest::of(&testbed);
    for _ in 0..CLIENTS {
        // Dropped, it leaves.
        begin(&testbed)?;
    }
    if let Err(why) = quiet(&testbed, &mut tally) {
        findings.leak(why);
    }
    rest.compare(&testbed, findings);
    findings.count(&tally);
    testbed.stop(findings);
    Ok(())
}

/// Waits until each worker says that it has no body left. One that does not get to answer any of
/// many requests is not asked.
fn quiet(testbed: &Testbed, tally: &mut Tally) -> Result<(), String> {
    let workers: BTreeSet<Process> = testbed.workers().into_iter().collect();
    let mut alive = String::new();
    let mut quiet = BTreeSet::new();
    let mut asked = 0;
    let reached = until_true(PATIENCE, || {
        let reply = testbed.get("/stats");
        tally.count(&reply, false);
        asked += 1;
        let stats: serde_json::Value = serde_json::from_slice(&reply.body).unwrap_or_default();
        let process = reply.pid().map(Process);
        if stats["bodies_alive"] == 0 {
            quiet.extend(process);
        } else {
            alive = stats.to_string();
            quiet.retain(|known| Some(*known) != process);
            return false;
        }
        quiet.is_superset(&workers) || asked >= 200
    });
    match reached {
        true => Ok(()),
        false => Err(format!("bodies are alive after {PATIENCE:?}: {alive}")),
    }
}

/// A connection on which this was sent.
fn sent(testbed: &Testbed, text: &str) -> Result<Connection, String> {
    let connection = testbed.endpoint.connect(PATIENCE);
    let connection = connection.map_err(|error| error.to_string())?;
    let written = connection.write_all(text.as_bytes());
    written.map_err(|error| format!("cannot send: {error}"))?;
    Ok(connection)
}

/// Waits for some of the answer, which has this in it.
fn told(connection: &Connection, text: &str) -> Result<(), String> {
    let (mut said, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        match connection.read_within(&mut buffer, PATIENCE) {
            Ok(count) if count > 0 => said.extend_from_slice(&buffer[..count]),
            _ => return Err(format!("it does not say {text}: {}", said.escape_ascii())),
        }
        if String::from_utf8_lossy(&said).contains(text) {
            return Ok(());
        }
    }
}

fn in_a_request(testbed: &Testbed) -> Result<Connection, String> {
    let head = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n";
    sent(testbed, &format!("{head}0123456789"))
}

fn in_an_answer(testbed: &Testbed) -> Result<Connection, String> {
    let target = "/stream?chunks=1000&size=1024&delay_ms=20";
    let connection = sent(testbed, &get(&testbed.endpoint, target, false))?;
    told(&connection, "abcdefgh")?;
    Ok(connection)
}

fn an_upgrade(testbed: &Testbed) -> Result<Connection, String> {
    let head = "GET /upgrade HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n";
    let connection = sent(testbed, head)?;
    told(&connection, "\r\n\r\n")?;
    let written = connection.write_all(b"is anybody there?");
    written.map_err(|error| format!("cannot send: {error}"))?;
    told(&connection, "there?")?;
    Ok(connection)
}
