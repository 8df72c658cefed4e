//! A body that is sent if conditions hold.

use std::hash::{DefaultHasher, Hasher};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::{HeaderValue, StatusCode};
use pin_project_lite::pin_project;
use rgi_core::{Body, Error, Event, FieldName, Head, Started, Stream, field};

use super::conditions::modified;
use super::{Conditions, Verdict};
use crate::fields;

/// Bytes of the longest body that a tag is made of.
const TAGGED: usize = 1 << 20;

pin_project! {
    /// Sends what passes through it if its conditions hold: [`Conditional`](super::Conditional).
    #[derive(Debug)]
    #[must_use = "a body does nothing until a server polls it"]
    pub struct ConditionalBody<B> {
        #[pin]
        body: B,
        conditions: Option<Conditions>,
        state: State,
    }
}

#[derive(Debug)]
enum State {
    Opening {
        tags: bool,
    },
    /// There is one block, to make a tag of.
    Tagging(Option<Started>),
    /// The head went out, and this goes next.
    First(Option<Event>),
    Through,
    /// Another answer than the application's: nothing comes behind its head.
    Done,
}

impl<B> ConditionalBody<B> {
    pub(super) fn new(body: B, conditions: Option<Conditions>, tags: bool) -> ConditionalBody<B> {
        ConditionalBody {
            body,
            conditions,
            state: State::Opening { tags },
        }
    }

    pub(super) fn through(body: B) -> ConditionalBody<B> {
        ConditionalBody {
            body,
            conditions: None,
            state: State::Through,
        }
    }
}

impl<B: Body> Stream for ConditionalBody<B> {
    type Item = Result<Event, Error>;

    #[inline]
    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut this = self.project();
        loop {
            match this.state {
                State::Through => return this.body.poll_next(cx),
                State::Done => return Poll::Ready(None),
                State::First(event) => {
                    let event = event.take();
                    *this.state = match event {
                        Some(_) => State::Through,
                        None => State::Done,
                    };
                    return Poll::Ready(event.map(Ok));
                }
                State::Opening { tags } => {
                    let tags = *tags;
                    let mut started = match ready!(this.body.as_mut().poll_next(cx)) {
                        Some(Ok(Event::Start(started))) => started,
                        other => {
                            *this.state = State::Through;
                            return Poll::Ready(other);
                        }
                    };
                    let head = started.head();
                    let is_untagged = tags
                        && head.status == StatusCode::OK
                        && head.get(&field::ETAG).is_none()
                        && head.length().is_none_or(|length| length <= TAGGED as u64);
                    if is_untagged && this.body.size_hint().1 == Some(1) {
                        *this.state = State::Tagging(Some(started));
                        continue;
                    }
                    *this.state =
                        decide(started.head_mut(), this.conditions.take(), State::Through);
                    return Poll::Ready(Some(Ok(Event::Start(started))));
                }
                State::Tagging(held) => {
                    let item = ready!(this.body.as_mut().poll_next(cx));
                    let Some(mut started) = held.take() else {
                        return Poll::Ready(None);
                    };
                    let event = match item.transpose() {
                        Ok(event) => event,
                        Err(error) => {
                            *this.state = State::Done;
                            return Poll::Ready(Some(Err(error)));
                        }
                    };
                    let head = started.head_mut();
                    if let Some(Event::Data(data)) = &event
                        && data.len() <= TAGGED
                        && this.body.size_hint().1 == Some(0)
                    {
                        head.insert(field::ETAG, tag(data));
                    }
                    *this.state = decide(head, this.conditions.take(), State::First(event));
                    return Poll::Ready(Some(Ok(Event::Start(started))));
                }
            }
        }
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        match self.state {
            State::Through => self.body.size_hint(),
            State::Opening { .. } | State::Tagging(_) => (0, None),
            State::First(None) => (0, Some(0)),
            State::First(Some(_)) => {
                let (lower, upper) = self.body.size_hint();
                (
                    lower.saturating_add(1),
                    upper.and_then(|upper| upper.checked_add(1)),
                )
            }
            State::Done => (0, Some(0)),
        }
    }
}

/// Makes a head what its conditions make of it; `whole` comes behind it if they hold.
fn decide(head: &mut Head, conditions: Option<Conditions>, whole: State) -> State {
    let Some(conditions) = conditions.filter(|_| head.status.is_success()) else {
        return whole;
    };
    let tag = head.get(&field::ETAG).map(HeaderValue::as_bytes);
    match conditions.verdict(tag, modified(head)) {
        Verdict::Holds => return whole,
        Verdict::Unmodified => {
            head.status = StatusCode::NOT_MODIFIED;
            head.set_length(None);
        }
        Verdict::Fails => {
            head.status = StatusCode::PRECONDITION_FAILED;
            head.set_length(Some(0));
            fields::keep_from_caches(head);
        }
    }
    for name in OF_THE_BODY {
        head.remove(&name);
    }
    State::Done
}

/// Fields that speak of a body that is not there (RFC 9110 15.4.5).
const OF_THE_BODY: [FieldName; 6] = [
    field::ACCEPT_RANGES,
    field::CONTENT_ENCODING,
    field::CONTENT_LANGUAGE,
    field::CONTENT_RANGE,
    field::CONTENT_TYPE,
    field::TRAILER,
];

/// A tag of what there is. It has to differ where that does, and not to keep secrets.
fn tag(data: &Bytes) -> HeaderValue {
    let mut hasher = DefaultHasher::new();
    hasher.write(data);
    let tag = format!("\"{:x}-{:016x}\"", data.len(), hasher.finish());
    HeaderValue::try_from(tag).expect("hexadecimal digits in quotes")
}
