//! A response's payload, as hyper pulls it.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use hyper::body::{Body as HyperBody, Frame, SizeHint};
use rgi_core::server::{Commit, Cut, Level, Payload};
use rgi_core::{Body, End, Error};
use rgi_tasks::{Block, Boxed, Job, Reading, Watch};

use crate::line::{Line, Protocol};
use crate::rest::Rest;

/// An exchange in hyper's hands. Whatever hyper does with it, dropped it ends: well if all of the
/// payload was taken, and lost if not.
pub(crate) struct Exchanged<B: Body + Send + 'static> {
    line: Arc<Line<B>>,
    /// Its own, on HTTP/2.
    watch: Option<Arc<Watch>>,
    job: Option<Boxed<B>>,
    /// Of the request's body, if it has one.
    rest: Option<Arc<Rest>>,
    /// The machine gave something out that hyper has not taken.
    owes: bool,
    /// The client takes trailers (RFC 9110 10.1.4). On HTTP/1.1 hyper looks for itself.
    takes_trailers: bool,
}

impl<B: Body + Send + 'static> Exchanged<B> {
    pub(crate) fn new(
        line: Arc<Line<B>>,
        watch: Option<Arc<Watch>>,
        job: Boxed<B>,
        rest: Option<Arc<Rest>>,
        takes_trailers: bool,
    ) -> Exchanged<B> {
        Exchanged {
            line,
            watch,
            job: Some(job),
            rest,
            owes: false,
            takes_trailers,
        }
    }

    pub(crate) fn line(&self) -> &Arc<Line<B>> {
        &self.line
    }

    pub(crate) fn watch(&self) -> &Watch {
        self.watch.as_deref().unwrap_or(&self.line.watch)
    }

    fn get(&self) -> &Boxed<B> {
        self.job.as_ref().expect("only `into_job` and drop take it")
    }

    fn job(&mut self) -> Pin<&mut Job<B>> {
        let job = self.job.as_mut();
        job.expect("only `into_job` and drop take it").as_mut()
    }

    pub(crate) fn poll_head(&mut self, cx: &mut Context<'_>) -> Poll<Commit> {
        let polled = self.job().poll_head(cx);
        self.line.note_step(polled.is_pending());
        polled
    }

    pub(crate) fn poll_payload(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Payload, Cut>>> {
        let polled = self.job().poll_payload(cx);
        self.line.note_step(polled.is_pending());
        polled
    }

    /// Whether the next request can be found behind this one's body.
    pub(crate) fn can_stay(&self) -> bool {
        self.rest.as_ref().is_none_or(|rest| rest.can_stay())
    }

    pub(crate) fn label(&self) -> &str {
        self.get().label()
    }

    pub(crate) fn error(&self) -> Option<&Error> {
        self.get().error()
    }

    pub(crate) fn fail(&mut self, error: Error) {
        self.job().fail(error);
    }

    /// It cannot be completed, and its head is out.
    fn cut(&self) {
        self.watch().cut();
        if let Some(error) = self.error().filter(|error| !error.is_disconnected()) {
            let text = format_args!("{}: cut: {error}", self.label());
            self.line.server.log(Level::of_cut(error), text);
        }
    }

    /// Takes it out of hyper's hands.
    pub(crate) fn into_job(mut self) -> Boxed<B> {
        self.job.take().expect("only `into_job` and drop take it")
    }
}

impl<B: Body + Send + 'static> Drop for Exchanged<B> {
    fn drop(&mut self) {
        if let Some(rest) = self.rest.take() {
            let server = &self.line.server;
            let discard = self.line.protocol() == Protocol::Http1;
            if discard {
                self.line.set_rest(None);
            }
            rest.conclude(discard, server.config.body_timeout, &server.clock);
        }
        let Some(job) = self.job.take() else { return };
        // What the server cuts is not written, even where hyper had all of it.
        let cut = self.watch().lost() == End::Truncated;
        match job.is_end() && !self.owes && !cut {
            true => self.line.wrote(job, self.watch.take()),
            false => self.line.lose(job, self.watch()),
        }
    }
}

/// Flushes between the last block and the reset of its stream: one may be under way that does not hold
/// the block yet.
const FLUSHES: u8 = 2;

/// Bytes given to HTTP/2 at once: it asks for more only when the client's window has room.
const FRAME: usize = 64 * 1024;

/// The payload of one response.
pub(crate) struct Outgoing<B: Body + Send + 'static> {
    /// None behind a switch of protocols.
    exchanged: Option<Exchanged<B>>,
    length: Option<u64>,
    /// Something was given out.
    begun: bool,
    /// What is left of a block.
    rest: Bytes,
    file: Reading,
    /// How many flushes were asked for since it was found that it cannot be completed.
    flushes: u8,
}

