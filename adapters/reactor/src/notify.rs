//! Waking a loop.

use std::cell::Cell;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use mio::{Registry, Token, Waker};
use rgi_core::rt::Unpark;

use crate::bell::Bell;

/// The tokens that are no connection's.
pub(crate) const WAKE: Token = Token(usize::MAX);
/// The loop is to look at its mailbox, its timers and the order to stop.
pub(crate) const ATTEND: Token = Token(usize::MAX - 1);
/// The first listener; the others lie below.
pub(crate) const LISTENERS: usize = usize::MAX - 2;

static LOOPS: AtomicU64 = AtomicU64::new(1);

thread_local! {
    static CURRENT: Cell<u64> = const { Cell::new(0) };
    static DRIVEN: Cell<Token> = const { Cell::new(WAKE) };
}

/// A queue of tokens to be driven, and the means to get the loop to do it. The loop's own thread
/// pays no system call.
#[derive(Debug)]
pub(crate) struct Notify {
    id: u64,
    queue: Mutex<Vec<Token>>,
    filled: AtomicBool,
    /// What the loop waits with; a thread of a pool has none, and waits for its bell.
    waker: Option<Waker>,
    /// Where the application may park the loop: for the time that it does.
    bell: Option<Bell>,
}

impl Notify {
    pub(crate) fn new(registry: &Registry, bell: Option<Bell>) -> io::Result<Notify> {
        Ok(Notify::of(Some(Waker::new(registry, WAKE)?), bell))
    }

    /// That of a thread which has no loop, and waits for `bell` alone.
    pub(crate) fn of_thread(bell: Bell) -> Notify {
        Notify::of(None, Some(bell))
    }

    fn of(waker: Option<Waker>, bell: Option<Bell>) -> Notify {
        Notify {
            id: LOOPS.fetch_add(1, Ordering::Relaxed),
            queue: Mutex::default(),
            filled: AtomicBool::new(false),
            waker,
            bell,
        }
    }

    /// Says that this thread is the loop's.
    pub(crate) fn enter(&self) {
        CURRENT.set(self.id);
    }

    /// Whether this thread is the loop's.
    pub(crate) fn is_here(&self) -> bool {
        CURRENT.get() == self.id
    }

    /// Says which connection this thread, the loop's, is driving; `WAKE` for none.
    pub(crate) fn drives(&self, token: Token) {
        DRIVEN.set(token);
    }

    /// Whether this thread is driving that connection of this loop.
    pub(crate) fn is_driving(&self, token: Token) -> bool {
        self.is_here() && DRIVEN.get() == token
    }

    pub(crate) fn push(&self, token: Token) {
        self.lock().push(token);
        if !self.filled.swap(true, Ordering::SeqCst)
            && !self.is_here()
            && let Some(waker) = &self.waker
        {
            // The eventfd cannot fail but for being full, which wakes, too.
            let _ = waker.wake();
        }
        if let Some(bell) = &self.bell
            && bell.is_heard()
            && !self.is_here()
        {
            bell.ring();
        }
    }

    pub(crate) fn bell(&self) -> Option<&Bell> {
        self.bell.as_ref()
    }

    pub(crate) fn is_filled(&self) -> bool {
        self.filled.load(Ordering::SeqCst)
    }

    /// Moves what is queued into `batch`, which is empty.
    pub(crate) fn take(&self, batch: &mut Vec<Token>) {
        let mut queue = self.lock();
        self.filled.store(false, Ordering::SeqCst);
        std::mem::swap(&mut *queue, batch);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Token>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends the loop's wait where the application has parked it.
impl Unpark for Notify {
    fn unpark(&self) {
        if let Some(bell) = &self.bell
            && !self.is_here()
        {
            bell.ring();
        }
    }
}
