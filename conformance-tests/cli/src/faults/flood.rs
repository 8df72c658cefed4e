//! Clients that send what costs them little, as fast as they can.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use super::findings::Findings;
use super::process::Process;
use super::request::Client;
use super::setup::Setup;
use super::tally::Tally;
use super::testbed::{PATIENCE, Testbed};
use super::wait::until_true;
use crate::endpoint::Connection;

/// What is sent on each connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flood {
    /// At first.
    pub(super) opening: fn(host: &str) -> Vec<u8>,
    /// Then, turn by turn, from 0 on. Nothing: the connection is held.
    pub(super) turn: fn(turn: u32) -> Vec<u8>,
    /// Its answers are read, and thrown away.
    pub(super) reads: bool,
    /// It is closed behind so many turns, and another one opened.
    pub(super) turns: u32,
    /// How many there are at once.
    pub(super) connections: usize,
}

impl Flood {
    /// Four connections that go on until they are closed, whose answers nobody reads.
    pub(super) const FOUR: Flood = Flood {
        opening: |_| Vec::new(),
        turn: |_| Vec::new(),
        reads: false,
        turns: u32::MAX,
        connections: 4,
    };
}

/// Bytes by which the whole server may grow meanwhile: rows say so.
const MEMORY: u64 = 32 << 20;

/// How long it goes on, and how many bytes are sent, and connections opened, at most.
const TIME: Duration = Duration::from_secs(2);
const MOST: u64 = 512 << 20;
const MOST_CONNECTIONS: u64 = 4000;

/// Who takes nothing for so long is held.
const STUCK: Duration = Duration::from_millis(300);

/// Between two plain requests.
const EVERY: Duration = Duration::from_millis(20);

/// How long what was taken may take to be given back.
const SETTLES: Duration = Duration::from_secs(10);

/// What came of it.
#[derive(Default)]
struct Count {
    connections: AtomicU64,
    bytes: AtomicU64,
    /// Connections that the server has ended, and those of which it took no more.
    ended: AtomicU64,
    held: AtomicU64,
}

/// Floods a server, with plain requests beside it: they are answered in time, the server's memory does
/// not grow by more than the bound, and its descriptors are given back.
pub(super) fn flood(setup: &Setup, findings: &mut Findings, flood: &Flood) -> Result<(), String> {
    let testbed = setup.launch().start()?;
    let mut tally = Tally::default();
    for _ in 0..20 * testbed.processes.max(1) {
        tally.count(&testbed.get("/"), false);
    }
    findings.count(&tally);
    let processes = testbed.place.processes();
    let (before, descriptors) = (resident(&processes), descriptors(&processes));
    let (is_over, count, peak) = (
        AtomicBool::new(false),
        Count::default(),
        AtomicU64::new(before),
    );
    let mut tally = Tally::default();
    thread::scope(|scope| {
        for _ in 0..flood.connections {
            scope.spawn(|| attack(&testbed, flood, &is_over, &count));
        }
        scope.spawn(|| {
            while !is_over.load(Relaxed) {
                peak.fetch_max(resident(&processes), Relaxed);
                thread::sleep(Duration::from_millis(10));
            }
        });
        let begun = Instant::now();
        let mut client = Client::new(&testbed.endpoint, PATIENCE);
        while begun.elapsed() < TIME {
            tally.count(&client.get("/"), false);
            thread::sleep(EVERY);
        }
        is_over.store(true, Relaxed);
    });
    let grown = |now: u64| now.saturating_sub(before);
    let settled = until_true(SETTLES, || {
        grown(resident(&processes)) <= MEMORY && self::descriptors(&processes) <= descriptors
    });
    let (peak, after) = (grown(peak.into_inner()), grown(resident(&processes)));
    let (median, worst) = (tally.median(), tally.worst());
    findings.note(format!(
        "{} connections, of which the server ended {} and held {}; {:.1} MiB sent; memory grew by \
         {:.1} MiB, and by {:.1} MiB in the end; plain requests took {median:.1?} (the median) and \
         {worst:.1?} (the worst)",
        count.connections.into_inner(),
        count.ended.into_inner(),
        count.held.into_inner(),
        mib(count.bytes.into_inner()),
        mib(peak),
        mib(after),
    ));
    findings.expect(peak <= MEMORY, || {
        format!(
            "it grew by {:.1} MiB, more than {:.0}",
            mib(peak),
            mib(MEMORY)
        )
    });
    // Who serves one request at a time has the others wait.
    let is_judged = setup.server != "prefork";
    findings.expect(!is_judged || median <= setup.bound, || {
        format!("the median is {median:.0?}, more than {:?}", setup.bound)
    });
    findings.expect(!is_judged || worst <= 10 * setup.bound, || {
        format!(
            "the worst is {worst:.0?}, more than ten times {:?}",
            setup.bound
        )
    });
    if !settled {
        findings.leak(format!(
            "{:.1} MiB and {} descriptors more than before are left",
            mib(after),
            self::descriptors(&processes).saturating_sub(descriptors)
        ));
    }
    findings.count(&tally);
    testbed.stop(findings);
    Ok(())
}

/// One connection after the other.
fn attack(testbed: &Testbed, flood: &Flood, is_over: &AtomicBool, count: &Count) {
    let host = testbed.endpoint.host_field();
    let goes_on = || {
        !is_over.load(Relaxed)
            && count.bytes.load(Relaxed) < MOST
            && count.connections.load(Relaxed) < MOST_CONNECTIONS
    };
    while goes_on() {
        let Ok(connection) = testbed.endpoint.connect(STUCK) else {
            thread::sleep(Duration::from_millis(10));
            continue;
        };
        count.connections.fetch_add(1, Relaxed);
        thread::scope(|scope| {
            if flood.reads {
                scope.spawn(|| drain(&connection));
            }
            let mut sent = send(&connection, &(flood.opening)(&host), count);
            let mut turns = 0..flood.turns;
            while let (Ok(()), true, Some(turn)) = (&sent, goes_on(), turns.next()) {
                let bytes = (flood.turn)(turn);
                if bytes.is_empty() {
                    thread::sleep(EVERY);
                }
                sent = send(&connection, &bytes, count);
            }
            if let Err(error) = sent {
                let is_held = matches!(
                    error.kind(),
                    io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
                );
                let kind = if is_held { &count.held } else { &count.ended };
                kind.fetch_add(1, Relaxed);
                while is_held && !is_over.load(Relaxed) {
                    thread::sleep(EVERY);
                }
            }
            connection.end();
        });
    }
}

fn send(connection: &Connection, bytes: &[u8], count: &Count) -> io::Result<()> {
    connection.write_all(bytes)?;
    count.bytes.fetch_add(bytes.len() as u64, Relaxed);
    Ok(())
}

/// Reads until the connection ends.
fn drain(connection: &Connection) {
    let mut room = vec![0; 64 * 1024];
    while let Ok(1..) = connection.read_within(&mut room, PATIENCE) {}
}

fn resident(processes: &[Process]) -> u64 {
    processes.iter().filter_map(|it| it.resident()).sum()
}

fn descriptors(processes: &[Process]) -> usize {
    processes.iter().filter_map(|it| it.descriptors()).sum()
}

fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}
