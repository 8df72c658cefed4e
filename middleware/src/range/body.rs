//! A body that is cut to a part of it.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Buf;
use http::StatusCode;
use pin_project_lite::pin_project;
use rgi_core::{Body, Error, Event, Stream, field};

use super::{Asked, Part, set_accepted};
use crate::turn::Turn;

pin_project! {
    /// Cuts what passes through it to the part that was asked for: [`Range`](super::Range).
    #[derive(Debug)]
    #[must_use = "a body does nothing until a server polls it"]
    pub struct RangeBody<B> {
        #[pin]
        body: B,
        state: State,
    }
}

#[derive(Debug)]
enum State {
    Opening(Option<Asked>),
    Through,
    /// The part begins behind so many bytes, and has so many.
    Cutting {
        skip: u64,
        left: u64,
    },
}

impl<B> RangeBody<B> {
    pub(super) fn new(body: B, asked: Option<Asked>, offers: bool) -> RangeBody<B> {
        let state = match offers {
            true => State::Opening(asked),
            false => State::Through,
        };
        RangeBody { body, state }
    }
}

impl<B: Body> Stream for RangeBody<B> {
    type Item = Result<Event, Error>;

    #[inline]
    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut this = self.project();
        let mut turn = Turn::new();
        loop {
            match this.state {
                State::Through => return this.body.poll_next(cx),
                State::Opening(asked) => {
                    let asked = asked.take();
                    let mut item = ready!(this.body.as_mut().poll_next(cx));
                    *this.state = State::Through;
                    if let Some(Ok(Event::Start(started))) = &mut item {
                        let head = started.head_mut();
                        let is_whole = head.status == StatusCode::OK
                            && head.get(&field::CONTENT_RANGE).is_none();
                        if let Some(length) = head.length().filter(|_| is_whole) {
                            set_accepted(head);
                            let part = asked.map(|asked| asked.choose(head, length));
                            *this.state = match part.unwrap_or(Part::Whole) {
                                Part::Whole => State::Through,
                                Part::Nothing => State::Cutting { skip: 0, left: 0 },
                                Part::Of(range) => State::Cutting {
                                    skip: range.start,
                                    left: range.end - range.start,
                                },
                            };
                        }
                    }
                    return Poll::Ready(item);
                }
                State::Cutting { left: 0, .. } => return Poll::Ready(None),
                State::Cutting { skip, left } => {
                    let event = match ready!(this.body.as_mut().poll_next(cx)) {
                        Some(Ok(event)) => event,
                        other => return Poll::Ready(other),
                    };
                    let mut skipped = 0;
                    let event = match event {
                        Event::Data(mut data) => {
                            let before = (*skip).min(data.len() as u64);
                            *skip -= before;
                            skipped = before;
                            data.advance(before as usize);
                            data.truncate(usize::try_from(*left).unwrap_or(usize::MAX));
                            *left -= data.len() as u64;
                            (!data.is_empty()).then_some(Event::Data(data))
                        }
                        Event::File(mut region) => {
                            let before = (*skip).min(region.len());
                            *skip -= before;
                            region.advance(before);
                            region.truncate(*left);
                            *left -= region.len();
                            (!region.is_empty()).then_some(Event::File(region))
                        }
                        Event::Flush if *skip > 0 => None,
                        other => Some(other),
                    };
                    if let Some(event) = event {
                        return Poll::Ready(Some(Ok(event)));
                    }
                    ready!(turn.spend(skipped, cx));
                }
            }
        }
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        match self.state {
            State::Through => self.body.size_hint(),
            State::Opening(None) => self.body.size_hint(),
            State::Opening(_) => (0, None),
            State::Cutting { left: 0, .. } => (0, Some(0)),
            State::Cutting { .. } => (0, None),
        }
    }
}
