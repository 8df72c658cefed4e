//! Log files that are moved away.

use std::fs;

use rustix::process::Signal;

use super::{A_WHILE, under_load};
use crate::faults::findings::Findings;
use crate::faults::load::Pace;
use crate::faults::row::{Row, supervised};
use crate::faults::setup::Setup;
use crate::faults::testbed::PATIENCE;
use crate::faults::wait::until_true;

pub(super) const ROWS: &[Row] = &[Row {
    name: "logs_reopened",
    about: "The log file is moved away, and USR1: master and workers write to a new one of its \
            name, the old one grows no more, and no request fails.",
    short: false,
    offered: supervised,
    run: reopened,
}];

/// The page that gives a worker something to log.
const LOGGED: &str = "/fail/before";

fn reopened(setup: &Setup, findings: &mut Findings) -> Result<(), String> {
    let launch = setup.launch();
    let (path, moved) = (launch.file("server.log"), launch.file("server.log.1"));
    launch.make_folder()?;
    let testbed = launch.logs_to(path.clone()).start()?;
    let (tally, done) = under_load(&testbed, Pace::NEW, |load| {
        fs::rename(&path, &moved).map_err(|error| format!("cannot move the log: {error}"))?;
        testbed.signal(Signal::USR1);
        if !until_true(PATIENCE, || path.exists()) {
            return Err("there is no new log file".into());
        }
        load.go_on(A_WHILE)
    })?;
    findings.count(&tally);
    done?;
    let size = || fs::metadata(&moved).map_or(0, |data| data.len());
    let before = size();
    let written = until_true(PATIENCE, || {
        testbed.get(LOGGED);
        testbed.log().contains(LOGGED)
    });
    findings.expect(written, || "no worker writes to the new file".into());
    testbed.signal(Signal::TTIN);
    let told = |testbed: &str| testbed.contains(" started") || testbed.contains("wanted");
    let written = until_true(PATIENCE, || told(&testbed.log()));
    findings.expect(written, || {
        "the master does not write to the new file".into()
    });
    findings.expect(size() == before, || "the old file grows".into());
    testbed.stop(findings);
    Ok(())
}
