//! When connections are accepted, and how many: other processes may want their share.

use rgi_core::App;

use super::EventLoop;
use crate::acceptor::Accepted;
use crate::core::{Core, Model};

/// Connections accepted at once where other processes take some of a rush.
const SHARE: usize = 4;
/// Milliseconds between tries when there are no descriptors left.
const RETRY: u64 = 100;

/// Milliseconds that others are given to take the next connection, before it is accepted where one is
/// served at a time, and the request of the last is mostly on its way; or where no thread is free.
const MOMENT: u64 = 2;

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
                let is_busy = || self.front().is_some_and(|front| !front.hall.has_free());
                if is_news && !self.core.stopping && is_busy() {
                    self.moment = self.core.now + MOMENT;
                }
            }
        }
    }

    /// When a connection that is accepted is served at once, in milliseconds; `None`: not before one
    /// that is being served is done.
    pub(super) fn accepts_at(&self) -> Option<u64> {
        match &self.core.model {
            Model::Exclusive(exclusive) => exclusive.is_free().then_some(self.moment),
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
