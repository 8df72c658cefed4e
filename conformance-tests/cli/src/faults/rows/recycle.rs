//! Workers that are replaced by and by.

use std::collections::BTreeSet;
use std::thread;
use std::time::Duration;

use super::under_load;
use crate::faults::findings::Findings;
use crate::faults::launch::Launch;
use crate::faults::load::Pace;
use crate::faults::row::{Row, supervised};
use crate::faults::setup::Setup;
use crate::faults::testbed::PATIENCE;
use crate::faults::wait::until_true;

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "recycle_requests_new_connections",
        about: "--max-requests 20 --max-requests-jitter 5 at 40 requests a second, each on a new \
                connection: workers follow each other, and no request fails.",
        short: true,
        offered: supervised,
        run: |setup, findings| by_requests(setup, findings, Pace::NEW),
    },
    Row {
        name: "recycle_requests_keep_alive",
        about: "The same with clients that stay on their connection until an answer says \
                `Connection: close`.",
        short: true,
        offered: supervised,
        run: |setup, findings| by_requests(setup, findings, Pace::KEPT),
    },
    Row {
        name: "recycle_lifetime",
        about: "--max-worker-lifetime 1s at 40 requests a second: workers follow each other, and no \
                request fails.",
        short: false,
        offered: supervised,
        run: by_lifetime,
    },
    Row {
        name: "recycle_memory",
        about: "--max-worker-memory 64m, and a worker that has grown above it at 40 requests a \
                second: it is replaced, and no request fails.",
        short: false,
        offered: supervised,
        run: by_memory,
    },
];

fn by_requests(setup: &Setup, findings: &mut Findings, pace: Pace) -> Result<(), String> {
    let launch = setup.launch().option("--max-requests", "20");
    let launch = launch.option("--max-requests-jitter", "5");
    let lasts = Duration::from_secs(setup.times(6, 3) as u64);
    followed(launch, findings, pace, lasts)
}

fn by_lifetime(setup: &Setup, findings: &mut Findings) -> Result<(), String> {
    let launch = setup.launch().option("--max-worker-lifetime", "1s");
    followed(launch, findings, Pace::NEW, Duration::from_secs(6))
}

/// Finds that at least each worker was replaced while requests were answered.
fn followed(
    launch: Launch<'_>,
    findings: &mut Findings,
    pace: Pace,
    lasts: Duration,
) -> Result<(), String> {
    let testbed = launch.start()?;
    let mut seen: BTreeSet<_> = testbed.workers().into_iter().collect();
    let first = seen.clone();
    let (tally, done) = under_load(&testbed, pace, |_| {
        until_true(lasts, || {
            seen.extend(testbed.workers());
            false
        });
        Ok(())
    })?;
    findings.count(&tally);
    done?;
    let (there, served) = (seen.len(), tally.pids.len());
    findings.note(format!(
        "{there} workers were there, {served} of them answered"
    ));
    findings.expect(there >= 2 * first.len(), || {
        format!("of {} workers no more than {there} were there", first.len())
    });
    testbed.stop(findings);
    Ok(())
}

fn by_memory(setup: &Setup, findings: &mut Findings) -> Result<(), String> {
    let testbed = setup
        .launch()
        .option("--max-worker-memory", "64m")
        .start()?;
    let old = testbed.workers();
    let (tally, done) = under_load(&testbed, Pace::NEW, |_| {
        // Nobody is replaced who has not grown.
        thread::sleep(Duration::from_secs(1));
        let unchanged = testbed.workers() == old;
        testbed.get("/grow?size=67108864");
        let replaced = || old.iter().any(|worker| !worker.is_alive());
        match (unchanged, until_true(PATIENCE, replaced)) {
            (false, _) => Err("workers are replaced that have not grown".to_owned()),
            (true, false) => Err("the worker that has grown goes on".to_owned()),
            (true, true) => Ok(()),
        }
    })?;
    findings.count(&tally);
    done?;
    testbed.wait_for_workers("after one was replaced", |_| true)?;
    testbed.stop(findings);
    Ok(())
}
