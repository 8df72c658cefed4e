//! Connections that change hands: from the loop to a thread of its pool, and back.

use std::sync::Arc;

use rgi_core::server::Exchange;
use rgi_core::{App, Error};
use rustix::event::PollFlags;

use super::{Conn, Phase};
use crate::core::Core;

impl<B> Conn<B> {
    /// The same connection, of an application of another type. That it has no request under way,
    /// which would stay where it is called, is the caller's to see.
    pub(crate) fn rehouse<C>(self) -> Conn<C> {
        debug_assert!(self.job.is_none());
        Conn {
            line: self.line,
            connection: self.connection,
            phase: self.phase,
            waiting: self.waiting,
            input: self.input,
            reader: self.reader,
            job: None,
            written: self.written,
            output: self.output,
            readable: self.readable,
            ended: self.ended,
            broken: self.broken,
            lost: self.lost,
            hints: self.hints,
            serial: self.serial,
            since: self.since,
            wait: self.wait,
            waits: self.waits,
            // Who takes it over has a wheel of its own.
            scheduled: None,
        }
    }

    /// How many requests it had.
    pub(crate) fn serial(&self) -> u64 {
        self.serial
    }

    /// Whether a request is under way.
    pub(crate) fn is_busy(&self) -> bool {
        self.job.is_some()
    }

    /// What a thread that has this connection alone has to wait for; `None`: nothing that the system
    /// says of it.
    pub(crate) fn interest(&self) -> Option<PollFlags> {
        let wants = self.line.wants();
        let is_switched = self.is_switched();
        let mut flags = PollFlags::empty();
        flags.set(PollFlags::IN, wants.read || wants.body.is_some());
        flags.set(PollFlags::OUT, wants.write || self.output.is_some());
        flags.set(PollFlags::RDHUP, !self.ended && !is_switched);
        // An end cannot be left out, and is there for ever.
        let ended = self.broken || is_switched && flags.is_empty();
        (!ended).then_some(flags)
    }

    /// A thread takes the connection up, for the request that is there.
    pub(crate) fn take_up(&mut self) {
        if let Some(request) = &mut self.waiting {
            request.queued = true;
        }
    }

    /// More has come.
    pub(crate) fn more_came(&mut self) {
        self.readable = true;
    }
}

impl<B: rgi_core::Body> Conn<B> {
    /// Answers the request that is there without the application: no thread is free for it.
    pub(crate) fn turn_away<A: App<Body = B>>(&mut self, core: &mut Core<A>) {
        let refuse = |exchange: Exchange, _: &A| {
            exchange.refuse(Error::overloaded(
                "no thread was free for the request in time",
            ))
        };
        if let Some(request) = self.waiting.take() {
            self.answer(core, *request, None, refuse);
        } else {
            debug_assert!(!matches!(self.phase, Phase::Waiting));
        }
    }
}

/// Drops a connection. Its socket closes with it, or now if an input or a waker that someone kept
/// holds it.
pub(crate) fn hang_up<B>(conn: Conn<B>) {
    let line = conn.line.clone();
    drop(conn);
    if Arc::strong_count(&line) > 1 {
        line.socket.disconnect();
    }
}
