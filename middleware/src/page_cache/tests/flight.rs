//! Who goes when, at moments that are given.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use super::super::flight::{Flights, Landing, Lead, Place, Turn, Wait};

const PATIENCE: Duration = Duration::from_secs(2);

fn first(flights: &Arc<Flights>, now: Instant) -> Lead {
    match flights.join(1, now) {
        Place::First(lead) => lead,
        Place::Behind(_) => panic!("somebody is there"),
    }
}

fn behind(flights: &Arc<Flights>, now: Instant) -> Wait {
    match flights.join(1, now) {
        Place::First(_) => panic!("nobody is there"),
        Place::Behind(wait) => wait,
    }
}

fn goes(turn: Turn) -> Lead {
    match turn {
        Turn::Goes(lead) => lead,
        Turn::Landed(_) => panic!("nobody landed"),
    }
}

/// Counts how often it was woken.
#[derive(Default)]
struct Woken(AtomicUsize);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// Polls a wait that is to go on, and says how often it is woken.
fn sit(wait: &Wait) -> Arc<Woken> {
    let woken = Arc::<Woken>::default();
    let waker = Waker::from(woken.clone());
    assert!(wait.poll(&mut Context::from_waker(&waker)).is_pending());
    woken
}

fn poll(wait: &Wait) -> Poll<Turn> {
    wait.poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn more_go_each_time_that_it_takes_so_long() {
    let (flights, begun) = (Arc::<Flights>::default(), Instant::now());
    let lead = first(&flights, begun);
    let mut waits: Vec<_> = (0..100).map(|_| behind(&flights, begun)).collect();
    let (mut leads, mut went) = (Vec::new(), Vec::new());
    for times in 1..=7 {
        let now = begun + PATIENCE * times;
        let before = waits.len();
        waits.retain(|wait| match wait.hurry(now, PATIENCE) {
            Ok(turn) => {
                leads.push(goes(turn));
                false
            }
            Err(left) => {
                assert_eq!(left, PATIENCE);
                true
            }
        });
        went.push(before - waits.len());
    }
    assert_eq!(went, [1, 2, 4, 8, 16, 32, 37]);
    drop((lead, leads));
    assert_eq!(flights.len(), 0);
}

#[test]
fn who_came_later_waits_as_long() {
    let (flights, begun) = (Arc::<Flights>::default(), Instant::now());
    let _lead = first(&flights, begun);
    let one = behind(&flights, begun);
    let _sent = goes(one.hurry(begun + PATIENCE, PATIENCE).ok().unwrap());
    let later = behind(&flights, begun + PATIENCE / 2);
    let left = later.hurry(begun + PATIENCE / 2 * 3, PATIENCE).err();
    assert_eq!(left, Some(PATIENCE / 2));
}

#[test]
fn who_leaves_wakes_the_next_one_alone() {
    let (flights, now) = (Arc::<Flights>::default(), Instant::now());
    let lead = first(&flights, now);
    let [a, b, c] = [(); 3].map(|()| behind(&flights, now));
    let woken = [&a, &b, &c].map(sit);
    let count = || [0, 1, 2].map(|at| woken[at].0.load(Ordering::SeqCst));
    drop(lead);
    assert_eq!(count(), [1, 0, 0]);
    // It is gone before it had its turn.
    drop(a);
    assert_eq!(count(), [1, 1, 0]);
    let Poll::Ready(turn) = poll(&b) else {
        panic!("nobody is away")
    };
    let lead = goes(turn);
    assert!(poll(&c).is_pending());
    drop(b);
    lead.land(Landing::Passes);
    assert!(matches!(poll(&c), Poll::Ready(Turn::Landed(_))));
    assert_eq!(flights.len(), 0);
}

#[test]
fn the_last_one_ends_it() {
    let (flights, now) = (Arc::<Flights>::default(), Instant::now());
    let lead = first(&flights, now);
    let wait = behind(&flights, now);
    sit(&wait);
    drop(lead);
    assert_eq!(flights.len(), 1);
    drop(wait);
    assert_eq!(flights.len(), 0);
    drop(first(&flights, now));
    assert_eq!(flights.len(), 0);
}

/// Looks, when it is dropped, whether a lock is held.
struct Looks(Arc<Flights>, Arc<AtomicBool>);

impl Wake for Looks {
    fn wake(self: Arc<Self>) {}
}

impl Drop for Looks {
    fn drop(&mut self) {
        self.1.fetch_or(self.0.are_locked(), Ordering::SeqCst);
    }
}

#[test]
fn wakers_are_dropped_behind_the_locks() {
    let (flights, begun) = (Arc::<Flights>::default(), Instant::now());
    let under = Arc::<AtomicBool>::default();
    let lead = first(&flights, begun);
    let [leaves, hurries, sits, goes_on, stays] = [(); 5].map(|()| behind(&flights, begun));
    let seat = |wait: &Wait| {
        let waker = Waker::from(Arc::new(Looks(flights.clone(), under.clone())));
        assert!(wait.poll(&mut Context::from_waker(&waker)).is_pending());
    };
    for wait in [&leaves, &hurries, &sits, &goes_on, &stays] {
        seat(wait);
    }
    drop(leaves);
    let other = goes(hurries.hurry(begun + PATIENCE, PATIENCE).ok().unwrap());
    seat(&sits);
    drop((lead, other));
    let Poll::Ready(turn) = poll(&goes_on) else {
        panic!("nobody is away")
    };
    goes(turn).land(Landing::Passes);
    assert!(poll(&stays).is_ready());
    drop((sits, hurries, goes_on, stays));
    assert!(!under.load(Ordering::SeqCst));
    assert_eq!(Arc::strong_count(&under), 1, "all were dropped");
}
