//! Another body in place of one that failed.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use pin_project_lite::pin_project;

use super::{Body, Hold};
use crate::{Error, Event, Fallback};

pin_project! {
    /// An error before commit becomes another body: [`BodyExt::recover`](super::BodyExt::recover).
    #[derive(Debug)]
    #[must_use = "a body does nothing until a server polls it"]
    pub struct Recover<B, F, C> {
        #[pin]
        body: Option<B>,
        #[pin]
        other: Option<C>,
        f: Option<(Fallback, F)>,
        hold: Hold,
    }
}

impl<B, F, C> Recover<B, F, C> {
    pub(crate) fn new(body: B, fallback: Fallback, f: F) -> Recover<B, F, C> {
        Recover {
            body: Some(body),
            other: None,
            f: Some((fallback, f)),
            hold: Hold::default(),
        }
    }
}

impl<B, F, C> Stream for Recover<B, F, C>
where
    B: Body,
    F: FnOnce(Fallback, Error) -> C,
    C: Body,
{
    type Item = Result<Event, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut this = self.project();
        if let Some(other) = this.other.as_mut().as_pin_mut() {
            return other.poll_next(cx);
        }
        let Some(mut body) = this.body.as_mut().as_pin_mut() else {
            return Poll::Ready(None);
        };
        if !this.hold.is_open() {
            match ready!(this.hold.poll_open(body.as_mut(), cx)) {
                Ok((started, first)) => {
                    *this.f = None;
                    this.hold.release(started, first);
                }
                Err(error) => {
                    let Some((fallback, f)) = this.f.take() else {
                        return Poll::Ready(Some(Err(error)));
                    };
                    this.body.set(None);
                    this.other.set(Some(f(fallback, error)));
                    let other = this.other.as_mut().as_pin_mut().expect("just set");
                    return other.poll_next(cx);
                }
            }
        }
        this.hold.poll_next(body, cx)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match (&self.body, &self.other) {
            (_, Some(other)) => other.size_hint(),
            (Some(body), None) if self.hold.is_open() => self.hold.size_hint(body),
            _ => (0, None),
        }
    }
}
