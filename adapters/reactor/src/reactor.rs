//! A readiness loop as its server sees it.

use std::fmt;
use std::io;
use std::sync::Arc;

use rgi_core::App;
use rgi_core::server::{Config, Host, Listener, Stop, Timer};

use crate::acceptor::{Acceptor, Census, Mailbox};
use crate::core::Core;
use crate::event_loop::{EventLoop, Parts};
use crate::notify::{ATTEND, Notify};
use crate::timer::Clock;

/// A readiness loop that is to run: made where the server starts, run on the thread it is moved to.
///
/// One that is dropped instead takes no connections, and those of its group no more.
pub struct Reactor {
    parts: Parts,
    acceptor: Option<Acceptor>,
    config: Arc<Config>,
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
        let census = Arc::new(Census::default());
        let mut loops = Vec::new();
        for _ in 0..count.max(1) {
            let poll = mio::Poll::new()?;
            let notify = Arc::new(Notify::new(poll.registry())?);
            let told = notify.clone();
            stop.on_change(move || told.push(ATTEND));
            loops.push((poll, Arc::new(Mailbox::new(notify))));
        }
        let mailboxes: Vec<_> = loops.iter().map(|(_, mailbox)| mailbox.clone()).collect();
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
        };
        Ok(loops.into_iter().map(reactor).collect())
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
        let core = Core::new(app, self.config, Arc::new(host));
        EventLoop::new(self.parts, self.acceptor, core).run()
    }
}

impl fmt::Debug for Reactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reactor")
            .field("accepts", &self.acceptor.is_some())
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}
