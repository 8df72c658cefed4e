//! Requests on their way, so that many who want the same page make few calls.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use super::Page;

/// The flights, by what they are to bring.
#[derive(Default)]
pub(super) struct Flights(Mutex<HashMap<u64, Arc<Flight>>>);

/// Those who want a page that is not there. Some are with the application: at first one. The others wait,
/// until one of them brings the page, or shows that there is none to keep.
struct Flight {
    key: u64,
    state: Mutex<State>,
}

struct State {
    landed: Option<Landing>,
    /// Those who are with the application, and all who ever were.
    away: usize,
    sent: usize,
    /// When more were last sent, and how many of those may still go.
    since: Instant,
    allowed: usize,
    /// Those who wait, in their order. One whose waker is not there is about to look by itself.
    waiting: BTreeMap<u64, Option<Waker>>,
    next: u64,
}

/// What came of a flight.
#[derive(Clone)]
pub(super) enum Landing {
    Page(Arc<Page>),
    /// What came may not be kept: nobody shall wait for it.
    Passes,
}

/// How one who wants a page begins.
pub(super) enum Place {
    First(Lead),
    Behind(Wait),
}

/// How one who waited goes on.
pub(super) enum Turn {
    Landed(Landing),
    Goes(Lead),
}

/// One who is with the application. Dropped without a [landing](Lead::land), another one has its turn.
pub(super) struct Lead {
    flights: Arc<Flights>,
    flight: Arc<Flight>,
}

/// One who waits.
pub(super) struct Wait {
    flights: Arc<Flights>,
    flight: Arc<Flight>,
    ticket: u64,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Flights {
    /// Joins those who want a page.
    pub(super) fn join(self: &Arc<Flights>, key: u64, now: Instant) -> Place {
        let mut flights = lock(&self.0);
        if let Some(flight) = flights.get(&key) {
            let ticket = lock(&flight.state).queue();
            return Place::Behind(Wait {
                flights: self.clone(),
                flight: flight.clone(),
                ticket,
            });
        }
        let flight = Arc::new(Flight {
            key,
            state: Mutex::new(State {
                landed: None,
                away: 1,
                sent: 1,
                since: now,
                allowed: 0,
                waiting: BTreeMap::new(),
                next: 0,
            }),
        });
        flights.insert(key, flight.clone());
        Place::First(Lead {
            flights: self.clone(),
            flight,
        })
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        lock(&self.0).len()
    }

    #[cfg(test)]
    pub(super) fn waiting(&self) -> usize {
        let flights = lock(&self.0);
        let waiting = flights.values().map(|it| lock(&it.state).waiting.len());
        waiting.sum()
    }

    /// Whether somebody is at it, or at one of its flights.
    #[cfg(test)]
    pub(super) fn are_locked(&self) -> bool {
        match self.0.try_lock() {
            Ok(flights) => flights.values().any(|it| it.state.try_lock().is_err()),
            Err(_) => true,
        }
    }

    /// Takes a flight out, so that who comes now begins another one.
    fn end(flights: &mut HashMap<u64, Arc<Flight>>, flight: &Arc<Flight>) {
        if flights
            .get(&flight.key)
            .is_some_and(|it| Arc::ptr_eq(it, flight))
        {
            flights.remove(&flight.key);
        }
    }

    /// Changes a flight by one who leaves it, and gives its waker. Where nobody is away then, the next one is
    /// woken to go; where nobody waits, too, it ends.
    fn leave(&self, flight: &Arc<Flight>, change: impl FnOnce(&mut State) -> Option<Waker>) {
        let mut flights = lock(&self.0);
        let mut state = lock(&flight.state);
        let left = change(&mut state);
        let goes_on = state.landed.is_some() || state.away > 0;
        let next = match state.waiting.first_entry() {
            _ if goes_on => None,
            Some(mut next) => next.get_mut().take(),
            None => {
                Flights::end(&mut flights, flight);
                None
            }
        };
        // A waker is foreign code: not under the locks.
        drop((state, flights));
        drop(left);
        if let Some(next) = next {
            next.wake();
        }
    }
}

impl State {
    fn queue(&mut self) -> u64 {
        let ticket = self.next;
        self.next += 1;
        self.waiting.insert(ticket, None);
        ticket
    }

    /// Has one go, and gives its waker.
    fn go(&mut self, ticket: u64) -> Option<Waker> {
        self.away += 1;
        self.sent += 1;
        self.waiting.remove(&ticket).flatten()
    }
}

impl Lead {
    /// Says what came, and wakes all who wait. Of several who were away the first one is heard.
    pub(super) fn land(self, landing: Landing) {
        let mut flights = lock(&self.flights.0);
        Flights::end(&mut flights, &self.flight);
        drop(flights);
        let mut state = lock(&self.flight.state);
        state.landed.get_or_insert_with(|| landing.clone());
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        waiting.into_values().flatten().for_each(Waker::wake);
    }
}

impl Drop for Lead {
    fn drop(&mut self) {
        self.flights.leave(&self.flight, |state| {
            state.away -= 1;
            None
        });
    }
}

impl Wait {
    fn lead(&self) -> Lead {
        Lead {
            flights: self.flights.clone(),
            flight: self.flight.clone(),
        }
    }

    /// Waits for its turn: something came, or nobody is away any more.
    pub(super) fn poll(&self, cx: &mut Context<'_>) -> Poll<Turn> {
        // Wakers are foreign code: they are cloned before the lock, and dropped behind it.
        let waker = cx.waker().clone();
        let mut state = lock(&self.flight.state);
        if let Some(landing) = &state.landed {
            return Poll::Ready(Turn::Landed(landing.clone()));
        }
        let goes = state.away == 0;
        let stale = match goes {
            true => state.go(self.ticket),
            false => state.waiting.insert(self.ticket, Some(waker)).flatten(),
        };
        drop(state);
        drop(stale);
        match goes {
            true => Poll::Ready(Turn::Goes(self.lead())),
            false => Poll::Pending,
        }
    }

    /// Wants to go though others are away. Each time that these took `patience`, as many may go as went
    /// before: one, one, two, four. A slow application is called a few times and not by all; and if it never
    /// answers, all have gone soon. `Err` says after what time to ask again.
    pub(super) fn hurry(&self, now: Instant, patience: Duration) -> Result<Turn, Duration> {
        let mut state = lock(&self.flight.state);
        if let Some(landing) = &state.landed {
            return Ok(Turn::Landed(landing.clone()));
        }
        let took = now.saturating_duration_since(state.since);
        if took >= patience {
            state.since = now;
            state.allowed = state.sent;
        } else if state.allowed == 0 && state.away > 0 {
            return Err(patience - took);
        }
        state.allowed = state.allowed.saturating_sub(1);
        let stale = state.go(self.ticket);
        drop(state);
        drop(stale);
        Ok(Turn::Goes(self.lead()))
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        let ticket = self.ticket;
        self.flights.leave(&self.flight, |state| {
            state.waiting.remove(&ticket).flatten()
        });
    }
}