/// The connection, or the stream, is to end without the sign of a whole message.
#[derive(Debug)]
pub(crate) struct CutOff;

impl fmt::Display for CutOff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the response cannot be completed")
    }
}

impl std::error::Error for CutOff {}

impl<B: Body + Send + 'static> Outgoing<B> {
    /// `length` is what was promised.
    pub(crate) fn new(exchanged: Exchanged<B>, length: Option<u64>) -> Outgoing<B> {
        Outgoing {
            exchanged: Some(exchanged),
            length,
            begun: false,
            rest: Bytes::new(),
            file: Reading::Nothing,
            flushes: 0,
        }
    }

    /// Nothing, of an exchange that goes on elsewhere.
    pub(crate) fn empty() -> Outgoing<B> {
        Outgoing {
            exchanged: None,
            length: None,
            begun: false,
            rest: Bytes::new(),
            file: Reading::Nothing,
            flushes: 0,
        }
    }

    /// Gives out bytes: all of them on HTTP/1.1, where hyper writes them from where they are.
    fn give(&mut self, mut data: Bytes) -> Frame<Block> {
        let mut watch = None;
        if let Some(exchanged) = &self.exchanged {
            watch = exchanged.watch.clone();
            match &watch {
                None => exchanged.line.shut_gate(),
                Some(watch) => {
                    watch.stall(&exchanged.line.server.clock);
                    if data.len() > FRAME {
                        self.rest = data.split_off(FRAME);
                    }
                }
            }
        }
        Frame::data(Block::new(data, watch))
    }
}

impl<B: Body + Send + 'static> HyperBody for Outgoing<B> {
    type Data = Block;
    type Error = CutOff;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Block>, CutOff>>> {
        let this = &mut *self;
        if let Some(watch) = this.exchanged.as_ref().and_then(|e| e.watch.as_ref()) {
            // It is asked for more, so there is room.
            watch.unstall();
        }
        if !this.rest.is_empty() {
            let rest = std::mem::take(&mut this.rest);
            return Poll::Ready(Some(Ok(this.give(rest))));
        }
        let Some(exchanged) = &mut this.exchanged else {
            return Poll::Ready(None);
        };
        if this.begun {
            ready!(exchanged.line.poll_gate(cx));
        }
        this.begun = true;
        loop {
            if !this.file.is_end() {
                match ready!(this.file.poll_chunk(cx, &exchanged.line.server.clock)) {
                    None => {}
                    Some(Ok(chunk)) => return Poll::Ready(Some(Ok(this.give(chunk)))),
                    Some(Err(error)) => {
                        exchanged.fail(Error::new(format!("a file cannot be sent: {error}")));
                    }
                }
            }
            match ready!(exchanged.poll_payload(cx)) {
                None => return Poll::Ready(None),
                Some(Ok(Payload::Data(data))) => {
                    return Poll::Ready(Some(Ok(this.give(data))));
                }
                Some(Ok(Payload::File(region))) => this.file = Reading::Next(region),
                Some(Ok(Payload::Flush)) => ready!(exchanged.line.poll_gate(cx)),
                Some(Ok(Payload::Trailers(trailers))) => {
                    if exchanged.takes_trailers {
                        return Poll::Ready(Some(Ok(Frame::trailers(*trailers))));
                    }
                    return Poll::Ready(None);
                }
                // The switch was taken with the head.
                Some(Ok(Payload::Upgrade(_))) => return Poll::Ready(None),
                Some(Err(_)) => {
                    if this.flushes == 0 {
                        exchanged.cut();
                    }
                    while this.flushes < FLUSHES {
                        this.flushes += 1;
                        exchanged.line.shut_gate_before_reset();
                        ready!(exchanged.line.poll_gate(cx));
                    }
                    ready!(exchanged.line.poll_gate(cx));
                    return Poll::Ready(Some(Err(CutOff)));
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        let exchanged = self.exchanged.as_ref();
        exchanged.is_none_or(|exchanged| exchanged.get().is_end())
            && self.rest.is_empty()
            && self.file.is_end()
    }

    fn size_hint(&self) -> SizeHint {
        self.length.map_or_else(SizeHint::new, SizeHint::with_exact)
    }
}

impl<B: Body + Send + 'static> Drop for Outgoing<B> {
    fn drop(&mut self) {
        let taken = self.rest.is_empty() && self.file.is_end();
        if let Some(exchanged) = &mut self.exchanged {
            exchanged.owes |= !taken;
        }
    }
}
