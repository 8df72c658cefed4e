//! The first body, or the other one.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use rgi_core::{
    App, Body, Environ, Error, Event, Extensions, Fallback, Hold, Loan, Started, StatusCode, Stream,
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
        First { #[pin] body: X, hold: Hold, spare: Option<Spare<B>> },
        Other { #[pin] body: B::Body },
        Done,
    }
}

impl<X, B: App> CascadeBody<X, B> {
    pub(super) fn new(body: X, spare: Spare<B>) -> CascadeBody<X, B> {
        CascadeBody {
            state: State::First {
                body,
                hold: Hold::default(),
                spare: Some(spare),
            },
        }
    }
}

type Opened = Result<(Started, Option<Event>), Error>;

impl<X: Body, B: App> Stream for CascadeBody<X, B> {
    type Item = Result<Event, Error>;

    #[inline]
    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut state = self.project().state;
        loop {
            match state.as_mut().project() {
                StateProj::Done => return Poll::Ready(None),
                StateProj::Other { body } => return body.poll_next(cx),
                StateProj::First {
                    mut body,
                    hold,
                    spare,
                } => {
                    let Some(kept) = spare else {
                        return hold.poll_next(body, cx);
                    };
                    let opened = ready!(hold.poll_open(body.as_mut(), cx));
                    let asks = kept.wants(status(&opened));
                    let kept = spare.take().filter(|_| asks);
                    match kept {
                        Some(kept) => ask(state.as_mut(), kept, opened)?,
                        None => stand(hold, opened)?,
                    }
                }
            }
        }
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        match &self.state {
            State::First { spare: Some(_), .. } => (0, None),
            State::First { body, hold, .. } => hold.size_hint(body),
            State::Other { body } => body.size_hint(),
            State::Done => (0, Some(0)),
        }
    }
}

fn status(opened: &Opened) -> StatusCode {
    match opened {
        Ok((started, _)) => started.head().status,
        Err(error) => error.status(),
    }
}

/// Lets the first's answer stand.
fn stand(hold: &mut Hold, opened: Opened) -> Result<(), Error> {
    let (started, first) = opened?;
    hold.release(started, first);
    Ok(())
}

/// Asks the other application, if the request is there and whole.
fn ask<X: Body, B: App>(
    mut state: Pin<&mut State<X, B>>,
    spare: Spare<B>,
    opened: Opened,
) -> Result<(), Error> {
    let status = status(&opened);
    let returned = spare.loan.reclaim().or_else(|loan| {
        // The body has it.
        state.set(State::Done);
        loan.reclaim()
    });
    let whole = returned.ok().and_then(|mut environ| {
        let input = environ.input();
        let unread = input.consumed() == 0 && input.is_end() == spare.was_empty;
        unread.then_some(environ)
    });
    let Some(mut environ) = whole else {
        return match state.project() {
            StateProj::First { hold, .. } => stand(hold, opened),
            _ => Err(lost(opened)),
        };
    };
    state.set(State::Done);
    *environ.extensions_mut() = spare.extensions;
    let start_response = match opened {
        Ok((started, _)) => started.recall(),
        Err(error) => spare.fallback.start(status, error).recall(),
    };
    let body = spare.cascade.other.call(environ, start_response);
    state.set(State::Other { body });
    Ok(())
}

/// Of an answer whose body had the request, the status is left.
fn lost(opened: Opened) -> Error {
    match opened {
        Err(error) => error,
        Ok((started, _)) => {
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
