//! Log files that are moved away.

use std::fs;
use std::path::PathBuf;

use rustix::process::Signal;

use super::{A_WHILE, under_load};
use crate::faults::findings::Findings;
use crate::faults::launch::Launch;
use crate::faults::load::Pace;
use crate::faults::row::{Row, supervised};
use crate::faults::setup::Setup;
use crate::faults::testbed::PATIENCE;
use crate::faults::wait::until_true;

pub(super) const ROWS: &[Row] = &[Row {
    name: "logs_reopened",
    about: "The log and the access log are moved away, and USR1: master and workers write to new \
            ones of their names, the old ones grow no more, and no request fails.",
    short: false,
    offered: supervised,
    run: reopened,
}];

/// The page that gives a worker something to log.
const LOGGED: &str = "/fail/before";

/// A log, and where it is moved to.
struct Log {
    path: PathBuf,
    moved: PathBuf,
}

impl Log {
    fn new(launch: &Launch<'_>, name: &str) -> Log {
        Log {
            path: launch.file(name),
            moved: launch.file(&format!("{name}.1")),
        }
    }

    fn move_away(&self) -> Result<(), String> {
        let moved = fs::rename(&self.path, &self.moved);
        moved.map_err(|error| format!("cannot move {}: {error}", self.path.display()))
    }

    fn holds(&self, text: &str) -> bool {
        fs::read_to_string(&self.path).is_ok_and(|log| log.contains(text))
    }

    fn old_size(&self) -> u64 {
        fs::metadata(&self.moved).map_or(0, |data| data.len())
    }
}

fn reopened(setup: &Setup, findings: &mut Findings) -> Result<(), String> {
    let launch = setup.launch();
    let logs = ["server.log", "access.log"].map(|name| Log::new(&launch, name));
    let [server, access] = &logs;
    launch.make_folder()?;
    let launch = launch.logs_to(server.path.clone());
    let launch = launch.option("--access-log", "combined");
    let testbed = launch.option("--access-log-file", &access.path).start()?;
    let (tally, done) = under_load(&testbed, Pace::NEW, |load| {
        for log in &logs {
            log.move_away()?;
        }
        testbed.signal(Signal::USR1);
        for log in &logs {
            if !until_true(PATIENCE, || log.path.exists()) {
                return Err(format!("there is no new {}", log.path.display()));
            }
        }
        load.go_on(A_WHILE)
    })?;
    findings.count(&tally);
    done?;
    let before = [server.old_size(), access.old_size()];
    for (log, what) in [(server, "log"), (access, "access log")] {
        let written = until_true(PATIENCE, || {
            testbed.get(LOGGED);
            log.holds(LOGGED)
        });
        findings.expect(written, || format!("no worker writes to the new {what}"));
    }
    testbed.signal(Signal::TTIN);
    let written = until_true(PATIENCE, || server.holds(" started"));
    findings.expect(written, || {
        "the master does not write to the new log".into()
    });
    let now = [server.old_size(), access.old_size()];
    findings.expect(now == before, || {
        format!("the old files had {before:?} bytes and have {now:?}")
    });
    testbed.stop(findings);
    Ok(())
}
