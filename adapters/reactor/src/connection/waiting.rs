//! Requests whose turn has not come: where one exchange is under way at a time.

use std::pin::Pin;

use rgi_core::App;
use rgi_core::server::Exchange;
use rgi_http1::{Output, Turn};

use super::{Conn, Phase, Step};
use crate::core::Core;
use crate::job::Job;
use crate::line::Gathered;

/// A request whose head is there, before the application is called.
pub(super) struct Request<B> {
    pub(super) job: Pin<Box<Job<B>>>,
    pub(super) exchange: Exchange,
    pub(super) turn: Turn,
    /// It has a body that comes off the socket.
    pub(super) has_body: bool,
    /// Its body is to be read ahead.
    pub(super) gathers: bool,
    /// It stands in the queue.
    pub(super) queued: bool,
}

impl<B: rgi_core::Body> Conn<B> {
    /// Puts a request behind those that were there before.
    pub(super) fn wait_for_turn(&mut self, mut request: Request<B>) -> Step {
        // What no application sees is refused as it is, and nobody told to go on with it.
        request.gathers &= request.exchange.is_inside();
        self.waiting = Some(Box::new(request));
        self.phase = Phase::Waiting;
        Step::Again
    }

    /// Whether the request's body is still read ahead.
    pub(super) fn is_gathering(&self) -> bool {
        self.waiting.as_ref().is_some_and(|request| request.gathers)
    }

    /// Gathers the request's body, waits for its turn, and calls the application.
    pub(super) fn await_turn<A: App<Body = B>>(
        &mut self,
        core: &mut Core<A>,
        output: &mut Output,
    ) -> Step {
        let (Some(request), Some(exclusive)) = (&mut self.waiting, &mut core.exclusive) else {
            return Step::Close;
        };
        if request.gathers {
            match self.line.gather(exclusive.bound, output) {
                Gathered::Enough => request.gathers = false,
                gathered => {
                    if gathered != (Gathered::Pending { came: false }) {
                        self.since = core.now;
                    }
                    return match gathered {
                        Gathered::Fair => Step::Yield,
                        _ => Step::Wait,
                    };
                }
            }
        }
        if !std::mem::replace(&mut request.queued, true) {
            exclusive.enter(self.line.token());
        }
        if !exclusive.is_turn_of(self.line.token()) {
            return Step::Wait;
        }
        // What is said already does not wait for a call that may block.
        match self.flush(core, output) {
            Ok(all) => self.line.set_clear(all),
            Err(_) => {
                self.broken = true;
                return Step::Again;
            }
        }
        match self.waiting.take() {
            Some(request) => self.call(core, *request),
            None => Step::Close,
        }
    }
}
