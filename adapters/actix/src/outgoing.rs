//! A response's payload, as actix-http pulls it.

use std::fmt;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use actix_http::body::{BodySize, MessageBody};
use bytes::Bytes;
use rgi_core::server::{Commit, Cut, Level, Log, Payload};
use rgi_core::{Body, End, Error};
use rgi_tasks::{Boxed, Clock, Job, Reading};

use crate::input::Feed;
use crate::line::Line;
use crate::place::Place;

/// An exchange in actix-http's hands. Whatever it does with it, dropped it ends: well if all of the
/// payload was taken, and lost if not.
pub(crate) struct Exchanged<B: Body + 'static> {
    place: Place<B>,
    job: Option<Boxed<B>>,
    /// The request's body, if it has one. Kept to the end: were it dropped, actix-http would read on
    /// and throw away, without a limit.
    feed: Option<Feed>,
    /// The machine gave something out that actix-http has not taken.
    owes: bool,
}

/// Blocks of a request's body that are passed on before others of the thread have their turn.
const BLOCKS: usize = 128;

impl<B: Body + 'static> Exchanged<B> {
    pub(crate) fn new(place: Place<B>, job: Boxed<B>, feed: Option<Feed>) -> Exchanged<B> {
        Exchanged {
            place,
            job: Some(job),
            feed,
            owes: false,
        }
    }

    pub(crate) fn line(&self) -> Option<&Rc<Line<B>>> {
        self.place.line()
    }

    pub(crate) fn log(&self) -> &dyn Log {
        self.place.log()
    }

    fn get(&self) -> &Boxed<B> {
        self.job.as_ref().expect("only `into_job` and drop take it")
    }

    fn job(&mut self) -> Pin<&mut Job<B>> {
        let job = self.job.as_mut();
        job.expect("only `into_job` and drop take it").as_mut()
    }

    /// Polls the machine, and moves the request's body on meanwhile.
    fn poll<T>(
        &mut self,
        cx: &mut Context<'_>,
        poll: impl Fn(Pin<&mut Job<B>>, &mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        let mut blocks = 0;
        loop {
            let polled = poll(self.job(), cx);
            if polled.is_pending()
                && let Some(feed) = &mut self.feed
                && feed.turn(cx, self.place.line())
            {
                blocks += 1;
                if blocks < BLOCKS {
                    continue;
                }
                cx.waker().wake_by_ref();
            }
            if let Some(line) = self.line() {
                line.note_step(polled.is_pending());
                if self.feed.as_ref().is_some_and(Feed::is_dropped) {
                    line.note_read();
                }
            }
            return polled;
        }
    }

    pub(crate) fn poll_head(&mut self, cx: &mut Context<'_>) -> Poll<Commit> {
        self.poll(cx, Job::poll_head)
    }

    pub(crate) fn poll_payload(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Payload, Cut>>> {
        self.poll(cx, Job::poll_payload)
    }

    /// Whether the body of the request is over, or somebody reads on; what nobody will read is thrown
    /// away, as far as it is there.
    pub(crate) fn is_read(&mut self, cx: &mut Context<'_>) -> bool {
        let feed = self.feed.as_mut();
        feed.is_none_or(|feed| !feed.is_dropped() || feed.discard(cx))
    }

    /// Nobody will read the rest of the request's body; who was not told to send it does not.
    pub(crate) fn note_unread(&self) {
        if let (Some(line), Some(feed)) = (self.line(), &self.feed)
            && !feed.is_unwelcome()
        {
            line.note_unread();
        }
    }

    /// Whether the connection has not heard of that yet.
    pub(crate) fn is_unread(&self) -> bool {
        self.line().is_some_and(|line| line.is_unread())
    }

    /// Whether the request has a body.
    pub(crate) fn has_body(&self) -> bool {
        self.feed.is_some()
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
        if let Some(line) = self.line() {
            line.watch.cut();
        }
        if let Some(error) = self.error().filter(|error| !error.is_disconnected()) {
            let text = format_args!("{}: cut: {error}", self.label());
            self.log().log(Level::of_cut(error), text);
        }
    }

    /// Takes it out of actix-http's hands.
    pub(crate) fn into_job(mut self) -> Boxed<B> {
        self.job.take().expect("only `into_job` and drop take it")
    }
}

impl<B: Body + 'static> Drop for Exchanged<B> {
    fn drop(&mut self) {
        // Whoever still reads is told first.
        self.feed = None;
        let Some(mut job) = self.job.take() else {
            return;
        };
        let whole = job.is_end() && !self.owes;
        match self.place.line() {
            // What the server cuts is not written, even where actix-http had all of it.
            Some(line) if whole && line.watch.lost() != End::Truncated => line.wrote(job),
            Some(line) => line.lose(job),
            // actix-web drops what its client has left, and says no more of what it has.
            None => {
                if !whole {
                    job.hang_up();
                }
                job.as_mut().finish(match whole {
                    true => End::Sent,
                    false => End::Disconnected,
                });
                if whole {
                    Job::recycle(job);
                }
            }
        }
    }
}

