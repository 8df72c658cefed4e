//! A readiness loop as its server sees it.

use std::cell::Cell;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Instant;

use rgi_core::server::{Config, Gauge, Host, Listener, Load, Stop, Timer};
use rgi_core::{App, rt};

use crate::acceptor::{Acceptor, Census, Mailbox};
use crate::bell::Bell;
use crate::core::{Core, Model};
use crate::event_loop::{EventLoop, Parts};
use crate::exclusive::Exclusive;
use crate::hall::{Front, Hall};
use crate::line::Homes;
use crate::notify::{ATTEND, Notify};
use crate::pooled::PoolThread;
use crate::timer::Clock;
use crate::watch::{Due, Dues, Patience, Watch};

/// A readiness loop that is to run: made where the server starts, run on the thread it is moved to.
///
/// One that is dropped instead takes no connections, and those of its group no more.
pub struct Reactor {
    parts: Parts,
    acceptor: Option<Acceptor>,
    config: Arc<Config>,
    kind: Kind,
}

/// Who calls the application.
enum Kind {
    Loop,
    Exclusive,
    Pooled(Front, Instant),
}

impl Reactor {
    /// `count` reactors, at least one, that serve the connections of `listeners`, each for a thread
    /// of its own and with many exchanges at once.
    ///
    /// The first accepts for all and hands the connections round, so that none waits in the queue of
    /// one that is busy. It begins when it [runs](Self::run).
    ///
    /// # Errors
    ///
    /// If the system has no descriptors or memory for them.
    pub fn group(
        count: usize,
        listeners: Vec<Listener>,
        config: &Arc<Config>,
        stop: &Stop,
    ) -> io::Result<Vec<Reactor>> {
        let mut loops = Vec::new();
        for _ in 0..count.max(1) {
            loops.push(make_loop(None, stop)?);
        }
        let mailboxes: Vec<_> = loops.iter().map(|(_, mailbox)| mailbox.clone()).collect();
        let census = Arc::new(Census::default());
        let accepting = mailboxes[0].notify.clone();
        let mut acceptor = Some(Acceptor::new(listeners, mailboxes, census.clone(), config));
        let reactor = |(poll, mailbox): (mio::Poll, Arc<Mailbox>)| Reactor {
            parts: Parts {
                homes: Arc::new([mailbox.notify.clone()]),
                poll,
                clock: Clock::new(mailbox.notify.clone()),
                mailbox,
                accepting: accepting.clone(),
                census: census.clone(),
                stop: stop.clone(),
            },
            acceptor: acceptor.take(),
            config: config.clone(),
            kind: Kind::Loop,
        };
        Ok(loops.into_iter().map(reactor).collect())
    }

    /// A reactor that serves the connections of `listeners` with one exchange at a time, and whose
    /// application may block: in its call, in its body, and in a read.
    ///
    /// An exchange begins when its head is there and `buffer_body` bytes of its body, or all, and is
    /// over for the next one when the whole answer waits to be sent. So much of an answer may wait
    /// while more of it is made. As long as one is under way no connection is accepted, so that
    /// other processes may; otherwise one at a time.
    ///
    /// While the application waits on this thread, by a blocking read or by
    /// [`block_on`](rgi_core::rt::block_on), sleeps of the reactor's clock end in time, and
    /// `body_timeout`, `request_timeout` and the order to stop end the wait for a body. What else
    /// blocks cannot be ended.
    ///
    /// # Errors
    ///
    /// If the system has no descriptors or memory for it.
    pub fn exclusive(
        listeners: Vec<Listener>,
        config: &Arc<Config>,
        stop: &Stop,
    ) -> io::Result<Reactor> {
        Reactor::alone(Kind::Exclusive, Some(Bell::new()?), listeners, config, stop)
    }

    /// One that accepts for itself.
    fn alone(
        kind: Kind,
        bell: Option<Bell>,
        listeners: Vec<Listener>,
        config: &Arc<Config>,
        stop: &Stop,
    ) -> io::Result<Reactor> {
        let (poll, mailbox) = make_loop(bell, stop)?;
        let census = Arc::new(Census::default());
        let mailboxes = vec![mailbox.clone()];
        Ok(Reactor {
            acceptor: Some(Acceptor::new(listeners, mailboxes, census.clone(), config)),
            parts: Parts {
                homes: Arc::new([mailbox.notify.clone()]),
                poll,
                clock: Clock::new(mailbox.notify.clone()),
                accepting: mailbox.notify.clone(),
                mailbox,
                census,
                stop: stop.clone(),
            },
            config: config.clone(),
            kind,
        })
    }

