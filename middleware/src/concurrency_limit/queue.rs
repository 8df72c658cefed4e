//! Those who may wait for a place.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;
use rgi_core::{App, Environ, Error, Event, Middleware, Next, Sleep, StartResponse, Stream};

use super::gate::{Gate, Turn};
use super::{ConcurrencyLimitBody, FULL};

/// A limit with a queue before it: [`ConcurrencyLimit::waiting`](super::ConcurrencyLimit::waiting).
///
/// Who waits has the application called behind the wait, and so shares it: it is `Send` where what it wraps
/// is `Send` and `Sync`, as what every server with threads serves is.
#[derive(Clone, Debug)]
pub struct ConcurrencyQueue {
    pub(super) gate: Arc<Gate>,
    pub(super) most: usize,
    pub(super) time: Duration,
}

impl<A: App> Middleware<A> for ConcurrencyQueue {
    type App = ConcurrencyQueueApp<A>;

    fn wrap(&self, inner: A) -> ConcurrencyQueueApp<A> {
        ConcurrencyQueueApp {
            inner: Next::new(inner),
            settings: self.clone(),
        }
    }
}

/// An application that has limited requests at once, and others that wait.
#[derive(Clone, Debug)]
pub struct ConcurrencyQueueApp<A> {
    inner: Next<A>,
    settings: ConcurrencyQueue,
}

impl<A: App> App for ConcurrencyQueueApp<A> {
    type Body = ConcurrencyQueueBody<A>;

    #[inline]
    fn call(&self, environ: Environ, start_response: StartResponse) -> Self::Body {
        let ConcurrencyQueue { gate, most, time } = &self.settings;
        if let Some(place) = Gate::enter(gate) {
            let body = self.inner.call(environ, start_response);
            return ConcurrencyLimitBody::inside(body, place).into();
        }
        match Gate::queue(gate, *most) {
            None => ConcurrencyLimitBody::shed(Error::overloaded(FULL)).into(),
            Some(turn) => {
                let sleep = environ.timer().sleep(*time);
                let call = Some((self.inner.clone(), environ, start_response));
                let turn = Some(turn);
                let state = State::Waiting { call, turn, sleep };
                ConcurrencyQueueBody { state }
            }
        }
    }
}

type Call<A> = (Next<A>, Environ, StartResponse);

pin_project! {
    /// A body that waits for a place, and then has one or gets none.
    #[must_use = "a body does nothing until a server polls it"]
    pub struct ConcurrencyQueueBody<A: App> {
        #[pin]
        state: State<A>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<A: App> {
        Waiting { call: Option<Call<A>>, turn: Option<Turn>, sleep: Sleep },
        Over { #[pin] body: ConcurrencyLimitBody<A::Body> },
    }
}

impl<A: App> From<ConcurrencyLimitBody<A::Body>> for ConcurrencyQueueBody<A> {
    fn from(body: ConcurrencyLimitBody<A::Body>) -> Self {
        let state = State::Over { body };
        ConcurrencyQueueBody { state }
    }
}

impl<A: App> Stream for ConcurrencyQueueBody<A> {
    type Item = Result<Event, Error>;

    #[inline]
    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut state = self.project().state;
        loop {
            let body = match state.as_mut().project() {
                StateProj::Over { body } => return body.poll_next(cx),
                StateProj::Waiting { call, turn, sleep } => {
                    let Some(polled) = turn.as_ref().map(|turn| turn.poll(cx)) else {
                        return Poll::Ready(None);
                    };
                    match polled {
                        Poll::Ready(place) => {
                            // Whoever is next need not wait for this one's call to return.
                            *turn = None;
                            let Some((next, environ, start_response)) = call.take() else {
                                return Poll::Ready(None);
                            };
                            match environ.peer().is_gone() {
                                true => ConcurrencyLimitBody::shed(Error::disconnected()),
                                false => {
                                    let body = next.call(environ, start_response);
                                    ConcurrencyLimitBody::inside(body, place)
                                }
                            }
                        }
                        Poll::Pending => {
                            if Pin::new(sleep).poll(cx).is_pending() {
                                return Poll::Pending;
                            }
                            let late = Error::overloaded("no place came free in time");
                            ConcurrencyLimitBody::shed(late)
                        }
                    }
                }
            };
            state.set(State::Over { body });
        }
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        match &self.state {
            State::Over { body } => body.size_hint(),
            State::Waiting { .. } => (0, None),
        }
    }
}

impl<A: App> fmt::Debug for ConcurrencyQueueBody<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.state {
            State::Waiting { .. } => f.write_str("ConcurrencyQueueBody(waiting)"),
            State::Over { body } => f.debug_tuple("ConcurrencyQueueBody").field(body).finish(),
        }
    }
}
