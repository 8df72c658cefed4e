//! What a loop looks after while the application blocks its thread: the connection of the exchange,
//! its deadlines, sleeps, and wakes from other threads.

use std::cell::{Cell, RefCell};
use std::os::fd::AsFd;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rgi_core::rt::{Park, Unpark};
use rgi_core::server::{Config, HangUp, Pulse, Stop};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::hall::Hall;
use crate::line::Line;
use crate::notify::Notify;
use crate::timer::Clock;

/// Looks after the exchange under way. Others are not touched: their turn comes.
pub(crate) struct Watch {
    notify: Arc<Notify>,
    clock: Clock,
    patience: Patience,
    body_timeout: Option<Duration>,
    /// Whom to tell by when the exchange has to be over.
    due: Option<Due>,
    watched: RefCell<Option<Watched>>,
}

/// Who says that what is still under way is to be cut.
pub(crate) enum Patience {
    /// Nobody else can: the loop waits on this thread.
    Own {
        stop: Stop,
        graceful_timeout: Option<Duration>,
        /// When, once told to stop.
        give_up: Cell<Option<Instant>>,
    },
    /// The loop, of which this thread is one of the pool's.
    OfLoop(Arc<Hall>),
}

/// The exchange under way.
struct Watched {
    line: Arc<Line>,
    hang_up: HangUp,
    /// When the request takes too long.
    due: Option<Instant>,
    /// Which wait for the body began when.
    wait: Option<(u64, Instant)>,
    /// The client has ended its side; or both sides have ended.
    ended: bool,
    broken: bool,
    /// The application has the connection.
    switched: bool,
    /// Nobody waits for the client any more.
    over: bool,
}

impl Watched {
    /// Whether the client has left: not as long as somebody may read what it has sent.
    fn has_left(&self) -> bool {
        let left = self.broken || self.ended && self.line.is_body_done();
        left && !self.switched
    }
}

/// What a look at the exchange came to.
enum Look {
    /// Somebody was woken.
    Woken,
    /// Nothing yet: this is to be waited for.
    Wait {
        line: Option<Arc<Line>>,
        events: PollFlags,
        until: Option<Instant>,
    },
}

impl Watch {
    pub(crate) fn new(
        notify: Arc<Notify>,
        clock: Clock,
        patience: Patience,
        config: &Config,
        due: Option<Due>,
    ) -> Rc<Watch> {
        Rc::new(Watch {
            notify,
            clock,
            patience,
            body_timeout: config.body_timeout,
            due,
            watched: RefCell::new(None),
        })
    }

    /// An exchange begins, which may take so long.
    pub(crate) fn begin(&self, line: Arc<Line>, hang_up: HangUp, limit: Option<Duration>) {
        let due = limit.and_then(|limit| Instant::now().checked_add(limit));
        self.set_due(due);
        *self.watched.borrow_mut() = Some(Watched {
            line,
            hang_up,
            due,
            wait: None,
            ended: false,
            broken: false,
            switched: false,
            over: false,
        });
    }

    /// The application is given the connection.
    pub(crate) fn switch(&self) {
        self.set_due(None);
        if let Some(watched) = self.watched.borrow_mut().as_mut() {
            watched.switched = true;
        }
    }

    /// The exchange is over.
    pub(crate) fn end(&self) {
        self.set_due(None);
        *self.watched.borrow_mut() = None;
    }

    /// Nothing ends an application that blocks by itself: who supervises the process does.
    fn set_due(&self, at: Option<Instant>) {
        if let Some(due) = &self.due {
            due.set(at);
        }
    }

    /// Whether what is still under way is to be cut now, and otherwise when.
    fn gives_up(&self, now: Instant) -> Result<(), Option<Instant>> {
        match &self.patience {
            Patience::Own {
                stop,
                graceful_timeout: limit,
                give_up,
            } => {
                if stop.is_told() && give_up.get().is_none() {
                    give_up.set(limit.and_then(|limit| now.checked_add(limit)));
                }
                let at = give_up.get();
                match stop.is_now() || at.is_some_and(|at| at <= now) {
                    true => Ok(()),
                    false => Err(at),
                }
            }
            Patience::OfLoop(hall) if hall.is_cut() => Ok(()),
            Patience::OfLoop(_) => Err(None),
        }
    }

