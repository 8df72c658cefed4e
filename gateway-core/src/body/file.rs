//! A body that is a part of a file.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;

use crate::{Error, Event, FileRegion, Started};

/// A part of a file: [`Started::file`].
#[derive(Debug)]
#[must_use = "a body does nothing until a server polls it"]
pub struct FileBody {
    started: Option<Started>,
    region: Option<Box<FileRegion>>,
}

impl FileBody {
    pub(crate) fn new(started: Started, region: FileRegion) -> FileBody {
        let region = (!region.is_empty()).then(|| Box::new(region));
        FileBody {
            started: Some(started),
            region,
        }
    }
}

impl Stream for FileBody {
    type Item = Result<Event, Error>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(started) = self.started.take() {
            return Poll::Ready(Some(Ok(Event::Start(started))));
        }
        Poll::Ready(self.region.take().map(|region| Ok(Event::File(region))))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = usize::from(self.started.is_some()) + usize::from(self.region.is_some());
        (left, Some(left))
    }
}
