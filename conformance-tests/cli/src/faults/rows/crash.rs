//! Processes that end or stand still without being told to.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::{A_WHILE, under_load};
use crate::faults::findings::Findings;
use crate::faults::load::Pace;
use crate::faults::request::get;
use crate::faults::row::{Row, several, supervised};
use crate::faults::setup::Setup;
use crate::faults::testbed::PATIENCE;
use crate::faults::wait::until_true;

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "crash_worker_kill",
        about: "A worker is killed by KILL at 40 requests a second, four times one after the other (a \
                short run: two): they are replaced, and no request fails but those they had in hand.",
        short: true,
        offered: several,
        run: |setup, findings| killed(setup, findings, Signal::KILL),
    },
    Row {
        name: "crash_worker_segv",
        about: "The same by SEGV, as a bug in native code would have it.",
        short: false,
        offered: several,
        run: |setup, findings| killed(setup, findings, Signal::SEGV),
    },
    Row {
        name: "crash_worker_stopped",
        about: "A worker is held by STOP at 40 requests a second, with --worker-timeout 2s: \
                meanwhile the others answer within 1 s, and it is replaced.",
        short: false,
        offered: several,
        run: stopped,
    },
    Row {
        name: "crash_master_kill",
        about: "The master is killed by KILL: within 2 s no process is left, and a new one takes \
                over the socket and pid files.",
        short: true,
        offered: supervised,
        run: master_killed,
    },
    Row {
        name: "crash_request_that_holds",
        about: "A blocking request holds its worker for longer than --request-timeout: the worker \
                is replaced, the other answers meanwhile, and no other request fails.",
        short: false,
        offered: |setup| match setup.server.as_str() {
            "prefork" | "threaded" => several(setup),
            _ => Err("no request holds a worker: one that takes too long is answered 503".into()),
        },
        run: held,
    },
    Row {
        name: "crash_boot_backs_off",
        about: "A worker dies, and those in its place abort at their start: no more than 10 are \
                started in 2 s, the others go on, no request fails, and when they can start again \
                they do.",
        short: false,
        offered: several,
        run: boot_backs_off,
    },
];

/// How long a request is given to be under way.
const TAKEN_UP: Duration = Duration::from_millis(300);

/// How many requests a worker may have in hand, of which nobody can tell how far they are.
fn in_hand(setup: &Setup) -> usize {
    match setup.server.as_str() {
        "prefork" => 1,
        _ => Pace::NEW.clients as usize,
    }
}

fn killed(setup: &Setup, findings: &mut Findings, signal: Signal) -> Result<(), String> {
    let testbed = setup.launch().start()?;
    let (mut tally, done) = under_load(&testbed, Pace::NEW, |load| {
        let mut moments = Vec::new();
        for _ in 0..setup.times(4, 2) {
            let worker = *testbed.workers().first().ok_or("there is no worker")?;
            let begun = Instant::now();
            // The runtime of a Rust program takes the first SEGV for a stack that has overflowed,
            // finds it has not, and waits for the next.
            let gone = until_true(PATIENCE, || {
                worker.signal(signal);
                !worker.is_alive()
            });
            if !gone {
                return Err(format!("{signal:?} does not end a worker"));
            }
            moments.push((begun, Instant::now()));
            let when = format!("in the place of {worker:?}");
            testbed.wait_for_workers(&when, |now| !now.contains(&worker))?;
            load.go_on(A_WHILE)?;
        }
        Ok(moments)
    })?;
    let mut excused = 0;
    for moment in done.iter().flatten() {
        excused += tally.excuse(*moment, in_hand(setup));
    }
    findings.count(&tally);
    findings.note(format!("{excused} requests were in hand"));
    done?;
    testbed.stop(findings);
    Ok(())
}

fn held(setup: &Setup, findings: &mut Findings) -> Result<(), String> {
    let launch = setup.launch().option("--request-timeout", "500ms");
    let launch = match setup.server.as_str() {
        // With others left it is not replaced.
        "threaded" => launch.option("--threads", "1"),
        _ => launch,
    };
    let testbed = launch.start()?;
    let before = testbed.workers();
    let request = get(&testbed.endpoint, "/block?ms=60000", false);
    let connection = testbed.endpoint.connect(PATIENCE);
    let connection = connection.map_err(|error| error.to_string())?;
    connection
        .write_all(request.as_bytes())
        .map_err(|error| error.to_string())?;
    // What comes before the worker is held may be in its hands.
    thread::sleep(TAKEN_UP);
    let (tally, done) = under_load(&testbed, Pace::NEW, |_| {
        testbed.wait_for_workers("in the place of the one held", |now| {
            before.iter().filter(|worker| now.contains(worker)).count() == 1
        })
    })?;
    findings.count(&tally);
    let log = testbed.log();
    findings.expect(
        log.contains("is held by a request that takes too long"),
        || "the log does not say why the worker was replaced".to_owned(),
    );
    done?;
    testbed.stop(findings);
    Ok(())
}

