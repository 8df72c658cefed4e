//! What the parts of one connection share: its socket, what it waits for, its request.

use std::cell::{Cell, RefCell};
use std::io::{self, IoSlice};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

use bytes::BytesMut;
use http::{HeaderMap, StatusCode};
use rgi_core::server::{Connection, Level};
use rgi_core::{Body, End, Error, Upgrade};
use rgi_http1::{Refusal, read_trailers};
use rgi_tasks::{Boxed, Hint, Hints, Job, Phase, Seat, Server, Stream, Watch};

use crate::input::refused;
use crate::translated::Translated;

/// Bytes that are read ahead of actix-http, while a request is under way.
const MOST_AHEAD: usize = 64 * 1024;

/// One connection, which has one request under way at a time: actix-http is shown the next one when
/// the last is answered.
pub(crate) struct Line<B> {
    /// Kept by what stands behind a switch of protocols, too.
    pub(crate) stream: Arc<Stream>,
    pub(crate) connection: Arc<Connection>,
    pub(crate) server: Arc<Server>,
    pub(crate) watch: Watch,
    pub(crate) hints: Arc<Hints>,
    hint: RefCell<Arc<Hint>>,
    /// A head that was refused before actix-http saw it.
    refused: Cell<Option<StatusCode>>,
    /// The last head that came whole.
    head: RefCell<Vec<u8>>,
    /// What it says, if actix-http was shown another one for it.
    translated: RefCell<Option<Translated>>,
    /// The trailer section of the body under way.
    trailers: RefCell<Vec<u8>>,
    /// Nothing was written since the request under way began.
    fresh: Cell<bool>,
    /// The rest of its body will not be read.
    unread: Cell<bool>,
    /// What is wrong with the body of the request under way.
    fault: Cell<Option<Refusal>>,
    /// The client's end was read.
    pub(crate) ended: Cell<bool>,
    /// A head has begun to come.
    in_head: Cell<bool>,
    /// Read before actix-http asked for it.
    ahead: RefCell<BytesMut>,
    /// Requests that actix-http has seen the end of, and those that are answered.
    shown: Cell<u64>,
    answered: Cell<u64>,
    /// The request under way has a body that the application may still read.
    reads: Cell<bool>,
    /// The application has been polled and is not done with its step.
    pending: Cell<bool>,
    /// What actix-http has is not written yet; and the next block waits for that.
    shut: Cell<bool>,
    waiting: Cell<bool>,
    /// There is a reason to poll actix-http once more, now.
    again: Cell<bool>,
    /// There is nobody to answer any more.
    silent: Cell<bool>,
    /// actix-http has its last byte, the socket maybe not.
    written: RefCell<Option<Boxed<B>>>,
    switch: RefCell<Option<Switch<B>>>,
    /// Kept by what outlives the connection, too.
    seat: Rc<Seat>,
}

/// A switch of protocols whose head is on its way.
pub(crate) struct Switch<B> {
    pub(crate) job: Boxed<B>,
    pub(crate) demand: Upgrade,
    /// The head is out.
    begun: bool,
}

