//! How long a connection may wait, and what happens then.

use std::time::Duration;

use bytes::BytesMut;
use http::StatusCode;
use rgi_core::server::Level;
use rgi_core::{App, Error};
use rgi_http1::Wait;

use super::{Conn, Fate, Phase};
use crate::core::Core;
use crate::job::Stage;

/// Milliseconds, at least one.
pub(crate) fn ms(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX).max(1)
}

impl<B: rgi_core::Body> Conn<B> {
    /// Notes what is waited for now.
    pub(crate) fn note_wait(&mut self, now: u64) {
        if self.input.is_empty() {
            // An empty buffer still owns its memory, and may for long.
            self.input = BytesMut::new();
        }
        let mut wait = match &self.phase {
            _ if self.output.is_some() => Wait::Write,
            Phase::Unnamed => Wait::Head,
            Phase::Idle if !self.reader.started(&self.input) => Wait::KeepAlive,
            Phase::Idle => Wait::Head,
            Phase::Discarding(_) => Wait::Body,
            Phase::Closing | Phase::Lingering(_) => Wait::Linger,
            Phase::Waiting if self.is_gathering() => Wait::Body,
            Phase::Waiting | Phase::Busy | Phase::Leaving => Wait::App,
        };
        if wait == Wait::App
            && self.job.as_ref().is_some_and(|job| job.has_body)
            && let Some(incoming) = &self.line.lock().incoming
            && incoming.waiting
        {
            wait = Wait::Body;
            if incoming.waits != self.waits {
                self.waits = incoming.waits;
                self.since = now;
            }
        }
        if wait != self.wait {
            self.wait = wait;
            self.since = now;
        }
    }

    /// When the present wait is over, in milliseconds of the loop's clock.
    pub(crate) fn deadline<A: App<Body = B>>(&self, core: &Core<A>) -> Option<u64> {
        // Before the stop nobody was told that idleness is over.
        let (wait, since) = match core.stopping && self.is_idle() {
            true => (Some(core.stop_idle), self.since.max(core.stopped_at)),
            false => (core.timeouts.of(self.wait), self.since),
        };
        let request = self.due();
        let wait = wait.map(|wait| since.saturating_add(ms(wait)));
        match (wait, request) {
            (Some(wait), Some(request)) => Some(wait.min(request)),
            (wait, request) => wait.or(request),
        }
    }

    /// When the oldest request that is not answered to its last byte takes too long.
    fn due(&self) -> Option<u64> {
        if let Some(written) = self.written.first() {
            return written.due;
        }
        let job = self.job.as_ref()?;
        job.due.filter(|_| !matches!(job.stage, Stage::Switched))
    }

    /// The deadline is over.
    pub(crate) fn time_out<A: App<Body = B>>(&mut self, core: &mut Core<A>) -> Fate {
        let request_over = self.due().is_some_and(|due| due <= core.now);
        if !request_over && matches!(self.wait, Wait::KeepAlive | Wait::Head) {
            // What has just come is answered, not reset.
            self.readable = true;
            let fate = self.drive(core);
            if fate == Fate::Close || self.deadline(core).is_none_or(|at| at > core.now) {
                return fate;
            }
        }
        let peer = &self.connection.peer;
        match self.wait {
            // Nobody waits for the application's step any more.
            _ if request_over && matches!(self.phase, Phase::Leaving) => Fate::Close,
            _ if request_over && !self.written.is_empty() => {
                core.log(
                    Level::Warn,
                    format_args!("an answer took too long, to {peer}"),
                );
                self.break_off();
                self.drive(core)
            }
            _ if request_over => {
                core.log(
                    Level::Warn,
                    format_args!("a request took too long, from {peer}"),
                );
                let Some(job) = self.job.as_mut() else {
                    return Fate::Close;
                };
                let job = job.as_mut().project();
                // It is over once, whatever comes of it.
                *job.due = None;
                if let Some(response) = job.response.as_pin_mut() {
                    response.fail(Error::timeout("the request took too long"));
                }
                if let Some(turn) = job.turn {
                    turn.close();
                }
                self.drive(core)
            }
            Wait::Head if matches!(self.phase, Phase::Unnamed) => {
                let text = format_args!("no header of the PROXY protocol came in time from {peer}");
                core.log(Level::Debug, text);
                Fate::Close
            }
            Wait::Head => {
                core.log(
                    Level::Debug,
                    format_args!("a head took too long, from {peer}"),
                );
                let mut output = self.output.take().unwrap_or_else(|| core.take_output());
                self.refuse(core, StatusCode::REQUEST_TIMEOUT, &mut output);
                self.output = Some(output);
                self.drive(core)
            }
            Wait::Body if matches!(self.phase, Phase::Busy | Phase::Waiting) => {
                core.log(
                    Level::Debug,
                    format_args!("a body took too long, from {peer}"),
                );
                self.line.time_out_body();
                self.drive(core)
            }
            Wait::Write => {
                core.log(
                    Level::Debug,
                    format_args!("nothing was taken for too long by {peer}"),
                );
                self.break_off();
                self.drive(core)
            }
            Wait::KeepAlive | Wait::Linger | Wait::Body => Fate::Close,
            Wait::App => Fate::Keep,
        }
    }
}
