//! The request's body.

use std::cell::Cell;
use std::collections::VecDeque;
use std::fmt;
use std::io::{self, BufRead, Read};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes, BytesMut};
use futures_core::Stream;
use http::HeaderMap;

use crate::server::InputSource;
use crate::{Error, rt};

/// The request's body: empty, whole, or streamed as it arrives.
///
/// It ends by itself (PEP 3333's rule that nobody reads past Content-Length cannot be broken), gives
/// `None` again and again at its end and its error again and again after one. Nothing is read from
/// the client before it is asked for, and `100 Continue` goes out on the first read. No box unless
/// streamed.
pub struct Input {
    kind: Kind,
    /// Read from the source and not yet taken.
    ahead: VecDeque<Bytes>,
    length: Option<u64>,
    consumed: u64,
    pub(crate) limit: Option<u64>,
    /// The innermost loan that it is lent by, by its number.
    pub(crate) lent: Option<usize>,
    trailers: Option<Box<HeaderMap>>,
}

/// The most bytes that gathered blocks are put together to.
const JOINED: usize = 8 * 1024;

enum Kind {
    Ended,
    Failed(Error),
    Source(Pin<Box<dyn InputSource + Send>>),
}

impl Input {
    /// No body.
    pub const fn empty() -> Input {
        Input {
            kind: Kind::Ended,
            ahead: VecDeque::new(),
            length: Some(0),
            consumed: 0,
            limit: None,
            lent: None,
            trailers: None,
        }
    }

    /// A body that is there already.
    pub fn whole(bytes: Bytes) -> Input {
        let length = Some(bytes.len() as u64);
        let ahead = if bytes.is_empty() {
            VecDeque::new()
        } else {
            VecDeque::from([bytes])
        };
        Input {
            ahead,
            length,
            ..Input::empty()
        }
    }

    /// A body that a server reads.
    pub fn source(source: impl InputSource + Send + 'static, length: Option<u64>) -> Input {
        Input {
            kind: Kind::Source(Box::pin(source)),
            length,
            ..Input::empty()
        }
    }

    /// A body that a middleware makes.
    pub fn stream(
        chunks: impl Stream<Item = Result<Bytes, Error>> + Send + 'static,
        length: Option<u64>,
    ) -> Input {
        Input::source(Plain(Box::pin(chunks)), length)
    }

    /// The number of bytes in all, if the client said it. `Some(0)` where there is no body.
    pub fn length(&self) -> Option<u64> {
        self.length
    }

    /// The number of bytes taken so far.
    pub fn consumed(&self) -> u64 {
        self.consumed
    }

    /// Whether there is nothing left to read. `false` does not promise that there is.
    pub fn is_end(&self) -> bool {
        matches!(self.kind, Kind::Ended) && self.ahead.is_empty()
    }

    /// Whether a read has failed: each further one does, too.
    pub fn is_failed(&self) -> bool {
        matches!(self.kind, Kind::Failed(_))
    }

    /// The trailer fields, once the end was read, if there were any.
    pub fn trailers(&self) -> Option<&HeaderMap> {
        self.trailers.as_deref()
    }

    /// Bounds the body: a read past `bytes` is an error answered with 413.
    pub fn limit(mut self, bytes: u64) -> Input {
        self.limit = Some(self.limit.map_or(bytes, |limit| limit.min(bytes)));
        self
    }

