//! Waiting on a thread: for servers that block, for blocking faces, and for tests.
//!
//! A thread that waits polls, and parks until it is woken. It counts its wake-ups instead of
//! relying on the park's token alone: what is polled may wait on this thread itself, and take the
//! token of the wait around it.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Instant;

use crate::server;

thread_local! {
    static MAY_PARK: Cell<bool> = const { Cell::new(true) };
    static PLACE: RefCell<Rc<Place>> = RefCell::new(Rc::new(Place::thread()));
    /// The clock whose `block_on` this thread is in.
    static CLOCK: RefCell<Option<ThreadClock>> = const { RefCell::new(None) };
}

/// How a thread waits that has something to look after meanwhile: a server's loop, whose
/// application blocks it. [`parked_by`] has a thread wait so.
pub trait Park {
    /// Waits until it is unparked, or was since the last wait, and until `until` at most. May return
    /// at any time.
    fn park(&self, until: Option<Instant>);

    /// The means to end a wait from any thread.
    fn unparker(&self) -> Arc<dyn Unpark>;
}

/// Ends a wait: [`Park::unparker`].
pub trait Unpark: Send + Sync {
    /// Ends the wait of now, or else the next one before it begins.
    fn unpark(&self);
}

impl Unpark for Thread {
    fn unpark(&self) {
        Thread::unpark(self);
    }
}

/// Where a thread waits.
struct Place {
    parker: Arc<Parker>,
    waker: Waker,
    /// `None`: the thread is parked.
    park: Option<Rc<dyn Park>>,
}

impl Place {
    fn new(unpark: Arc<dyn Unpark>, park: Option<Rc<dyn Park>>) -> Place {
        let wakes = AtomicUsize::new(0);
        let parker = Arc::new(Parker { unpark, wakes });
        Place {
            waker: Waker::from(parker.clone()),
            parker,
            park,
        }
    }

    fn thread() -> Place {
        Place::new(Arc::new(thread::current()), None)
    }

    fn current() -> Rc<Place> {
        PLACE.with(|place| place.borrow().clone())
    }

    /// Parks this thread, until its clock's next sleep at most. May return at any time.
    fn park(&self) {
        let clock = CLOCK.with(|clock| clock.borrow().clone());
        let until = match clock.map(|clock| clock.wake_due()) {
            Some(Due::Woken) => return,
            Some(Due::At(next)) => Some(next),
            Some(Due::None) | None => None,
        };
        match (&self.park, until) {
            (Some(park), until) => park.park(until),
            (None, None) => thread::park(),
            (None, Some(until)) => {
                thread::park_timeout(until.saturating_duration_since(Instant::now()));
            }
        }
    }
}

struct Parker {
    unpark: Arc<dyn Unpark>,
    wakes: AtomicUsize,
}

impl Wake for Parker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.wakes.fetch_add(1, Ordering::SeqCst);
        self.unpark.unpark();
    }
}

/// Runs `f`, and has this thread wait by `park` meanwhile, in [`wait`] and [`block_on`].
pub fn parked_by<T>(park: Rc<dyn Park>, f: impl FnOnce() -> T) -> T {
    struct Restore(Option<Rc<Place>>);
    impl Drop for Restore {
        fn drop(&mut self) {
            if let Some(before) = self.0.take() {
                let _ = PLACE.try_with(|place| place.replace(before));
            }
        }
    }
    let place = Rc::new(Place::new(park.unparker(), Some(park)));
    let _restore = Restore(Some(PLACE.replace(place)));
    f()
}

/// Runs `f` and says for that time whether this thread may wait: a server's loop may not, a pool's
/// thread may. Threads that no server speaks for may.
pub fn parking<T>(may: bool, f: impl FnOnce() -> T) -> T {
    struct Restore(bool);
    impl Drop for Restore {
        fn drop(&mut self) {
            MAY_PARK.with(|cell| cell.set(self.0));
        }
    }
    let _restore = Restore(MAY_PARK.with(|cell| cell.replace(may)));
    f()
}

/// Whether this thread may wait.
pub fn may_park() -> bool {
    MAY_PARK.with(Cell::get)
}

/// Polls until ready, parking the thread in between.
///
/// # Errors
///
/// `WouldBlock` where the thread may not wait.
pub fn wait<T>(poll: impl FnMut(&mut Context<'_>) -> Poll<T>) -> io::Result<T> {
    drive(poll, may_park).ok_or_else(|| {
        io::Error::new(
            io::ErrorKind::WouldBlock,
            "this thread serves other requests and may not wait: \
             lift the function with `rgi_core::blocking`, or use the async methods",
        )
    })
}

/// Runs a future on this thread until it is done.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    drive(|cx| future.as_mut().poll(cx), || true).expect("it waits until it is done")
}

