//! What the parts of one connection share: its socket, what it waits for, its requests.

mod ahead;
mod gate;
mod requests;

use std::io::{self, IoSlice};
use std::sync::atomic::{AtomicBool, AtomicU16, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use bytes::BytesMut;
use http::StatusCode;
use rgi_core::server::{Connection, Level};
use rgi_http1::Refusal;

use self::ahead::Ahead;
use self::gate::Gate;
use self::requests::Jobs;
pub(crate) use self::requests::Switch;
use rgi_tasks::{Hints, Phase, Seat, Server, Stream, Watch};

use crate::connection::STREAMS;
use crate::rest::Rest;

/// Bytes that are read ahead of hyper, while a request is under way.
const MOST_AHEAD: usize = 64 * 1024;

/// What is spoken on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    Http1,
    Http2,
}

/// One connection. Its task drives it; on HTTP/2 its streams have tasks of their own.
pub(crate) struct Line<B> {
    pub(crate) stream: Stream,
    pub(crate) connection: Arc<Connection>,
    pub(crate) server: Arc<Server>,
    pub(crate) watch: Watch,
    pub(crate) hints: Arc<Hints>,
    /// The status with which a head was refused before hyper saw it; 0 for none.
    refused: AtomicU16,
    /// The client's end was read.
    pub(crate) ended: AtomicBool,
    http2: AtomicBool,
    /// A head has begun to come, on HTTP/1.1; it may be the one behind the request under way.
    in_head: AtomicBool,
    /// Of the body of the request under way, on HTTP/1.1.
    rest: Mutex<Option<Arc<Rest>>>,
    /// The application has been polled and is not done with its step.
    pending: AtomicBool,
    /// Read before hyper asked for it.
    ahead: Ahead,
    /// Requests under way.
    active: AtomicUsize,
    gate: Gate,
    /// All that hyper had to write is written.
    clean: AtomicBool,
    /// There are jobs whose last byte hyper has.
    has_written: AtomicBool,
    jobs: Mutex<Jobs<B>>,
    /// Kept by what outlives the socket, too.
    seat: Arc<Seat>,
}

impl<B> Line<B> {
    pub(crate) fn new(
        stream: Stream,
        connection: Connection,
        server: Arc<Server>,
        seat: Seat,
    ) -> Arc<Line<B>> {
        Arc::new(Line {
            connection: Arc::new(connection),
            stream,
            server,
            watch: Watch::default(),
            refused: AtomicU16::new(0),
            ended: AtomicBool::new(false),
            http2: AtomicBool::new(false),
            in_head: AtomicBool::new(false),
            rest: Mutex::default(),
            pending: AtomicBool::new(false),
            ahead: Ahead::default(),
            active: AtomicUsize::new(0),
            gate: Gate::default(),
            clean: AtomicBool::new(true),
            has_written: AtomicBool::new(false),
            jobs: Mutex::default(),
            hints: Hints::new(),
            seat: Arc::new(seat),
        })
    }

    /// Nothing more is read: what came is no request that may pass.
    pub(crate) fn refuse(&self, refusal: Refusal) {
        let peer = &self.connection.peer;
        self.server
            .log(Level::Debug, format_args!("{refusal} from {peer}"));
        self.refused
            .store(refusal.status().as_u16(), Ordering::Relaxed);
    }

    /// Whether a head was.
    pub(crate) fn is_refused(&self) -> bool {
        self.refused.load(Ordering::Relaxed) != 0
    }

    /// The status of that refusal.
    pub(crate) fn refused(&self) -> Option<StatusCode> {
        StatusCode::from_u16(self.refused.load(Ordering::Relaxed)).ok()
    }

    /// Says which task drives it.
    pub(crate) fn driven_by(&self, task: &Waker) {
        self.seat.sit(task);
        self.hints.serve(task);
    }

    pub(crate) fn speak(&self, protocol: Protocol) {
        self.http2
            .store(protocol == Protocol::Http2, Ordering::Relaxed);
        if protocol == Protocol::Http2 {
            self.watch.end();
            self.watch.waits(&self.server.clock);
        }
    }

