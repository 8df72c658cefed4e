//! The payload of an application behind a layer.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use rgi_core::{Body, Error, Event, FileRegion, Hold, Promised};

use super::shared::{Shared, lock};
use crate::BoxError;

/// Bytes read of a file at a time.
const FILE_CHUNK: usize = 64 * 1024;

/// The payload of an application behind a layer, held to the length that its head promised: more is an
/// error, and so is less.
pub struct InnerBody<B> {
    body: Pin<Box<B>>,
    hold: Hold,
    first: Option<Event>,
    file: Option<Box<FileRegion>>,
    promised: Promised,
    ended: bool,
    shared: Shared,
}

type Polled = Poll<Option<Result<Frame<Bytes>, BoxError>>>;

impl<B: Body> InnerBody<B> {
    /// The payload that begins with `first`; without that there is none.
    pub(super) fn new(
        body: Pin<Box<B>>,
        hold: Hold,
        first: Option<Event>,
        length: Option<u64>,
        shared: Shared,
    ) -> InnerBody<B> {
        InnerBody {
            body,
            hold,
            ended: first.is_none(),
            first,
            file: None,
            promised: Promised::new(length),
            shared,
        }
    }

    fn give(&mut self, data: Bytes) -> Polled {
        match self.promised.take(data.len() as u64) {
            Ok(()) => Poll::Ready(Some(Ok(Frame::data(data)))),
            Err(error) => self.fail(error),
        }
    }

    /// The application has no more to give.
    fn end(&mut self) -> Polled {
        self.ended = true;
        match self.promised.finish() {
            Ok(()) => Poll::Ready(None),
            Err(error) => self.fail(error),
        }
    }

    fn fail(&mut self, error: Error) -> Polled {
        self.ended = true;
        self.file = None;
        Poll::Ready(Some(Err(error.into())))
    }

    /// Whether all that was promised is given: the body is asked no more (RGI 152).
    fn is_full(&self) -> bool {
        self.promised.is_kept() && self.first.is_none()
    }
}

impl<B: Body> HttpBody for InnerBody<B> {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Polled {
        let this = &mut *self;
        loop {
            if let Some(region) = &mut this.file {
                match region.next_chunk(FILE_CHUNK) {
                    Ok(Some(chunk)) => return this.give(chunk),
                    Ok(None) => this.file = None,
                    Err(error) => return this.fail(error.into()),
                }
            }
            if this.ended || this.is_full() {
                return Poll::Ready(None);
            }
            let event = match this.first.take() {
                Some(event) => event,
                None => match ready!(this.hold.poll_next(this.body.as_mut(), cx)) {
                    Some(Ok(event)) => event,
                    Some(Err(error)) => return this.fail(error),
                    None => return this.end(),
                },
            };
            match event {
                Event::Data(data) if data.is_empty() => {}
                Event::Data(data) => return this.give(data),
                Event::File(region) => this.file = Some(region),
                Event::Trailers(_) if this.promised.left().is_some() => return this.end(),
                Event::Trailers(trailers) => {
                    this.ended = true;
                    return Poll::Ready(Some(Ok(Frame::trailers(*trailers))));
                }
                // The other side hands it on, and polls this one further: the handler is in it.
                Event::Upgrade(upgrade) => lock(&this.shared).upgrade = Some(upgrade),
                Event::Start(_) => return this.fail(Error::misuse("a second start")),
                _ => {}
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        let is_over = || self.hold.size_hint(&self.body).1 == Some(0);
        let over = self.ended
            || self.is_full()
            || self.promised.left().is_none() && self.first.is_none() && is_over();
        over && self.file.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        match &self.first {
            // The connection's bytes are no content.
            Some(Event::Upgrade(_)) => SizeHint::with_exact(0),
            _ if self.ended && self.file.is_none() => SizeHint::with_exact(0),
            _ => self
                .promised
                .left()
                .map_or_else(SizeHint::new, SizeHint::with_exact),
        }
    }
}

impl<B> fmt::Debug for InnerBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InnerBody").finish_non_exhaustive()
    }
}
