//! The first body, or the other one.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use rgi_core::{
    App, Body, Environ, Error, Event, Extensions, Fallback, Loan, Started, StatusCode, Stream,
};

use super::Cascade;

/// What is needed to ask the other application.
pub(super) struct Spare<B> {
    cascade: Arc<Cascade<B>>,
    loan: Loan,
    fallback: Fallback,
    extensions: Extensions,
    /// There was nothing to read from the beginning.
    was_empty: bool,
}

impl<B: App> Spare<B> {
    pub(super) fn new(
        cascade: Arc<Cascade<B>>,
        mut environ: Environ,
        fallback: Fallback,
    ) -> (Environ, Spare<B>) {
        let extensions = match environ.extensions().is_empty() {
            true => Extensions::new(),
            false => environ.extensions().clone(),
        };
        let was_empty = environ.input().is_end();
        let (environ, loan) = environ.lend();
        let spare = Spare {
            cascade,
            loan,
            fallback,
            extensions,
            was_empty,
        };
        (environ, spare)
    }

    fn wants(&self, status: StatusCode) -> bool {
        self.cascade.statuses.contains(&status)
    }
}

pin_project! {
    /// The body of the first application that has an answer.
    #[must_use = "a body does nothing until a server polls it"]
    pub struct CascadeBody<X, B: App> {
        #[pin]
        state: State<X, B>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<X, B: App> {
        // Spare until its head is there.
        First { #[pin] body: X, spare: Option<Spare<B>> },
        Other { #[pin] body: B::Body },
        Done,
    }
}

impl<X, B: App> CascadeBody<X, B> {
    pub(super) fn new(body: X, spare: Spare<B>) -> CascadeBody<X, B> {
        let spare = Some(spare);
        CascadeBody {
            state: State::First { body, spare },
        }
    }
}

impl<X: Body, B: App> Stream for CascadeBody<X, B> {
    type Item = Result<Event, Error>;

    #[inline]
    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut state = self.project().state;
        loop {
            let (head, spare) = match state.as_mut().project() {
                StateProj::Done => return Poll::Ready(None),
                StateProj::Other { body } => return body.poll_next(cx),
                StateProj::First { body, spare: None } => return body.poll_next(cx),
                StateProj::First { body, spare } => match ready!(body.poll_next(cx)) {
                    Some(Ok(Event::Start(started))) => (Ok(started), spare.take()),
                    Some(Err(error)) => (Err(error), spare.take()),
                    // The commit machine says what is wrong about it.
                    other => return Poll::Ready(other),
                },
            };
            let stands = match spare.filter(|spare| spare.wants(status(&head))) {
                Some(spare) => ask(state.as_mut(), spare, head),
                None => Some(head),
            };
            if let Some(head) = stands {
                return Poll::Ready(Some(head.map(Event::Start)));
            }
        }
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        match &self.state {
            State::First { spare: Some(_), .. } => (0, None),
            State::First { body, .. } => body.size_hint(),
            State::Other { body } => body.size_hint(),
            State::Done => (0, Some(0)),
        }
    }
}

/// The head of the first's answer, or why there is none.
type Head = Result<Started, Error>;

fn status(head: &Head) -> StatusCode {
    match head {
        Ok(started) => started.head().status,
        Err(error) => error.status(),
    }
}

/// Asks the other application, if the request is there and whole; otherwise gives back what stands.
fn ask<X: Body, B: App>(
    mut state: Pin<&mut State<X, B>>,
    spare: Spare<B>,
    head: Head,
) -> Option<Head> {
    let returned = spare.loan.reclaim().or_else(|loan| {
        // The body has it.
        state.set(State::Done);
        loan.reclaim()
    });
    let whole = returned.ok().and_then(|mut environ| {
        let input = environ.input();
        let unread =
            input.consumed() == 0 && input.is_end() == spare.was_empty && !input.is_failed();
        unread.then_some(environ)
    });
    let Some(mut environ) = whole else {
        return Some(match *state {
            State::Done => Err(lost(head)),
            _ => head,
        });
    };
    state.set(State::Done);
    *environ.extensions_mut() = spare.extensions;
    let start_response = match head {
        Ok(started) => started.recall(),
        Err(error) => spare.fallback.start(error.status(), error).recall(),
    };
    let body = spare.cascade.other.call(environ, start_response);
    state.set(State::Other { body });
    None
}

/// Of an answer whose body had the request, the status is left.
fn lost(head: Head) -> Error {
    match head {
        Err(error) => error,
        Ok(started) => {
            let text = "the first application kept the request, or read of its body";
            Error::new(text).with_status(started.head().status)
        }
    }
}

impl<X, B: App> fmt::Debug for CascadeBody<X, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.state {
            State::First { .. } => "CascadeBody(first)",
            State::Other { .. } => "CascadeBody(other)",
            State::Done => "CascadeBody(done)",
        })
    }
}
