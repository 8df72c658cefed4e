//! The requests of a connection, and how each ends.

use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard, PoisonError};

use hyper::upgrade::OnUpgrade;
use rgi_core::{Body, End, Upgrade};

use super::{Line, Protocol};
use rgi_tasks::{Boxed, Job, Watch};

/// What a connection keeps of its requests.
pub(super) struct Jobs<B> {
    /// hyper has their last byte, the socket maybe not.
    written: Vec<Written<B>>,
    switch: Option<Switch<B>>,
    /// hyper is done with the connection.
    over: bool,
}

/// A request whose last byte hyper has.
struct Written<B> {
    job: Boxed<B>,
    /// Its own, on HTTP/2.
    watch: Option<Arc<Watch>>,
    /// It is not counted any more: its client gives no window for what is left of it.
    left: bool,
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
            over: false,
        }
    }
}

impl<B: 'static> Written<B> {
    /// How it has ended, if it has, when all that hyper had to write is written.
    fn end(&self, line: &Line<B>) -> Option<End> {
        let Some(watch) = &self.watch else {
            return Some(End::Sent);
        };
        match watch.is_taken() {
            Some(true) => Some(End::Sent),
            Some(false) => Some(line.lost(watch)),
            None => None,
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

    /// hyper has the last byte of a job; `watch` is its own, on HTTP/2.
    pub(crate) fn wrote(&self, job: Boxed<B>, watch: Option<Arc<Watch>>) {
        let mut jobs = self.jobs();
        jobs.written.push(Written {
            job,
            watch,
            left: false,
        });
        self.has_written.store(true, Ordering::Release);
        let over = jobs.over;
        drop(jobs);
        if over {
            self.end();
        } else if self.protocol() == Protocol::Http2 {
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

    /// All that hyper had to write is written.
    pub(crate) fn flushed(&self) {
        self.gate.open();
        if self.owes() {
            self.conclude(|written| written.end(self));
        }
    }

    /// Whether hyper has answers that it could not write yet.
    pub(crate) fn owes(&self) -> bool {
        self.has_written.load(Ordering::Acquire)
    }

    /// hyper is done with the connection.
    pub(crate) fn end(&self) {
        self.jobs().over = true;
        // On HTTP/2 hyper may have been done before it was here.
        let clean = self.is_clean();
        self.conclude(|written| {
            let end = written.watch.as_ref().and_then(|_| written.end(self));
            Some(match end {
                Some(End::Sent) if clean => End::Sent,
                _ => self.watch.lost(),
            })
        });
    }

    /// Ends the exchanges whose last byte hyper had and whose end is known.
    fn conclude(&self, end: impl Fn(&Written<B>) -> Option<End>) {
        loop {
            let mut jobs = self.jobs();
            let mut ends = jobs.written.iter().map(&end).enumerate();
            let Some((at, end)) = ends.find_map(|(at, end)| Some((at, end?))) else {
                break;
            };
            let Written { mut job, left, .. } = jobs.written.swap_remove(at);
            let last = jobs.written.is_empty();
            // Nobody adds one but with the lock.
            self.has_written.store(!last, Ordering::Relaxed);
            drop(jobs);
            // Hooks are foreign code: not under the lock.
            job.as_mut().finish(end);
            if !left {
                self.leave();
            }
            Job::recycle(job);
            if last {
                return;
            }
        }
        // Their clients give no window: a connection with nothing else under way idles.
        let leave = |written: &mut Written<B>| !std::mem::replace(&mut written.left, true);
        let leaving = self
            .jobs()
            .written
            .iter_mut()
            .map(leave)
            .filter(|leave| *leave)
            .count();
        for _ in 0..leaving {
            self.leave();
        }
    }

    /// How an exchange ends that cannot be completed: on HTTP/2 the server cuts a stream, or the
    /// connection under it.
    fn lost(&self, watch: &Watch) -> End {
        match self.watch.lost() {
            End::Truncated => End::Truncated,
            _ => watch.lost(),
        }
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
        let end = self.lost(watch);
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
