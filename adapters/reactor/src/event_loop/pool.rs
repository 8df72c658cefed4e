//! Connections that the threads of a pool have, or wait for one.

use mio::Token;
use rgi_core::App;

use super::EventLoop;
use crate::connection::{Conn, hang_up, ms};
use crate::core::Model;
use crate::hall::{Front, Guest};

/// Milliseconds that threads are given to end when what they have was cut.
pub(super) const CUT: u64 = 1000;

impl<A: App> EventLoop<A> {
    /// What a loop has whose application is called by other threads.
    pub(super) fn front(&self) -> Option<&Front> {
        match &self.core.model {
            Model::Front(front) => Some(front),
            _ => None,
        }
    }

    fn front_mut(&mut self) -> Option<&mut Front> {
        match &mut self.core.model {
            Model::Front(front) => Some(front),
            _ => None,
        }
    }

    /// Whether a connection will be given back. Of those that were cut, not for ever.
    pub(super) fn waits_for_threads(&self) -> bool {
        let is_over = self.cut.is_some_and(|at| at + CUT <= self.core.now);
        !is_over && self.front().is_some_and(|front| front.away > 0)
    }

    /// A connection's request is there: it waits for a thread.
    pub(super) fn send_away(&mut self, token: Token) {
        let Some(conn) = self.take_out(token) else {
            return;
        };
        let now = self.core.now;
        let Some(front) = self.front_mut() else {
            return;
        };
        match front.hall.enter(now, conn.rehouse()) {
            Ok(()) => front.away += 1,
            Err(conn) => self.turn_away(conn.rehouse()),
        }
    }

    /// Answers that no thread is free.
    fn turn_away(&mut self, mut conn: Conn<A::Body>) {
        conn.turn_away(&mut self.core);
        if let Some(token) = self.adopt(conn) {
            self.drive(token);
        }
    }

    /// When the request that waits longest has done so for too long, in milliseconds.
    pub(super) fn overdue_at(&self) -> Option<u64> {
        let limit = self.core.config.queue_timeout?;
        let front = self.front().filter(|front| front.away > 0)?;
        let since = front.hall.waits_since()?;
        Some(since.saturating_add(ms(limit)))
    }

    pub(super) fn turn_away_overdue(&mut self) {
        let Some(limit) = self.core.config.queue_timeout else {
            return;
        };
        let Some(since) = self.core.now.checked_sub(ms(limit)) else {
            return;
        };
        while let Some(front) = self.front_mut().filter(|front| front.away > 0)
            && let Some(guest) = front.hall.leave(since)
        {
            front.away -= 1;
            self.turn_away(guest.rehouse());
        }
    }

    /// Takes back what the threads are done with.
    pub(super) fn take_back(&mut self) {
        let mut returned = std::mem::take(&mut self.returned);
        let now = self.core.now;
        if let Some(front) = self.front_mut() {
            front.hall.take_back(&mut returned);
            front.away -= returned.len();
            if !returned.is_empty() {
                front.returned_at = now;
            }
        }
        for guest in returned.drain(..) {
            match guest {
                None => self.has_left(),
                Some(guest) if self.cut.is_some() => self.abort_guest(guest),
                Some(conn) => {
                    if let Some(token) = self.adopt(conn.rehouse()) {
                        self.drive(token);
                    }
                }
            }
        }
        self.returned = returned;
    }

    /// Cuts the connections that are away. Says how many there were.
    pub(super) fn cut_away(&mut self) -> usize {
        self.take_back();
        let now = self.core.now;
        let Some(front) = self.front_mut() else {
            return 0;
        };
        let (hall, away) = (front.hall.clone(), front.away);
        self.cut.get_or_insert(now);
        while let Some(guest) = hall.leave(u64::MAX) {
            self.abort_guest(guest);
            if let Some(front) = self.front_mut() {
                front.away -= 1;
            }
        }
        hall.cut();
        away
    }

    fn abort_guest(&self, guest: Guest) {
        let mut conn: Conn<A::Body> = guest.rehouse();
        conn.abort();
        hang_up(conn);
        self.has_left();
    }
}
