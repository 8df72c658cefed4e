//! A body that does not outlive its peer.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use pin_project_lite::pin_project;

use super::Body;
use crate::{Error, Event, Gone, Peer};

pin_project! {
    /// Dropped as soon as the peer has left:
    /// [`AppExt::cancel_on_disconnect`](crate::AppExt::cancel_on_disconnect).
    #[derive(Debug)]
    #[must_use = "a body does nothing until a server polls it"]
    pub struct CancelBody<B> {
        #[pin]
        body: Option<B>,
        peer: Peer,
        gone: Gone,
    }
}

impl<B> CancelBody<B> {
    pub(crate) fn new(body: B, peer: Peer) -> CancelBody<B> {
        CancelBody {
            body: Some(body),
            gone: peer.gone(),
            peer,
        }
    }
}

impl<B: Body> Stream for CancelBody<B> {
    type Item = Result<Event, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut this = self.project();
        if Pin::new(this.gone).poll(cx).is_ready() && this.peer.is_gone() {
            this.body.set(None);
            return Poll::Ready(Some(Err(Error::disconnected())));
        }
        match this.body.as_pin_mut() {
            Some(body) => body.poll_next(cx),
            None => Poll::Ready(None),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.body.as_ref().map_or((0, Some(0)), Stream::size_hint)
    }
}
