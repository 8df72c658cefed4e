//! The body, and what comes before it.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use rgi_core::{App, Environ, Error, Event, Next, Sleep, StartResponse, Stream};

use super::gate::{Place, Turn};

type Call<A> = (Next<A>, Environ, StartResponse);

pin_project! {
    /// A body that has a place, waits for one, or gets none.
    #[must_use = "a body does nothing until a server polls it"]
    pub struct ConcurrencyLimitBody<A: App> {
        #[pin]
        state: State<A>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<A: App> {
        // The place is given up behind the body.
        Inside { #[pin] body: A::Body, place: Place },
        Waiting { call: Option<Call<A>>, turn: Turn, sleep: Sleep },
        Shed { error: Option<Error> },
    }
}

impl<A: App> ConcurrencyLimitBody<A> {
    pub(super) fn inside(body: A::Body, place: Place) -> Self {
        ConcurrencyLimitBody {
            state: State::Inside { body, place },
        }
    }

    pub(super) fn waiting(call: Call<A>, turn: Turn, sleep: Sleep) -> Self {
        ConcurrencyLimitBody {
            state: State::Waiting {
                call: Some(call),
                turn,
                sleep,
            },
        }
    }

    pub(super) fn shed(why: &str) -> Self {
        ConcurrencyLimitBody {
            state: State::Shed {
                error: Some(Error::overloaded(why)),
            },
        }
    }
}

impl<A: App> Stream for ConcurrencyLimitBody<A> {
    type Item = Result<Event, Error>;

    #[inline]
    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut state = self.project().state;
        loop {
            match state.as_mut().project() {
                StateProj::Inside { body, .. } => return body.poll_next(cx),
                StateProj::Shed { error } => return Poll::Ready(error.take().map(Err)),
                StateProj::Waiting { call, turn, sleep } => match turn.poll(cx) {
                    Poll::Ready(place) => {
                        let Some((next, environ, start_response)) = call.take() else {
                            return Poll::Ready(None);
                        };
                        state.set(if environ.peer().is_gone() {
                            let error = Some(Error::disconnected());
                            State::Shed { error }
                        } else {
                            let body = next.call(environ, start_response);
                            State::Inside { body, place }
                        });
                    }
                    Poll::Pending => {
                        if Pin::new(sleep).poll(cx).is_pending() {
                            return Poll::Pending;
                        }
                        let error = Error::overloaded("no place came free in time");
                        state.set(State::Shed { error: Some(error) });
                    }
                },
            }
        }
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        match &self.state {
            State::Inside { body, .. } => body.size_hint(),
            State::Waiting { .. } => (0, None),
            State::Shed { .. } => (0, Some(0)),
        }
    }
}

impl<A: App> fmt::Debug for ConcurrencyLimitBody<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.state {
            State::Inside { .. } => "ConcurrencyLimitBody(inside)",
            State::Waiting { .. } => "ConcurrencyLimitBody(waiting)",
            State::Shed { .. } => "ConcurrencyLimitBody(shed)",
        })
    }
}
