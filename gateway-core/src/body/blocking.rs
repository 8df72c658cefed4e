//! Bodies of blocking applications, in place or on a pool.

use std::collections::VecDeque;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use futures_core::Stream;
use pin_project_lite::pin_project;

use super::Body;
use crate::quiet::quietly;
use crate::server::{Offload, Work};
use crate::{Environ, Error, Event, Gone, Sleep, StartResponse, rt};

pin_project! {
    /// The body of a [`blocking`](crate::blocking) application: in place, or a handle to steps on
    /// the server's pool.
    ///
    /// The drop of a handle does not wait: the iterator is dropped on the pool, maybe later. A call
    /// that no thread has begun is dropped with the handle, in place.
    #[must_use = "a body does nothing until a server polls it"]
    pub struct BlockingBody<B> {
        #[pin]
        place: Place<B>,
    }
}

pin_project! {
    #[project = PlaceProj]
    enum Place<B> {
        Here { #[pin] body: B },
        Pool { lifted: Pin<Box<dyn Stream<Item = Result<Event, Error>> + Send>> },
        Failed { error: Option<Error> },
    }
}

impl<B: Body> BlockingBody<B> {
    pub(crate) fn here(body: Result<B, Error>) -> BlockingBody<B> {
        let place = match body {
            Ok(body) => Place::Here { body },
            Err(error) => Place::Failed { error: Some(error) },
        };
        BlockingBody { place }
    }

    pub(crate) fn lift(
        environ: Environ,
        start_response: StartResponse,
        call: impl FnOnce(Environ, StartResponse) -> Result<B, Error> + Send + 'static,
    ) -> BlockingBody<B>
    where
        B: Send + 'static,
    {
        let Some(pool) = environ.host().offload.clone() else {
            return BlockingBody::here(Err(Error::misuse(
                "this server neither blocks nor has a pool for blocking applications",
            )));
        };
        let call = Call {
            environ,
            start_response,
            call: Box::new(call),
        };
        let lifted = Lifted {
            state: Lifting::Gathering(call),
            pool,
            waiting: None,
        };
        BlockingBody {
            place: Place::Pool {
                lifted: Box::pin(lifted),
            },
        }
    }
}

impl<B: Body> Stream for BlockingBody<B> {
    type Item = Result<Event, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match self.project().place.project() {
            PlaceProj::Here { body } => body.poll_next(cx),
            PlaceProj::Pool { lifted } => lifted.as_mut().poll_next(cx),
            PlaceProj::Failed { error } => Poll::Ready(error.take().map(Err)),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match &self.place {
            Place::Here { body } => body.size_hint(),
            Place::Pool { lifted } => lifted.size_hint(),
            Place::Failed { error } => (0, Some(usize::from(error.is_some()))),
        }
    }
}

impl<B> fmt::Debug for BlockingBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.place {
            Place::Here { .. } => "BlockingBody(in place)",
            Place::Pool { .. } => "BlockingBody(on the pool)",
            Place::Failed { .. } => "BlockingBody(failed)",
        })
    }
}

struct Call<B> {
    environ: Environ,
    start_response: StartResponse,
    #[allow(clippy::type_complexity)]
    call: Box<dyn FnOnce(Environ, StartResponse) -> Result<B, Error> + Send>,
}

