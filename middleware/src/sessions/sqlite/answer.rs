//! What a thread tells a task, once.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use rgi_core::Error;

/// One who tells, and the future of who waits for it.
pub(super) fn answer<T>() -> (Teller<T>, Answer<T>) {
    let shared = Arc::new(Mutex::new(State {
        told: None,
        waker: None,
    }));
    (Teller(shared.clone()), Answer(shared))
}

struct State<T> {
    told: Option<Result<T, Error>>,
    waker: Option<Waker>,
}

/// Dropped without a word, it says that there will be none.
pub(super) struct Teller<T>(Arc<Mutex<State<T>>>);

impl<T> Teller<T> {
    pub(super) fn tell(self, result: Result<T, Error>) {
        lock(&self.0).told = Some(result);
    }
}

impl<T> Drop for Teller<T> {
    fn drop(&mut self) {
        let mut state = lock(&self.0);
        let ended = || Err(Error::new("the thread of the sessions has ended"));
        state.told.get_or_insert_with(ended);
        let waker = state.waker.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

pub(super) struct Answer<T>(Arc<Mutex<State<T>>>);

impl<T> Future for Answer<T> {
    type Output = Result<T, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = lock(&self.0);
        match state.told.take() {
            Some(result) => Poll::Ready(result),
            None => {
                let stale = state.waker.replace(cx.waker().clone());
                drop(state);
                // A waker's drop is foreign code: not under the lock.
                drop(stale);
                Poll::Pending
            }
        }
    }
}

fn lock<T>(shared: &Mutex<State<T>>) -> MutexGuard<'_, State<T>> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