    /// Looks whether something is over, and otherwise what is to be waited for.
    fn look(&self) -> Look {
        let now = Instant::now();
        if self.clock.wake(now) {
            return Look::Woken;
        }
        let gives_up = self.gives_up(now);
        let mut until = earlier(self.clock.first(), gives_up.err().flatten());
        let gives_up = gives_up.is_ok();
        let mut watched = self.watched.borrow_mut();
        let mut events = PollFlags::empty();
        let Some(it) = watched.as_mut().filter(|it| !it.over) else {
            let line = None;
            return Look::Wait {
                line,
                events,
                until,
            };
        };
        let line = it.line.clone();
        if gives_up || it.has_left() {
            it.over = true;
            let hang_up = it.hang_up.clone();
            drop(watched);
            if gives_up {
                line.retire();
            }
            hang_up.now();
            return Look::Woken;
        }
        if !it.switched && it.due.is_some_and(|due| due <= now) {
            it.due = None;
            drop(watched);
            line.fail_overdue();
            return Look::Woken;
        }
        if !it.switched {
            until = earlier(until, it.due);
        }
        let wants = line.wants();
        if let Some(wait) = wants.body {
            let known = it.wait.filter(|(known, _)| *known == wait);
            let (_, since) = *it.wait.insert(known.unwrap_or((wait, now)));
            let limit = self.body_timeout;
            let over = limit.and_then(|limit| since.checked_add(limit));
            if over.is_some_and(|over| over <= now) {
                drop(watched);
                line.time_out_body();
                return Look::Woken;
            }
            until = earlier(until, over);
        }
        events.set(PollFlags::IN, wants.read || wants.body.is_some());
        events.set(PollFlags::OUT, wants.write);
        events.set(PollFlags::RDHUP, !it.ended && !it.switched);
        // An end cannot be left out, and is there for ever.
        let line = Some(line).filter(|_| !events.is_empty());
        Look::Wait {
            line,
            events,
            until,
        }
    }

    /// Takes in what the system says of the connection.
    fn heed(&self, line: &Arc<Line>, events: PollFlags) {
        let breaks = events.intersects(PollFlags::HUP | PollFlags::ERR);
        let ends = breaks || events.contains(PollFlags::RDHUP);
        if let Some(watched) = self.watched.borrow_mut().as_mut() {
            watched.ended |= ends;
            watched.broken |= breaks;
        }
        if ends || events.contains(PollFlags::IN) {
            line.on_readable();
        }
        if ends || events.contains(PollFlags::OUT) {
            line.on_writable();
        }
    }
}

impl Park for Watch {
    fn park(&self, until: Option<Instant>) {
        let Some(bell) = self.notify.bell() else {
            return;
        };
        // Said before the look: what changes behind it ends the wait.
        let _hearing = bell.hear();
        let Look::Wait {
            line,
            events,
            until: next,
        } = self.look()
        else {
            return;
        };
        let timeout = earlier(until, next).map(|at| timeout(at, Instant::now()));
        let mut fds = [
            PollFd::from_borrowed_fd(bell.as_fd(), PollFlags::IN),
            match &line {
                Some(line) => PollFd::new(&line.socket, events),
                None => PollFd::from_borrowed_fd(bell.as_fd(), PollFlags::empty()),
            },
        ];
        // Whatever becomes of it: who waits looks again.
        let _ = poll(&mut fds, timeout.as_ref());
        let (rung, events) = (fds[0].revents(), fds[1].revents());
        if !rung.is_empty() {
            bell.silence();
        }
        if let Some(line) = line {
            self.heed(&line, events);
        }
    }

    fn unparker(&self) -> Arc<dyn Unpark> {
        self.notify.clone()
    }
}

/// Says by when steps have to be over that nobody can end.
///
/// A thread that is stuck is lost. When the last of a process is, the process is of no more use.
pub(crate) struct Due {
    all: Arc<Dues>,
    index: usize,
    /// Whether a time was said.
    is_set: Cell<bool>,
}

/// Those of all threads.
pub(crate) struct Dues {
    pulse: Arc<Pulse>,
    times: Mutex<Vec<Option<Instant>>>,
}

impl Dues {
    /// That of so many threads, where somebody listens.
    pub(crate) fn new(threads: usize, config: &Config) -> Option<Arc<Dues>> {
        let pulse = config.pulse.clone()?;
        let times = Mutex::new(vec![None; threads]);
        Some(Arc::new(Dues { pulse, times }))
    }
}

impl Due {
    /// That of one of them.
    pub(crate) fn new(all: Arc<Dues>, index: usize) -> Due {
        let is_set = Cell::new(false);
        Due { all, index, is_set }
    }

    fn set(&self, at: Option<Instant>) {
        if !self.is_set.replace(at.is_some()) && at.is_none() {
            return;
        }
        let Dues { pulse, times } = &*self.all;
        let mut times = times.lock().unwrap_or_else(PoisonError::into_inner);
        times[self.index] = at;
        let all = times.iter().all(Option::is_some);
        pulse.set_due(times.iter().flatten().max().copied().filter(|_| all));
    }
}

fn earlier(one: Option<Instant>, other: Option<Instant>) -> Option<Instant> {
    one.into_iter().chain(other).min()
}

/// The time until then.
pub(crate) fn timeout(at: Instant, now: Instant) -> Timespec {
    let left = at.saturating_duration_since(now);
    Timespec {
        tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: i64::from(left.subsec_nanos()),
    }
}