/// The server's side of a lifted body. No thread is bound before the request's body is there, up to
/// the pool's bound, so slow clients hold none.
struct Lifted<B: Body + Send + 'static> {
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
    /// Hands the call to the pool.
    fn begin(&mut self, call: Call<B>) -> Result<(), Error> {
        let patience = self.pool.queue_timeout();
        let waiting = Waiting {
            gone: call.environ.peer().gone(),
            patience: patience.map(|time| call.environ.timer().sleep(time)),
        };
        let steps = Arc::new(Steps {
            inner: Mutex::new(Inner {
                job: Some(Job::Call(call)),
                begun: false,
                busy: true,
                abandoned: false,
                parked: None,
                ready: VecDeque::with_capacity(2),
                ended: false,
                hint: (0, None),
                waker: None,
            }),
        });
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

/// What the pool runs: the call, then each `next`, one at a time.
struct Steps<B> {
    inner: Mutex<Inner<B>>,
}

struct Inner<B> {
    job: Option<Job<B>>,
    begun: bool,
    /// A step is queued or running.
    busy: bool,
    /// Nobody wants what is left: it is to be dropped on the pool.
    abandoned: bool,
    /// Wakes the pool's thread that waits for a body that is pending.
    parked: Option<Waker>,
    ready: VecDeque<Result<Event, Error>>,
    ended: bool,
    hint: (usize, Option<usize>),
    waker: Option<Waker>,
}

enum Job<B> {
    Call(Call<B>),
    Body(Pin<Box<B>>),
}

impl<B> Steps<B> {
    fn lock(&self) -> MutexGuard<'_, Inner<B>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<B: Body + Send + 'static> Work for Steps<B> {
    fn run(self: Arc<Self>) {
        let mut inner = self.lock();
        inner.begun = true;
        // None is left of a call that was taken back.
        let Some(job) = inner.job.take() else { return };
        let abandoned = inner.abandoned;
        drop(inner);
        if abandoned {
            quietly(|| drop(job));
            return;
        }

        let mut events = VecDeque::with_capacity(2);
        let step = catch_unwind(AssertUnwindSafe(|| {
            rt::parking(true, || self.step(job, &mut events))
        }));
        let body = step.unwrap_or_else(|payload| {
            events.push_back(Err(Error::panic(payload)));
            None
        });

        let mut inner = self.lock();
        inner.busy = false;
        let (waker, parked) = (inner.waker.take(), inner.parked.take());
        if inner.abandoned {
            drop(inner);
            quietly(|| drop((body, events)));
            return;
        }
        match body {
            Some((body, hint)) => {
                inner.hint = hint;
                inner.job = Some(Job::Body(body));
            }
            None => inner.ended = true,
        }
        inner.ready.append(&mut events);
        drop(inner);
        drop(parked);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// A body that goes on, and its hint.
type Rest<B> = (Pin<Box<B>>, (usize, Option<usize>));

impl<B: Body> Steps<B> {
    /// One step: the call, and the body up to its next event other than a head. Gives the body
    /// back unless it ended, or says that it has.
    fn step(&self, job: Job<B>, events: &mut VecDeque<Result<Event, Error>>) -> Option<Rest<B>> {
        let mut body = match job {
            Job::Body(body) => body,
            Job::Call(Call {
                environ,
                start_response,
                call,
            }) => match call(environ, start_response) {
                Ok(body) => Box::pin(body),
                Err(error) => {
                    events.push_back(Err(error));
                    return None;
                }
            },
        };
        loop {
            let item = rt::wait(|cx| match body.as_mut().poll_next(cx) {
                Poll::Pending if self.abandoned_or_parked(cx) => Poll::Ready(None),
                polled => polled,
            })
            .expect("a pool's thread may wait");
            match item {
                Some(Ok(Event::Start(started))) => events.push_back(Ok(Event::Start(started))),
                Some(Ok(event)) => {
                    let block = matches!(event, Event::Data(_) | Event::File(_));
                    events.push_back(Ok(event));
                    let hint = body.size_hint();
                    if !block || hint.1 != Some(0) {
                        return Some((body, hint));
                    }
                    break;
                }
                Some(Err(error)) => {
                    events.push_back(Err(error));
                    break;
                }
                None => break,
            }
        }
        // Its panic is its own, as on a server that blocks.
        quietly(|| drop(body));
        None
    }

    /// Whether nobody waits for this body any more; else the thread will be woken when so.
    fn abandoned_or_parked(&self, cx: &mut Context<'_>) -> bool {
        let waker = cx.waker().clone();
        let mut inner = self.lock();
        let stale = inner.parked.replace(waker);
        let abandoned = inner.abandoned;
        drop(inner);
        drop(stale);
        abandoned
    }
}
