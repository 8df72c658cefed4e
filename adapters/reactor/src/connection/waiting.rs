//! Requests whose turn has not come: where one exchange is under way at a time, and where the threads
//! of a pool have them.

use rgi_core::App;
use rgi_core::server::Exchange;
use rgi_http1::{Output, Turn};

use super::{Conn, Phase, Step};
use crate::core::{Core, Model};
use crate::line::Gathered;

/// A request whose head is there, before the application is called.
pub(super) struct Request {
    pub(super) exchange: Exchange,
    pub(super) turn: Turn,
    /// It has a body that comes off the socket.
    pub(super) has_body: bool,
    /// Its body is to be read ahead.
    pub(super) gathers: bool,
    /// It stands in the queue, or has stood there.
    pub(super) queued: bool,
}

impl<B: rgi_core::Body> Conn<B> {
    /// Puts a request behind those that were there before.
    pub(super) fn wait_for_turn(&mut self, mut request: Request) -> Step {
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
        let Some(request) = &mut self.waiting else {
            return Step::Close;
        };
        if request.gathers {
            match self.line.gather(core.room, output) {
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
        match &mut core.model {
            Model::Loop => {}
            Model::Exclusive(exclusive) => {
                if !std::mem::replace(&mut request.queued, true) {
                    exclusive.enter(self.line.token());
                }
                if !exclusive.is_turn_of(self.line.token()) {
                    return Step::Wait;
                }
            }
            // Who takes its time with one answer holds no thread for the next.
            Model::Front(_) => match self.flush(core, output) {
                Ok(true) => return Step::Depart,
                Ok(false) => return Step::Full,
                Err(_) => {
                    self.broken = true;
                    return Step::Again;
                }
            },
            // Others were there before: it goes back to the loop, which puts it behind them.
            Model::Pooled(pooled) if !request.queued && pooled.hall.is_crowded() => {
                return Step::Wait;
            }
            Model::Pooled(_) => {}
        }
        match self.waiting.take() {
            Some(request) => self.call_clear(core, *request, output),
            None => Step::Close,
        }
    }

    /// Calls the application once what is said already is on its way: it does not wait for a call
    /// that may block.
    pub(super) fn call_clear<A: App<Body = B>>(
        &mut self,
        core: &mut Core<A>,
        request: Request,
        output: &mut Output,
    ) -> Step {
        match self.flush(core, output) {
            // Who takes its time with one answer holds no thread for the next.
            Ok(false) if matches!(core.model, Model::Pooled(_)) => {
                self.wait_for_turn(request);
                return Step::Full;
            }
            Ok(all) => self.line.set_clear(all),
            Err(_) => {
                self.broken = true;
                return Step::Again;
            }
        }
        self.call(core, request)
    }
}
