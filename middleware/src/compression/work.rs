//! What is being compressed.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::HeaderValue;
use rgi_core::{Body, Error, Event, FileRegion, Head, Promised, field};

use super::code;
use crate::coding::{Coding, Encoder};
use crate::fields::vary;
use crate::turn::Turn;

/// Bytes compressed in one step.
const STEP: usize = 64 * 1024;

/// Compressed bytes that are worth a block, where nobody waits for them.
const BLOCK: usize = 8 * 1024;

/// A body that is being compressed.
pub(super) struct Work {
    /// `None` once the coding is ended.
    encoder: Option<Encoder>,
    /// By the application.
    promised: Promised,
    /// Whether each block goes out at once.
    eager: bool,
    /// Whether the encoder was given bytes that did not come out yet.
    holds: bool,
    /// Of the application, not compressed yet.
    data: Bytes,
    file: Option<Box<FileRegion>>,
    /// Behind what is compressed.
    out: VecDeque<Event>,
}

/// Says that what follows is compressed, and begins. Events go out at once, each.
pub(super) fn begin(head: &mut Head, coding: Coding) -> Result<Box<Work>, Error> {
    vary(head, "accept-encoding");
    let is_events = |value: &HeaderValue| value.as_bytes().starts_with(b"text/event-stream");
    let eager = head.get(&field::CONTENT_TYPE).is_some_and(is_events);
    let length = head.length();
    code(head, coding);
    Work::new(coding, length, eager).map(Box::new)
}

impl Work {
    fn new(coding: Coding, length: Option<u64>, eager: bool) -> Result<Work, Error> {
        Ok(Work {
            encoder: Some(Encoder::new(coding)?),
            promised: Promised::new(length),
            eager,
            holds: false,
            data: Bytes::new(),
            file: None,
            out: VecDeque::new(),
        })
    }

    pub(super) fn poll_next<B: Body>(
        &mut self,
        mut body: Pin<&mut B>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Event, Error>>> {
        let mut turn = Turn::new();
        loop {
            if let Some(event) = self.out.pop_front() {
                return Poll::Ready(Some(Ok(event)));
            }
            if self.encoder.is_none() {
                return Poll::Ready(None);
            }
            match self.step(body.as_mut(), cx) {
                Ok(Poll::Ready(bytes)) if self.out.is_empty() => ready!(turn.spend(bytes, cx)),
                Ok(Poll::Ready(_)) => {}
                Ok(Poll::Pending) => return Poll::Pending,
                Err(error) => {
                    self.encoder = None;
                    return Poll::Ready(Some(Err(error)));
                }
            }
        }
    }

    /// Compresses a piece of what is there, or asks for the next event. Returns how many bytes it
    /// compressed.
    fn step<B: Body>(
        &mut self,
        mut body: Pin<&mut B>,
        cx: &mut Context<'_>,
    ) -> Result<Poll<u64>, Error> {
        if !self.data.is_empty() {
            let bytes = self.compress(body.size_hint().1 == Some(0))?;
            return Ok(Poll::Ready(bytes));
        }
        if let Some(file) = &mut self.file {
            match file.next_chunk(STEP)? {
                Some(chunk) => self.data = chunk,
                None => self.file = None,
            }
        } else if self.promised.is_kept() {
            self.finish()?;
        } else {
            match body.as_mut().poll_next(cx) {
                // What there is goes out before the next is waited for.
                Poll::Pending if self.holds => self.flush()?,
                Poll::Pending => return Ok(Poll::Pending),
                Poll::Ready(Some(Ok(event))) => self.take(event)?,
                Poll::Ready(Some(Err(error))) => return Err(error),
                Poll::Ready(None) => self.finish()?,
            }
        }
        Ok(Poll::Ready(0))
    }

    /// Compresses a piece of the data. `last`: the application has nothing behind it.
    fn compress(&mut self, last: bool) -> Result<u64, Error> {
        let piece = self.data.split_to(self.data.len().min(STEP));
        let Some(encoder) = &mut self.encoder else {
            return Ok(0);
        };
        encoder.write(&piece)?;
        self.holds = true;
        let is_done = self.data.is_empty();
        if is_done && (last || self.promised.is_kept()) && self.file.is_none() {
            self.finish()?;
        } else if is_done && self.eager {
            self.flush()?;
        } else if encoder.len() >= BLOCK {
            self.emit();
        }
        Ok(piece.len() as u64)
    }

    pub(super) fn take(&mut self, event: Event) -> Result<(), Error> {
        match event {
            Event::Data(data) => {
                self.promised.take(data.len() as u64)?;
                self.data = data;
            }
            Event::File(region) => {
                self.promised.take(region.len())?;
                self.file = Some(region);
            }
            Event::Flush => {
                self.flush()?;
                self.out.push_back(Event::Flush);
            }
            // Trailers; what does not belong here is the machine's to refuse.
            other => {
                self.finish()?;
                self.out.push_back(other);
            }
        }
        Ok(())
    }

    fn emit(&mut self) {
        let coded = self.encoder.as_mut().map(Encoder::take);
        if let Some(coded) = coded.filter(|coded| !coded.is_empty()) {
            self.out.push_back(Event::Data(coded));
        }
    }

    fn flush(&mut self) -> Result<(), Error> {
        if let Some(encoder) = self.encoder.as_mut().filter(|_| self.holds) {
            encoder.flush()?;
            self.holds = false;
            self.emit();
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<(), Error> {
        self.promised.finish()?;
        if let Some(encoder) = self.encoder.take() {
            self.out.push_back(Event::Data(encoder.finish()?));
        }
        Ok(())
    }

    pub(super) fn size_hint(&self) -> (usize, Option<usize>) {
        match self.encoder {
            Some(_) => (0, None),
            None => (self.out.len(), Some(self.out.len())),
        }
    }
}