    /// A reactor whose application is called by the threads of a pool, `count` of them, at least one,
    /// and may block them.
    ///
    /// The reactor's own thread accepts, waits for heads, gathers `buffer_body` bytes of a body, or
    /// all, and has a thread go on from there: with the call, the body, the answer. Up to so many
    /// bytes of an answer that its client does not take are left to the reactor's thread. Requests
    /// that no thread is free for wait in the order in which they came, not longer than
    /// `queue_timeout` and no more than `max_connections` of them; others are answered 503.
    ///
    /// Each thread waits a moment for another request of its connection, where no other waits for
    /// it. The threads end when the reactor has, or is dropped.
    ///
    /// # Errors
    ///
    /// If the system has no descriptors or memory for them.
    pub fn pooled(
        count: usize,
        listeners: Vec<Listener>,
        config: &Arc<Config>,
        stop: &Stop,
    ) -> io::Result<(Reactor, Vec<PoolThread>)> {
        let mut reactor = Reactor::alone(Kind::Loop, None, listeners, config, stop)?;
        let mut homes = vec![reactor.parts.notify().clone()];
        for _ in 0..count.max(1) {
            homes.push(Arc::new(Notify::of_thread(Bell::new()?)));
        }
        let homes: Homes = homes.into();
        let most = config.max_connections.unwrap_or(MOST_WAITING);
        let hall = Arc::new(Hall::new(homes.clone(), most));
        let began = Instant::now();
        let dues = Dues::new(homes.len() - 1, config);
        let thread = |(home, notify): (usize, &Arc<Notify>)| PoolThread {
            hall: hall.clone(),
            home,
            notify: notify.clone(),
            stop: stop.clone(),
            config: config.clone(),
            due: dues.clone().map(|dues| Due::new(dues, home - 1)),
            began,
        };
        let threads = homes.iter().enumerate().skip(1).map(thread).collect();
        reactor.parts.homes = homes;
        reactor.kind = Kind::Pooled(Front::new(hall), began);
        Ok((reactor, threads))
    }

    /// The reactor's clock, for [`Config::host`].
    pub fn timer(&self) -> Arc<dyn Timer> {
        Arc::new(self.parts.clock.clone())
    }

    /// How much there is to do for the reactor and those of its group, for [`Host::gauge`].
    pub fn gauge(&self) -> Arc<dyn Gauge> {
        let hall = match &self.kind {
            Kind::Pooled(front, _) => Some(front.hall.clone()),
            Kind::Loop | Kind::Exclusive => None,
        };
        Arc::new(Crowd {
            census: self.parts.census.clone(),
            hall,
        })
    }

    /// Says that this thread is the reactor's from now on. What is woken on it costs no system call
    /// from then on; so before the application is made.
    pub fn enter(&self) {
        self.parts.notify().enter();
    }

    /// Serves `app` on this thread until told to stop and all connections are closed. Gives the
    /// application back, for its shutdown.
    ///
    /// # Errors
    ///
    /// If the listeners cannot be watched, or the system fails to wait.
    pub fn run<A: App>(self, app: A, host: Host) -> io::Result<A> {
        let (parts, host, config) = (self.parts, Arc::new(host), self.config);
        let (watch, model, began) = match self.kind {
            Kind::Loop => (None, Model::Loop, Instant::now()),
            Kind::Pooled(front, began) => (None, Model::Front(front), began),
            Kind::Exclusive => {
                let notify = parts.notify().clone();
                let patience = Patience::Own {
                    stop: parts.stop.clone(),
                    graceful_timeout: config.graceful_timeout,
                    give_up: Cell::new(None),
                };
                let due = Dues::new(1, &config).map(|dues| Due::new(dues, 0));
                let clock = parts.clock.clone();
                let watch = Watch::new(notify.clone(), clock, patience, &config, due);
                let exclusive = Exclusive::new(notify, watch.clone());
                (Some(watch), Model::Exclusive(exclusive), Instant::now())
            }
        };
        let core = Core::new(app, config, host, model, began);
        let run = || EventLoop::new(parts, self.acceptor, core).run();
        match watch {
            Some(watch) => rt::parked_by(watch, run),
            None => run(),
        }
    }
}

/// Who is there.
struct Crowd {
    census: Arc<Census>,
    hall: Option<Arc<Hall>>,
}

impl Gauge for Crowd {
    fn load(&self) -> Load {
        let mut load = Load::default();
        load.connections = self.census.open();
        load.threads = self.hall.as_ref().map(|hall| hall.state());
        load
    }
}

/// Requests that may wait for a thread where connections are not bounded.
const MOST_WAITING: usize = 16384;

/// A loop's means to wait, and what it is woken by.
fn make_loop(bell: Option<Bell>, stop: &Stop) -> io::Result<(mio::Poll, Arc<Mailbox>)> {
    let poll = mio::Poll::new()?;
    let notify = Arc::new(Notify::new(poll.registry(), bell)?);
    let told = notify.clone();
    stop.on_change(move || told.push(ATTEND));
    Ok((poll, Arc::new(Mailbox::new(notify))))
}

impl fmt::Debug for Reactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reactor")
            .field("accepts", &self.acceptor.is_some())
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}