fn stopped(setup: &Setup, findings: &mut Findings) -> Result<(), String> {
    let testbed = setup.launch().option("--worker-timeout", "2s").start()?;
    let (mut tally, done) = under_load(&testbed, Pace::NEW, |_| {
        let worker = *testbed.workers().first().ok_or("there is no worker")?;
        let at = Instant::now();
        worker.signal(Signal::STOP);
        let gone = || !worker.is_alive();
        if !until_true(PATIENCE, gone) {
            worker.signal(Signal::CONT);
            return Err("it is not replaced".to_owned());
        }
        let took = at.elapsed();
        testbed.wait_for_workers("in the place of the one held", |_| true)?;
        Ok((at, took))
    })?;
    if let Ok((at, took)) = &done {
        let excused = tally.excuse((*at, *at), in_hand(setup));
        findings.note(format!(
            "{excused} requests were in hand, gone after {took:.1?}"
        ));
        let worst = tally.worst_since(*at);
        findings.expect(worst <= Duration::from_secs(1), || {
            format!("meanwhile an answer took {worst:.1?}")
        });
    }
    findings.count(&tally);
    done?;
    testbed.stop(findings);
    Ok(())
}

fn master_killed(setup: &Setup, findings: &mut Findings) -> Result<(), String> {
    let mut testbed = setup.launch().start()?;
    let place = testbed.place.clone();
    let (_, done) = under_load(&testbed, Pace::NEW, |_| {
        testbed.signal(Signal::KILL);
        let begun = Instant::now();
        let alone = until_true(PATIENCE, || {
            // Workers alone: the master is this process's to wait for.
            place.processes().is_empty()
        });
        match alone {
            true => Ok(begun.elapsed()),
            false => Err(format!("{:?} are left after 10 s", place.processes())),
        }
    })?;
    let took = done?;
    findings.note(format!("the last was gone after {took:.1?}"));
    // The master's two seconds, and what a busy machine adds.
    findings.expect(took <= Duration::from_millis(2500), || {
        format!("the last worker is gone after {took:.1?}")
    });
    testbed.wait(PATIENCE);
    let next = setup.launch().at(&place).start();
    let next = next.map_err(|why| format!("the next one does not start: {why}"))?;
    let reply = next.get("/");
    findings.expect(reply.status == Some(200), || {
        "the next one does not answer".into()
    });
    next.stop(findings);
    Ok(())
}

/// How many workers may be started in two seconds of which each dies at its start.
const MOST_STARTS: usize = 10;

fn boot_backs_off(setup: &Setup, findings: &mut Findings) -> Result<(), String> {
    let launch = setup.launch();
    let trouble = launch.file("trouble");
    let testbed = launch.variable("TESTBED_FAIL_START", &trouble).start()?;
    let starts = || {
        let log = testbed.log();
        let started = |line: &&str| line.contains(" worker ") && line.ends_with(" started");
        log.lines().filter(started).count()
    };
    let before = starts();
    findings.expect(before >= testbed.processes, || {
        "the log does not say `worker PID started`".into()
    });
    let (mut tally, done) = under_load(&testbed, Pace::NEW, |_| {
        fs::write(&trouble, "abort").map_err(|error| error.to_string())?;
        let worker = *testbed.workers().first().ok_or("there is no worker")?;
        let at = Instant::now();
        worker.signal(Signal::KILL);
        thread::sleep(Duration::from_secs(2));
        let started = starts() - before;
        fs::remove_file(&trouble).map_err(|error| error.to_string())?;
        testbed.wait_for_workers("when they start again", |_| true)?;
        Ok((at, started))
    })?;
    if let Ok((at, started)) = &done {
        tally.excuse((*at, *at), in_hand(setup));
        findings.note(format!("{started} were started in 2 s"));
        findings.expect((1..=MOST_STARTS).contains(started), || {
            format!("{started} workers were started in 2 s")
        });
    }
    findings.count(&tally);
    done?;
    testbed.stop(findings);
    Ok(())
}
