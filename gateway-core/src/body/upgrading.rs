//! A body that takes the connection over.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use pin_project_lite::pin_project;

use crate::upgrade::Awaiting;
use crate::{Error, Event, Started, Upgrade, Upgraded};

pin_project! {
    /// The head of a switch, the demand for the connection, and then its handler:
    /// [`Started::upgrade`].
    #[derive(Debug)]
    #[must_use = "a body does nothing until a server polls it"]
    pub struct Upgrading<F, T> {
        started: Option<Started>,
        demand: Option<Upgrade>,
        awaiting: Awaiting,
        handler: Option<F>,
        #[pin]
        running: Option<T>,
    }
}

impl<F, T> Upgrading<F, T> {
    pub(crate) fn new(started: Started, handler: F) -> Upgrading<F, T> {
        let (demand, awaiting) = Upgrade::pair();
        Upgrading {
            started: Some(started),
            demand: Some(demand),
            awaiting,
            handler: Some(handler),
            running: None,
        }
    }
}

impl<F, T> Stream for Upgrading<F, T>
where
    F: FnOnce(Upgraded) -> T,
    T: Future<Output = Result<(), Error>>,
{
    type Item = Result<Event, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut this = self.project();
        if let Some(started) = this.started.take() {
            return Poll::Ready(Some(Ok(Event::Start(started))));
        }
        if let Some(demand) = this.demand.take() {
            return Poll::Ready(Some(Ok(Event::Upgrade(demand))));
        }
        if this.handler.is_some() {
            let Some(upgraded) = ready!(this.awaiting.poll(cx)) else {
                *this.handler = None;
                return Poll::Ready(Some(Err(Error::disconnected())));
            };
            let handler = this.handler.take().expect("checked above");
            this.running.set(Some(handler(upgraded)));
        }
        match this.running.as_mut().as_pin_mut() {
            None => Poll::Ready(None),
            Some(running) => {
                let end = ready!(running.poll(cx));
                this.running.set(None);
                Poll::Ready(end.err().map(Err))
            }
        }
    }
}
