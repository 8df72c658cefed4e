//! The end of requests and connections, by either side.

use std::io;
use std::net::Shutdown;
use std::task::{Context, Waker};

use bytes::BytesMut;
use rgi_core::{App, End};
use rgi_http1::{Decoded, Output};

use super::{Conn, Phase, Step};
use crate::core::Core;
use crate::job::{Stage, Written};
use crate::line::receive;

/// Bytes of a client that lingers which are thrown away before it is cut.
const MOST_LINGERED: u64 = 1 << 20;

/// Bytes of pipelined requests that are read while one is under way.
const MOST_PIPELINED: usize = 64 * 1024;

impl<B: rgi_core::Body> Conn<B> {
    /// Reads the rest of a body.
    pub(super) fn discard(&mut self) -> Step {
        let Phase::Discarding(reader) = &mut self.phase else {
            return Step::Again;
        };
        loop {
            match reader.decode(&mut self.input) {
                Ok(Decoded::Data(_)) => {}
                Ok(Decoded::End) => {
                    self.phase = Phase::Idle;
                    return Step::Again;
                }
                Ok(Decoded::NeedMore) => match receive(&self.line.socket, &mut self.input) {
                    Ok(0) => return self.begin_close(),
                    Ok(_) => {}
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Step::Wait,
                    Err(_) => return Step::Close,
                },
                // The answer is out: there is nobody to tell.
                Err(_) => return self.begin_close(),
            }
        }
    }

    pub(super) fn begin_close(&mut self) -> Step {
        self.phase = Phase::Closing;
        Step::Again
    }

    /// Writes what is left, and ends the sending side.
    pub(super) fn close<A: App<Body = B>>(
        &mut self,
        core: &mut Core<A>,
        output: &mut Output,
    ) -> Step {
        match self.flush(core, output) {
            Ok(true) => {
                self.input.clear();
                self.line.socket.shutdown(Shutdown::Write);
                self.phase = Phase::Lingering(0);
                self.since = core.now;
                Step::Again
            }
            Ok(false) => Step::Full,
            Err(_) => {
                self.broken = true;
                Step::Again
            }
        }
    }

    /// Throws away what comes.
    pub(super) fn linger(&mut self) -> Step {
        let Phase::Lingering(thrown) = &mut self.phase else {
            return Step::Again;
        };
        let mut sink = BytesMut::new();
        loop {
            sink.clear();
            match receive(&self.line.socket, &mut sink) {
                Ok(0) => return Step::Close,
                Ok(n) => {
                    *thrown += n as u64;
                    if *thrown > MOST_LINGERED {
                        return Step::Close;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Step::Wait,
                Err(_) => return Step::Close,
            }
        }
    }

    /// The application waits. Now, and not before, counts that the client has ended its side: an
    /// answer that is there at once reaches those who half-close behind their request.
    pub(super) fn pending<A: App<Body = B>>(
        &mut self,
        core: &mut Core<A>,
        output: &mut Output,
    ) -> Step {
        if self.ended && !self.still_there() {
            self.lose(core, output)
        } else {
            Step::Wait
        }
    }

    /// Whether a client that has ended its side is still there: it is, as long as it has sent
    /// something that was not read.
    pub(super) fn still_there(&mut self) -> bool {
        let Some(job) = self.job.as_mut() else {
            return true;
        };
        let job = job.as_mut().project();
        if matches!(job.stage, Stage::Switched | Stage::Handover(_)) {
            return true;
        }
        if *job.has_body
            && let Some(incoming) = &mut self.line.lock().incoming
            && !incoming.is_read()
        {
            // The body's end, or its breaking off, is found by whoever reads it; if nobody will,
            // it is looked for here.
            return !incoming.is_dropped() || incoming.throw_away(&self.line.socket);
        }
        // Down to the end, of which nothing will be said again.
        let mut kept = self.input.len();
        while kept < MOST_PIPELINED {
            let mut more = BytesMut::new();
            match receive(&self.line.socket, &mut more) {
                Ok(0) => return false,
                Ok(n) => kept += n,
                Err(error) => return error.kind() == io::ErrorKind::WouldBlock,
            }
            match self.line.lock().incoming.as_mut() {
                Some(incoming) => incoming.push_behind(&more),
                None => self.input.extend_from_slice(&more),
            }
        }
        true
    }

    /// The peer has left, or is not to be had any more.
    pub(super) fn lose<A: App<Body = B>>(
        &mut self,
        core: &mut Core<A>,
        output: &mut Output,
    ) -> Step {
        // Who has only ended its side still gets the answers that were ready.
        if !self.broken {
            let _ = self.flush(core, output);
        }
        for written in self.written.drain(..) {
            written.ending.finish(Some(self.lost));
        }
        self.line.close();
        let Some(job) = self.job.as_mut() else {
            return Step::Close;
        };
        let job = job.as_mut().project();
        if let Some(hang_up) = job.response.as_ref().as_pin_ref().and_then(|r| r.hang_up()) {
            hang_up.now();
        }
        self.phase = Phase::Leaving;
        Step::Again
    }

    /// Cuts the connection from the server's side, visibly.
    pub(super) fn break_off(&mut self) {
        self.line.socket.reset_on_close();
        self.lost = End::Truncated;
        self.broken = true;
    }

    /// Lets the application finish its step.
    pub(super) fn leave<A: App<Body = B>>(&mut self, core: &mut Core<A>) -> Step {
        let waker = Waker::from(self.line.clone());
        let Some(mut job) = self.job.take() else {
            return Step::Close;
        };
        let response = job.as_mut().project().response.as_pin_mut();
        if let Some(response) = response
            && response
                .poll_drain(&mut Context::from_waker(&waker))
                .is_pending()
        {
            self.job = Some(job);
            return Step::Wait;
        }
        job.as_mut().finish(Some(self.lost));
        core.give_job(job);
        Step::Close
    }

    /// Cuts the connection now: the server stops.
    pub(crate) fn abort(&mut self) {
        self.line.retire();
        if self.job.is_some() || self.output.is_some() {
            self.line.socket.reset_on_close();
        }
        for Written { ending, .. } in self.written.drain(..) {
            if let Some(hang_up) = ending.hang_up() {
                hang_up.now();
            }
            ending.finish(Some(End::Truncated));
        }
        if let Some(mut job) = self.job.take() {
            if let Some(hang_up) = job.response.as_ref().and_then(|r| r.hang_up()) {
                hang_up.now();
            }
            job.as_mut().finish(Some(End::Truncated));
        }
    }
}
