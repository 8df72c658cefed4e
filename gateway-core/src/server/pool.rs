//! A bounded pool of threads for blocking lifts.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;
use std::{fmt, io};

use super::{Offload, Work};

/// A pool of threads that run the steps of blocking applications, for servers that may not block.
///
/// Threads are made as they are needed, up to the bound, and wait for more work for a while before
/// they end. First steps queue up to a bound of their own; further steps are never refused, because
/// an exchange has one step outstanding.
#[derive(Clone)]
pub struct Pool(Arc<Shared>);

struct Shared {
    threads: usize,
    waiting: usize,
    buffer_body: u64,
    queue_timeout: Option<Duration>,
    state: Mutex<State>,
    work: Condvar,
    ended: Condvar,
}

#[derive(Default)]
struct State {
    /// Steps of exchanges under way; they go first, so that what was begun ends.
    steps: VecDeque<Arc<dyn Work>>,
    firsts: VecDeque<Arc<dyn Work>>,
    alive: usize,
    idle: usize,
    closed: bool,
}

/// How long a thread without work stays.
const LINGER: Duration = Duration::from_secs(10);

impl Pool {
    /// A pool of at most `threads` (at least one), in whose queue at most `waiting` first steps
    /// stand. The other two are what [`Offload`] says of them.
    pub fn new(
        threads: usize,
        waiting: usize,
        buffer_body: u64,
        queue_timeout: Option<Duration>,
    ) -> Pool {
        Pool(Arc::new(Shared {
            threads: threads.max(1),
            waiting,
            buffer_body,
            queue_timeout,
            state: Mutex::default(),
            work: Condvar::new(),
            ended: Condvar::new(),
        }))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes an idle thread, or makes one.
    fn attend(&self, mut state: MutexGuard<'_, State>) -> io::Result<()> {
        if state.idle >= state.steps.len() + state.firsts.len() || state.alive >= self.0.threads {
            self.0.work.notify_one();
            return Ok(());
        }
        state.alive += 1;
        drop(state);
        let pool = self.clone();
        let made = thread::Builder::new()
            .name("rgi-blocking".into())
            .spawn(move || pool.work());
        if let Err(error) = made {
            let mut state = self.lock();
            state.alive -= 1;
            // With another thread alive the work will be done all the same.
            if state.alive == 0 {
                return Err(error);
            }
        }
        Ok(())
    }

    fn work(&self) {
        let mut state = self.lock();
        loop {
            if let Some(work) = state.steps.pop_front().or_else(|| state.firsts.pop_front()) {
                drop(state);
                work.run();
                state = self.lock();
                continue;
            }
            if state.closed {
                break;
            }
            state.idle += 1;
            let (woken, timeout) = self
                .0
                .work
                .wait_timeout(state, LINGER)
                .unwrap_or_else(PoisonError::into_inner);
            state = woken;
            state.idle -= 1;
            if timeout.timed_out() && state.steps.is_empty() && state.firsts.is_empty() {
                break;
            }
        }
        state.alive -= 1;
        drop(state);
        self.0.ended.notify_all();
    }

    /// Takes no more first steps, and waits for at most `patience` until the threads have ended.
    /// Says whether they have.
    pub fn close(&self, patience: Duration) -> bool {
        let mut state = self.lock();
        state.closed = true;
        self.0.work.notify_all();
        let (state, _) = self
            .0
            .ended
            .wait_timeout_while(state, patience, |state| state.alive > 0)
            .unwrap_or_else(PoisonError::into_inner);
        state.alive == 0
    }
}

impl Offload for Pool {
    fn start(&self, work: Arc<dyn Work>) -> bool {
        let mut state = self.lock();
        if state.closed || state.firsts.len() >= self.0.waiting {
            return false;
        }
        state.firsts.push_back(work);
        match self.attend(state) {
            Ok(()) => true,
            Err(_) => {
                self.lock().firsts.pop_back();
                false
            }
        }
    }

    fn resume(&self, work: Arc<dyn Work>) {
        let mut state = self.lock();
        state.steps.push_back(work);
        // Without a thread the step waits for the next that can be made.
        let _ = self.attend(state);
    }

    fn buffer_body(&self) -> u64 {
        self.0.buffer_body
    }

    fn queue_timeout(&self) -> Option<Duration> {
        self.0.queue_timeout
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.lock();
        f.debug_struct("Pool")
            .field("threads", &self.0.threads)
            .field("alive", &state.alive)
            .field("waiting", &(state.steps.len() + state.firsts.len()))
            .finish()
    }
}
