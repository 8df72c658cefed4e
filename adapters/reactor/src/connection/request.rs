//! Heads in, and the application called.

use std::io;

use bytes::{Buf, Bytes};
use http::{HeaderValue, Method, StatusCode};
use rgi_core::server::{Exchange, Level, RequestHead as CoreHead, Response};
use rgi_core::{App, Input};
use rgi_http1::{BodyReader, Framing, Output, Refusal, RequestHead, Turn, refuse};

use super::{Conn, Phase, Request, Step, ms};
use crate::core::{Core, Model};
use crate::line::{Body, Hints};

/// Output above which pipelined responses are written before the next request is looked at.
const MUCH: u64 = 64 * 1024;

impl<B: rgi_core::Body> Conn<B> {
    /// Waits for, and begins, the next request.
    pub(super) fn idle<A: App<Body = B>>(
        &mut self,
        core: &mut Core<A>,
        output: &mut Output,
    ) -> Step {
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
                    return self.begin(core, head, &raw, output);
                }
                Ok(None) => self.input = input,
                Err(refusal) => return self.reject(core, refusal, output),
            }
        }
        if !self.readable {
            return Step::Wait;
        }
        core.scratch.clear();
        let room = core.scratch.capacity();
        match core.read(&self.line.socket) {
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
                        self.begin(core, head, raw, output)
                    }
                    Ok(None) => {
                        self.input.extend_from_slice(&scratch);
                        Step::Again
                    }
                    Err(refusal) => self.reject(core, refusal, output),
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

    /// Makes an exchange of a head, and calls the application when it is its turn.
    fn begin<A: App<Body = B>>(
        &mut self,
        core: &mut Core<A>,
        head: RequestHead,
        raw: &[u8],
        output: &mut Output,
    ) -> Step {
        let request = self.prepare(core, head, raw);
        match &core.model {
            Model::Loop => self.call(core, request),
            Model::Pooled(pooled) if !request.gathers && !pooled.hall.is_crowded() => {
                self.call_clear(core, request, output)
            }
            _ => self.wait_for_turn(request),
        }
    }

    #[inline(always)]
    fn prepare<A: App<Body = B>>(
        &mut self,
        core: &mut Core<A>,
        head: RequestHead,
        raw: &[u8],
    ) -> Request {
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
        request.line(
            head.method,
            head.version,
            head.target,
            head.path,
            head.query,
        );
        let mut exchange =
            Exchange::new(request, input, core.host.clone(), self.connection.clone());
        if turn.takes_interim() {
            exchange = exchange.informer(Hints::begin(&mut self.hints, self.serial));
        }
        if let Some(offer) = offer {
            exchange = exchange.offer(offer);
        }
        Request {
            exchange,
            turn,
            has_body,
            gathers: has_body,
            queued: false,
        }
    }

    /// Calls the application.
    #[inline(always)]
    pub(super) fn call<A: App<Body = B>>(&mut self, core: &mut Core<A>, request: Request) -> Step {
        let limit = core.config.request_timeout;
        let due = limit.map(|limit| core.now.saturating_add(ms(limit)));
        if let Some(watch) = core.watch() {
            let hang_up = request.exchange.hang_up();
            watch.begin(self.line.clone(), hang_up, limit);
        }
        self.answer(core, request, due, |exchange, app| exchange.call(app))
    }

    /// Begins the answer to a request.
    #[inline(always)]
    pub(super) fn answer<A: App<Body = B>>(
        &mut self,
        core: &mut Core<A>,
        request: Request,
        due: Option<u64>,
        answer: impl FnOnce(Exchange, &A) -> Response<B>,
    ) -> Step {
        let Request {
            mut exchange,
            turn,
            has_body,
            ..
        } = request;
        let mut job = core.take_job();
        let environ = exchange.environ_mut();
        job.as_mut()
            .name(environ.method().as_str(), environ.target());
        let response = answer(exchange, &core.app);
        job.as_mut().begin(response, turn, has_body, due);
        self.job = Some(job);
        self.phase = Phase::Busy;
        Step::Again
    }

    /// The request's body. One that is there already needs no part of the connection.
    fn open_body<A: App>(&mut self, core: &Core<A>, head: &RequestHead) -> (Option<Input>, bool) {
        let length = match head.framing {
            Framing::None | Framing::Length(0) => {
                return (None, false);
            }
            Framing::Length(length) => Some(length),
            Framing::Chunked => None,
        };
        if let Some(length) = length.filter(|length| *length <= self.input.len() as u64) {
            let body = Bytes::copy_from_slice(&self.input[..length as usize]);
            self.input.advance(length as usize);
            return (Some(Input::whole(body)), false);
        }
        let reader = BodyReader::new(head.framing, &core.config.limits);
        let there = std::mem::take(&mut self.input);
        // Who sends its body unasked needs not be told to (RFC 9110 10.1.1).
        let expect = head.expect_continue && there.is_empty();
        self.line.begin_body(self.serial, reader, there, expect);
        self.waits = 0;
        let body = Body::new(self.line.clone(), self.serial);
        (Some(Input::source(body, length)), true)
    }

    /// Refuses a head for what it says.
    fn reject<A: App<Body = B>>(
        &mut self,
        core: &mut Core<A>,
        refusal: Refusal,
        output: &mut Output,
    ) -> Step {
        let peer = &self.connection.peer;
        core.log(Level::Debug, format_args!("{refusal} from {peer}"));
        self.refuse(core, refusal.status(), output)
    }

    /// Refuses a request that could not be read.
    pub(super) fn refuse<A: App<Body = B>>(
        &mut self,
        core: &mut Core<A>,
        status: StatusCode,
        output: &mut Output,
    ) -> Step {
        refuse(status, &core.stamp, output);
        self.input.clear();
        self.begin_close()
    }
}
