//! One connection as a state machine: heads in, jobs driven, output flushed.
//!
//! ```text
//!             head            all written
//!   Idle ----------> Busy ------------------> Idle | Discarding -> Idle | Closing
//!     |               |  peer gone
//!     | refused       +----------> Leaving ------> closed
//!     +-----------------------------------------> Closing -> Lingering -> closed
//! ```

mod deadline;
mod send;

use std::io;
use std::net::Shutdown;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use bytes::{Buf, Bytes, BytesMut};
use http::{HeaderValue, Method, StatusCode, Version};
use rgi_core::server::{Connection, Exchange, Level, Payload, RequestHead as CoreHead};
use rgi_core::{App, End, Input};
use rgi_http1::{BodyReader, Decoded, HeadReader, Output, RequestHead, Turn, Wait, refuse};

pub(crate) use self::deadline::ms;
use self::send::{Unsent, send};
use crate::core::Core;
use crate::job::{Job, Stage};
use crate::line::{Body, Hints, Line, Rest, receive};

/// A connection.
pub(crate) struct Conn<B> {
    pub(crate) line: Arc<Line>,
    connection: Arc<Connection>,
    phase: Phase,
    /// Received and not used: a part of a head, or what is pipelined.
    input: BytesMut,
    reader: HeadReader,
    job: Option<Pin<Box<Job<B>>>>,
    /// Jobs whose responses stand in the output.
    written: Vec<Pin<Box<Job<B>>>>,
    output: Option<Box<Output>>,
    /// What edge-triggered readiness has said last.
    readable: bool,
    /// The client has ended its side.
    ended: bool,
    /// The connection fails when it is next touched.
    broken: bool,
    /// How what is under way ends then: the peer left, or the server cut it.
    lost: End,
    /// Interim responses of the request under way.
    hints: Arc<Hints>,
    serial: u64,
    /// When the present wait began (milliseconds), and of what kind it is.
    since: u64,
    wait: Wait,
    /// Waits of the body that were seen.
    waits: u64,
    /// The wheel's entry for this connection, if there is one.
    pub(crate) scheduled: Option<u64>,
}

/// Where the connection stands.
enum Phase {
    /// Between requests, or within a head.
    Idle,
    /// A request is under way.
    Busy,
    /// The rest of a body that nobody read is read, for the sake of the next request.
    Discarding(Box<BodyReader>),
    /// The peer has left: the application finishes its step.
    Leaving,
    /// All is said, and goes out.
    Closing,
    /// All is out; what the client still sends is read and thrown away, so that a reset does not
    /// destroy what it has not read yet (RFC 9112 9.6).
    Lingering(u64),
}

/// What becomes of a connection after a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Keep,
    Close,
}

/// How one step of the state machine ended.
enum Step {
    /// The phase has changed: go on.
    Again,
    /// Nothing to be done before something happens.
    Wait,
    /// Nothing to be done before the socket takes more. Another write now could succeed, and then
    /// nothing would be there to wait for.
    Full,
    /// Let others have their turn.
    Yield,
    /// Over.
    Close,
}

/// Bytes of a client that lingers which are thrown away before it is cut.
const MOST_LINGERED: u64 = 1 << 20;
/// Bytes of pipelined requests that are read while one is under way.
const MOST_PIPELINED: usize = 64 * 1024;
/// Output above which pipelined responses are written before the next request is looked at.
const MUCH: u64 = 64 * 1024;
/// Blocks of one body, and requests of one connection, before others have their turn.
const FAIR: usize = 32;

impl<B> Conn<B> {
    pub(crate) fn new(line: Arc<Line>, connection: Connection, now: u64) -> Conn<B> {
        Conn {
            hints: Hints::new(line.clone()),
            line,
            connection: Arc::new(connection),
            phase: Phase::Idle,
            input: BytesMut::new(),
            reader: HeadReader::default(),
            job: None,
            written: Vec::new(),
            output: None,
            readable: true,
            ended: false,
            broken: false,
            lost: End::Disconnected,
            serial: 0,
            since: now,
            wait: Wait::KeepAlive,
            waits: 0,
            scheduled: None,
        }
    }

