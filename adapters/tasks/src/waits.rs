//! What a connection waits for, and since when.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering::Relaxed};

use rgi_core::server::Level;
use rgi_core::{Connection, End};

use crate::clock::Clock;
use crate::server::{Server, after};

/// Where a connection stands, or the one stream of HTTP/2 that it belongs to. Written by the task that
/// is watched; but whether a connection of HTTP/2 is idle is also said by its streams' tasks, under the
/// lock of its requests.
#[derive(Debug, Default)]
pub struct Watch {
    phase: AtomicU8,
    /// When this phase began, in milliseconds; 0 until somebody waits in it.
    since: AtomicU64,
    /// When the client was first found to take nothing more; 0 if it takes.
    stalled: AtomicU64,
    /// When the request takes too long; 0 for never.
    due: AtomicU64,
    committed: AtomicBool,
    overdue: AtomicBool,
    /// The server ends what is under way, not the client.
    cut: AtomicBool,
    /// Bytes in [`Block`](crate::Block)s that the engine has and has not begun to write: on HTTP/2 it
    /// holds them until the client's window has room.
    pub(crate) held: AtomicUsize,
    /// The engine has thrown some of them away.
    pub(crate) thrown: AtomicBool,
}

/// What a connection is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Between requests.
    Idle,
    /// Within a head.
    Head,
    /// A request is under way.
    Busy,
}

/// Which deadline is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Late {
    /// No request came.
    Idle,
    /// A head did not end.
    Head,
    /// The client took nothing.
    Stalled,
    /// The request took too long, and its answer is not begun: it is to be answered 503.
    Answer,
    /// The request took too long, and its answer is under way.
    Rest,
}

impl Late {
    /// Says so, once for each.
    pub fn log(self, server: &Server, connection: &Connection) {
        let peer = &connection.peer;
        match self {
            Late::Idle => {}
            Late::Head => server.log(
                Level::Debug,
                format_args!("a head took too long, from {peer}"),
            ),
            Late::Stalled => server.log(
                Level::Debug,
                format_args!("nothing was taken for too long by {peer}"),
            ),
            Late::Answer => server.log(
                Level::Warn,
                format_args!("a request took too long, from {peer}"),
            ),
            Late::Rest => server.log(
                Level::Warn,
                format_args!("an answer took too long, to {peer}"),
            ),
        }
    }
}

impl Watch {
    /// What the connection is doing.
    pub fn phase(&self) -> Phase {
        match self.phase.load(Relaxed) {
            0 => Phase::Idle,
            1 => Phase::Head,
            _ => Phase::Busy,
        }
    }

    fn enter(&self, phase: Phase) {
        self.phase.store(phase as u8, Relaxed);
        self.since.store(0, Relaxed);
    }

    /// Bytes have come.
    pub fn received(&self) {
        if self.phase() == Phase::Idle {
            self.enter(Phase::Head);
        }
    }

    /// No bytes are there to be read.
    pub fn waits(&self, clock: &Clock) {
        if self.phase() != Phase::Busy && self.since.load(Relaxed) == 0 {
            self.since.store(clock.tick(), Relaxed);
        }
    }

    /// A request begins.
    pub fn begin(&self, server: &Server) {
        self.enter(Phase::Busy);
        self.committed.store(false, Relaxed);
        self.overdue.store(false, Relaxed);
        let due = after(0, server.config.request_timeout);
        let due = due.map_or(0, |limit| server.clock.now().saturating_add(limit));
        self.due.store(due, Relaxed);
    }

    /// Requests are under way, each watched by itself.
    pub fn busy(&self) {
        self.enter(Phase::Busy);
    }

    /// The answer's head is decided.
    pub fn commit(&self) {
        self.committed.store(true, Relaxed);
    }

    /// Whether the answer is to be 503.
    pub fn is_overdue(&self) -> bool {
        self.overdue.load(Relaxed)
    }

    /// When the request takes too long, in milliseconds.
    pub fn due(&self) -> Option<u64> {
        Some(self.due.load(Relaxed)).filter(|due| *due != 0)
    }

    /// The request has no deadline any more.
    pub fn release(&self) {
        self.due.store(0, Relaxed);
    }

    /// The request is over.
    pub fn end(&self) {
        self.due.store(0, Relaxed);
        self.enter(Phase::Idle);
    }

    /// The server cuts what is under way.
    pub fn cut(&self) {
        self.cut.store(true, Relaxed);
    }

    /// How an exchange ends that cannot be completed.
    pub fn lost(&self) -> End {
        match self.cut.load(Relaxed) {
            true => End::Truncated,
            false => End::Disconnected,
        }
    }

    /// Whether the engine has taken all [`Block`](crate::Block)s for the wire; `None` if it still may.
    pub fn is_taken(&self) -> Option<bool> {
        match self.thrown.load(Relaxed) {
            true => Some(false),
            false => (self.held.load(Relaxed) == 0).then_some(true),
        }
    }

    /// The client takes nothing at present.
    pub fn stall(&self, clock: &Clock) {
        if self.stalled.load(Relaxed) == 0 {
            self.stalled.store(clock.tick(), Relaxed);
        }
    }

    /// The client has taken something.
    pub fn unstall(&self) {
        // Read first: a store would take the cache line for itself.
        if self.stalled.load(Relaxed) != 0 {
            self.stalled.store(0, Relaxed);
        }
    }

    /// The next deadline, in milliseconds.
    pub fn deadline(&self, server: &Server) -> Option<u64> {
        self.next(server).map(|(at, _)| at)
    }

    /// The deadline that is over, if one is. A request that takes too long is so once.
    pub fn late(&self, server: &Server) -> Option<Late> {
        let (at, late) = self.next(server)?;
        if at > server.clock.now() {
            return None;
        }
        if late == Late::Answer {
            self.overdue.store(true, Relaxed);
            self.due.store(0, Relaxed);
        }
        Some(late)
    }

    fn next(&self, server: &Server) -> Option<(u64, Late)> {
        let config = &server.config;
        let set = |since: &AtomicU64| Some(since.load(Relaxed)).filter(|at| *at != 0);
        let stalled = set(&self.stalled).and_then(|at| after(at, config.write_timeout));
        let stalled = stalled.map(|at| (at, Late::Stalled));
        let phase = match self.phase() {
            Phase::Idle => set(&self.since)
                .and_then(|at| server.idle_until(at))
                .map(|at| (at, Late::Idle)),
            Phase::Head => set(&self.since)
                .and_then(|at| after(at, config.header_timeout))
                .map(|at| (at, Late::Head)),
            Phase::Busy => {
                let late = match self.committed.load(Relaxed) {
                    false => Late::Answer,
                    true => Late::Rest,
                };
                set(&self.due).map(|at| (at, late))
            }
        };
        stalled.into_iter().chain(phase).min_by_key(|(at, _)| *at)
    }
}
