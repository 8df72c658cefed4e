//! When connections are accepted, and how many: other processes may want their share.

use rgi_core::App;

use super::EventLoop;
use crate::acceptor::Accepted;
use crate::core::Core;
use crate::exclusive::Exclusive;

/// Connections accepted at once where other processes take some of a rush.
const SHARE: usize = 4;
/// Milliseconds between tries when there are no descriptors left.
const RETRY: u64 = 100;

/// Connections accepted at once.
pub(super) fn burst<A: App>(core: &Core<A>) -> usize {
    match (&core.exclusive, core.config.multiprocess) {
        (Some(_), _) => 1,
        (None, true) => SHARE,
        (None, false) => usize::MAX,
    }
}

impl<A: App> EventLoop<A> {
    /// The listeners may have connections.
    pub(super) fn on_listeners(&mut self) {
        match self.burst {
            usize::MAX => self.accept(),
            // When the turn is over.
            _ => self.more = true,
        }
    }

    /// Whether a connection that is accepted now is served now.
    pub(super) fn may_accept(&self) -> bool {
        let exclusive = self.core.exclusive.as_ref();
        self.core.stopping || exclusive.is_none_or(Exclusive::is_free)
    }

    pub(super) fn accept_more(&mut self) {
        if !self.may_accept() {
            return;
        }
        if self.core.exclusive.is_none() || self.core.stopping {
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