    /// Takes in what the poll said. Says whether the connection is to be driven.
    pub(crate) fn on_event(&mut self, event: &mio::event::Event) -> bool {
        self.readable |= event.is_readable();
        self.ended |= event.is_read_closed();
        // After a switch both sides may have ended with something left to be read.
        self.broken |= event.is_error() || event.is_write_closed() && !self.is_switched();
        if matches!(self.phase, Phase::Busy) {
            if event.is_readable() || event.is_read_closed() || self.broken {
                self.line.on_readable();
            }
            if event.is_writable() || event.is_write_closed() {
                self.line.on_writable();
            }
        }
        !matches!(self.phase, Phase::Busy)
            || self.broken
            || self.ended
            || (self.output.is_some() && event.is_writable())
    }

    fn is_switched(&self) -> bool {
        self.job
            .as_ref()
            .is_some_and(|job| matches!(job.stage, Stage::Switched))
    }

    /// Whether no request is under way and nothing is left to be written.
    pub(crate) fn is_idle(&self) -> bool {
        matches!(self.phase, Phase::Idle)
            && self.output.is_none()
            && !self.reader.started(&self.input)
    }
}

impl<B: rgi_core::Body> Conn<B> {
    /// Does what can be done now.
    pub(crate) fn drive<A: App<Body = B>>(&mut self, core: &mut Core<A>) -> Fate {
        let mut output = self.output.take().unwrap_or_else(|| core.take_output());
        let fate = self.run(core, &mut output);
        match fate {
            Fate::Keep if !output.is_empty() => self.output = Some(output),
            _ => {
                output.clear();
                core.give_output(output);
            }
        }
        self.note_wait(core.now);
        fate
    }

    fn run<A: App<Body = B>>(&mut self, core: &mut Core<A>, output: &mut Output) -> Fate {
        for _ in 0..FAIR {
            let step = match self.phase {
                _ if self.broken && !matches!(self.phase, Phase::Leaving) => {
                    self.lose(core, output)
                }
                Phase::Idle => self.idle(core, output),
                Phase::Busy => self.busy(core, output),
                Phase::Discarding(_) => self.discard(),
                Phase::Leaving => self.leave(core),
                Phase::Closing => self.close(core, output),
                Phase::Lingering(_) => self.linger(),
            };
            match step {
                Step::Again => {}
                Step::Wait => {
                    // Whatever is in the output goes out before anything is waited for.
                    if self.flush(core, output).is_err() {
                        self.broken = true;
                        continue;
                    }
                    return Fate::Keep;
                }
                Step::Full => return Fate::Keep,
                Step::Yield => break,
                Step::Close => return Fate::Close,
            }
        }
        if self.flush(core, output).is_err() {
            self.broken = true;
        }
        self.line.wake_self();
        Fate::Keep
    }

    /// Waits for, and begins, the next request.
    fn idle<A: App<Body = B>>(&mut self, core: &mut Core<A>, output: &mut Output) -> Step {
        if output.len() > MUCH {
            match self.flush(core, output) {
                Ok(true) => {}
                Ok(false) => return Step::Full,
                Err(_) => {
                    self.broken = true;
                    return Step::Again;
                }
            }
        }
        if !self.input.is_empty() {
            let mut input = std::mem::take(&mut self.input);
            match self
                .reader
                .read(&input, &core.config.limits, &mut core.fields)
            {
                Ok(Some(head)) => {
                    let raw = input.split_to(head.len);
                    self.input = input;
                    return self.begin(core, head, &raw);
                }
                Ok(None) => self.input = input,
                Err(refusal) => {
                    core.log(
                        Level::Debug,
                        format_args!("{} from {}", refusal, self.connection.peer),
                    );
                    return self.refuse(core, refusal.status(), output);
                }
            }
        }
        if !self.readable {
            return Step::Wait;
        }
        core.scratch.clear();
        let room = core.scratch.capacity();
        match self.line.socket.read(&mut core.scratch) {
            Ok(0) => {
                // Whoever ends within a head gets no answer: nothing was asked.
                match self.flush(core, output) {
                    Ok(false) => Step::Full,
                    _ => Step::Close,
                }
            }
            Ok(n) => {
                // A short read has emptied the socket, but not of an end that was announced.
                self.readable = n == room || self.ended;
                if !self.input.is_empty() {
                    self.input.extend_from_slice(&core.scratch);
                    return Step::Again;
                }
                let scratch = std::mem::take(&mut core.scratch);
                let read = self
                    .reader
                    .read(&scratch, &core.config.limits, &mut core.fields);
                let step = match read {
                    Ok(Some(head)) => {
                        let (raw, rest) = scratch.split_at(head.len);
                        self.input.extend_from_slice(rest);
                        self.begin(core, head, raw)
                    }
                    Ok(None) => {
                        self.input.extend_from_slice(&scratch);
                        Step::Again
                    }
                    Err(refusal) => {
                        core.log(
                            Level::Debug,
                            format_args!("{} from {}", refusal, self.connection.peer),
                        );
                        self.refuse(core, refusal.status(), output)
                    }
                };
                core.scratch = scratch;
                step
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.readable = false;
                Step::Wait
            }
            Err(_) => {
                self.broken = true;
                Step::Again
            }
        }
    }

