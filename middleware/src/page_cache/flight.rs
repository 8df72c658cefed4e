//! Requests on their way, so that many who want the same page make one call.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// The requests on their way, by the hashes of their targets.
pub(super) struct Flights {
    flights: Mutex<HashMap<u64, Arc<Flight>>>,
    marks: Box<[Mark]>,
}

/// What is remembered of targets, without keeping them: of two with one mark the last counts.
struct Mark {
    /// The hash of a target whose last response could not be kept: nobody waits for the next.
    passes: AtomicU64,
    /// How often pages were forgotten: what was on its way then may be older, and is not kept.
    forgotten: AtomicU64,
}

const MARKS: usize = 1024;

/// A request on its way to the application.
#[derive(Default)]
pub(super) struct Flight(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    landed: bool,
    wakers: Vec<Waker>,
}

/// Where a request stands.
pub(super) enum Place {
    First(Option<Arc<Flight>>),
    Behind(Arc<Flight>),
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Flights {
    pub(super) fn new() -> Flights {
        let mark = |_| Mark {
            passes: AtomicU64::new(0),
            forgotten: AtomicU64::new(0),
        };
        Flights {
            flights: Mutex::default(),
            marks: (0..MARKS).map(mark).collect(),
        }
    }

    fn mark(&self, hash: u64) -> &Mark {
        &self.marks[hash as usize % MARKS]
    }

    /// Joins those who want a target. Who goes `alone` waits for nobody.
    pub(super) fn join(&self, hash: u64, alone: bool) -> Place {
        if alone || self.mark(hash).passes.load(Ordering::Relaxed) == hash {
            return Place::First(None);
        }
        let mut flights = lock(&self.flights);
        if let Some(flight) = flights.get(&hash) {
            return Place::Behind(flight.clone());
        }
        let flight = Arc::<Flight>::default();
        flights.insert(hash, flight.clone());
        Place::First(Some(flight))
    }

    /// Wakes those who wait.
    pub(super) fn land(&self, hash: u64, flight: &Arc<Flight>) {
        let mut flights = lock(&self.flights);
        if flights.get(&hash).is_some_and(|it| Arc::ptr_eq(it, flight)) {
            flights.remove(&hash);
        }
        drop(flights);
        let wakers = {
            let mut waiting = lock(&flight.0);
            waiting.landed = true;
            std::mem::take(&mut waiting.wakers)
        };
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Says whether the response for a target could be kept.
    pub(super) fn set_passes(&self, hash: u64, passes: bool) {
        let mark = &self.mark(hash).passes;
        if passes {
            mark.store(hash, Ordering::Relaxed);
        } else {
            let _ = mark.compare_exchange(hash, 0, Ordering::Relaxed, Ordering::Relaxed);
        }
    }

    pub(super) fn forgotten(&self, hash: u64) -> u64 {
        self.mark(hash).forgotten.load(Ordering::SeqCst)
    }

    pub(super) fn forget(&self, hash: u64) {
        self.mark(hash).forgotten.fetch_add(1, Ordering::SeqCst);
    }
}

impl Flight {
    pub(super) fn poll_landed(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut waiting = lock(&self.0);
        if waiting.landed {
            return Poll::Ready(());
        }
        if !waiting
            .wakers
            .iter()
            .any(|waker| waker.will_wake(cx.waker()))
        {
            waiting.wakers.push(cx.waker().clone());
        }
        Poll::Pending
    }
}