impl<B: 'static> Line<B> {
    pub(crate) fn new(
        stream: Stream,
        connection: Connection,
        server: Arc<Server>,
        seat: Seat,
    ) -> Rc<Line<B>> {
        let hints = Hints::new();
        Rc::new(Line {
            connection: Arc::new(connection),
            stream: Arc::new(stream),
            server,
            watch: Watch::default(),
            hint: RefCell::new(Hint::new(hints.clone())),
            hints,
            refused: Cell::new(None),
            head: RefCell::default(),
            translated: RefCell::default(),
            trailers: RefCell::default(),
            fresh: Cell::new(false),
            unread: Cell::new(false),
            fault: Cell::new(None),
            ended: Cell::new(false),
            in_head: Cell::new(false),
            ahead: RefCell::default(),
            shown: Cell::new(0),
            answered: Cell::new(0),
            reads: Cell::new(false),
            pending: Cell::new(false),
            shut: Cell::new(false),
            waiting: Cell::new(false),
            again: Cell::new(false),
            silent: Cell::new(false),
            written: RefCell::new(None),
            switch: RefCell::new(None),
            seat: Rc::new(seat),
        })
    }

    /// Says which task drives it.
    pub(crate) fn driven_by(&self, task: &Waker) {
        self.seat.sit(task);
        self.hints.serve(task);
    }

    /// Nothing more is read: what came is no request that may pass.
    pub(crate) fn refuse(&self, status: StatusCode, why: &str) -> io::Error {
        let peer = &self.connection.peer;
        let text = format_args!("{}: {why}, from {peer}", status.as_u16());
        self.server.log(Level::Debug, text);
        self.refused.set(Some(status));
        io::ErrorKind::InvalidData.into()
    }

    /// actix-http has refused a head, with such an answer. The reading of `rgi-http1` may know better
    /// why.
    #[cold]
    pub(crate) fn doubt(&self, answer: &[u8]) {
        if self.refused.get().is_some() {
            return;
        }
        let status = answer.get(9..12).map(StatusCode::from_bytes);
        let status = status
            .and_then(Result::ok)
            .unwrap_or(StatusCode::BAD_REQUEST);
        match self.read(&self.head.borrow()) {
            Err(refusal) => self.refuse(refusal.status(), refusal.reason()),
            Ok(_) => self.refuse(status, "actix-http takes it for no request"),
        };
    }

    /// Reads a head that actix-http would misread, and gives one that it takes in its place.
    #[cold]
    pub(crate) fn translate(&self, head: &[u8]) -> io::Result<Option<Vec<u8>>> {
        match self.read(head) {
            Ok(read) => {
                let plain = read.as_ref().map(|read| read.plain());
                *self.translated.borrow_mut() = read;
                Ok(plain)
            }
            Err(refusal) => Err(self.refuse(refusal.status(), refusal.reason())),
        }
    }

    fn read(&self, head: &[u8]) -> Result<Option<Translated>, Refusal> {
        Translated::read(head, &self.server.config.limits)
    }

    /// What actix-http was shown another head for.
    pub(crate) fn take_translated(&self) -> Option<Translated> {
        self.translated.borrow_mut().take()
    }

    /// Keeps a head while actix-http reads it; in exchange for room for the next one.
    pub(crate) fn keep_head(&self, head: &mut Vec<u8>) {
        std::mem::swap(&mut *self.head.borrow_mut(), head);
    }

    /// More of a trailer section.
    pub(crate) fn note_trailers(&self, bytes: &[u8]) -> Result<(), Refusal> {
        let mut section = self.trailers.borrow_mut();
        if section.len() + bytes.len() > self.server.config.limits.head {
            section.clear();
            return Err(Refusal::trailers_too_large());
        }
        section.extend_from_slice(bytes);
        Ok(())
    }

    /// The trailers of the body that is over.
    pub(crate) fn read_trailers(&self) -> Result<Option<Box<HeaderMap>>, Error> {
        let section = self.trailers.take();
        if section.len() <= "\r\n".len() {
            return Ok(None);
        }
        let trailers = read_trailers(&section, self.server.config.limits.headers);
        let trailers = trailers.map_err(|refusal| refused(&refusal))?;
        Ok(trailers.map(Box::new))
    }

    /// The status of that refusal.
    pub(crate) fn refused(&self) -> Option<StatusCode> {
        self.refused.get()
    }

    /// What is wrong with the body, for whoever reads it.
    pub(crate) fn blame(&self, refusal: Refusal) {
        self.fault.set(Some(refusal));
    }

    pub(crate) fn fault(&self) -> Option<Refusal> {
        self.fault.get()
    }

    /// The last bytes that came are within a head; or they are not.
    pub(crate) fn note_head(&self, in_head: bool) {
        self.in_head.set(in_head);
        if in_head {
            self.watch.received();
        }
    }

    /// actix-http has all of a request.
    pub(crate) fn note_end(&self) {
        self.shown.set(self.shown.get() + 1);
    }

    /// Whether it is to see nothing more before that is answered.
    pub(crate) fn is_held(&self) -> bool {
        self.shown.get() > self.answered.get()
    }

    /// Puts bytes before those that are still to be read.
    pub(crate) fn put_ahead(&self, bytes: &[u8]) {
        let mut ahead = self.ahead.borrow_mut();
        let behind = std::mem::replace(&mut *ahead, BytesMut::from(bytes));
        ahead.extend_from_slice(&behind);
    }

    /// Up to `room` bytes that were read ahead.
    pub(crate) fn take_ahead(&self, room: usize) -> Option<BytesMut> {
        let mut ahead = self.ahead.borrow_mut();
        let n = room.min(ahead.len());
        (n > 0).then(|| ahead.split_to(n))
    }

    pub(crate) fn poll_write(
        &self,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.stream.poll_write(cx, bufs) {
            Poll::Pending => {
                self.watch.stall(&self.server.clock);
                Poll::Pending
            }
            written => {
                self.watch.unstall();
                written
            }
        }
    }

    /// A request begins; `reads`: it has a body.
    pub(crate) fn begin(&self, reads: bool) {
        self.reads.set(reads);
        self.fresh.set(true);
        self.unread.set(false);
        self.watch.begin(&self.server);
    }

    /// The right of the request that begins to inform.
    pub(crate) fn informer(&self) -> Arc<Hint> {
        Hint::next(&mut self.hint.borrow_mut())
    }

    /// Nothing more is read of the body of the request under way.
    pub(crate) fn note_read(&self) {
        self.reads.set(false);
    }

    /// The answer's head is decided.
    pub(crate) fn commit(&self) {
        self.watch.commit();
        self.hints.close();
        self.shut_gate();
    }

    /// Whether this is the first that is written since the request under way began.
    pub(crate) fn take_fresh(&self) -> bool {
        self.fresh.take()
    }

    /// Nobody will read the rest of its body.
    pub(crate) fn note_unread(&self) {
        self.unread.set(true);
    }

    pub(crate) fn is_unread(&self) -> bool {
        self.unread.get()
    }

    /// Whether that is so, and news.
    pub(crate) fn take_unread(&self) -> bool {
        self.unread.take()
    }

    /// Whether the application is waited for.
    pub(crate) fn note_step(&self, pending: bool) {
        self.pending.set(pending);
    }

    /// A block is sent before the next one is asked for (PEP 3333, "Handling the `Content-Length`
    /// Header" and "Buffering and Streaming"): bytes are on their way.
    pub(crate) fn shut_gate(&self) {
        self.shut.set(true);
    }

    /// Whether they are sent. If not, actix-http is polled again when they are.
    pub(crate) fn is_open(&self) -> bool {
        let open = !self.shut.get();
        self.waiting.set(!open);
        open
    }

    /// All that actix-http had was written.
    pub(crate) fn flushed(&self) {
        self.shut.set(false);
        if self.waiting.replace(false) {
            self.again.set(true);
        }
        if let Some(switch) = &mut *self.switch.borrow_mut() {
            switch.begun = true;
        }
        self.conclude(End::Sent);
    }

    /// Whether actix-http is to be polled once more.
    pub(crate) fn take_again(&self) -> bool {
        self.again.take()
    }

    /// actix-http has the last byte of a job.
    pub(crate) fn wrote(&self, job: Boxed<B>) {
        *self.written.borrow_mut() = Some(job);
    }

    /// Ends the exchange whose last byte actix-http had.
    pub(crate) fn conclude(&self, end: End) {
        let written = self.written.borrow_mut().take();
        if let Some(mut job) = written {
            job.as_mut().finish(end);
            self.leave();
            Job::recycle(job);
        }
    }

    /// A request is not under way any more.
    pub(crate) fn leave(&self) {
        self.answered.set(self.answered.get() + 1);
        self.trailers.borrow_mut().clear();
        self.note_read();
        self.watch.end();
        // What came of the next head along with this request is no idleness.
        if self.in_head.get() {
            self.watch.received();
        }
        self.watch.waits(&self.server.clock);
        // Nobody waits for the next one yet.
        self.again.set(true);
    }

    /// Whether there is a reason to look for the next request; if not, the task is woken for one.
    pub(crate) fn poll_next(&self, cx: &mut Context<'_>) -> Poll<()> {
        match self.ended.get() || !self.ahead.borrow().is_empty() {
            true => Poll::Ready(()),
            false => self.stream.poll_read_ready(cx).map(drop),
        }
    }

    /// Whether a request is under way.
    pub(crate) fn is_busy(&self) -> bool {
        self.watch.phase() == Phase::Busy
    }

    /// Waits for the client to leave while the application is waited for. Now, and not before, counts
    /// that it has ended its side: an answer that is there at once reaches those who half-close
    /// behind their request.
    pub(crate) fn poll_gone(&self, cx: &mut Context<'_>) -> Poll<()> {
        if self.silent.get() {
            return Poll::Ready(());
        }
        if !self.pending.get() || !self.is_busy() || self.fault.get().is_some() {
            return Poll::Pending;
        }
        // What it has sent ahead stands before its end, of which nothing will be said again.
        while !self.ended.get() && self.ahead.borrow().len() < MOST_AHEAD {
            let mut room = [0; 4096];
            match ready!(self.stream.poll_read(cx, &mut room)) {
                Ok(0) => self.ended.set(true),
                // A reset is the end of both sides, whatever was to come.
                Err(_) => {
                    self.ended.set(true);
                    return Poll::Ready(());
                }
                Ok(n) => {
                    self.ahead.borrow_mut().extend_from_slice(&room[..n]);
                    if !self.is_held() {
                        // actix-http may wait for them.
                        cx.waker().wake_by_ref();
                    }
                }
            }
        }
        // The end of a body, or its breaking off, is found by whoever reads it.
        match self.ended.get() && (!self.reads.get() || self.stream.is_hung_up()) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    }

    /// There is nobody to answer.
    pub(crate) fn fall_silent(&self) {
        self.silent.set(true);
    }

    pub(crate) fn begin_switch(&self, job: Boxed<B>, demand: Upgrade) {
        *self.switch.borrow_mut() = Some(Switch {
            job,
            demand,
            begun: false,
        });
    }

    pub(crate) fn is_switching(&self) -> bool {
        self.switch.borrow().is_some()
    }

    /// Whether the head of a switch is out.
    pub(crate) fn has_switched(&self) -> bool {
        let switch = self.switch.borrow();
        switch.as_ref().is_some_and(|switch| switch.begun)
    }

    pub(crate) fn take_switch(&self) -> Option<Switch<B>> {
        self.switch.borrow_mut().take()
    }
}

impl<B: Body + 'static> Line<B> {
    /// actix-http will not take what is left of a job. If the client has left, the application
    /// finishes its step, on a task of its own and for as long as the request may take. If the server
    /// has cut it, nobody waits for that.
    pub(crate) fn lose(&self, mut job: Boxed<B>) {
        job.hang_up();
        let due = self.watch.due();
        self.leave();
        let end = self.watch.lost();
        if end == End::Truncated || self.server.is_over() {
            job.as_mut().finish(End::Truncated);
            return;
        }
        let (seat, clock) = (self.seat.clone(), self.server.clock.clone());
        tokio::task::spawn_local(async move {
            let drained = std::future::poll_fn(|cx| job.as_mut().poll_drain(cx));
            match due {
                Some(due) => drop(clock.until(due, drained).await),
                None => drained.await,
            }
            job.as_mut().finish(end);
            drop(seat);
        });
    }
}