    /// Makes an exchange of a head and calls the application.
    fn begin<A: App<Body = B>>(
        &mut self,
        core: &mut Core<A>,
        head: RequestHead,
        raw: &[u8],
    ) -> Step {
        let mut job = core.take_job();
        job.as_mut().name(head.method.as_str(), head.target.of(raw));
        let mut turn = Turn::new(&head);
        if core.stopping {
            turn.close();
        }
        let mut request = CoreHead::new();
        request.fill(raw, &mut core.fields);
        let upgrade = head
            .upgrade
            .and_then(|span| HeaderValue::from_bytes(span.of(raw)).ok());
        self.serial += 1;
        let (input, has_body) = self.open_body(core, &head);
        let offer = match head.method {
            Method::CONNECT => Some(None),
            _ if !has_body => upgrade.map(Some),
            _ => None,
        };
        let version = head.version;
        request.line(head.method, version, head.target, head.path, head.query);
        let mut exchange =
            Exchange::new(request, input, core.host.clone(), self.connection.clone());
        if version >= Version::HTTP_11 {
            exchange = exchange.informer(Hints::begin(&mut self.hints, self.serial));
        }
        if let Some(offer) = offer {
            exchange = exchange.offer(offer);
        }
        let response = exchange.call(&core.app);
        let due = core.config.request_timeout;
        let due = due.map(|limit| core.now.saturating_add(ms(limit)));
        job.as_mut().begin(response, turn, has_body, due);
        self.job = Some(job);
        self.phase = Phase::Busy;
        Step::Again
    }

    /// The request's body. One that is there already needs no part of the connection.
    fn open_body<A: App>(&mut self, core: &Core<A>, head: &RequestHead) -> (Input, bool) {
        let length = match head.framing {
            rgi_http1::Framing::None | rgi_http1::Framing::Length(0) => {
                return (Input::empty(), false);
            }
            rgi_http1::Framing::Length(length) => Some(length),
            rgi_http1::Framing::Chunked => None,
        };
        if let Some(length) = length.filter(|length| *length <= self.input.len() as u64) {
            let body = Bytes::copy_from_slice(&self.input[..length as usize]);
            self.input.advance(length as usize);
            return (Input::whole(body), false);
        }
        let reader = BodyReader::new(head.framing, &core.config.limits);
        let there = std::mem::take(&mut self.input);
        // Who sends its body unasked needs not be told to (RFC 9110 10.1.1).
        let expect = head.expect_continue && there.is_empty();
        self.line.begin_body(self.serial, reader, there, expect);
        self.waits = 0;
        (
            Input::source(Body::new(self.line.clone(), self.serial), length),
            true,
        )
    }

