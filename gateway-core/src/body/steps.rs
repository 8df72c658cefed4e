//! What a pool runs of a blocking body.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use super::Body;
use crate::quiet::quietly;
use crate::server::Work;
use crate::{Environ, Error, Event, StartResponse, rt};

/// An application's function, without its name.
pub(super) type Function<B> = Box<dyn FnOnce(Environ, StartResponse) -> Result<B, Error> + Send>;

/// A call that is to be made.
pub(super) struct Call<B> {
    pub(super) environ: Environ,
    pub(super) start_response: StartResponse,
    pub(super) call: Function<B>,
}

/// What the pool runs: the call, then each `next`, one at a time.
pub(super) struct Steps<B> {
    inner: Mutex<Inner<B>>,
}

pub(super) struct Inner<B> {
    pub(super) job: Option<Job<B>>,
    pub(super) begun: bool,
    /// A step is queued or running.
    pub(super) busy: bool,
    /// Nobody wants what is left: it is to be dropped on the pool.
    pub(super) abandoned: bool,
    /// Wakes the pool's thread that waits for a body that is pending.
    pub(super) parked: Option<Waker>,
    pub(super) ready: VecDeque<Result<Event, Error>>,
    pub(super) ended: bool,
    pub(super) hint: (usize, Option<usize>),
    pub(super) waker: Option<Waker>,
}

pub(super) enum Job<B> {
    Call(Call<B>),
    Body(Pin<Box<B>>),
}

impl<B> Steps<B> {
    /// The steps of a call that is about to be queued.
    pub(super) fn new(call: Call<B>) -> Steps<B> {
        Steps {
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
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Inner<B>> {
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
