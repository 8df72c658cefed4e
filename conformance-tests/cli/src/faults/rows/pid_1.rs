//! The first process of a container.

use std::process::{Command, Stdio};
use std::time::Duration;

use crate::faults::findings::Findings;
use crate::faults::row::{Row, as_root};
use crate::faults::setup::Setup;
use crate::faults::tally::Tally;
use crate::faults::wait::until_true;

pub(super) const ROWS: &[Row] = &[Row {
    name: "pid_1",
    about: "The master is the first process of a pid namespace: orphans that come to it are waited \
            for when they have ended, and TERM ends all.",
    short: false,
    offered: can_unshare,
    run: first_process,
}];

fn can_unshare(setup: &Setup) -> Result<(), String> {
    as_root(setup)?;
    let tried = Command::new("unshare")
        .args(["-fp", "--mount-proc", "true"])
        .stdin(Stdio::null())
        .output();
    match tried {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr);
            Err(format!("no pid namespace is to be had: {}", said.trim()))
        }
        Err(error) => Err(format!("the program unshare is missing: {error}")),
    }
}

fn first_process(setup: &Setup, findings: &mut Findings) -> Result<(), String> {
    let script = "exec unshare -fp --mount-proc \"$0\" \"$@\"";
    let testbed = setup.launch().script(script).wrapped().start()?;
    let mut tally = Tally::default();
    tally.count(&testbed.get("/environ"), false);
    let workers = testbed.workers();
    // Its shell ends first, and leaves it to the first process of the namespace.
    let made = Command::new("nsenter")
        .args(["-t", &testbed.master.0.to_string(), "-p", "--"])
        .args(["sh", "-c", "sleep 0.3 & :"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    let made = made.map_err(|error| format!("the program nsenter is missing: {error}"))?;
    if !made.success() {
        return Err(format!("nsenter ends with {made}"));
    }
    let came = until_true(Duration::from_secs(2), || {
        testbed.master.children().len() > workers.len() || !testbed.master.zombies().is_empty()
    });
    findings.expect(came, || "no orphan came to it".into());
    let waited = until_true(Duration::from_secs(5), || {
        testbed.master.children() == workers && testbed.master.zombies().is_empty()
    });
    findings.expect(waited, || {
        format!(
            "its children were {workers:?} and are {:?}; it has not waited for {:?}",
            testbed.master.children(),
            testbed.master.zombies()
        )
    });
    tally.count(&testbed.get("/environ"), false);
    findings.count(&tally);
    testbed.stop(findings);
    Ok(())
}