    /// Drives the job.
    fn busy<A: App<Body = B>>(&mut self, core: &mut Core<A>, output: &mut Output) -> Step {
        let waker = Waker::from(self.line.clone());
        let mut cx = Context::from_waker(&waker);
        let mut blocks = 0;
        // A wake may come for another reason than room for the block before. What was cut needs
        // not wait for it.
        if self.is_backed_up(output) {
            match self.flush(core, output) {
                Ok(true) => {}
                Ok(false) => return Step::Full,
                Err(_) => return self.lose(core, output),
            }
        }
        loop {
            let Some(job) = self.job.as_mut() else {
                return Step::Close;
            };
            let mut job = job.as_mut().project();
            let (Some(mut response), Some(turn)) =
                (job.response.as_mut().as_pin_mut(), job.turn.as_mut())
            else {
                return Step::Close;
            };
            match job.stage {
                Stage::Head => {
                    let polled = response.as_mut().poll_head(&mut cx);
                    if self.line.has_interim() {
                        output.small(|out| self.line.take_interim(out));
                    }
                    let Poll::Ready(commit) = polled else {
                        return self.pending(core, output);
                    };
                    if let Some(error) = response.error() {
                        // A peer that is gone gets silence.
                        if error.is_disconnected() {
                            return self.lose(core, output);
                        }
                        let status = commit.head.status;
                        let level = match status {
                            StatusCode::INTERNAL_SERVER_ERROR => Level::Error,
                            StatusCode::SERVICE_UNAVAILABLE => Level::Warn,
                            _ => Level::Debug,
                        };
                        let status = status.as_u16();
                        core.log(level, format_args!("{}: {status}: {error}", job.label));
                    }
                    // From here on nothing interim may go out.
                    if !self.line.commit(*job.has_body, output) {
                        turn.close();
                    }
                    if core.stopping {
                        turn.close();
                    }
                    turn.head(&commit, &core.stamp, output);
                    *job.stage = Stage::Payload;
                    if response.is_end() {
                        turn.end(None, output);
                        *job.stage = Stage::Written;
                    }
                }
                Stage::Payload => match response.as_mut().poll_payload(&mut cx) {
                    Poll::Pending => return self.pending(core, output),
                    Poll::Ready(None) => {
                        turn.end(None, output);
                        *job.stage = Stage::Written;
                    }
                    Poll::Ready(Some(Ok(payload))) => {
                        match payload {
                            Payload::Data(data) => turn.data(data, output),
                            Payload::File(region) => turn.file(region, output),
                            Payload::Flush => {}
                            Payload::Trailers(trailers) => {
                                turn.end(Some(&trailers), output);
                                *job.stage = Stage::Written;
                                continue;
                            }
                            Payload::Upgrade(demand) => {
                                *job.stage = Stage::Handover(demand);
                                continue;
                            }
                        }
                        if response.is_end() {
                            turn.end(None, output);
                            *job.stage = Stage::Written;
                            continue;
                        }
                        // A block is sent before the next one is asked for.
                        blocks += 1;
                        match self.flush(core, output) {
                            Ok(true) if blocks < FAIR => {}
                            Ok(true) => return Step::Yield,
                            Ok(false) => return Step::Full,
                            Err(_) => return self.lose(core, output),
                        }
                    }
                    Poll::Ready(Some(Err(_))) => {
                        return match response.error() {
                            Some(error) if error.is_disconnected() => self.lose(core, output),
                            _ => self.cut(core, output),
                        };
                    }
                },
                Stage::Handover(_) => {
                    match self.flush(core, output) {
                        Ok(true) => {}
                        Ok(false) => return Step::Full,
                        Err(_) => return self.lose(core, output),
                    }
                    let leftover = std::mem::take(&mut self.input);
                    let transport = self.line.switch(leftover);
                    let Some(job) = self.job.as_mut() else {
                        return Step::Close;
                    };
                    let stage = std::mem::replace(job.as_mut().project().stage, Stage::Switched);
                    if let Stage::Handover(demand) = stage {
                        demand.fulfil(transport);
                    }
                }
                Stage::Switched => match response.as_mut().poll_payload(&mut cx) {
                    Poll::Pending => return Step::Wait,
                    Poll::Ready(end) => {
                        if end.is_some()
                            && let Some(error) = response.error().filter(|e| !e.is_disconnected())
                        {
                            core.log(Level::Error, format_args!("{}: {error}", job.label));
                        }
                        *job.stage = Stage::Written;
                    }
                },
                Stage::Written => return self.wrote(),
            }
        }
    }

    /// Whether a block stands in the output that must be sent before the next one is asked for.
    fn is_backed_up(&self, output: &Output) -> bool {
        let response = self
            .job
            .as_ref()
            .filter(|job| matches!(job.stage, Stage::Payload));
        let response = response.and_then(|job| job.response.as_ref());
        !output.is_empty() && response.is_some_and(|response| !response.is_cut())
    }

