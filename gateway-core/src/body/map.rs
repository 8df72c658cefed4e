//! Bodies that change what passes through them.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;
use pin_project_lite::pin_project;

use super::{Body, Promised};
use crate::middleware::EditHead;
use crate::{Error, Event, FileRegion};

pin_project! {
    /// Changes the head: [`BodyExt::map_start`](super::BodyExt::map_start).
    #[derive(Debug)]
    #[must_use = "a body does nothing until a server polls it"]
    pub struct MapStartBody<B, F> {
        #[pin]
        body: B,
        edit: F,
    }
}

impl<B, F> MapStartBody<B, F> {
    pub(crate) fn new(body: B, edit: F) -> MapStartBody<B, F> {
        MapStartBody { body, edit }
    }
}

impl<B: Body, F: EditHead> Stream for MapStartBody<B, F> {
    type Item = Result<Event, Error>;

    #[inline]
    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.project();
        let mut item = ready!(this.body.poll_next(cx));
        match &mut item {
            Some(Ok(Event::Start(started))) => this.edit.edit(started.head_mut()),
            Some(Err(error)) => this.edit.edit_error(error),
            _ => {}
        }
        Poll::Ready(item)
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        self.body.size_hint()
    }
}

pin_project! {
    /// Changes each block: [`BodyExt::map_data`](super::BodyExt::map_data).
    #[derive(Debug)]
    #[must_use = "a body does nothing until a server polls it"]
    pub struct MapDataBody<B, F> {
        #[pin]
        body: B,
        f: F,
        file: Option<Box<FileRegion>>,
        promised: Promised,
        begun: bool,
    }
}

/// Bytes read of a file at a time.
const FILE_CHUNK: usize = 64 * 1024;

impl<B, F> MapDataBody<B, F> {
    pub(crate) fn new(body: B, f: F) -> MapDataBody<B, F> {
        MapDataBody {
            body,
            f,
            file: None,
            promised: Promised::default(),
            begun: false,
        }
    }
}

impl<B: Body, F: FnMut(Bytes) -> Result<Bytes, Error>> Stream for MapDataBody<B, F> {
    type Item = Result<Event, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut this = self.project();
        loop {
            if let Some(region) = this.file {
                match region.next_chunk(FILE_CHUNK) {
                    Ok(Some(chunk)) => return Poll::Ready(Some((this.f)(chunk).map(Event::Data))),
                    Ok(None) => *this.file = None,
                    Err(error) => return Poll::Ready(Some(Err(error.into()))),
                }
            }
            if *this.begun && this.promised.is_kept() {
                return Poll::Ready(None);
            }
            return Poll::Ready(match ready!(this.body.as_mut().poll_next(cx)) {
                Some(Ok(Event::Start(mut started))) => {
                    let head = started.head_mut();
                    *this.promised = Promised::new(head.length());
                    head.set_length(None);
                    head.set_file(false);
                    Some(Ok(Event::Start(started)))
                }
                Some(Ok(Event::Data(data))) => {
                    *this.begun |= !data.is_empty();
                    let taken = this.promised.take(data.len() as u64);
                    Some(taken.and_then(|()| (this.f)(data)).map(Event::Data))
                }
                Some(Ok(Event::File(region))) => {
                    *this.begun = true;
                    match this.promised.take(region.len()) {
                        Ok(()) => *this.file = Some(region),
                        Err(error) => return Poll::Ready(Some(Err(error))),
                    }
                    continue;
                }
                // One that gives nothing at all is that of a HEAD, or of a 304.
                None if *this.begun => this.promised.finish().err().map(Err),
                other => other,
            });
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match self.file {
            Some(_) => (0, None),
            None if self.begun && self.promised.is_kept() => (0, Some(0)),
            None => (
                self.body.size_hint().0,
                self.body.size_hint().1.filter(|upper| *upper == 0),
            ),
        }
    }
}
