//! The order of blocks and writes.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// Holds back the next block until what hyper has is written.
#[derive(Debug, Default)]
pub(super) struct Gate {
    shut: AtomicBool,
    waiting: AtomicBool,
    wakers: Mutex<Vec<Waker>>,
}

impl Gate {
    pub(super) fn shut(&self) {
        self.shut.store(true, Ordering::Relaxed);
    }

    pub(super) fn open(&self) {
        // Read first: what is read alone costs no exchange with other processors.
        if !self.shut.load(Ordering::Acquire) {
            return;
        }
        // Before it is looked who waits, also for the other processors: see `poll`.
        self.shut.store(false, Ordering::SeqCst);
        if self.waiting.load(Ordering::SeqCst) {
            self.waiting.store(false, Ordering::Release);
            let wakers = std::mem::take(&mut *self.wakers());
            wakers.into_iter().for_each(Waker::wake);
        }
    }

    pub(super) fn poll(&self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.shut.load(Ordering::Acquire) {
            return Poll::Ready(());
        }
        let mut wakers = self.wakers();
        if !wakers.iter().any(|waker| waker.will_wake(cx.waker())) {
            wakers.push(cx.waker().clone());
        }
        drop(wakers);
        self.waiting.store(true, Ordering::SeqCst);
        // On HTTP/2 it is opened by another task, maybe just now: that one sees who waits, or this one
        // that it is open.
        match self.shut.load(Ordering::SeqCst) {
            true => Poll::Pending,
            false => Poll::Ready(()),
        }
    }

    fn wakers(&self) -> MutexGuard<'_, Vec<Waker>> {
        self.wakers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