    /// All of a response is in the output: what comes next?
    fn wrote(&mut self) -> Step {
        let Some(mut job) = self.job.take() else {
            return Step::Close;
        };
        let this = job.as_mut().project();
        let keep_alive = this.turn.as_ref().is_some_and(Turn::keep_alive);
        let rest = if *this.has_body {
            self.line.end_body()
        } else {
            None
        };
        self.written.push(job);
        if !keep_alive {
            return self.begin_close();
        }
        self.phase = match rest {
            None => Phase::Idle,
            Some(Rest {
                buf,
                failed: false,
                expects: false,
                reader,
            }) => {
                self.input = buf;
                match reader.is_end() {
                    true => Phase::Idle,
                    false => Phase::Discarding(Box::new(reader)),
                }
            }
            Some(_) => return self.begin_close(),
        };
        Step::Again
    }

    /// Reads the rest of a body.
    fn discard(&mut self) -> Step {
        let Phase::Discarding(reader) = &mut self.phase else {
            return Step::Again;
        };
        loop {
            match reader.decode(&mut self.input) {
                Ok(Decoded::Data(_)) => {}
                Ok(Decoded::End) => {
                    self.phase = Phase::Idle;
                    return Step::Again;
                }
                Ok(Decoded::NeedMore) => match receive(&self.line.socket, &mut self.input) {
                    Ok(0) => return self.begin_close(),
                    Ok(_) => {}
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Step::Wait,
                    Err(_) => return Step::Close,
                },
                // The answer is out: there is nobody to tell.
                Err(_) => return self.begin_close(),
            }
        }
    }

    /// Refuses a request that could not be read.
    fn refuse<A: App<Body = B>>(
        &mut self,
        core: &mut Core<A>,
        status: StatusCode,
        output: &mut Output,
    ) -> Step {
        refuse(status, &core.stamp, output);
        self.input.clear();
        self.begin_close()
    }

    fn begin_close(&mut self) -> Step {
        self.phase = Phase::Closing;
        Step::Again
    }

    /// Writes what is left, and ends the sending side.
    fn close<A: App<Body = B>>(&mut self, core: &mut Core<A>, output: &mut Output) -> Step {
        match self.flush(core, output) {
            Ok(true) => {
                self.input.clear();
                self.line.socket.shutdown(Shutdown::Write);
                self.phase = Phase::Lingering(0);
                self.since = core.now;
                Step::Again
            }
            Ok(false) => Step::Full,
            Err(_) => {
                self.broken = true;
                Step::Again
            }
        }
    }

