//! More workers, and fewer.

use rustix::process::Signal;

use super::{A_WHILE, under_load};
use crate::faults::findings::Findings;
use crate::faults::load::{Load, Pace};
use crate::faults::row::{Row, several};
use crate::faults::setup::Setup;
use crate::faults::testbed::{PATIENCE, Testbed};
use crate::faults::wait::until_true;

pub(super) const ROWS: &[Row] = &[Row {
    name: "scale_up_and_down",
    about: "TTIN twice and TTOU three times at 40 requests a second: workers come and go one by \
            one, and no request fails.",
    short: false,
    offered: several,
    run: up_and_down,
}];

fn up_and_down(setup: &Setup, findings: &mut Findings) -> Result<(), String> {
    let testbed = setup.launch().start()?;
    let (tally, done) = under_load(&testbed, Pace::NEW, |load| {
        let mut wanted = testbed.processes;
        for signal in [Signal::TTIN, Signal::TTIN] {
            wanted += 1;
            step(&testbed, load, signal, wanted)?;
        }
        for signal in [Signal::TTOU, Signal::TTOU, Signal::TTOU] {
            wanted -= 1;
            step(&testbed, load, signal, wanted)?;
        }
        Ok(())
    })?;
    findings.count(&tally);
    done?;
    testbed.stop(findings);
    Ok(())
}

fn step(testbed: &Testbed, load: &Load, signal: Signal, wanted: usize) -> Result<(), String> {
    testbed.signal(signal);
    if !until_true(PATIENCE, || testbed.workers().len() == wanted) {
        let there = testbed.workers().len();
        return Err(format!(
            "after {signal:?}, there are {there} workers instead of {wanted}"
        ));
    }
    load.go_on(A_WHILE)
}
