//! More than a server can do.

use std::thread;
use std::time::{Duration, Instant};

use crate::endpoint::Connection;
use crate::faults::findings::Findings;
use crate::faults::load::{Load, Pace};
use crate::faults::process::Process;
use crate::faults::request::Client;
use crate::faults::row::{Row, anywhere, several};
use crate::faults::setup::Setup;
use crate::faults::tally::Tally;
use crate::faults::testbed::{PATIENCE, Testbed};

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "load_descriptors_spent",
        about: "Twice as many connections as each process may have descriptors (80), held for 2 s: \
                it does not spin, and once they are gone every request is answered.",
        short: false,
        offered: anywhere,
        run: descriptors_spent,
    },
    Row {
        name: "load_beyond_capacity",
        about: "Ten times more clients than can be served at once, each asking for a page that \
                blocks for 50 ms: every request is answered 200 or 503 within 10 s, and afterwards \
                all is as before.",
        short: false,
        offered: anywhere,
        run: beyond_capacity,
    },
    Row {
        name: "load_beside_a_long_one",
        about: "While one request blocks its worker for 2 s, twenty others are answered within the \
                bound: none waits behind it.",
        short: false,
        offered: several,
        run: beside_a_long_one,
    },
];

/// Descriptors of a process, at most.
const DESCRIPTORS: usize = 80;

fn descriptors_spent(setup: &Setup, findings: &mut Findings) -> Result<(), String> {
    let script = format!("ulimit -n {DESCRIPTORS}; exec \"$0\" \"$@\"");
    let testbed = setup.launch().script(&script).option("--threads", "1");
    let testbed = match setup.server.as_str() {
        "prefork" => setup.launch().script(&script).start()?,
        _ => testbed.start()?,
    };
    let mut tally = Tally::default();
    tally.count(&testbed.get("/environ"), false);
    let held = hold(&testbed, 2 * DESCRIPTORS * testbed.processes.max(1))?;
    thread::sleep(Duration::from_secs(1));
    let (before, begun) = (ticks(&testbed), Instant::now());
    thread::sleep(Duration::from_secs(1));
    // Ticks of 10 ms.
    let computed = Duration::from_millis(10) * (ticks(&testbed) - before) as u32;
    let share = computed.as_secs_f64() / begun.elapsed().as_secs_f64();
    findings.note(format!(
        "it computed for {:.0} % of the time",
        share * 100.0
    ));
    findings.expect(share < 0.5, || "without descriptors it spins".into());
    for connection in &held {
        connection.end();
    }
    drop(held);
    let mut client = Client::new(&testbed.endpoint, PATIENCE);
    for _ in 0..100 {
        tally.count(&client.get("/environ"), false);
    }
    findings.count(&tally);
    testbed.stop(findings);
    Ok(())
}

fn hold(testbed: &Testbed, connections: usize) -> Result<Vec<Connection>, String> {
    let connect = |_| {
        let connection = testbed.endpoint.connect(PATIENCE);
        let connection = connection.map_err(|error| error.to_string())?;
        // That the server hangs up on some is its right.
        let _ = connection.write_all(b"GET / HTTP/1.1\r\n");
        Ok(connection)
    };
    (0..connections).map(connect).collect()
}

fn ticks(testbed: &Testbed) -> u64 {
    let processes = testbed.place.processes();
    processes.into_iter().filter_map(Process::ticks).sum()
}

fn beyond_capacity(setup: &Setup, findings: &mut Findings) -> Result<(), String> {
    let (launch, at_once) = match setup.server.as_str() {
        "prefork" => (setup.launch(), setup.processes),
        server => {
            let threads = match server {
                "threaded" => "--threads",
                _ => "--blocking-threads",
            };
            let launch = setup.launch().option(threads, "4");
            let launch = launch.option("--queue-timeout", "500ms");
            (launch, 4 * setup.processes.max(1))
        }
    };
    let testbed = launch.start()?;
    let pace = Pace {
        clients: 10 * at_once as u32,
        every: Duration::ZERO,
        busy: true,
        ..Pace::NEW
    };
    let load = Load::start(&testbed.endpoint, &["/block?ms=50"], pace)?;
    thread::sleep(Duration::from_secs(3));
    let mut tally = load.stop();
    let answered = tally.sent - tally.busy;
    findings.note(format!("{} were answered 503", tally.busy));
    // Half of what can be done in the time: the machine may have others to serve.
    let least = at_once * 20 * 3 / 2;
    findings.expect(answered >= least, || {
        format!("{answered} were answered 200 in 3 s, where {least} are little")
    });
    for _ in 0..20 {
        tally.count(&testbed.get("/block?ms=1"), false);
    }
    findings.count(&tally);
    testbed.stop(findings);
    Ok(())
}

fn beside_a_long_one(setup: &Setup, findings: &mut Findings) -> Result<(), String> {
    let testbed = setup.launch().start()?;
    let mut tally = Tally::default();
    let mut long = Tally::default();
    thread::scope(|scope| {
        let blocks = scope.spawn(|| testbed.get("/block?ms=2000"));
        thread::sleep(Duration::from_millis(300));
        let begun = Instant::now();
        for _ in 0..20 {
            tally.count(&testbed.get("/environ"), false);
        }
        let took = begun.elapsed();
        let reply = blocks.join().map_err(|_| "a client failed")?;
        findings.expect(took < Duration::from_millis(1500), || {
            format!("they were answered after {took:.1?}, perhaps behind the long one")
        });
        long.count(&reply, false);
        Ok::<(), String>(())
    })?;
    let worst = tally.worst();
    findings.expect(worst <= setup.bound, || {
        format!("one took {worst:.0?}, more than {:?}", setup.bound)
    });
    findings.count(&tally);
    // Its time says nothing of the others'.
    long.answered.clear();
    findings.count(&long);
    testbed.stop(findings);
    Ok(())
}