    /// Throws away what comes.
    fn linger(&mut self) -> Step {
        let Phase::Lingering(thrown) = &mut self.phase else {
            return Step::Again;
        };
        let mut sink = BytesMut::new();
        loop {
            sink.clear();
            match receive(&self.line.socket, &mut sink) {
                Ok(0) => return Step::Close,
                Ok(n) => {
                    *thrown += n as u64;
                    if *thrown > MOST_LINGERED {
                        return Step::Close;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Step::Wait,
                Err(_) => return Step::Close,
            }
        }
    }

    /// The response cannot be completed: the client must see it.
    fn cut<A: App<Body = B>>(&mut self, core: &mut Core<A>, output: &mut Output) -> Step {
        let _ = self.flush(core, output);
        if let Some(mut job) = self.job.take() {
            let this = job.as_mut().project();
            if let Some(error) = this.response.as_pin_mut().and_then(|r| {
                r.error()
                    .filter(|e| !e.is_disconnected())
                    .map(ToString::to_string)
            }) {
                core.log(Level::Error, format_args!("{}: cut: {error}", this.label));
            }
            job.as_mut().finish(Some(End::Truncated));
            core.give_job(job);
        }
        self.line.socket.reset_on_close();
        Step::Close
    }

    /// The application waits. Now, and not before, counts that the client has ended its side: an
    /// answer that is there at once reaches those who half-close behind their request.
    fn pending<A: App<Body = B>>(&mut self, core: &mut Core<A>, output: &mut Output) -> Step {
        if self.ended && !self.still_there() {
            self.lose(core, output)
        } else {
            Step::Wait
        }
    }

    /// Whether a client that has ended its side is still there: it is, as long as it has sent
    /// something that was not read.
    fn still_there(&mut self) -> bool {
        let Some(job) = self.job.as_mut() else {
            return true;
        };
        let job = job.as_mut().project();
        if matches!(job.stage, Stage::Switched | Stage::Handover(_)) {
            return true;
        }
        if *job.has_body
            && let Some(incoming) = &mut self.line.lock().incoming
            && !incoming.is_read()
        {
            // The body's end, or its breaking off, is found by whoever reads it; if nobody will,
            // it is looked for here.
            return !incoming.is_dropped() || incoming.throw_away(&self.line.socket);
        }
        // Down to the end, of which nothing will be said again.
        let mut kept = self.input.len();
        while kept < MOST_PIPELINED {
            let mut more = BytesMut::new();
            match receive(&self.line.socket, &mut more) {
                Ok(0) => return false,
                Ok(n) => kept += n,
                Err(error) => return error.kind() == io::ErrorKind::WouldBlock,
            }
            match self.line.lock().incoming.as_mut() {
                Some(incoming) => incoming.push_behind(&more),
                None => self.input.extend_from_slice(&more),
            }
        }
        true
    }

    /// The peer has left, or is not to be had any more.
    fn lose<A: App<Body = B>>(&mut self, core: &mut Core<A>, output: &mut Output) -> Step {
        // Who has only ended its side still gets the answers that were ready.
        if !self.broken {
            let _ = self.flush(core, output);
        }
        for mut job in self.written.drain(..) {
            job.as_mut().finish(Some(self.lost));
        }
        self.line.close();
        let Some(job) = self.job.as_mut() else {
            return Step::Close;
        };
        let job = job.as_mut().project();
        if let Some(hang_up) = job.response.as_ref().as_pin_ref().and_then(|r| r.hang_up()) {
            hang_up.now();
        }
        self.phase = Phase::Leaving;
        Step::Again
    }

    /// Cuts the connection from the server's side, visibly.
    fn break_off(&mut self) {
        self.line.socket.reset_on_close();
        self.lost = End::Truncated;
        self.broken = true;
    }

    /// Lets the application finish its step.
    fn leave<A: App<Body = B>>(&mut self, core: &mut Core<A>) -> Step {
        let waker = Waker::from(self.line.clone());
        let Some(mut job) = self.job.take() else {
            return Step::Close;
        };
        let response = job.as_mut().project().response.as_pin_mut();
        if let Some(response) = response
            && response
                .poll_drain(&mut Context::from_waker(&waker))
                .is_pending()
        {
            self.job = Some(job);
            return Step::Wait;
        }
        job.as_mut().finish(Some(self.lost));
        core.give_job(job);
        Step::Close
    }

    /// Writes what there is. When all is out, the jobs behind it are finished.
    fn flush<A: App<Body = B>>(
        &mut self,
        core: &mut Core<A>,
        output: &mut Output,
    ) -> Result<bool, Unsent> {
        if matches!(self.phase, Phase::Leaving) {
            output.clear();
            return Ok(true);
        }
        let before = output.len();
        let all = match before {
            0 => true,
            _ => send(&self.line, output).inspect_err(|unsent| {
                if let Unsent::File(error) = unsent {
                    let peer = &self.connection.peer;
                    let text = format_args!("cut: a file cannot be sent to {peer}: {error}");
                    core.log(Level::Error, text);
                    self.break_off();
                }
            })?,
        };
        if output.len() < before {
            // Whoever takes something is given time again.
            self.since = core.now;
        }
        if all {
            for mut job in self.written.drain(..) {
                job.as_mut().finish(Some(End::Sent));
                core.give_job(job);
            }
        }
        Ok(all)
    }

    /// Cuts the connection now: the server stops.
    pub(crate) fn abort(&mut self) {
        self.line.retire();
        if self.job.is_some() || self.output.is_some() {
            self.line.socket.reset_on_close();
        }
        for mut job in self.written.drain(..).chain(self.job.take()) {
            if let Some(hang_up) = job.response.as_ref().and_then(|r| r.hang_up()) {
                hang_up.now();
            }
            job.as_mut().finish(Some(End::Truncated));
        }
    }
}
