//! A readiness loop as its server sees it.

use std::fmt;
use std::io;
use std::sync::Arc;

use rgi_core::server::{Config, Host, Listener, Stop, Timer};
use rgi_core::{App, rt};

use crate::acceptor::{Acceptor, Census, Mailbox};
use crate::bell::Bell;
use crate::core::Core;
use crate::event_loop::{EventLoop, Parts};
use crate::exclusive::Exclusive;
use crate::notify::{ATTEND, Notify};
use crate::timer::Clock;
use crate::watch::Watch;

/// A readiness loop that is to run: made where the server starts, run on the thread it is moved to.
///
/// One that is dropped instead takes no connections, and those of its group no more.
pub struct Reactor {
    parts: Parts,
    acceptor: Option<Acceptor>,
    config: Arc<Config>,
    exclusive: bool,
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
                poll,
                clock: Clock::new(mailbox.notify.clone()),
                mailbox,
                accepting: accepting.clone(),
                census: census.clone(),
                stop: stop.clone(),
            },
            acceptor: acceptor.take(),
            config: config.clone(),
            exclusive: false,
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
        let (poll, mailbox) = make_loop(Some(Bell::new()?), stop)?;
        let census = Arc::new(Census::default());
        let mailboxes = vec![mailbox.clone()];
        Ok(Reactor {
            acceptor: Some(Acceptor::new(listeners, mailboxes, census.clone(), config)),
            parts: Parts {
                poll,
                clock: Clock::new(mailbox.notify.clone()),
                accepting: mailbox.notify.clone(),
                mailbox,
                census,
                stop: stop.clone(),
            },
            config: config.clone(),
            exclusive: true,
        })
    }

    /// The reactor's clock, for [`Config::host`].
    pub fn timer(&self) -> Arc<dyn Timer> {
        Arc::new(self.parts.clock.clone())
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
        let (parts, host) = (self.parts, Arc::new(host));
        if !self.exclusive {
            let core = Core::new(app, self.config, host, None);
            return EventLoop::new(parts, self.acceptor, core).run();
        }
        let notify = parts.notify().clone();
        let watch = Watch::new(&parts, &self.config);
        let exclusive = Exclusive::new(notify, watch.clone(), self.config.buffer_body);
        let core = Core::new(app, self.config, host, Some(exclusive));
        rt::parked_by(watch, || EventLoop::new(parts, self.acceptor, core).run())
    }
}

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
            .field("exclusive", &self.exclusive)
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}
