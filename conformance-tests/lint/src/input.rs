//! The request's body, watched.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;
use http::HeaderMap;
use rgi_core::server::InputSource;
use rgi_core::{Environ, Error, Input};

use crate::exchange::Exchange;

/// Watches the input of a request that has one.
pub(crate) fn watch(environ: &mut Environ, exchange: &Arc<Exchange>) {
    announced(environ, exchange);
    let input = environ.input();
    // What is there already cannot come otherwise, and what somebody has read a part of is not to
    // begin anew.
    if input.size_hint().1.is_some() || input.consumed() > 0 {
        return;
    }
    environ.map_input(|input| {
        let length = input.length();
        Input::source(
            Watched {
                input,
                exchange: exchange.clone(),
                length,
                taken: 0,
            },
            length,
        )
    });
}

/// Compares the input's length with the one in Content-Length.
fn announced(environ: &mut Environ, exchange: &Exchange) {
    let announced = environ.header("content-length");
    let Some(announced) = announced.and_then(|value| std::str::from_utf8(value).ok()) else {
        return;
    };
    let announced = announced.parse::<u64>();
    if let (Ok(announced), Some(length)) = (announced, environ.input().length())
        && announced != length
    {
        exchange.found(
            "input-length",
            183,
            format!("the input says {length} bytes, and Content-Length {announced}"),
            "the length is the one that the client announced",
        );
    }
}

struct Watched {
    input: Input,
    exchange: Arc<Exchange>,
    length: Option<u64>,
    taken: u64,
}

impl Watched {
    fn check(&self) {
        if let Some(length) = self.length.filter(|length| *length != self.taken) {
            self.exchange.found(
                "input-length",
                183,
                format!(
                    "the input said {length} bytes and ended after {}",
                    self.taken
                ),
                "a body that is cut short is an error of the input's, not an end",
            );
        }
    }
}

impl Stream for Watched {
    type Item = Result<Bytes, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let item = ready!(self.input.poll_chunk(cx));
        match &item {
            Some(Ok(chunk)) => {
                self.taken += chunk.len() as u64;
                if self.length.is_some_and(|length| length < self.taken) {
                    self.check();
                }
            }
            Some(Err(error)) => {
                // What is gathered before a call has not been told to the application, and may
                // never be.
                let is_told = !error.is_disconnected() && !Input::is_gathering();
                self.exchange
                    .input_failed
                    .fetch_or(is_told, Ordering::Relaxed);
            }
            None => self.check(),
        }
        Poll::Ready(item)
    }
}

impl InputSource for Watched {
    fn trailers(self: Pin<&mut Self>) -> Option<Box<HeaderMap>> {
        self.input.trailers().cloned().map(Box::new)
    }
}