/// Bytes given to actix-http at once, which copies them.
const BLOCK: usize = 64 * 1024;

/// The payload of one response.
pub(crate) struct Outgoing<B: Body + 'static> {
    /// None behind a switch of protocols.
    exchanged: Option<Exchanged<B>>,
    size: BodySize,
    clock: Option<Clock>,
    /// Something was asked for.
    begun: bool,
    /// What is left of a block.
    rest: Bytes,
    file: Reading,
    /// It cannot be completed.
    cut: bool,
}

/// The connection is to end without the sign of a whole message.
#[derive(Debug)]
pub(crate) struct CutOff;

impl fmt::Display for CutOff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the response cannot be completed")
    }
}

impl std::error::Error for CutOff {}

impl<B: Body + 'static> Outgoing<B> {
    /// `size` is what was promised.
    pub(crate) fn new(exchanged: Exchanged<B>, size: BodySize) -> Outgoing<B> {
        Outgoing {
            clock: None,
            exchanged: Some(exchanged),
            size,
            begun: false,
            rest: Bytes::new(),
            file: Reading::Nothing,
            cut: false,
        }
    }

    /// Nothing, of an exchange that goes on elsewhere.
    pub(crate) fn empty() -> Outgoing<B> {
        Outgoing {
            exchanged: None,
            size: BodySize::None,
            clock: None,
            begun: false,
            rest: Bytes::new(),
            file: Reading::Nothing,
            cut: false,
        }
    }

    fn line(&self) -> Option<&Rc<Line<B>>> {
        self.exchanged.as_ref().and_then(Exchanged::line)
    }

    /// Gives out the first of some bytes.
    fn give(&mut self, mut data: Bytes) -> Bytes {
        if let Some(line) = self.line() {
            line.shut_gate();
        }
        if data.len() > BLOCK {
            self.rest = data.split_off(BLOCK);
        }
        data
    }

    /// Whether what was given out is written.
    fn is_open(&self) -> bool {
        self.line().is_none_or(|line| line.is_open())
    }
}

impl<B: Body + 'static> MessageBody for Outgoing<B> {
    type Error = CutOff;

    fn size(&self) -> BodySize {
        self.size
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, CutOff>>> {
        let this = &mut *self;
        // What is over waits for nothing: its end goes out along with its last block.
        let over = this.rest.is_empty()
            && this.file.is_end()
            && !this.cut
            && this.exchanged.as_ref().is_none_or(|it| it.get().is_end());
        if over {
            return Poll::Ready(None);
        }
        if std::mem::replace(&mut this.begun, true) && !this.is_open() {
            return Poll::Pending;
        }
        if !this.rest.is_empty() {
            let rest = std::mem::take(&mut this.rest);
            return Poll::Ready(Some(Ok(this.give(rest))));
        }
        let Some(exchanged) = &mut this.exchanged else {
            return Poll::Ready(None);
        };
        loop {
            if this.cut {
                return Poll::Ready(Some(Err(CutOff)));
            }
            if !this.file.is_end() {
                let clock = this.clock.get_or_insert_with(|| exchanged.place.clock());
                match ready!(this.file.poll_chunk(cx, clock)) {
                    None => {}
                    Some(Ok(chunk)) => return Poll::Ready(Some(Ok(this.give(chunk)))),
                    Some(Err(error)) => {
                        exchanged.fail(Error::new(format!("a file cannot be sent: {error}")));
                    }
                }
            }
            match ready!(exchanged.poll_payload(cx)) {
                Some(Ok(Payload::Data(data))) => {
                    return Poll::Ready(Some(Ok(this.give(data))));
                }
                Some(Ok(Payload::File(region))) => this.file = Reading::Next(region),
                Some(Ok(Payload::Flush)) => {
                    // The head may still stand before it.
                    if let Some(line) = exchanged.line() {
                        line.shut_gate();
                        line.is_open();
                        return Poll::Pending;
                    }
                }
                // actix-http has no place for trailers; the switch was taken with the head.
                None | Some(Ok(Payload::Trailers(_) | Payload::Upgrade(_))) => {
                    return Poll::Ready(None);
                }
                Some(Err(_)) => {
                    exchanged.cut();
                    this.cut = true;
                    if let Some(line) = exchanged.line() {
                        // What came before is written before the end is made.
                        line.shut_gate();
                        line.is_open();
                        return Poll::Pending;
                    }
                }
            }
        }
    }
}

impl<B: Body + 'static> Drop for Outgoing<B> {
    fn drop(&mut self) {
        let taken = self.rest.is_empty() && self.file.is_end() && !self.cut;
        if let Some(exchanged) = &mut self.exchanged {
            exchanged.owes |= !taken;
        }
    }
}
