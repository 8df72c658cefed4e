//! A body that is compressed on its way.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::{HeaderValue, StatusCode};
use pin_project_lite::pin_project;
use rgi_core::{Body, Error, Event, Head, Hold, Stream};

use super::work::{Work, begin};
use super::{Compression, code, loosen, unmodified};
use crate::coding::Coding;
use crate::fields::vary;

pin_project! {
    /// Compresses what passes through it: [`Compression`].
    #[must_use = "a body does nothing until a server polls it"]
    pub struct CompressionBody<B> {
        #[pin]
        body: B,
        hold: Hold,
        settings: Compression,
        named: Vec<HeaderValue>,
        state: State,
    }
}

enum State {
    /// The head is still to come, and to be marked at most: the client wants no coding, or no body.
    Marking(Option<Coding>),
    /// The head is still to come, with what follows.
    Opening(Coding),
    Coding(Box<Work>),
    Through,
}

impl<B> CompressionBody<B> {
    pub(super) fn new(
        body: B,
        settings: Compression,
        coding: Option<Coding>,
        named: Vec<HeaderValue>,
        is_head: bool,
    ) -> CompressionBody<B> {
        let state = match coding {
            Some(coding) if !is_head => State::Opening(coding),
            coding => State::Marking(coding),
        };
        CompressionBody {
            body,
            hold: Hold::default(),
            settings,
            named,
            state,
        }
    }
}

impl<B: Body> Stream for CompressionBody<B> {
    type Item = Result<Event, Error>;

    #[inline]
    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut this = self.project();
        loop {
            match this.state {
                State::Through => return this.hold.poll_next(this.body, cx),
                State::Marking(coding) => {
                    let coding = *coding;
                    let mut item = ready!(this.body.as_mut().poll_next(cx));
                    if let Some(Ok(Event::Start(started))) = &mut item {
                        let head = started.head_mut();
                        let takes = this.settings.takes(head);
                        if takes && head.status == StatusCode::NOT_MODIFIED {
                            unmodified(head, this.named);
                        } else if takes {
                            vary(head, "accept-encoding");
                            match coding {
                                // A HEAD of what is long enough is that of a compressed body.
                                Some(coding) if head.length().is_some() => code(head, coding),
                                // Of others the body would tell (RFC 9110 9.3.2), but for the tag.
                                Some(_) => loosen(head),
                                None => {}
                            }
                        }
                        *this.state = State::Through;
                    }
                    return Poll::Ready(item);
                }
                State::Opening(coding) => {
                    let coding = *coding;
                    let opened = ready!(this.hold.poll_open(this.body.as_mut(), cx));
                    let (mut started, first) = match opened {
                        Ok(opened) => opened,
                        Err(error) => {
                            *this.state = State::Through;
                            return Poll::Ready(Some(Err(error)));
                        }
                    };
                    let whole = this.body.size_hint().1 == Some(0);
                    *this.state = State::Through;
                    let head = started.head_mut();
                    let takes = this.settings.takes(head);
                    let first = match first {
                        first if head.status == StatusCode::NOT_MODIFIED => {
                            if takes {
                                unmodified(head, this.named);
                            }
                            first
                        }
                        // What breaks its promise at once is for the machine to refuse.
                        Some(Event::Data(data)) if breaks(head, &data, whole) => {
                            Some(Event::Data(data))
                        }
                        Some(Event::Data(data)) if takes => {
                            let is_short = whole && (data.len() as u64) < this.settings.least;
                            if is_short {
                                this.hold.release(started, Some(Event::Data(data)));
                                continue;
                            }
                            let mut work = begin(head, coding)?;
                            work.take(Event::Data(data))?;
                            *this.state = State::Coding(work);
                            None
                        }
                        Some(Event::Flush) if takes => {
                            *this.state = State::Coding(begin(head, coding)?);
                            Some(Event::Flush)
                        }
                        first => first,
                    };
                    this.hold.release(started, first);
                }
                State::Coding(work) => {
                    if !this.hold.drained() {
                        return this.hold.poll_next(this.body, cx);
                    }
                    return work.poll_next(this.body, cx);
                }
            }
        }
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        match &self.state {
            State::Through => self.hold.size_hint(&self.body),
            State::Marking(_) => self.body.size_hint(),
            State::Opening(_) => (0, None),
            State::Coding(work) if self.hold.drained() => work.size_hint(),
            State::Coding(_) => (1, None),
        }
    }
}

/// Whether a first block is longer than the length promised, or the `last` and shorter.
fn breaks(head: &Head, data: &Bytes, last: bool) -> bool {
    let bytes = data.len() as u64;
    head.length()
        .is_some_and(|length| bytes > length || (last && bytes < length))
}
