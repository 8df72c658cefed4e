//! Where requests wait for a thread of the pool, and connections for the loop that has them back.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicIsize, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use rgi_core::server::PoolState;

use crate::connection::Conn;
use crate::line::{Homes, LOOP, Line};
use crate::notify::ATTEND;

/// A connection that is nobody's application's: it has no request under way, or one that is there
/// and was given to none yet.
pub(crate) type Guest = Conn<()>;

/// What a loop and the threads of its pool have in common.
pub(crate) struct Hall {
    /// The loop, and the threads behind it.
    homes: Homes,
    seats: Box<[Seat]>,
    /// Requests that may wait.
    most: usize,
    state: Mutex<State>,
    work: Condvar,
    /// Threads that are free less requests that wait.
    spare: AtomicIsize,
    /// Threads that linger.
    lingering: AtomicUsize,
    returned: Mutex<Vec<Option<Guest>>>,
    is_cut: AtomicBool,
    /// The seat that is looked at first for a thread that lingers.
    next: AtomicUsize,
}

#[derive(Default)]
struct State {
    /// Requests that are there, and since when, in milliseconds; in the order in which they came.
    queue: VecDeque<(u64, Guest)>,
    /// Threads that wait for one.
    idle: usize,
    closed: bool,
}

/// What the others know of one thread.
#[derive(Default)]
struct Seat {
    /// It waits for another request of its connection, and would rather have one that waits.
    lingers: AtomicBool,
    /// The connection it has.
    line: Mutex<Option<Arc<Line>>>,
}

impl Hall {
    /// That of the first of `homes`, the loop, and the others, its threads, where `most` requests
    /// may wait that no thread is free for.
    pub(crate) fn new(homes: Homes, most: usize) -> Hall {
        let seats = homes.iter().skip(1).map(|_| Seat::default()).collect();
        Hall {
            homes,
            seats,
            most,
            state: Mutex::default(),
            work: Condvar::new(),
            spare: AtomicIsize::new(0),
            lingering: AtomicUsize::new(0),
            returned: Mutex::default(),
            is_cut: AtomicBool::new(false),
            next: AtomicUsize::new(0),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says what has changed.
    fn note(&self, state: &State) {
        // Neither is more than there is memory for.
        let spare = state.idle as isize - state.queue.len() as isize;
        self.spare.store(spare, Ordering::SeqCst);
    }

    /// Whether requests wait that no thread is free for.
    pub(crate) fn is_crowded(&self) -> bool {
        self.spare.load(Ordering::SeqCst) < 0
    }

    /// Whether a request that came now would be taken at once.
    pub(crate) fn has_free(&self) -> bool {
        self.spare.load(Ordering::SeqCst) > 0 || self.lingering.load(Ordering::SeqCst) > 0
    }

    /// Puts a request behind those that wait. One too many is given back.
    pub(crate) fn enter(&self, now: u64, guest: Guest) -> Result<(), Box<Guest>> {
        let mut state = self.lock();
        if state.queue.len() >= state.idle.saturating_add(self.most) {
            return Err(Box::new(guest));
        }
        state.queue.push_back((now, guest));
        self.note(&state);
        let has_idle = state.idle > 0;
        drop(state);
        if has_idle {
            self.work.notify_one();
        }
        if self.is_crowded() {
            self.call_who_lingers();
        }
        Ok(())
    }

    /// Has a thread that has nothing to do for the moment look at the queue.
    fn call_who_lingers(&self) {
        let count = self.seats.len();
        let first = self.next.fetch_add(1, Ordering::Relaxed);
        let lingers = (0..count).map(|n| (first.wrapping_add(n)) % count);
        let called = lingers
            .into_iter()
            .find(|seat| self.seats[*seat].lingers.swap(false, Ordering::SeqCst));
        if let Some(seat) = called {
            self.homes[seat + 1].push(ATTEND);
        }
    }

    /// The request that waits longest, for a thread; waits for one. `None` when there will be no more.
    pub(crate) fn next(&self) -> Option<Guest> {
        let mut state = self.lock();
        loop {
            if let Some((_, guest)) = state.queue.pop_front() {
                self.note(&state);
                return Some(guest);
            }
            if state.closed {
                return None;
            }
            state.idle += 1;
            self.note(&state);
            state = self
                .work
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
            state.idle -= 1;
            self.note(&state);
        }
    }

    /// How busy the threads are. One that lingers is free for another request.
    pub(crate) fn state(&self) -> PoolState {
        let state = self.lock();
        let threads = self.seats.len();
        let free = state.idle + self.lingering.load(Ordering::Relaxed);
        PoolState {
            most: threads,
            threads,
            idle: free.min(threads),
            waiting: state.queue.len(),
        }
    }

    /// Since when the first of those that wait does so, in milliseconds.
    pub(crate) fn waits_since(&self) -> Option<u64> {
        self.lock().queue.front().map(|(since, _)| *since)
    }

    /// Takes out the first of those that wait, if it does so since `since` or longer.
    pub(crate) fn leave(&self, since: u64) -> Option<Guest> {
        let mut state = self.lock();
        let (_, guest) = state.queue.pop_front_if(|(at, _)| *at <= since)?;
        self.note(&state);
        Some(guest)
    }

    fn seat(&self, home: usize) -> &Seat {
        &self.seats[home - 1]
    }

    /// Says which connection a thread has.
    pub(crate) fn sit(&self, home: usize, line: Option<Arc<Line>>) {
        *self.seat(home).lock() = line;
    }

    /// Says that a thread lingers, as long as what is given back lives.
    pub(crate) fn linger(&self, home: usize) -> Lingering<'_> {
        let seat = self.seat(home);
        self.lingering.fetch_add(1, Ordering::SeqCst);
        seat.lingers.store(true, Ordering::SeqCst);
        Lingering { hall: self, seat }
    }

    /// Gives the loop a connection, or says that one is closed.
    pub(crate) fn give_back(&self, guest: Option<Guest>) {
        self.returned
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(guest);
        self.homes[LOOP].push(ATTEND);
    }

    /// Moves what was given back into `into`, which is empty.
    pub(crate) fn take_back(&self, into: &mut Vec<Option<Guest>>) {
        let mut returned = self.returned.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::swap(&mut *returned, into);
    }

    /// Cuts what the threads have. They may be stuck, and are told if they are not.
    pub(crate) fn cut(&self) {
        self.is_cut.store(true, Ordering::SeqCst);
        for (seat, notify) in self.seats.iter().zip(&self.homes[LOOP + 1..]) {
            if let Some(line) = &*seat.lock() {
                line.socket.reset_on_close();
                line.socket.disconnect();
            }
            notify.push(ATTEND);
        }
    }

    /// Whether what the threads have is cut.
    pub(crate) fn is_cut(&self) -> bool {
        self.is_cut.load(Ordering::SeqCst)
    }

    /// No more will come: threads without work end.
    fn close(&self) {
        self.lock().closed = true;
        self.work.notify_all();
    }
}

impl Seat {
    fn lock(&self) -> MutexGuard<'_, Option<Arc<Line>>> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// As long as it lives a thread lingers.
pub(crate) struct Lingering<'a> {
    hall: &'a Hall,
    seat: &'a Seat,
}

impl Drop for Lingering<'_> {
    fn drop(&mut self) {
        self.seat.lingers.store(false, Ordering::SeqCst);
        self.hall.lingering.fetch_sub(1, Ordering::SeqCst);
    }
}

