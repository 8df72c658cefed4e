//! The body, in its span.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use rgi_core::{Body, Error, Event, Stream};
use tracing::Span;

use crate::observed::{HeadTime, ObservedBody};

pin_project! {
    /// A body that is polled and dropped in a span.
    #[derive(Debug)]
    #[must_use = "a body does nothing until a server polls it"]
    pub struct TracingBody<B> {
        // None in the drop alone.
        #[pin]
        body: Option<ObservedBody<B>>,
        span: Span,
    }

    impl<B> PinnedDrop for TracingBody<B> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            let _entered = this.span.enter();
            this.body.set(None);
        }
    }
}

impl<B> TracingBody<B> {
    pub(super) fn new(body: B, head: Option<Arc<HeadTime>>, span: Span) -> TracingBody<B> {
        TracingBody {
            body: Some(ObservedBody::new(body, head)),
            span,
        }
    }
}

impl<B: Body> Stream for TracingBody<B> {
    type Item = Result<Event, Error>;

    #[inline]
    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.project();
        let _entered = this.span.enter();
        match this.body.as_pin_mut() {
            Some(body) => body.poll_next(cx),
            None => Poll::Ready(None),
        }
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        self.body.as_ref().map_or((0, Some(0)), Stream::size_hint)
    }
}
