//! A bounded pool of threads for blocking lifts.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;
use std::{fmt, io};

use super::{Around, Offload, PoolState, Work};
use crate::quiet::quietly;

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
    around: Option<Around>,
    work: Condvar,
    ended: Condvar,
}

#[derive(Default)]
struct State {
    /// Steps of exchanges under way; they go first, so that what was begun ends.
    steps: VecDeque<Arc<dyn Work>>,
    firsts: VecDeque<Arc<dyn Work>>,
    alive: usize,
    /// Of those alive, the ones without work: waiting, or about to look for some.
    idle: usize,
    closed: bool,
}

impl State {
    fn next(&mut self) -> Option<Arc<dyn Work>> {
        self.steps.pop_front().or_else(|| self.firsts.pop_front())
    }
}

/// How long a thread without work stays.
const LINGER: Duration = Duration::from_secs(10);

impl Pool {
    /// A pool of at most `threads` (at least one), in whose queue at most `waiting` first steps
    /// stand that no thread is free for. The other two are what [`Offload`] says of them.
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
            around: None,
            work: Condvar::new(),
            ended: Condvar::new(),
        }))
    }

    /// Runs each thread inside a context of the embedding program's. Call it before the pool is
    /// shared: afterwards it changes nothing.
    pub fn around(mut self, around: Option<Around>) -> Pool {
        if let Some(shared) = Arc::get_mut(&mut self.0) {
            shared.around = around;
        }
        self
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes an idle thread for what was queued, or makes one.
    fn attend(&self, mut state: MutexGuard<'_, State>) -> io::Result<()> {
        let queued = state.steps.len() + state.firsts.len();
        if state.idle >= queued || state.alive >= self.0.threads {
            self.0.work.notify_one();
            return Ok(());
        }
        state.alive += 1;
        state.idle += 1;
        drop(state);
        let pool = self.clone();
        let builder = thread::Builder::new().name("rgi-blocking".into());
        let Err(error) = builder.spawn(move || pool.enter()) else {
            return Ok(());
        };
        let mut state = self.lock();
        state.alive -= 1;
        state.idle -= 1;
        // With another thread alive the work will be done all the same: none ends before the
        // queues are empty.
        match state.alive {
            0 => Err(error),
            _ => Ok(()),
        }
    }

    /// Lives inside the embedding program's context. One that breaks its word, and calls twice,
    /// never or with a panic, costs the pool no thread.
    fn enter(&self) {
        let mut lived = false;
        let mut live = || {
            if !std::mem::replace(&mut lived, true) {
                self.work();
            }
        };
        if let Some(around) = &self.0.around {
            quietly(|| around(&mut live));
        }
        live();
    }

    /// A thread's life. It comes in counted as idle.
    fn work(&self) {
        let mut state = self.lock();
        let mut patient = true;
        loop {
            if let Some(work) = state.next() {
                state.idle -= 1;
                drop(state);
                quietly(|| work.run());
                state = self.lock();
                state.idle += 1;
                patient = true;
                continue;
            }
            if state.closed || !patient {
                break;
            }
            let (woken, timeout) = self
                .0
                .work
                .wait_timeout(state, LINGER)
                .unwrap_or_else(PoisonError::into_inner);
            state = woken;
            patient = !timeout.timed_out();
        }
        state.alive -= 1;
        state.idle -= 1;
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
        // What a thread is free for does not wait.
        let free = state.idle + self.0.threads - state.alive;
        let free = free.saturating_sub(state.steps.len());
        if state.closed || state.firsts.len() >= self.0.waiting.saturating_add(free) {
            return false;
        }
        state.firsts.push_back(work.clone());
        if self.attend(state).is_ok() {
            return true;
        }
        // No thread, and none to be had. One that was made elsewhere may have taken it.
        let mut state = self.lock();
        let before = state.firsts.len();
        state.firsts.retain(|first| !Arc::ptr_eq(first, &work));
        state.firsts.len() == before
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

    fn state(&self) -> Option<PoolState> {
        let state = self.lock();
        Some(PoolState {
            most: self.0.threads,
            threads: state.alive,
            idle: state.idle,
            waiting: state.steps.len() + state.firsts.len(),
        })
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