    pub(crate) fn protocol(&self) -> Protocol {
        match self.http2.load(Ordering::Relaxed) {
            true => Protocol::Http2,
            false => Protocol::Http1,
        }
    }

    /// The last bytes that came, on HTTP/1.1, are within a head; or they are not.
    pub(crate) fn note_head(&self, in_head: bool) {
        self.in_head.store(in_head, Ordering::Relaxed);
        if in_head {
            self.watch.received();
        }
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

    /// All that hyper had to write is written; or it writes, maybe without success.
    pub(crate) fn set_clean(&self, clean: bool) {
        self.clean.store(clean, Ordering::Relaxed);
    }

    /// Whether the last message has gone out whole.
    pub(crate) fn is_clean(&self) -> bool {
        self.clean.load(Ordering::Relaxed)
    }

    /// Whether as many applications finish their steps behind streams that the client has reset as it
    /// may have streams: with more, resets would get it around that limit.
    pub(crate) fn is_overrun(&self) -> bool {
        // Each of them has the seat, too.
        Arc::strong_count(&self.seat) > STREAMS as usize
    }

    /// Whether the application is waited for.
    pub(crate) fn note_step(&self, pending: bool) {
        self.pending.store(pending, Ordering::Relaxed);
    }

    /// Waits for the client to leave while the application is waited for. Now, and not before, counts
    /// that it has ended its side: an answer that is there at once reaches those who half-close
    /// behind their request.
    pub(crate) fn poll_gone(&self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.pending.load(Ordering::Relaxed) || self.watch.phase() != Phase::Busy {
            return Poll::Pending;
        }
        let rest = self.rest().clone();
        // Of a body that nobody will read, nothing is kept.
        let keeps = rest.as_ref().is_none_or(|rest| rest.can_stay());
        // What it has sent ahead stands before its end, of which nothing will be said again.
        while !self.ended.load(Ordering::Relaxed) && self.ahead.len() < MOST_AHEAD {
            let mut room = [0; 4096];
            match ready!(self.stream.poll_read(cx, &mut room)) {
                Ok(0) => {
                    self.ended.store(true, Ordering::Relaxed);
                    break;
                }
                // A reset is the end of both sides, whatever was to come.
                Err(_) => {
                    self.ended.store(true, Ordering::Relaxed);
                    return Poll::Ready(());
                }
                Ok(n) if keeps => {
                    self.ahead.push(&room[..n]);
                }
                Ok(_) => {}
            }
        }
        let ended = self.ended.load(Ordering::Relaxed);
        // The end of a body, or its breaking off, is found by whoever reads it.
        let is_all = || rest.is_none_or(|rest| !rest.is_open());
        match ended && (is_all() || self.stream.is_hung_up()) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    }

    fn rest(&self) -> MutexGuard<'_, Option<Arc<Rest>>> {
        self.rest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The request under way has a body; or it has none any more.
    pub(crate) fn set_rest(&self, rest: Option<Arc<Rest>>) {
        *self.rest() = rest;
    }

    /// Puts bytes before those that are still to be read.
    pub(crate) fn put_ahead(&self, bytes: &[u8]) {
        self.ahead.put_back(bytes);
    }

    /// Up to `room` bytes that were read ahead.
    pub(crate) fn take_ahead(&self, room: usize) -> Option<BytesMut> {
        self.ahead.take(room)
    }

    /// On HTTP/1.1 a block is sent before the next one is asked for (PEP 3333, "Handling the
    /// `Content-Length` Header" and "Buffering and Streaming"): bytes are on their way.
    pub(crate) fn shut_gate(&self) {
        if self.protocol() == Protocol::Http1 {
            self.gate.shut();
        }
    }

    /// On HTTP/2 a stream is reset only when what came before is written: the reset would overtake it.
    pub(crate) fn shut_gate_before_reset(&self) {
        if self.protocol() == Protocol::Http2 {
            self.gate.shut();
            self.hints.wake();
        }
    }

    /// Waits until they are sent.
    pub(crate) fn poll_gate(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.gate.poll(cx)
    }
}
