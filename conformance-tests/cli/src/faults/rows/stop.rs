//! Stops.

use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::faults::findings::Findings;
use crate::faults::request::{Client, Trouble, get, receive};
use crate::faults::row::{Row, anywhere};
use crate::faults::setup::Setup;
use crate::faults::tally::Tally;
use crate::faults::testbed::PATIENCE;

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "stop_answers_what_it_has",
        about: "TERM while six requests of 2 s are under way and four more have just been sent: \
                all ten are answered, and it ends with code 0.",
        short: true,
        offered: anywhere,
        run: answers_what_it_has,
    },
    Row {
        name: "stop_quick",
        about: "INT, and once more where there is no supervisor, while a request of 20 s is under \
                way: it ends within 2 s.",
        short: false,
        offered: anywhere,
        run: quick,
    },
    Row {
        name: "stop_leaves_nothing",
        about: "Started, asked and stopped 100 times (a short run: 5): each time no process and no \
                file is left, and nobody listens.",
        short: true,
        offered: anywhere,
        run: leaves_nothing,
    },
];

/// Requests that are under way.
const LONG: usize = 6;

/// Requests that the server may not have accepted yet.
const QUEUED: usize = 4;

/// How long requests are given to be under way.
const TAKEN_UP: Duration = Duration::from_millis(300);

fn answers_what_it_has(setup: &Setup, findings: &mut Findings) -> Result<(), String> {
    // A prefork worker has one request at a time, and so has a thread of a pool.
    let launch = match setup.server.as_str() {
        "prefork" => setup.launch().processes(LONG),
        "threaded" => setup.launch().option("--threads", LONG.to_string()),
        _ => setup.launch(),
    };
    let testbed = launch.start()?;
    let target = setup.slow(2000);
    let mut tally = Tally::default();
    thread::scope(|scope| {
        let long: Vec<_> = (0..LONG)
            .map(|_| scope.spawn(|| Client::new(&testbed.endpoint, 2 * PATIENCE).get(&target)))
            .collect();
        thread::sleep(TAKEN_UP);
        let begun = Instant::now();
        let mut queued = Vec::new();
        for _ in 0..QUEUED {
            let connection = testbed.endpoint.connect(PATIENCE);
            let connection = connection.map_err(|error| error.to_string())?;
            let request = get(&testbed.endpoint, "/environ", true);
            // One that is not taken is seen by reading.
            let _ = connection.write_all(request.as_bytes());
            queued.push(connection);
        }
        testbed.signal(Signal::TERM);
        for connection in queued {
            let reply = receive(&connection, begun, begun + 2 * PATIENCE);
            tally.count_received(begun, reply);
        }
        for request in long {
            let reply = request.join();
            tally.count(&reply.map_err(|_| "a client failed")?, false);
        }
        Ok::<(), String>(())
    })?;
    findings.count(&tally);
    testbed.stop(findings);
    Ok(())
}

fn quick(setup: &Setup, findings: &mut Findings) -> Result<(), String> {
    let mut testbed = setup.launch().start()?;
    let connection = testbed.endpoint.connect(PATIENCE);
    let connection = connection.map_err(|error| error.to_string())?;
    let request = get(&testbed.endpoint, &setup.slow(20_000), true);
    let sent = connection.write_all(request.as_bytes());
    sent.map_err(|error| error.to_string())?;
    thread::sleep(TAKEN_UP);
    let begun = Instant::now();
    testbed.signal(Signal::INT);
    if testbed.processes == 0 {
        // The first is as TERM is there.
        thread::sleep(TAKEN_UP);
        testbed.signal(Signal::INT);
    }
    let ended = testbed.wait(PATIENCE);
    let took = begun.elapsed();
    findings.note(format!("it ended after {took:.1?}"));
    match ended {
        Some(status) => {
            findings.expect(status.success(), || format!("it ends with {status}"));
            findings.expect(took <= Duration::from_secs(2), || {
                format!("it ends after {took:.1?}")
            });
        }
        None => findings.faults.push("it does not end".into()),
    }
    testbed.leaves_nothing(findings);
    Ok(())
}

fn leaves_nothing(setup: &Setup, findings: &mut Findings) -> Result<(), String> {
    let mut tally = Tally::default();
    for _ in 0..setup.times(100, 5) {
        let testbed = setup.launch().start()?;
        tally.count(&testbed.get("/environ"), false);
        let mut client = Client::new(&testbed.endpoint, PATIENCE);
        testbed.stop(findings);
        let after = client.get("/environ").trouble;
        let refused = matches!(after, Some((Trouble::Refused, _)));
        findings.expect(refused, || "somebody listens when it has ended".into());
        if !findings.is_good() {
            break;
        }
    }
    findings.count(&tally);
    Ok(())
}
