//! A blocking body on its way to a pool and back.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_core::Stream;

use super::Body;
use super::steps::{Call, Function, Steps};
use crate::quiet::quietly;
use crate::server::Offload;
use crate::{Environ, Error, Event, Gone, Sleep, StartResponse};

/// The server's side of a lifted body. No thread is bound before the request's body is there, up to
/// the pool's bound, so slow clients hold none.
pub(super) struct Lifted<B: Body + Send + 'static> {
    state: Lifting<B>,
    pool: Arc<dyn Offload>,
    waiting: Option<Waiting>,
}

enum Lifting<B> {
    Gathering(Call<B>),
    Stepping(Arc<Steps<B>>),
    Ended,
}

/// What ends the wait for a free thread.
struct Waiting {
    gone: Gone,
    patience: Option<Sleep>,
}

impl Waiting {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Error> {
        if Pin::new(&mut self.gone).poll(cx).is_ready() {
            return Poll::Ready(Error::disconnected());
        }
        let Some(patience) = &mut self.patience else {
            return Poll::Pending;
        };
        Pin::new(patience)
            .poll(cx)
            .map(|()| Error::overloaded("no thread of the pool came free"))
    }
}

impl<B: Body + Send + 'static> Lifted<B> {
    pub(super) fn new(
        environ: Environ,
        start_response: StartResponse,
        call: Function<B>,
        pool: Arc<dyn Offload>,
    ) -> Lifted<B> {
        let call = Call {
            environ,
            start_response,
            call,
        };
        Lifted {
            state: Lifting::Gathering(call),
            pool,
            waiting: None,
        }
    }

    /// Hands the call to the pool.
    fn begin(&mut self, call: Call<B>) -> Result<(), Error> {
        let patience = self.pool.queue_timeout();
        let waiting = Waiting {
            gone: call.environ.peer().gone(),
            patience: patience.map(|time| call.environ.timer().sleep(time)),
        };
        let steps = Arc::new(Steps::new(call));
        if !self.pool.start(steps.clone()) {
            return Err(Error::overloaded("the pool's queue is full"));
        }
        self.state = Lifting::Stepping(steps);
        self.waiting = Some(waiting);
        Ok(())
    }
}

impl<B: Body + Send + 'static> Stream for Lifted<B> {
    type Item = Result<Event, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if let Lifting::Gathering(call) = &mut this.state {
            let bound = this.pool.buffer_body();
            ready!(call.environ.input().poll_gather(cx, bound));
            if call.environ.peer().is_gone() {
                this.state = Lifting::Ended;
                return Poll::Ready(Some(Err(Error::disconnected())));
            }
            if let Lifting::Gathering(call) = std::mem::replace(&mut this.state, Lifting::Ended)
                && let Err(error) = this.begin(call)
            {
                return Poll::Ready(Some(Err(error)));
            }
        }
        let Lifting::Stepping(steps) = &this.state else {
            return Poll::Ready(None);
        };
        let waker = cx.waker().clone();
        let mut inner = steps.lock();
        if let Some(item) = inner.ready.pop_front() {
            return Poll::Ready(Some(item));
        }
        if inner.ended {
            return Poll::Ready(None);
        }
        // Wakers, timers and the pool are foreign code: not under the lock.
        let stale = inner.waker.replace(waker);
        let idle = !std::mem::replace(&mut inner.busy, true);
        let begun = inner.begun;
        drop(inner);
        drop(stale);
        if idle {
            this.pool.resume(steps.clone());
            return Poll::Pending;
        }
        if begun {
            this.waiting = None;
        }
        if let Some(waiting) = &mut this.waiting {
            let error = ready!(waiting.poll(cx));
            this.waiting = None;
            // A thread may have come free just now.
            if this.withdraw() {
                return Poll::Ready(Some(Err(error)));
            }
        }
        Poll::Pending
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match &self.state {
            Lifting::Gathering(_) => (0, None),
            Lifting::Ended => (0, Some(0)),
            Lifting::Stepping(steps) => {
                let inner = steps.lock();
                let (lower, upper) = if inner.ended {
                    (0, Some(0))
                } else {
                    inner.hint
                };
                let ready = inner.ready.len();
                (
                    lower.saturating_add(ready),
                    upper.and_then(|upper| upper.checked_add(ready)),
                )
            }
        }
    }
}

impl<B: Body + Send + 'static> Lifted<B> {
    /// Takes back a call that no thread has begun, and drops it here: the pool's queue keeps
    /// neither environ nor gathered body until a thread comes free. `false` if one has begun.
    fn withdraw(&mut self) -> bool {
        let Lifting::Stepping(steps) = &self.state else {
            return false;
        };
        let mut inner = steps.lock();
        if inner.begun {
            return false;
        }
        let (job, waker) = (inner.job.take(), inner.waker.take());
        drop(inner);
        self.state = Lifting::Ended;
        quietly(|| drop(job));
        drop(waker);
        true
    }

    /// Lets go of what is left: a call that waits is dropped here, and what has begun on the pool,
    /// by the step under way or by one of its own.
    fn abandon(&mut self) {
        if self.withdraw() {
            return;
        }
        let Lifting::Stepping(steps) = std::mem::replace(&mut self.state, Lifting::Ended) else {
            return;
        };
        let mut inner = steps.lock();
        inner.abandoned = true;
        let left = (
            std::mem::take(&mut inner.ready),
            inner.waker.take(),
            inner.parked.take(),
        );
        let idle = !inner.busy && inner.job.is_some();
        inner.busy |= idle;
        drop(inner);
        let (ready, waker, parked) = left;
        drop((ready, waker));
        if let Some(parked) = parked {
            parked.wake();
        }
        if idle {
            self.pool.resume(steps);
        }
    }
}

impl<B: Body + Send + 'static> Drop for Lifted<B> {
    fn drop(&mut self) {
        self.abandon();
    }
}