/// Polls until ready, or until it is pending where `may` says that nobody waits.
fn drive<T>(
    mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>,
    may: impl Fn() -> bool,
) -> Option<T> {
    let place = Place::current();
    let mut cx = Context::from_waker(&place.waker);
    let wakes = || place.parker.wakes.load(Ordering::SeqCst);
    loop {
        let seen = wakes();
        if let Poll::Ready(value) = poll(&mut cx) {
            return Some(value);
        }
        if !may() {
            return None;
        }
        while wakes() == seen {
            place.park();
        }
    }
}

/// The clock of one thread: sleeps end while that thread is in [`block_on`](Self::block_on), also
/// those of other threads.
///
/// What a blocking server gives out as `environ.timer()`. What waits on the thread inside of
/// `block_on`, such as an [`Input::reader`](crate::Input::reader), keeps it going.
#[derive(Clone, Default)]
pub struct ThreadClock(Arc<Mutex<Sleepers>>);

impl fmt::Debug for ThreadClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ThreadClock")
    }
}

#[derive(Default)]
struct Sleepers {
    next: u64,
    by_time: BTreeMap<(Instant, u64), Waker>,
    /// The threads in `block_on`: they must hear of a sleep that ends before those they know.
    drivers: Vec<Arc<Parker>>,
}

enum Due {
    Woken,
    None,
    At(Instant),
}

impl ThreadClock {
    /// A clock for this thread.
    pub fn new() -> ThreadClock {
        ThreadClock::default()
    }

    /// Runs a future on this thread until it is done, ending its sleeps on time.
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        let _driving = Driving::new(self);
        block_on(future)
    }

    fn lock(&self) -> MutexGuard<'_, Sleepers> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes the sleeps that are over; else gives the time of the next.
    fn wake_due(&self) -> Due {
        let mut sleepers = self.lock();
        let Some((&(first, _), _)) = sleepers.by_time.first_key_value() else {
            return Due::None;
        };
        let now = Instant::now();
        if first > now {
            return Due::At(first);
        }
        let later = sleepers.by_time.split_off(&(now, u64::MAX));
        let due = std::mem::replace(&mut sleepers.by_time, later);
        drop(sleepers);
        due.into_values().for_each(Waker::wake);
        Due::Woken
    }
}

/// This thread's time in a clock's `block_on`.
struct Driving {
    clock: ThreadClock,
    parker: Arc<Parker>,
    before: Option<ThreadClock>,
}

impl Driving {
    fn new(clock: &ThreadClock) -> Driving {
        let parker = Place::current().parker.clone();
        clock.lock().drivers.push(parker.clone());
        let before = CLOCK.with(|current| current.replace(Some(clock.clone())));
        Driving {
            clock: clock.clone(),
            parker,
            before,
        }
    }
}

impl Drop for Driving {
    fn drop(&mut self) {
        let before = self.before.take();
        let _ = CLOCK.try_with(|current| current.replace(before));
        let mut sleepers = self.clock.lock();
        if let Some(at) = sleepers
            .drivers
            .iter()
            .position(|parker| Arc::ptr_eq(parker, &self.parker))
        {
            sleepers.drivers.swap_remove(at);
        }
    }
}

impl server::Timer for ThreadClock {
    fn sleep_until(&self, at: Instant) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(ThreadSleep {
            clock: self.clone(),
            at,
            key: None,
        })
    }
}

struct ThreadSleep {
    clock: ThreadClock,
    at: Instant,
    key: Option<u64>,
}

impl Future for ThreadSleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if Instant::now() >= self.at {
            return Poll::Ready(());
        }
        let this = &mut *self;
        let waker = cx.waker().clone();
        let mut sleepers = this.clock.lock();
        let key = *this.key.get_or_insert_with(|| {
            sleepers.next += 1;
            sleepers.next
        });
        let stale = sleepers.by_time.insert((this.at, key), waker);
        let first = sleepers.by_time.first_key_value();
        if stale.is_none() && first.is_some_and(|((_, first), _)| *first == key) {
            let here = Place::current();
            let others = sleepers
                .drivers
                .iter()
                .filter(|parker| !Arc::ptr_eq(parker, &here.parker));
            others.for_each(|parker| parker.unpark.unpark());
        }
        drop(sleepers);
        // A waker's drop is foreign code: not under the lock.
        drop(stale);
        Poll::Pending
    }
}

impl Drop for ThreadSleep {
    fn drop(&mut self) {
        if let Some(key) = self.key {
            let waker = self.clock.lock().by_time.remove(&(self.at, key));
            drop(waker);
        }
    }
}
