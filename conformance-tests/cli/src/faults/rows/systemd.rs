//! What a service manager is told, and what it passes on (sd_notify(3), sd_listen_fds(3)).

use std::net::TcpListener;
use std::os::unix::net::UnixDatagram;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::faults::findings::Findings;
use crate::faults::row::{Row, supervised};
use crate::faults::setup::Setup;
use crate::faults::tally::Tally;
use crate::faults::testbed::PATIENCE;

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "systemd_notify",
        about: "With NOTIFY_SOCKET the manager is told READY=1 at the start, RELOADING=1 with \
                MONOTONIC_USEC and READY=1 about HUP, and STOPPING=1 after TERM.",
        short: false,
        offered: supervised,
        run: notify,
    },
    Row {
        name: "systemd_watchdog",
        about: "With WATCHDOG_USEC of one second it is told WATCHDOG=1 in time, again and again.",
        short: false,
        offered: supervised,
        run: watchdog,
    },
    Row {
        name: "systemd_sockets",
        about: "With LISTEN_FDS it serves at the socket it was passed, and at no other.",
        short: false,
        offered: supervised,
        run: sockets,
    },
];

/// The manager's end.
struct Manager(UnixDatagram);

impl Manager {
    /// Waits for a message with this line, and gives it.
    fn hears(&self, line: &str) -> Result<String, String> {
        let begun = Instant::now();
        let mut others = Vec::new();
        while begun.elapsed() < PATIENCE {
            let Some(message) = self.message() else {
                continue;
            };
            if message.lines().any(|said| said == line) {
                return Ok(message);
            }
            others.push(message);
        }
        Err(format!("the manager is not told {line}, but {others:?}"))
    }

    fn message(&self) -> Option<String> {
        let mut buffer = [0; 4096];
        let count = self.0.recv(&mut buffer).ok()?;
        Some(String::from_utf8_lossy(&buffer[..count]).into_owned())
    }
}

/// A start with a manager, which is told nothing before.
fn managed<'a>(setup: &'a Setup) -> Result<(Manager, super::super::launch::Launch<'a>), String> {
    let launch = setup.launch();
    launch.make_folder()?;
    let path = launch.file("notify");
    let cannot = |error| format!("cannot make {}: {error}", path.display());
    let socket = UnixDatagram::bind(&path).map_err(cannot)?;
    socket
        .set_read_timeout(Some(Duration::from_millis(100)))
        .map_err(|error| error.to_string())?;
    Ok((Manager(socket), launch.variable("NOTIFY_SOCKET", path)))
}

fn notify(setup: &Setup, findings: &mut Findings) -> Result<(), String> {
    let (manager, launch) = managed(setup)?;
    let testbed = launch.start()?;
    manager.hears("READY=1")?;
    let old = testbed.workers();
    testbed.signal(Signal::HUP);
    let told = manager.hears("RELOADING=1")?;
    findings.expect(told.contains("MONOTONIC_USEC="), || {
        format!("it is told of a reload without MONOTONIC_USEC: {told:?}")
    });
    manager.hears("READY=1")?;
    testbed.wait_for_others(&old)?;
    testbed.signal(Signal::TERM);
    manager.hears("STOPPING=1")?;
    testbed.stop(findings);
    Ok(())
}

fn watchdog(setup: &Setup, findings: &mut Findings) -> Result<(), String> {
    let (manager, launch) = managed(setup)?;
    let testbed = launch.variable("WATCHDOG_USEC", "1000000").start()?;
    manager.hears("READY=1")?;
    manager.hears("WATCHDOG=1")?;
    let mut longest = Duration::ZERO;
    for _ in 0..4 {
        let begun = Instant::now();
        manager.hears("WATCHDOG=1")?;
        longest = longest.max(begun.elapsed());
    }
    findings.note(format!("{longest:.1?} between two, at most"));
    findings.expect(longest < Duration::from_secs(1), || {
        format!("it is not told for {longest:.1?}")
    });
    testbed.stop(findings);
    Ok(())
}

fn sockets(setup: &Setup, findings: &mut Findings) -> Result<(), String> {
    let listener = TcpListener::bind("127.0.0.1:0").map_err(|error| error.to_string())?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    // The first is descriptor 3, and the variables name the process they are for.
    let script = "export LISTEN_PID=$$ LISTEN_FDS=1; exec \"$0\" \"$@\" 3<&0 0</dev/null";
    let testbed = setup.launch().script(script).socket(listener.into());
    let testbed = testbed.start()?;
    let served = testbed.endpoint.to_string();
    findings.expect(served == format!("http://{address}"), || {
        format!("it serves at {served}, and was passed {address}")
    });
    let others = testbed.log().matches(" serving ").count();
    findings.expect(others == 1, || format!("it serves at {others} addresses"));
    let mut tally = Tally::default();
    for _ in 0..10 {
        tally.count(&testbed.get("/environ"), false);
    }
    findings.count(&tally);
    testbed.stop(findings);
    Ok(())
}
