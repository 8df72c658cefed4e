//! The connections that are open.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use rgi_core::server::{Gauge, Load};
use slab::Slab;
use tokio::sync::Notify;

/// Counts connections, and wakes them when the server is told something.
#[derive(Debug)]
pub struct Census {
    seats: Mutex<Slab<Option<Waker>>>,
    /// Places with a connection: whoever accepts holds one for the next.
    taken: AtomicUsize,
    most: usize,
    /// One has left.
    left: Notify,
}

/// A connection's place, until all that belongs to it has ended.
#[derive(Debug)]
pub struct Seat {
    census: Arc<Census>,
    key: usize,
    is_taken: bool,
}

impl Census {
    /// Of as many places; of any number, with `None`.
    pub fn new(most: Option<usize>) -> Arc<Census> {
        Arc::new(Census {
            seats: Mutex::default(),
            taken: AtomicUsize::new(0),
            most: most.unwrap_or(usize::MAX),
            left: Notify::new(),
        })
    }

    fn seats(&self) -> MutexGuard<'_, Slab<Option<Waker>>> {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a place, if there is one.
    fn try_enter(self: &Arc<Self>) -> Option<Seat> {
        let mut seats = self.seats();
        (seats.len() < self.most).then(|| Seat {
            census: self.clone(),
            key: seats.insert(None),
            is_taken: false,
        })
    }

    /// Waits for a place.
    pub async fn enter(self: &Arc<Self>) -> Seat {
        loop {
            // Listened for before it is looked at, so that no leaving in between is missed.
            let left = self.left.notified();
            if let Some(seat) = self.try_enter() {
                return seat;
            }
            left.await;
        }
    }

    /// Waits until all have left.
    pub async fn empty(&self) {
        loop {
            let left = self.left.notified();
            if self.open() == 0 {
                return;
            }
            left.await;
        }
    }

    /// How many are open.
    pub fn open(&self) -> usize {
        self.seats().len()
    }

    /// Wakes the task of every connection.
    pub fn wake(&self) {
        let wakers: Vec<Waker> = self
            .seats()
            .iter()
            .filter_map(|(_, waker)| waker.clone())
            .collect();
        wakers.into_iter().for_each(Waker::wake);
    }
}

impl Gauge for Census {
    fn load(&self) -> Load {
        let mut load = Load::default();
        load.connections = self.taken.load(Ordering::Relaxed);
        load
    }
}

impl Seat {
    /// Says that the connection is there.
    pub(crate) fn take(&mut self) {
        self.is_taken = true;
        self.census.taken.fetch_add(1, Ordering::Relaxed);
    }

    /// Says which task to wake.
    pub fn sit(&self, waker: &Waker) {
        self.census.seats()[self.key] = Some(waker.clone());
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        if self.is_taken {
            self.census.taken.fetch_sub(1, Ordering::Relaxed);
        }
        let waker = self.census.seats().remove(self.key);
        drop(waker);
        // For whoever accepts, and for the end: each looks for itself.
        self.census.left.notify_waiters();
    }
}
