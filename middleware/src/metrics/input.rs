//! Bodies of requests, whose bytes are counted.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::HeaderMap;
use rgi_core::server::InputSource;
use rgi_core::{Error, Input, Stream};

use super::numbers::Numbers;

/// Counts what is read of a body. One that has ended, as that of a GET has, stays as it is.
pub(super) fn counted(input: Input, numbers: &Arc<Numbers>) -> Input {
    if input.is_end() {
        return input;
    }
    let length = input.length();
    let numbers = numbers.clone();
    Input::source(Counted { input, numbers }, length)
}

struct Counted {
    input: Input,
    numbers: Arc<Numbers>,
}

impl Stream for Counted {
    type Item = Result<Bytes, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        let chunk = ready!(this.input.poll_chunk(cx));
        if let Some(Ok(chunk)) = &chunk {
            let bytes = chunk.len() as u64;
            this.numbers.received.fetch_add(bytes, Ordering::Relaxed);
        }
        Poll::Ready(chunk)
    }
}

impl InputSource for Counted {
    fn trailers(self: Pin<&mut Self>) -> Option<Box<HeaderMap>> {
        self.input.trailers().cloned().map(Box::new)
    }
}
