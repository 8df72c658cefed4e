//! Clients that ask all the while, at a pace, whatever becomes of the server.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::request::Client;
use super::tally::Tally;
use super::wait::until_true;
use crate::Endpoint;

/// Who asks, and how often.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// Clients, a thread each.
    pub(super) clients: u32,
    /// Between two requests of a client. Nothing: the next follows the answer.
    pub(super) every: Duration,
    /// On one connection until the server closes it, or on a new one each time.
    pub(super) reuse: bool,
    /// How long a client waits for an answer.
    pub(super) timeout: Duration,
    /// 503 is as good as 200.
    pub(super) busy: bool,
}

/// Requests a second that rows speak of.
pub(super) const RATE: u32 = 40;

impl Pace {
    /// So many requests a second of eight clients, each on a connection of its own.
    pub(super) const NEW: Pace = Pace {
        clients: 8,
        every: Duration::from_millis(1000 * 8 / RATE as u64),
        reuse: false,
        timeout: Duration::from_secs(10),
        busy: false,
    };

    /// The same of eight clients that keep their connections.
    pub(super) const KEPT: Pace = Pace {
        reuse: true,
        ..Pace::NEW
    };

    /// The same clients with so many requests a second.
    pub(super) fn at(self, rate: u32) -> Pace {
        Pace {
            every: Duration::from_secs(1) * self.clients / rate,
            ..self
        }
    }
}

/// Clients at work. Dropped, they stop after their present request.
pub(super) struct Load {
    shared: Arc<Shared>,
    pace: Pace,
    threads: Vec<JoinHandle<()>>,
}

struct Shared {
    stop: AtomicBool,
    tally: Mutex<Tally>,
}

impl Shared {
    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self, mut client: Client, target: &str, pace: Pace, mut next: Instant) {
        while !self.stop.load(Relaxed) {
            let left = next.saturating_duration_since(Instant::now());
            if !left.is_zero() {
                // In pieces, so that the end is not waited for.
                thread::sleep(left.min(Duration::from_millis(20)));
                continue;
            }
            let reply = client.get(target);
            self.tally().count(&reply, pace.busy);
            // Who was held up does not make up for it.
            next = (next + pace.every).max(Instant::now());
        }
    }
}

impl Load {
    /// Starts clients, of which each asks for one of `targets`, in turn.
    pub(super) fn start(endpoint: &Endpoint, targets: &[&str], pace: Pace) -> Result<Load, String> {
        let shared = Arc::new(Shared {
            stop: AtomicBool::new(false),
            tally: Mutex::default(),
        });
        let mut load = Load {
            shared,
            pace,
            threads: Vec::new(),
        };
        let now = Instant::now();
        let targets = targets.iter().cycle();
        for (number, target) in (0..pace.clients).zip(targets) {
            let client = match pace.reuse {
                true => Client::reusing(endpoint, pace.timeout),
                false => Client::new(endpoint, pace.timeout),
            };
            let begin = now + pace.every * number / pace.clients;
            let (shared, target) = (Arc::clone(&load.shared), (*target).to_owned());
            let thread = thread::Builder::new().name("client".into());
            let thread = thread.spawn(move || shared.work(client, &target, pace, begin));
            let thread = thread.map_err(|error| format!("cannot start a thread: {error}"))?;
            load.threads.push(thread);
        }
        Ok(load)
    }

    /// Waits until as many requests more have ended, one way or the other, as are sent in the time.
    pub(super) fn go_on(&self, time: Duration) -> Result<(), String> {
        let each = time.as_millis() / self.pace.every.as_millis().max(1);
        let requests = each as usize * self.pace.clients as usize;
        let wanted = self.shared.tally().sent + requests;
        let reached = || self.shared.tally().sent >= wanted;
        match until_true(Duration::from_secs(30), reached) {
            true => Ok(()),
            false => Err(format!("the clients get no {requests} answers in 30 s")),
        }
    }

    /// So far.
    pub(super) fn tally(&self) -> Tally {
        self.shared.tally().clone()
    }

    /// Ends the clients when they have their answers.
    pub(super) fn stop(mut self) -> Tally {
        self.shared.stop.store(true, Relaxed);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
        self.tally()
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.shared.stop.store(true, Relaxed);
    }
}
