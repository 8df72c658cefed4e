//! A thread of a pool: it calls the application for one connection after the other.

use std::fmt;
use std::os::fd::AsFd;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use mio::Token;
use rgi_core::server::{Config, Host, Stop};
use rgi_core::{App, rt};
use rustix::event::{PollFd, PollFlags, poll};

use crate::connection::{Conn, Fate, Readiness, hang_up};
use crate::core::{Core, Model};
use crate::hall::Hall;
use crate::notify::{Notify, WAKE};
use crate::timer::Clock;
use crate::watch::{Due, Patience, Watch, timeout};

/// One thread of the pool of a [`Reactor::pooled`](crate::Reactor::pooled): made where the server
/// starts, run on the thread it is moved to.
pub struct PoolThread {
    pub(crate) hall: Arc<Hall>,
    /// Which of the hall's homes it is.
    pub(crate) home: usize,
    pub(crate) notify: Arc<Notify>,
    pub(crate) stop: Stop,
    pub(crate) config: Arc<Config>,
    pub(crate) due: Option<Due>,
    pub(crate) began: Instant,
}

/// What a thread's connections have in common.
pub(crate) struct Pooled {
    pub(crate) hall: Arc<Hall>,
    pub(crate) watch: Rc<Watch>,
    pub(crate) stop: Stop,
    /// The next read of a head waits for it.
    pub(crate) waits: bool,
}

/// The token of the connection that a thread has.
const HERE: Token = Token(0);

/// How long a thread waits for the next request of its connection, when nobody else waits for the
/// thread: a client that goes on at once costs no change of threads.
const LINGER: Duration = Duration::from_millis(20);

impl PoolThread {
    /// Serves requests by `app` on this thread, until the reactor has ended.
    pub fn run<A: App>(self, app: A, host: Host) {
        let PoolThread {
            hall,
            home,
            notify,
            stop,
            config,
            due,
            began,
        } = self;
        notify.enter();
        // Sleeps are the loop's.
        let clock = Clock::new(notify.clone());
        let patience = Patience::OfLoop(hall.clone());
        let watch = Watch::new(notify.clone(), clock, patience, &config, due);
        let model = Model::Pooled(Pooled {
            hall: hall.clone(),
            watch: watch.clone(),
            stop: stop.clone(),
            waits: false,
        });
        let mut serving = Serving {
            core: Core::new(app, config, Arc::new(host), model, began),
            watch: watch.clone(),
            tokens: Vec::new(),
            hall,
            home,
            notify,
            stop,
        };
        rt::parked_by(watch, || {
            while let Some(guest) = serving.hall.next() {
                serving.serve(guest.rehouse());
            }
        });
    }
}

/// A thread at work.
struct Serving<A: App> {
    core: Core<A>,
    watch: Rc<Watch>,
    hall: Arc<Hall>,
    home: usize,
    notify: Arc<Notify>,
    stop: Stop,
    tokens: Vec<Token>,
}

impl<A: App> Serving<A> {
    /// Serves a connection, until it is closed or has no request.
    fn serve(&mut self, mut conn: Conn<A::Body>) {
        conn.line.set_token(HERE);
        conn.line.move_to(self.home);
        conn.take_up();
        self.hall.sit(self.home, Some(conn.line.clone()));
        self.forget_wakes();
        self.tick();
        let mut fate = self.drive(&mut conn);
        let mut lingered = 0;
        loop {
            fate = match fate {
                Fate::Keep if conn.is_busy() => self.wait(&mut conn),
                // Once behind each request.
                Fate::Keep
                    if std::mem::replace(&mut lingered, conn.serial()) != conn.serial()
                        && self.lingers(&mut conn) =>
                {
                    self.drive(&mut conn)
                }
                fate => {
                    self.watch.end();
                    self.hall.sit(self.home, None);
                    match fate {
                        Fate::Keep | Fate::Depart => self.hall.give_back(Some(conn.rehouse())),
                        Fate::Close => {
                            conn.line.retire();
                            hang_up(conn);
                            self.hall.give_back(None);
                        }
                    }
                    return;
                }
            };
        }
    }