/// The loop's end of a hall. When it is dropped the threads end.
pub(crate) struct Front {
    pub(crate) hall: Arc<Hall>,
    /// Connections that the threads have, or that wait for one.
    pub(crate) away: usize,
    /// When one was given back last, in milliseconds.
    pub(crate) returned_at: u64,
}

impl Front {
    pub(crate) fn new(hall: Arc<Hall>) -> Front {
        Front {
            hall,
            away: 0,
            returned_at: 0,
        }
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.hall.close();
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixStream;

    use rgi_core::server::Connection;

    use super::*;
    use crate::bell::Bell;
    use crate::notify::Notify;
    use crate::socket::Socket;

    fn homes(threads: usize) -> Homes {
        let notify = |_| Arc::new(Notify::of_thread(Bell::new().unwrap()));
        (0..=threads).map(notify).collect()
    }

    fn guest(homes: &Homes) -> Guest {
        let (stream, _) = UnixStream::pair().unwrap();
        let line = Arc::new(Line::new(Socket::from(stream), homes.clone()));
        Conn::new(line, Connection::default(), 0)
    }

    #[test]
    fn so_many_wait_and_no_more() {
        let homes = homes(1);
        let hall = Hall::new(homes.clone(), 2);
        for now in 1..=2 {
            assert!(hall.enter(now, guest(&homes)).is_ok());
        }
        assert!(hall.is_crowded() && !hall.has_free());
        assert!(hall.enter(3, guest(&homes)).is_err());
        // The first is the first that goes, and not before its time.
        assert_eq!(hall.waits_since(), Some(1));
        assert!(hall.leave(0).is_none());
        assert!(hall.leave(1).is_some());
        assert!(hall.leave(1).is_none());
        assert!(hall.next().is_some());
        assert!(!hall.is_crowded());
    }

    #[test]
    fn who_lingers_is_called_when_no_other_is_free() {
        let homes = homes(2);
        let hall = Hall::new(homes.clone(), 2);
        let lingering = hall.linger(2);
        assert!(hall.has_free());
        assert!(hall.enter(0, guest(&homes)).is_ok());
        assert!(homes[2].is_filled() && !homes[1].is_filled());
        drop(lingering);
        assert!(!hall.has_free());
    }

    #[test]
    fn threads_end_with_the_front() {
        let hall = Arc::new(Hall::new(homes(1), 1));
        let waits = hall.clone();
        let thread = std::thread::spawn(move || waits.next().is_none());
        drop(Front::new(hall));
        assert!(thread.join().unwrap());
    }
}
