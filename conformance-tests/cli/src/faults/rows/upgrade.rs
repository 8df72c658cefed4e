//! A successor, by USR2.

use std::fs;
use std::time::Duration;

use rustix::process::Signal;

use super::{A_WHILE, under_load};
use crate::faults::findings::Findings;
use crate::faults::load::Pace;
use crate::faults::row::{Row, supervised};
use crate::faults::setup::Setup;
use crate::faults::testbed::PATIENCE;
use crate::faults::wait::{until, until_true};

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "upgrade_new_connections",
        about: "USR2 at 40 requests a second, each on a new connection: a new master serves on the \
                same sockets, the old one is gone, the pid file names the new one, and no request \
                fails.",
        short: false,
        offered: supervised,
        run: |setup, findings| upgraded(setup, findings, Pace::NEW),
    },
    Row {
        name: "upgrade_keep_alive",
        about: "The same with clients that stay on their connection until they are told.",
        short: false,
        offered: supervised,
        run: |setup, findings| upgraded(setup, findings, Pace::KEPT),
    },
    Row {
        name: "upgrade_failing_app",
        about: "USR2 when the application does not start any more: the log says so, the old master \
                and its workers go on alone, and no request fails.",
        short: false,
        offered: supervised,
        run: failing_app,
    },
];

fn upgraded(setup: &Setup, findings: &mut Findings, pace: Pace) -> Result<(), String> {
    let mut testbed = setup.launch().start()?;
    let old = testbed.master;
    let (tally, done) = under_load(&testbed, pace, |load| {
        testbed.signal(Signal::USR2);
        let named = || testbed.pid_file().filter(|named| *named != old);
        let new = until(PATIENCE, named).ok_or("the pid file names no new master")?;
        load.go_on(A_WHILE)?;
        match until_true(2 * PATIENCE, || !old.is_alive()) {
            true => Ok(new),
            false => Err("the old master does not end".to_owned()),
        }
    })?;
    findings.count(&tally);
    testbed.master = done?;
    let status = testbed
        .wait(PATIENCE)
        .ok_or("the old master does not end")?;
    findings.expect(status.success(), || {
        format!("the old master ends with {status}")
    });
    testbed.wait_for_workers("after the upgrade", |_| true)?;
    testbed.stop(findings);
    Ok(())
}

fn failing_app(setup: &Setup, findings: &mut Findings) -> Result<(), String> {
    let launch = setup.launch();
    let trouble = launch.file("trouble");
    let testbed = launch.variable("TESTBED_FAIL_START", &trouble).start()?;
    let before = testbed.place.processes();
    let (tally, done) = under_load(&testbed, Pace::NEW, |load| {
        fs::write(&trouble, "no database").map_err(|error| error.to_string())?;
        let known = testbed.log().len();
        testbed.signal(Signal::USR2);
        let said = testbed.wait_for_complaint(known)?;
        load.go_on(A_WHILE)?;
        Ok(said)
    })?;
    findings.count(&tally);
    findings.note(done?);
    let as_before = || testbed.place.processes() == before;
    let alone = until_true(Duration::from_secs(5), as_before);
    findings.expect(alone, || {
        format!(
            "the processes were {before:?} and are {:?}",
            testbed.place.processes()
        )
    });
    findings.expect(testbed.pid_file() == Some(testbed.master), || {
        "the pid file does not name the master that serves".into()
    });
    testbed.stop(findings);
    Ok(())
}