    fn tick(&mut self) {
        self.core.tick();
        self.core.stopping = self.stop.is_told();
    }

    /// What it was woken for is looked at next, or was another connection's.
    fn forget_wakes(&mut self) {
        if self.notify.is_filled() {
            self.notify.take(&mut self.tokens);
            self.tokens.clear();
        }
    }

    fn drive(&mut self, conn: &mut Conn<A::Body>) -> Fate {
        self.notify.drives(HERE);
        let fate = conn.drive(&mut self.core);
        self.notify.drives(WAKE);
        fate
    }

    /// Waits until something happens to the connection, whose application waits as well or whose
    /// client has not room for the answer, and goes on with it.
    fn wait(&mut self, conn: &mut Conn<A::Body>) -> Fate {
        loop {
            if self.hall.is_cut() {
                conn.abort();
                return Fate::Close;
            }
            let deadline = conn.deadline(&self.core).map(|ms| self.core.at(ms));
            let ready = self.poll(conn, conn.interest(), deadline);
            if self.hall.is_cut() {
                continue;
            }
            self.tick();
            let woken = self.notify.is_filled();
            self.forget_wakes();
            let ready = !ready.is_empty() && conn.on_event(Readiness::from(ready));
            // What it woke is here already.
            if ready || woken || self.notify.is_filled() {
                return self.drive(conn);
            }
            conn.note_wait(self.core.now);
            if conn
                .deadline(&self.core)
                .is_some_and(|at| at <= self.core.now)
            {
                return conn.time_out(&mut self.core);
            }
        }
    }

    /// Has a connection wait a moment for its next request, unless others wait for this thread.
    /// Says whether it is to be driven for that.
    fn lingers(&mut self, conn: &mut Conn<A::Body>) -> bool {
        if !conn.is_idle() || self.core.stopping || self.hall.is_crowded() {
            return false;
        }
        // With another thread for who comes now, this one need not be called: the read itself waits. If
        // that one has work when somebody comes, it is a moment until a read is over.
        if self.hall.has_free() {
            self.core.wait_for_head();
            conn.more_came();
            return true;
        }
        self.forget_wakes();
        let hall = self.hall.clone();
        let _lingering = hall.linger(self.home);
        // Said before the look: who comes behind it ends the wait.
        if hall.is_crowded() {
            return false;
        }
        let until = Instant::now() + LINGER;
        let ready = self.poll(conn, Some(PollFlags::IN), Some(until));
        self.tick();
        if ready.is_empty() {
            return false;
        }
        conn.more_came();
        true
    }

    /// Waits for the connection, a wake, or until then. Gives what the system says of the first.
    fn poll(
        &self,
        conn: &Conn<A::Body>,
        interest: Option<PollFlags>,
        until: Option<Instant>,
    ) -> PollFlags {
        let Some(bell) = self.notify.bell() else {
            return PollFlags::empty();
        };
        let _hearing = bell.hear();
        // Said before the look: what comes behind it rings.
        if self.notify.is_filled() {
            return PollFlags::empty();
        }
        let timeout = until.map(|at| timeout(at, Instant::now()));
        let mut fds = [
            PollFd::from_borrowed_fd(bell.as_fd(), PollFlags::IN),
            PollFd::new(&conn.line.socket, interest.unwrap_or(PollFlags::empty())),
        ];
        let watched = if interest.is_some() { 2 } else { 1 };
        // Whatever becomes of it: who waits looks again.
        let _: Result<usize, _> = poll(&mut fds[..watched], timeout.as_ref());
        if !fds[0].revents().is_empty() {
            bell.silence();
        }
        if interest.is_some() {
            fds[1].revents()
        } else {
            PollFlags::empty()
        }
    }
}

impl fmt::Debug for PoolThread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PoolThread")
            .field("index", &(self.home - 1))
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}
