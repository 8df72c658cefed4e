//! Places, and those who wait for one.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// So many places. Whoever finds one free takes no lock.
#[derive(Debug)]
pub(super) struct Gate {
    free: AtomicUsize,
    /// How many wait, as the queue has them.
    waiting: AtomicUsize,
    queue: Mutex<Queue>,
}

#[derive(Debug, Default)]
struct Queue {
    /// In the order they came.
    turns: VecDeque<(u64, Waker)>,
    next: u64,
}

impl Gate {
    pub(super) fn new(places: usize) -> Gate {
        Gate {
            free: AtomicUsize::new(places),
            waiting: AtomicUsize::new(0),
            queue: Mutex::default(),
        }
    }

    /// A place, if one is free and nobody waits for it.
    #[inline]
    pub(super) fn enter(gate: &Arc<Gate>) -> Option<Place> {
        if gate.waiting.load(Ordering::SeqCst) > 0 {
            return None;
        }
        gate.take().then(|| Place(gate.clone()))
    }

    /// A turn in the queue, if it has fewer than `most`.
    pub(super) fn queue(gate: &Arc<Gate>, most: usize) -> Option<Turn> {
        let mut queue = gate.lock();
        if queue.turns.len() >= most {
            return None;
        }
        let number = queue.next;
        queue.next += 1;
        queue.turns.push_back((number, Waker::noop().clone()));
        gate.waiting.store(queue.turns.len(), Ordering::SeqCst);
        Some(Turn {
            gate: gate.clone(),
            number,
        })
    }

    /// How many wait.
    #[cfg(test)]
    pub(super) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::SeqCst)
    }

    fn take(&self) -> bool {
        let one_less = |free: usize| free.checked_sub(1);
        let taken = (self.free).fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less);
        taken.is_ok()
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has the first in the queue look whether a place is free. Whoever makes one free looks at the queue
    /// behind that, and whoever queues looks for a place behind that: one of them sees the other.
    fn rouse(&self) {
        if self.waiting.load(Ordering::SeqCst) == 0 {
            return;
        }
        let first = self.lock().turns.front().map(|(_, waker)| waker.clone());
        if let Some(first) = first {
            first.wake();
        }
    }
}

/// A place that is taken. Dropped, it is free.
#[derive(Debug)]
pub(super) struct Place(Arc<Gate>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.free.fetch_add(1, Ordering::SeqCst);
        self.0.rouse();
    }
}

/// A turn in the queue. Dropped, it is given up.
#[derive(Debug)]
pub(super) struct Turn {
    gate: Arc<Gate>,
    number: u64,
}

impl Turn {
    /// A place, when it is one's turn and one is free.
    pub(super) fn poll(&self, cx: &mut Context<'_>) -> Poll<Place> {
        let mut queue = self.gate.lock();
        let mut turns = queue.turns.iter_mut();
        let Some(at) = turns.position(|(number, _)| *number == self.number) else {
            return Poll::Pending;
        };
        queue.turns[at].1.clone_from(cx.waker());
        if at == 0 && self.gate.take() {
            return Poll::Ready(Place(self.gate.clone()));
        }
        Poll::Pending
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut queue = self.gate.lock();
        queue.turns.retain(|(number, _)| *number != self.number);
        self.gate.waiting.store(queue.turns.len(), Ordering::SeqCst);
        drop(queue);
        // The one behind it may be first now, and what it was roused for still be there.
        self.gate.rouse();
    }
}
