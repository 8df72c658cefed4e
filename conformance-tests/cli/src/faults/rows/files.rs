//! The pid file, and whom workers run as.

use std::fs;

use crate::faults::findings::Findings;
use crate::faults::row::{Row, as_root, supervised};
use crate::faults::setup::Setup;
use crate::faults::tally::Tally;
use crate::faults::testbed::PATIENCE;
use crate::faults::wait::until;

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "pid_file",
        about: "--pid-file names the master while it serves, and is gone afterwards; another \
                master that wants the same file is refused.",
        short: false,
        offered: supervised,
        run: pid_file,
    },
    Row {
        name: "user_and_group",
        about: "With --user nobody, and with a --group beside it, workers run as these and answer.",
        short: false,
        offered: as_root,
        run: user_and_group,
    },
];

fn pid_file(setup: &Setup, findings: &mut Findings) -> Result<(), String> {
    let testbed = setup.launch().start()?;
    let named = || testbed.pid_file() == Some(testbed.master);
    findings.expect(named(), || "the pid file does not name the master".into());
    let second = setup.launch();
    let (mut command, _) = second
        .option("--pid-file", testbed.place.pid_file())
        .prepare()?;
    let mut child = command.spawn().map_err(|error| error.to_string())?;
    let ended = until(PATIENCE, || child.try_wait().ok().flatten());
    match ended {
        Some(status) => {
            findings.expect(!status.success(), || "another master ends well".into());
        }
        None => {
            findings
                .faults
                .push("another master takes the same pid file".into());
            let _ = child.kill();
            let _ = child.wait();
        }
    }
    findings.expect(named(), || {
        "after another's start the pid file names another".into()
    });
    let mut tally = Tally::default();
    tally.count(&testbed.get("/environ"), false);
    findings.count(&tally);
    testbed.stop(findings);
    Ok(())
}

/// The numbers of a name in `/etc/passwd` or `/etc/group`: the third and the fourth word.
fn entry(file: &str, name: &str) -> Option<(u32, Option<u32>)> {
    let text = fs::read_to_string(file).ok()?;
    let mut lines = text.lines().map(|line| line.split(':').collect::<Vec<_>>());
    let words = lines.find(|words| words.first() == Some(&name))?;
    let id = words.get(2)?.parse().ok()?;
    Some((id, words.get(3).and_then(|word| word.parse().ok())))
}

fn user_and_group(setup: &Setup, findings: &mut Findings) -> Result<(), String> {
    let (user, group) = entry("/etc/passwd", "nobody").ok_or("there is no user nobody")?;
    let own = (user, group.ok_or("nobody has no group")?);
    let (daemon, _) = entry("/etc/group", "daemon").ok_or("there is no group daemon")?;
    let alone = setup.launch().option("--user", "nobody");
    let beside = setup.launch().option("--user", "nobody");
    let beside = beside.option("--group", "daemon");
    let mut tally = Tally::default();
    for (launch, wanted) in [(alone, own), (beside, (user, daemon))] {
        let testbed = launch.start()?;
        tally.count(&testbed.get("/environ"), false);
        for worker in testbed.workers() {
            let is = worker.identity();
            findings.expect(is == Some(wanted), || {
                format!("a worker runs as {is:?}, not as {wanted:?}")
            });
        }
        testbed.stop(findings);
    }
    findings.count(&tally);
    Ok(())
}
