//! Holding a head back.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use super::Body;
use crate::{Error, Event, Started};

/// Holds the head of a body back until the event that commits it, so that it can be replaced.
///
/// A part of a hand-written body, next to the body it looks into (a polled body is pinned and
/// cannot be moved into another type). First [`poll_open`](Self::poll_open) until it is ready; then
/// [`release`](Self::release) what shall go out; then [`poll_next`](Self::poll_next).
#[derive(Debug, Default)]
pub struct Hold {
    held: Option<Started>,
    released: [Option<Event>; 2],
    opened: bool,
    ended: bool,
}

impl Hold {
    /// Polls the body up to the event that commits its head, which is `None` at the end.
    ///
    /// # Errors
    ///
    /// The body's error before that, and misuse if it does not begin with a start: nothing was
    /// sent, so another head may be.
    pub fn poll_open<B: Body>(
        &mut self,
        mut body: Pin<&mut B>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(Started, Option<Event>), Error>> {
        loop {
            let item = ready!(body.as_mut().poll_next(cx));
            match (item, self.held.take()) {
                (Some(Err(error)), _) => return Poll::Ready(Err(error)),
                (Some(Ok(Event::Start(started))), None) => self.held = Some(started),
                (Some(Ok(event)), Some(started)) if !event.commits() => {
                    if matches!(event, Event::Start(_)) {
                        return Poll::Ready(Err(Error::misuse("a second start")));
                    }
                    self.held = Some(started);
                }
                (event, Some(started)) => {
                    self.opened = true;
                    self.ended = event.is_none();
                    return Poll::Ready(Ok((started, event.transpose()?)));
                }
                (_, None) => {
                    return Poll::Ready(Err(Error::misuse(
                        "a body that does not begin with a start",
                    )));
                }
            }
        }
    }

    /// Puts the head, and the event behind it, back into the stream.
    pub fn release(&mut self, start: Started, first: Option<Event>) {
        self.opened = true;
        self.released = [Some(Event::Start(start)), first];
    }

    /// Whether the head was seen.
    pub fn is_open(&self) -> bool {
        self.opened
    }

    /// Whether what was released has been passed on.
    pub fn drained(&self) -> bool {
        self.released.iter().all(Option::is_none)
    }

    /// What was released first, then the body.
    pub fn poll_next<B: Body>(
        &mut self,
        body: Pin<&mut B>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Event, Error>>> {
        if let Some(event) = self.released.iter_mut().find_map(Option::take) {
            return Poll::Ready(Some(Ok(event)));
        }
        if self.ended {
            Poll::Ready(None)
        } else {
            body.poll_next(cx)
        }
    }

    /// The body's hint, with what was released before it.
    pub fn size_hint<B: Body>(&self, body: &B) -> (usize, Option<usize>) {
        let released = self.released.iter().flatten().count();
        let (lower, upper) = if self.ended {
            (0, Some(0))
        } else {
            body.size_hint()
        };
        (
            lower.saturating_add(released),
            upper.and_then(|upper| upper.checked_add(released)),
        )
    }
}
