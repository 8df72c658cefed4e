//! When connections are accepted, and how many: other processes may want their share.

use rgi_core::App;

use super::EventLoop;
use crate::acceptor::Accepted;
use crate::connection::ms;
use crate::core::{Core, Model};

/// Connections accepted at once where other processes take some of a rush.
const SHARE: usize = 4;
/// Milliseconds between tries when there are no descriptors left.
const RETRY: u64 = 100;

/// Milliseconds that the request of a connection is waited for before another is accepted, where one
/// is served at a time: it is mostly on its way, and another process has time for the next.
const MOMENT: u64 = 2;

/// Milliseconds that other processes are given to take a connection that no thread is free for, since
/// the last that came, where no thread has had done with one just now. It would wait here as well, and
/// be lost with a process whose threads are stuck. After the time that a request waits for a thread,
/// courtesy is over.
const COURTESY: u64 = 50;

/// Milliseconds that a thread has just had done.
const JUST: u64 = 5;

/// Connections accepted at once.
pub(super) fn burst<A: App>(core: &Core<A>) -> usize {
    match (&core.model, core.config.multiprocess) {
        (Model::Exclusive(_), _) => 1,
        (_, true) => SHARE,
        (_, false) => usize::MAX,
    }
}

impl<A: App> EventLoop<A> {
    /// The listeners may have connections.
    pub(super) fn on_listeners(&mut self) {
        match self.burst {
            usize::MAX => self.accept(),
            // When the turn is over.
            _ => {
                let is_news = !std::mem::replace(&mut self.more, true);
                let Some(front) = self.front().filter(|_| !self.core.stopping) else {
                    return;
                };
                let now = self.core.now;
                let goes_on = front.returned_at + JUST >= now;
                if is_news {
                    self.courteous_since = now;
                }
                let limit = self.core.config.queue_timeout.map_or(u64::MAX, ms);
                let latest = self.courteous_since.saturating_add(limit);
                self.moment = match goes_on {
                    true if is_news => now + MOMENT,
                    true => self.moment.min(now + MOMENT),
                    false => latest.min(now + COURTESY),
                };
            }
        }
    }

    /// When a connection that is accepted is served at once, in milliseconds; `None`: not before one
    /// that is being served is done.
    pub(super) fn accepts_at(&self) -> Option<u64> {
        match &self.core.model {
            Model::Exclusive(exclusive) => exclusive.is_free().then_some(self.moment),
            Model::Front(front) if front.hall.has_free() => Some(0),
            _ => Some(self.moment),
        }
    }

    pub(super) fn accept_more(&mut self) {
        if self.accepts_at().is_none_or(|at| at > self.core.now) {
            return;
        }
        if self.core.exclusive().is_none() {
            return self.accept();
        }
        let Some(acceptor) = self.acceptor.as_mut().filter(|_| self.retry.is_none()) else {
            self.more = false;
            return;
        };
        match acceptor.accept_one() {
            Ok((socket, connection)) => {
                // Its request is most likely there.
                if let Some(token) = self.add(socket, connection) {
                    self.drive(token);
                }
                if self.accepts_at().is_some() {
                    self.moment = self.core.now + MOMENT;
                }
            }
            Err(accepted) => self.accepted(accepted),
        }
    }

    pub(super) fn accept(&mut self) {
        self.more = false;
        let Some(acceptor) = self.acceptor.as_mut().filter(|_| self.retry.is_none()) else {
            return;
        };
        let most = if self.core.stopping {
            usize::MAX
        } else {
            self.burst
        };
        let accepted = acceptor.accept(most);
        self.accepted(accepted);
    }

    fn accepted(&mut self, accepted: Accepted) {
        self.more = accepted == Accepted::More;
        match accepted {
            Accepted::Exhausted => self.retry = Some(self.core.now + RETRY),
            // The queues are empty, and nobody else is taken.
            Accepted::All if self.core.stopping => self.acceptor = None,
            Accepted::All | Accepted::Full | Accepted::More => {}
        }
    }
}
