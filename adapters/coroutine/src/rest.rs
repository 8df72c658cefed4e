//! What becomes of a request's body that its application has not read.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use hyper::body::{Body as _, Incoming};
use rgi_tasks::Clock;

/// Bytes of a body that are thrown away for the sake of the next request.
const MOST_DISCARDED: u64 = 64 * 1024;

/// A request's body, as its connection knows it.
#[derive(Debug)]
pub(crate) struct Rest {
    state: AtomicU8,
    /// Bytes that are still to come; `u64::MAX` if nobody knows.
    left: AtomicU64,
    /// The client waits to be told to continue.
    expects: AtomicBool,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    /// Given back unread.
    incoming: Option<Incoming>,
    /// Waits for more of it.
    reader: Option<Waker>,
    /// The exchange is over: nothing more is read.
    over: bool,
}

const OPEN: u8 = 0;
const ENDED: u8 = 1;
const FAILED: u8 = 2;

impl Rest {
    pub(crate) fn new(length: Option<u64>, expects: bool) -> Arc<Rest> {
        Arc::new(Rest {
            state: AtomicU8::new(OPEN),
            left: AtomicU64::new(length.unwrap_or(u64::MAX)),
            expects: AtomicBool::new(expects),
            held: Mutex::default(),
        })
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// It is read: the client is told to continue.
    pub(crate) fn begin(&self) {
        if self.expects.load(Ordering::Relaxed) {
            self.expects.store(false, Ordering::Release);
        }
    }

    pub(crate) fn read(&self, bytes: u64) {
        let left = self.left.load(Ordering::Relaxed);
        if left != u64::MAX {
            self.left
                .store(left.saturating_sub(bytes), Ordering::Release);
        }
    }

    pub(crate) fn end(&self) {
        self.state.store(ENDED, Ordering::Release);
    }

    pub(crate) fn fail(&self) {
        self.state.store(FAILED, Ordering::Release);
    }

    /// Whether nothing more is to be read; otherwise `waker` is woken when so.
    pub(crate) fn poll_over(&self, waker: &Waker) -> bool {
        let mut held = self.held();
        if held.over {
            return true;
        }
        if held.reader.as_ref().is_none_or(|w| !w.will_wake(waker)) {
            let stale = held.reader.replace(waker.clone());
            drop(held);
            // A waker's drop is foreign code: not under the lock.
            drop(stale);
        }
        false
    }

    /// The application has dropped it unread.
    pub(crate) fn give_back(&self, incoming: Incoming) {
        let mut held = self.held();
        if !held.over {
            held.incoming = Some(incoming);
        }
    }

    /// Before the answer's head goes out: whether the next request can be found behind the body. It
    /// can as long as the application may still read on.
    pub(crate) fn can_stay(&self) -> bool {
        match self.state.load(Ordering::Acquire) {
            ENDED => true,
            FAILED => false,
            _ => self.held().incoming.is_none() || self.is_worth_discarding(),
        }
    }

    /// Whether the application may still read it.
    pub(crate) fn is_open(&self) -> bool {
        self.state.load(Ordering::Acquire) == OPEN && self.held().incoming.is_none()
    }

    fn is_worth_discarding(&self) -> bool {
        !self.expects.load(Ordering::Acquire) && self.left.load(Ordering::Acquire) <= MOST_DISCARDED
    }

    /// The exchange is over: who still reads is told, and what little is left is thrown away.
    pub(crate) fn conclude(&self, discard: bool, timeout: Option<Duration>, clock: &Clock) {
        let mut held = self.held();
        held.over = true;
        let reader = held.reader.take();
        let incoming = held.incoming.take();
        drop(held);
        if let Some(reader) = reader {
            reader.wake();
        }
        if let Some(incoming) = incoming
            && discard
            && self.is_worth_discarding()
        {
            clock.spawn(throw_away(incoming, timeout, clock.clone()));
        }
    }
}

/// Reads to the end, for a while.
async fn throw_away(mut incoming: Incoming, patience: Option<Duration>, clock: Clock) {
    let mut late = patience.map(|patience| Box::pin(clock.sleep(patience)));
    std::future::poll_fn(|cx: &mut Context<'_>| {
        loop {
            match Pin::new(&mut incoming).poll_frame(cx) {
                Poll::Ready(Some(Ok(_))) => {}
                Poll::Ready(None | Some(Err(_))) => return Poll::Ready(()),
                Poll::Pending => break,
            }
        }
        match &mut late {
            Some(late) => late.as_mut().poll(cx),
            None => Poll::Pending,
        }
    })
    .await;
}
