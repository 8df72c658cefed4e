//! Deadlines of connections.
//!
//! A wheel of coarse ticks. A connection has one entry at most times: when it comes up, the
//! connection says whether its deadline is over or has moved, and is put back if it has. So moving a
//! deadline further away, which every request does, costs nothing.

use std::time::Duration;

use mio::Token;

/// Milliseconds of a tick.
const TICK: u64 = 32;
const SLOTS: usize = 1024;

#[derive(Debug)]
pub(crate) struct Wheel {
    slots: Vec<Vec<Token>>,
    /// A bit for each slot that is not empty.
    filled: [u64; SLOTS / 64],
    /// The next tick that was not looked at.
    next: u64,
}

impl Wheel {
    pub(crate) fn new() -> Wheel {
        Wheel {
            slots: vec![Vec::new(); SLOTS],
            filled: [0; SLOTS / 64],
            next: 0,
        }
    }

    /// Has `token` come up at `at` (milliseconds), or before if that is too far away, unless it does
    /// so at `scheduled` or before anyway. Gives the time of a new entry; it overtakes the old one,
    /// which is to be ignored when it comes up.
    pub(crate) fn insert(&mut self, token: Token, at: u64, scheduled: Option<u64>) -> Option<u64> {
        let last = self.next + SLOTS as u64 - 1;
        let tick = at.div_ceil(TICK).clamp(self.next, last);
        if scheduled.is_some_and(|scheduled| scheduled <= tick * TICK) {
            return None;
        }
        let slot = (tick % SLOTS as u64) as usize;
        self.slots[slot].push(token);
        self.filled[slot / 64] |= 1 << (slot % 64);
        Some(tick * TICK)
    }

    /// Takes out what has come up at `now` (milliseconds).
    pub(crate) fn expire(&mut self, now: u64, expired: &mut Vec<Token>) {
        let until = now / TICK;
        let ticks = (until + 1).saturating_sub(self.next).min(SLOTS as u64);
        for tick in self.next..self.next + ticks {
            let slot = (tick % SLOTS as u64) as usize;
            if self.filled[slot / 64] & (1 << (slot % 64)) != 0 {
                self.filled[slot / 64] &= !(1 << (slot % 64));
                expired.append(&mut self.slots[slot]);
            }
        }
        self.next = self.next.max(until + 1);
    }

    /// How long after `now` (milliseconds) the next slot comes up.
    pub(crate) fn wait(&self, now: u64) -> Option<Duration> {
        let first = (self.next % SLOTS as u64) as usize;
        let ticks = (0..=SLOTS / 64).find_map(|i| {
            let word = (first / 64 + i) % (SLOTS / 64);
            let mut bits = self.filled[word];
            if i == 0 {
                bits &= u64::MAX << (first % 64);
            }
            let slot = word * 64 + bits.trailing_zeros() as usize;
            (bits != 0).then(|| (slot + SLOTS - first) % SLOTS)
        })?;
        let at = (self.next + ticks as u64) * TICK;
        Some(Duration::from_millis(at.saturating_sub(now)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn due(wheel: &mut Wheel, now: u64) -> Vec<usize> {
        let mut expired = Vec::new();
        wheel.expire(now, &mut expired);
        expired.iter().map(|token| token.0).collect()
    }

    #[test]
    fn comes_up_not_before_its_time_and_soon_after() {
        let mut wheel = Wheel::new();
        let _ = wheel.insert(Token(1), 100, None);
        assert!(due(&mut wheel, 99).is_empty());
        assert_eq!(wheel.wait(99), Some(Duration::from_millis(29)));
        assert_eq!(due(&mut wheel, 128), [1]);
        assert_eq!(wheel.wait(128), None);
    }

    #[test]
    fn what_is_too_far_away_comes_up_at_the_horizon() {
        let mut wheel = Wheel::new();
        let _ = wheel.insert(Token(1), 10_000_000, None);
        assert!(due(&mut wheel, 30_000).is_empty());
        assert_eq!(due(&mut wheel, SLOTS as u64 * TICK), [1]);
    }

    #[test]
    fn a_long_sleep_misses_nothing() {
        let mut wheel = Wheel::new();
        for n in 0..50 {
            let _ = wheel.insert(Token(n), n as u64 * 500, None);
        }
        assert_eq!(due(&mut wheel, 10_000_000).len(), 50);
        let _ = wheel.insert(Token(7), 0, None);
        assert_eq!(due(&mut wheel, 10_000_032), [7]);
    }

    #[test]
    fn the_wait_wraps_around() {
        let mut wheel = Wheel::new();
        let now = SLOTS as u64 * TICK - 10 * TICK;
        due(&mut wheel, now);
        let _ = wheel.insert(Token(3), now + 20 * TICK, None);
        assert_eq!(wheel.wait(now), Some(Duration::from_millis(20 * TICK)));
    }

    #[test]
    fn an_entry_is_overtaken_by_earlier_ones_alone() {
        let mut wheel = Wheel::new();
        let first = wheel.insert(Token(1), 100, None);
        assert_eq!(first, Some(128));
        assert_eq!(wheel.insert(Token(1), 101, first), None);
        assert_eq!(wheel.insert(Token(1), 1000, first), None);
        assert_eq!(wheel.insert(Token(1), 50, first), Some(64));
        assert_eq!(
            wheel.insert(Token(1), 10_000_000, None),
            Some((SLOTS as u64 - 1) * TICK)
        );
    }
}
