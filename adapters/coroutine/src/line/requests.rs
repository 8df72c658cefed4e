//! The requests of a connection, and how each ends.

use std::sync::atomic::Ordering;
use std::sync::{MutexGuard, PoisonError};

use hyper::upgrade::OnUpgrade;
use rgi_core::{Body, End, Upgrade};

use super::{Line, Protocol};
use rgi_tasks::{Boxed, Job, Watch};

/// What a connection keeps of its requests.
pub(super) struct Jobs<B> {
    /// hyper has their last byte, the socket maybe not.
    written: Vec<Boxed<B>>,
    switch: Option<Switch<B>>,
}

/// A switch of protocols whose head is on its way.
pub(crate) struct Switch<B> {
    pub(crate) job: Boxed<B>,
    pub(crate) demand: Upgrade,
    pub(crate) upgrade: OnUpgrade,
}

impl<B> Default for Jobs<B> {
    fn default() -> Jobs<B> {
        Jobs {
            written: Vec::new(),
            switch: None,
        }
    }
}

impl<B: 'static> Line<B> {
    fn jobs(&self) -> MutexGuard<'_, Jobs<B>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A request begins.
    pub(crate) fn begin(&self) {
        // As in `leave`.
        let jobs = (self.protocol() == Protocol::Http2).then(|| self.jobs());
        if self.count(1) == 1 {
            self.watch.busy();
        }
        drop(jobs);
    }

    /// Counts requests under way; gives how many there are now.
    fn count(&self, change: isize) -> usize {
        match self.protocol() {
            // One task alone counts: no exchange with other processors is paid.
            Protocol::Http1 => {
                let now = self
                    .active
                    .load(Ordering::Relaxed)
                    .wrapping_add_signed(change);
                self.active.store(now, Ordering::Relaxed);
                now
            }
            Protocol::Http2 => {
                let change = change.cast_unsigned();
                let before = self.active.fetch_add(change, Ordering::AcqRel);
                before.wrapping_add(change)
            }
        }
    }

    /// hyper has the last byte of a job.
    pub(crate) fn wrote(&self, job: Boxed<B>) {
        let mut jobs = self.jobs();
        jobs.written.push(job);
        self.has_written.store(true, Ordering::Release);
        drop(jobs);
        if self.protocol() == Protocol::Http2 {
            // The connection's task may have flushed it before it was here.
            self.hints.wake();
        }
    }

    /// A request is not under way any more.
    pub(crate) fn leave(&self) {
        let http2 = self.protocol() == Protocol::Http2;
        // A request that begins just now must not be taken for idleness: counting and saying so are
        // one step.
        let jobs = http2.then(|| self.jobs());
        if self.count(-1) == 0 {
            self.watch.end();
            // What came of the next head along with this request is no idleness.
            if self.in_head.load(Ordering::Relaxed) {
                self.watch.received();
            }
            self.watch.waits(&self.server.clock);
            drop(jobs);
            if http2 {
                // Its task has a deadline now, and may be another than this one.
                self.hints.wake();
            }
        }
    }

    /// All that hyper had was written.
    pub(crate) fn flushed(&self) {
        self.gate.open();
        self.conclude(End::Sent);
    }

    /// Ends the exchanges whose last byte hyper had.
    pub(crate) fn conclude(&self, end: End) {
        // Mostly there is one.
        while self.has_written.load(Ordering::Acquire)
            && let Some(mut job) = self.pop_written()
        {
            // Hooks are foreign code: not under the lock.
            job.as_mut().finish(end);
            self.leave();
            Job::recycle(job);
        }
    }

    fn pop_written(&self) -> Option<Boxed<B>> {
        let mut jobs = self.jobs();
        let job = jobs.written.pop();
        // Nobody adds one but with the lock.
        self.has_written
            .store(!jobs.written.is_empty(), Ordering::Relaxed);
        job
    }

    pub(crate) fn begin_switch(&self, switch: Switch<B>) {
        self.jobs().switch = Some(switch);
    }

    pub(crate) fn take_switch(&self) -> Option<Switch<B>> {
        self.jobs().switch.take()
    }
}

impl<B: Body + Send + 'static> Line<B> {
    /// hyper will not take what is left of a job. If the client has left, the application finishes
    /// its step, on a task of its own and for as long as the request may take. If the server has cut
    /// it, nobody waits for that.
    pub(crate) fn lose(&self, mut job: Boxed<B>, watch: &Watch) {
        job.hang_up();
        // On HTTP/1.1 the watch is the connection's, and forgets it as the request is over.
        let due = watch.due();
        self.leave();
        // On HTTP/2 the server cuts a stream, or the connection under it.
        let cut = [&self.watch, watch].map(Watch::lost);
        let end = match cut.contains(&End::Truncated) {
            true => End::Truncated,
            false => End::Disconnected,
        };
        if end == End::Truncated {
            job.as_mut().finish(end);
            return;
        }
        let (seat, clock) = (self.seat.clone(), self.server.clock.clone());
        self.server.clock.spawn(async move {
            let drained = std::future::poll_fn(|cx| job.as_mut().poll_drain(cx));
            match due {
                Some(due) => drop(clock.until(due, drained).await),
                None => drained.await,
            }
            job.as_mut().finish(end);
            drop(seat);
        });
    }
}