    /// Polls for the next block, which is not empty; `None` at the end.
    ///
    /// Errors say what became of the client or its bytes: disconnected, malformed (400), too large
    /// (413), timed out (408). Passed on unchanged, they are answered with that status.
    pub fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        if self.ahead.is_empty() {
            ready!(self.poll_ahead(cx));
        }
        let chunk = match (self.ahead.pop_front(), &self.kind) {
            (Some(chunk), _) => chunk,
            (None, Kind::Failed(error)) => return Poll::Ready(Some(Err(error.twin()))),
            (None, _) => return Poll::Ready(None),
        };
        Poll::Ready(Some(self.take(chunk)))
    }

    /// Accounts for a block that is taken.
    fn take(&mut self, chunk: Bytes) -> Result<Bytes, Error> {
        let consumed = self.consumed + chunk.len() as u64;
        if let Some(limit) = self.limit.filter(|limit| consumed > *limit) {
            let error = Error::too_large(format!("the body has more than {limit} bytes"));
            self.ahead.clear();
            self.kind = Kind::Failed(error.twin());
            return Err(error);
        }
        self.consumed = consumed;
        Ok(chunk)
    }

    /// Reads one more block from the source into `ahead`; ready at the end, too.
    fn poll_ahead(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Kind::Source(source) = &mut self.kind else {
            return Poll::Ready(());
        };
        if let (Some(limit), Some(length)) = (self.limit, self.length)
            && length > limit
        {
            let text = format!("the body has {length} bytes, {limit} are allowed");
            self.kind = Kind::Failed(Error::too_large(text));
            return Poll::Ready(());
        }
        loop {
            match ready!(source.as_mut().poll_next(cx)) {
                Some(Ok(chunk)) if chunk.is_empty() => {}
                Some(Ok(chunk)) => {
                    self.ahead.push_back(chunk);
                    return Poll::Ready(());
                }
                Some(Err(error)) => {
                    self.kind = Kind::Failed(error);
                    return Poll::Ready(());
                }
                None => {
                    self.trailers = source.as_mut().trailers();
                    self.kind = Kind::Ended;
                    return Poll::Ready(());
                }
            }
        }
    }

    /// Reads ahead until the end, an error, or `bound` bytes: before a thread is bound to a
    /// request. What was read is given to the next readers.
    ///
    /// Small blocks are put together: a bound of bytes is one of memory only where each byte does
    /// not bring a block's overhead along.
    pub(crate) fn poll_gather(&mut self, cx: &mut Context<'_>, bound: u64) -> Poll<()> {
        let _gathering = Gathering::begin();
        let mut there: u64 = self.ahead.iter().map(|chunk| chunk.len() as u64).sum();
        while there < bound && matches!(self.kind, Kind::Source(_)) {
            let blocks = self.ahead.len();
            ready!(self.poll_ahead(cx));
            if self.ahead.len() > blocks {
                there += self.join_ahead();
            }
        }
        Poll::Ready(())
    }

    /// Whether this thread gathers an input now, for a call that is still to be made: what a source
    /// says then is told to no application yet. For middleware that watches inputs.
    pub fn is_gathering() -> bool {
        GATHERING.with(Cell::get)
    }

    /// Appends the last block to the one before if both are small, by a copy. Gives the last
    /// one's length.
    fn join_ahead(&mut self) -> u64 {
        let Some(last) = self.ahead.pop_back() else {
            return 0;
        };
        let there = last.len() as u64;
        match self.ahead.back_mut() {
            Some(block) if block.len() + last.len() <= JOINED => {
                let mut joined = BytesMut::from(std::mem::take(block));
                if joined.capacity() > 2 * JOINED {
                    // A source's large buffer, which a small block would keep.
                    joined = BytesMut::from(&joined[..]);
                }
                joined.extend_from_slice(&last);
                *block = joined.freeze();
            }
            _ => self.ahead.push_back(last),
        }
        there
    }

    /// Collects the rest of the body. One that arrived in one block is not copied.
    ///
    /// # Errors
    ///
    /// Too large (413) beyond `limit` bytes; and those of [`poll_chunk`](Self::poll_chunk).
    pub fn collect(&mut self, limit: u64) -> Collect<'_> {
        Collect {
            limit,
            first: Bytes::new(),
            rest: BytesMut::new(),
            input: self,
        }
    }

    /// The body as `Read + BufRead`. On a thread that may not wait, a read that would gives
    /// `WouldBlock`, naming the lift, [`blocking`](crate::blocking).
    pub fn reader(&mut self) -> Reader<'_> {
        Reader(self)
    }
}

impl Default for Input {
    fn default() -> Input {
        Input::empty()
    }
}

