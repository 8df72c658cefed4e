//! The buckets, by the generic cell rate algorithm: of each, the moment at which it will be full.
//!
//! Not those of the crate `governor`: its stores grow with the clients, whose number is for anybody to
//! choose, and a store of one's own is not told the time by which it could forget them.

use std::collections::HashMap;
use std::hash::RandomState;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A bucket's size and pace, in nanoseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rate {
    /// Between two requests.
    each: u64,
    /// That a full bucket holds.
    whole: u64,
}

impl Rate {
    pub(super) fn new(requests: u32, period: Duration) -> Rate {
        assert!(requests > 0, "a rate of no requests");
        let period = u64::try_from(period.as_nanos()).unwrap_or(u64::MAX / 4);
        let each = (period / u64::from(requests)).min(u64::MAX / 4);
        assert!(each > 0, "a period of no time");
        Rate { each, whole: 0 }.burst(requests)
    }

    pub(super) fn burst(mut self, requests: u32) -> Rate {
        assert!(requests > 0, "a burst of no requests");
        self.whole = self.each.saturating_mul(requests.into()).min(u64::MAX / 2);
        self
    }

    /// The requests of a full bucket.
    pub(super) fn most(&self) -> u64 {
        self.whole / self.each
    }

    /// The seconds in which an empty one fills.
    pub(super) fn window(&self) -> u64 {
        Duration::from_nanos(self.whole).as_secs().max(1)
    }
}

/// What a client has left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Room {
    /// Requests.
    pub(super) left: u64,
    /// Nanoseconds until there is one more.
    more_in: u64,
}

impl Room {
    /// Whole seconds until there is one more; at least one.
    pub(super) fn seconds(self) -> u64 {
        self.more_in.div_ceil(1_000_000_000).max(1)
    }
}

/// Parts of a table, each behind its own lock.
const SHARDS: usize = 64;

#[derive(Debug)]
pub(super) struct Table {
    names: RandomState,
    since: Instant,
    shards: Vec<Mutex<HashMap<u64, u64, RandomState>>>,
    /// Clients of a shard.
    most: usize,
}

impl Table {
    pub(super) fn new(clients: usize) -> Table {
        let shards = SHARDS.min(clients.max(1));
        Table {
            names: RandomState::new(),
            since: Instant::now(),
            shards: (0..shards).map(|_| Mutex::default()).collect(),
            most: clients.max(1).div_ceil(shards),
        }
    }

    pub(super) fn names(&self) -> &RandomState {
        &self.names
    }

    pub(super) fn ask(&self, client: u64, rate: &Rate) -> Result<Room, Room> {
        let now = u64::try_from(self.since.elapsed().as_nanos()).unwrap_or(u64::MAX / 2);
        self.ask_at(client, rate, now)
    }

    /// Takes one request out of a client's bucket. `Err` if there is none.
    pub(super) fn ask_at(&self, client: u64, rate: &Rate, now: u64) -> Result<Room, Room> {
        let shard = &self.shards[client as usize % self.shards.len()];
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        let full_at = shard.get(&client).copied().unwrap_or(now).max(now);
        let then = full_at + rate.each;
        let over = (then - now)
            .checked_sub(rate.whole)
            .filter(|over| *over > 0);
        if let Some(more_in) = over {
            return Err(Room { left: 0, more_in });
        }
        if shard.len() >= self.most && !shard.contains_key(&client) {
            forget(&mut shard, now);
        }
        shard.insert(client, then);
        let used = then - now;
        let left = (rate.whole - used) / rate.each;
        // The next whole request is there when so much is left to fill.
        let more_in = used - (rate.whole / rate.each - left - 1) * rate.each;
        Ok(Room { left, more_in })
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        let len = |shard: &Mutex<HashMap<_, _, _>>| shard.lock().expect("no panic").len();
        self.shards.iter().map(len).sum()
    }
}

/// Makes room for one more: those go whose buckets are full, of whom there is nothing to know, or the
/// fullest.
fn forget(shard: &mut HashMap<u64, u64, RandomState>, now: u64) {
    let before = shard.len();
    shard.retain(|_, full_at| *full_at > now);
    if shard.len() == before {
        let fullest = shard.iter().min_by_key(|(_, full_at)| **full_at);
        if let Some(client) = fullest.map(|(client, _)| *client) {
            shard.remove(&client);
        }
    }
}
