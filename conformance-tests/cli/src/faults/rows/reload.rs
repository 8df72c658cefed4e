//! Reloads by HUP.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use rustix::process::Signal;

use super::{A_WHILE, under_load};
use crate::faults::findings::Findings;
use crate::faults::load::{Load, Pace};
use crate::faults::process::Process;
use crate::faults::rest::Rest;
use crate::faults::row::{Row, supervised};
use crate::faults::setup::Setup;
use crate::faults::testbed::Testbed;

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "reload_new_connections",
        about: "HUP at 40 requests a second, each on a new connection: no request fails.",
        short: true,
        offered: supervised,
        run: |setup, findings| reloaded(setup, findings, Pace::NEW),
    },
    Row {
        name: "reload_keep_alive",
        about: "HUP at 40 requests a second of clients that stay on their connection until an \
                answer says `Connection: close`: no request fails.",
        short: true,
        offered: supervised,
        run: |setup, findings| reloaded(setup, findings, Pace::KEPT),
    },
    Row {
        name: "reload_bad_config",
        about: "HUP with a configuration that is wrong: the log says so, the old workers go on, no \
                request fails, and HUP with a good one brings new workers.",
        short: false,
        offered: supervised,
        run: bad_config,
    },
    Row {
        name: "reload_failing_app",
        about: "HUP when the application does not start any more: the log says so, the old workers \
                go on, no request fails, and when it starts again HUP brings new workers.",
        short: false,
        offered: supervised,
        run: failing_app,
    },
    Row {
        name: "reload_leaks_nothing",
        about: "HUP ten times: the master has no more descriptors and memory than after the first.",
        short: false,
        offered: supervised,
        run: leaks_nothing,
    },
];

fn reloaded(setup: &Setup, findings: &mut Findings, pace: Pace) -> Result<(), String> {
    let testbed = setup.launch().start()?;
    let (tally, done) = under_load(&testbed, pace, |load| {
        for _ in 0..setup.times(5, 2) {
            reload(&testbed, load)?;
        }
        Ok(())
    })?;
    findings.count(&tally);
    done?;
    testbed.stop(findings);
    Ok(())
}

/// Brings new workers, and waits for them.
fn reload(testbed: &Testbed, load: &Load) -> Result<(), String> {
    let old = testbed.workers();
    testbed.signal(Signal::HUP);
    testbed.wait_for_others(&old)?;
    load.go_on(A_WHILE)
}

/// A reload that cannot succeed. Gives what the log says of it.
fn refused(testbed: &Testbed, load: &Load) -> Result<String, String> {
    let old = testbed.workers();
    let known = testbed.log().len();
    testbed.signal(Signal::HUP);
    let said = testbed.wait_for_complaint(known)?;
    load.go_on(A_WHILE)?;
    let now = testbed.wait_for_workers("after a reload that failed", |_| true)?;
    match now == old {
        true => Ok(said),
        false => Err(format!("the workers were {old:?} and are {now:?}")),
    }
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    fs::write(path, text).map_err(|error| format!("cannot write {}: {error}", path.display()))
}

fn bad_config(setup: &Setup, findings: &mut Findings) -> Result<(), String> {
    let launch = setup.launch();
    let config = launch.file("config.toml");
    let good = "header-timeout = '20s'\n";
    launch.make_folder()?;
    write(&config, good)?;
    let testbed = launch.option("--config", &config).start()?;
    let (tally, done) = under_load(&testbed, Pace::NEW, |load| {
        write(&config, "header-timeout = 'soon'\n")?;
        let said = refused(&testbed, load)?;
        write(&config, good)?;
        reload(&testbed, load)?;
        Ok(said)
    })?;
    findings.count(&tally);
    findings.note(done?);
    testbed.stop(findings);
    Ok(())
}

fn failing_app(setup: &Setup, findings: &mut Findings) -> Result<(), String> {
    let launch = setup.launch();
    let trouble = launch.file("trouble");
    let testbed = launch.variable("TESTBED_FAIL_START", &trouble).start()?;
    let (tally, done) = under_load(&testbed, Pace::NEW, |load| {
        let mut said = String::new();
        for text in ["no database", "abort"] {
            write(&trouble, text)?;
            said = refused(&testbed, load)?;
        }
        fs::remove_file(&trouble).map_err(|error| error.to_string())?;
        reload(&testbed, load)?;
        Ok(said)
    })?;
    findings.count(&tally);
    findings.note(done?);
    testbed.stop(findings);
    Ok(())
}

fn leaks_nothing(setup: &Setup, findings: &mut Findings) -> Result<(), String> {
    let testbed = setup.launch().start()?;
    let again = |old: &[Process]| {
        testbed.signal(Signal::HUP);
        testbed.wait_for_others(old)
    };
    let mut workers = again(&testbed.workers())?;
    // The old ones go as the new ones come.
    thread::sleep(Duration::from_millis(200));
    let rest = Rest::of(&testbed);
    for _ in 0..10 {
        workers = again(&workers)?;
    }
    rest.compare(&testbed, findings);
    let zombies = testbed.master.zombies();
    if !zombies.is_empty() {
        findings.leak(format!("the master has not waited for {zombies:?}"));
    }
    testbed.stop(findings);
    Ok(())
}