impl Stream for Input {
    type Item = Result<Bytes, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_chunk(cx)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match self.kind {
            Kind::Ended => (self.ahead.len(), Some(self.ahead.len())),
            _ => (self.ahead.len(), None),
        }
    }
}

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Input")
            .field("length", &self.length)
            .field("consumed", &self.consumed)
            .field("is_end", &self.is_end())
            .finish()
    }
}

thread_local! {
    static GATHERING: Cell<bool> = const { Cell::new(false) };
}

/// For as long as it lives, this thread gathers.
struct Gathering(bool);

impl Gathering {
    fn begin() -> Gathering {
        Gathering(GATHERING.replace(true))
    }
}

impl Drop for Gathering {
    fn drop(&mut self) {
        GATHERING.set(self.0);
    }
}

/// A stream without trailers.
struct Plain<S>(Pin<Box<S>>);

impl<S: Stream<Item = Result<Bytes, Error>>> Stream for Plain<S> {
    type Item = Result<Bytes, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.as_mut().poll_next(cx)
    }
}

impl<S: Stream<Item = Result<Bytes, Error>>> InputSource for Plain<S> {}

/// The future of [`Input::collect`].
#[derive(Debug)]
#[must_use = "a future does nothing until it is awaited"]
pub struct Collect<'a> {
    input: &'a mut Input,
    limit: u64,
    first: Bytes,
    rest: BytesMut,
}

impl Future for Collect<'_> {
    type Output = Result<Bytes, Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let there = (this.first.len() + this.rest.len()) as u64;
        if let Some(length) = this.input.length
            && length.saturating_sub(this.input.consumed) > this.limit.saturating_sub(there)
        {
            // Said beforehand: nothing is read, and no client told to continue.
            let text = format!("the body has {length} bytes, {} are allowed", this.limit);
            return Poll::Ready(Err(Error::too_large(text)));
        }
        while let Some(chunk) = ready!(this.input.poll_chunk(cx)) {
            let chunk = chunk?;
            let there = this.first.len() + this.rest.len();
            if (there + chunk.len()) as u64 > this.limit {
                let text = format!("the body has more than {} bytes", this.limit);
                return Poll::Ready(Err(Error::too_large(text)));
            }
            if there == 0 {
                this.first = chunk;
                continue;
            }
            if this.rest.is_empty() {
                this.rest
                    .extend_from_slice(&std::mem::take(&mut this.first));
            }
            this.rest.extend_from_slice(&chunk);
        }
        Poll::Ready(Ok(match this.rest.is_empty() {
            true => std::mem::take(&mut this.first),
            false => std::mem::take(&mut this.rest).freeze(),
        }))
    }
}

/// The body as `Read + BufRead`: [`Input::reader`].
#[derive(Debug)]
pub struct Reader<'a>(&'a mut Input);

impl Read for Reader<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let there = self.fill_buf()?;
        let n = there.len().min(buf.len());
        buf[..n].copy_from_slice(&there[..n]);
        self.consume(n);
        Ok(n)
    }
}

impl BufRead for Reader<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let input = &mut *self.0;
        if input.ahead.is_empty() {
            rt::wait(|cx| input.poll_ahead(cx))?;
        }
        match (input.ahead.front(), &input.kind) {
            (Some(chunk), _) => {
                let next = input.consumed + chunk.len() as u64;
                if input.limit.is_some_and(|limit| next > limit) {
                    let chunk = input.ahead.pop_front().expect("just seen");
                    return Err(input.take(chunk).expect_err("over the limit").into());
                }
            }
            (None, Kind::Failed(error)) => return Err(error.twin().into()),
            (None, _) => {}
        }
        Ok(input.ahead.front().map_or(&[], |chunk| chunk))
    }

    fn consume(&mut self, n: usize) {
        let Some(chunk) = self.0.ahead.front_mut() else {
            return;
        };
        let n = n.min(chunk.len());
        chunk.advance(n);
        self.0.consumed += n as u64;
        if chunk.is_empty() {
            self.0.ahead.pop_front();
        }
    }
}
