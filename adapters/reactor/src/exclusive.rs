//! One exchange at a time: who has its turn, and who waits for it.

use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;

use mio::Token;

use crate::notify::Notify;
use crate::watch::Watch;

/// What a reactor has whose application is called for one exchange at a time.
///
/// Only a request that is there takes a turn: its head, and its body as far as it is gathered. So no
/// client that is slow with either holds the others up.
pub(crate) struct Exclusive {
    notify: Arc<Notify>,
    pub(crate) watch: Rc<Watch>,
    holder: Option<Token>,
    /// Whose request is there, in the order it came; each connection once.
    waiting: VecDeque<Token>,
}

impl Exclusive {
    pub(crate) fn new(notify: Arc<Notify>, watch: Rc<Watch>) -> Exclusive {
        Exclusive {
            notify,
            watch,
            holder: None,
            waiting: VecDeque::new(),
        }
    }

    /// Whether nobody has the turn or waits for it.
    pub(crate) fn is_free(&self) -> bool {
        self.holder.is_none()
    }

    /// Puts a connection behind those that wait. It is driven when it is its turn, which may be now.
    pub(crate) fn enter(&mut self, token: Token) {
        match self.holder {
            None => self.holder = Some(token),
            Some(_) => self.waiting.push_back(token),
        }
    }

    /// Whether it is this connection's turn.
    pub(crate) fn is_turn_of(&self, token: Token) -> bool {
        self.holder == Some(token)
    }

    /// All connections are gone.
    pub(crate) fn clear(&mut self) {
        self.watch.end();
        self.holder = None;
        self.waiting.clear();
    }

    /// The connection's exchange is over, or the connection itself: the next one has its turn.
    pub(crate) fn leave(&mut self, token: Token) {
        if self.holder != Some(token) {
            self.waiting.retain(|waiting| *waiting != token);
            return;
        }
        self.watch.end();
        self.holder = self.waiting.pop_front();
        if let Some(next) = self.holder {
            self.notify.push(next);
        }
    }
}
