//! The body, or what is said in its place.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use rgi_core::{Body, CatchPanics, Error, Event, Fallback, Full, Hold, Stream};

use super::page::Page;

pin_project! {
    /// A body whose failure before commit is answered for.
    #[derive(Debug)]
    #[must_use = "a body does nothing until a server polls it"]
    pub struct CatchBody<B> {
        #[pin]
        body: Option<CatchPanics<B>>,
        failed: Option<Error>,
        answer: Option<Full>,
        spare: Option<(Fallback, Page)>,
        hold: Hold,
    }
}

impl<B> CatchBody<B> {
    pub(super) fn new(
        called: Result<CatchPanics<B>, Error>,
        fallback: Fallback,
        page: Page,
    ) -> CatchBody<B> {
        let (body, failed) = match called {
            Ok(body) => (Some(body), None),
            Err(error) => (None, Some(error)),
        };
        CatchBody {
            body,
            failed,
            answer: None,
            spare: Some((fallback, page)),
            hold: Hold::default(),
        }
    }
}

impl<B: Body> Stream for CatchBody<B> {
    type Item = Result<Event, Error>;

    #[inline]
    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut this = self.project();
        if let Some(mut body) = this.body.as_mut().as_pin_mut() {
            if this.hold.is_open() {
                return this.hold.poll_next(body, cx);
            }
            match ready!(this.hold.poll_open(body.as_mut(), cx)) {
                Ok((started, first)) => {
                    *this.spare = None;
                    this.hold.release(started, first);
                    return this.hold.poll_next(body, cx);
                }
                Err(error) => *this.failed = Some(error),
            }
            // What it does as it is dropped does not hold the answer up.
            let _ = catch_unwind(AssertUnwindSafe(|| this.body.set(None)));
        }
        if let Some(error) = this.failed.take() {
            match this.spare.take() {
                Some((fallback, page)) if !error.is_disconnected() => {
                    *this.answer = Some(page.answer(fallback, error));
                }
                _ => return Poll::Ready(Some(Err(error))),
            }
        }
        match this.answer {
            Some(answer) => Pin::new(answer).poll_next(cx),
            None => Poll::Ready(None),
        }
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        match (&self.body, &self.answer) {
            (Some(body), _) if self.hold.is_open() => self.hold.size_hint(body),
            (None, Some(answer)) => answer.size_hint(),
            _ => (0, None),
        }
    }
}
