//! One request under way: the commit machine around the body, and the protocol's turn.

use std::pin::Pin;

use pin_project_lite::pin_project;
use rgi_core::server::{Ending, Response};
use rgi_core::{End, Upgrade};
use rgi_http1::Turn;

pin_project! {
    /// A job; its box is used again.
    pub(crate) struct Job<B> {
        #[pin]
        pub(crate) response: Option<Response<B>>,
        pub(crate) turn: Option<Turn>,
        pub(crate) stage: Stage,
        // Method and target, for the log.
        pub(crate) label: String,
        // When the request takes too long, in milliseconds of the loop's clock.
        pub(crate) due: Option<u64>,
        // The request has a body that comes off the socket.
        pub(crate) has_body: bool,
    }
}

pub(crate) enum Stage {
    Head,
    Payload,
    /// The head of a switch is on its way; then the connection is handed over.
    Handover(Upgrade),
    /// The application has the connection.
    Switched,
    /// All of the response is in the output.
    Written,
}

/// A request whose response stands in the output.
pub(crate) struct Written {
    pub(crate) ending: Ending,
    // When the request takes too long, in milliseconds of the loop's clock.
    pub(crate) due: Option<u64>,
}

/// Bytes of a target that the log shows.
const LONGEST_TARGET: usize = 256;

impl<B> Job<B> {
    pub(crate) fn new() -> Pin<Box<Job<B>>> {
        Box::pin(Job {
            response: None,
            turn: None,
            stage: Stage::Head,
            label: String::new(),
            due: None,
            has_body: false,
        })
    }

    pub(crate) fn begin(
        mut self: Pin<&mut Self>,
        response: Response<B>,
        turn: Turn,
        has_body: bool,
        due: Option<u64>,
    ) {
        let mut this = self.as_mut().project();
        this.response.set(Some(response));
        *this.turn = Some(turn);
        *this.stage = Stage::Head;
        *this.due = due;
        *this.has_body = has_body;
    }

    pub(crate) fn name(self: Pin<&mut Self>, method: &str, target: &str) {
        let label = self.project().label;
        label.clear();
        label.push_str(method);
        label.push(' ');
        // Targets are ASCII.
        label.push_str(target.get(..LONGEST_TARGET).unwrap_or(target));
    }

    /// All of the response is in the output: what is left of the exchange until it is sent.
    pub(crate) fn settle(self: Pin<&mut Self>) -> Option<Ending> {
        let mut this = self.project();
        let ending = this.response.as_mut().as_pin_mut();
        let ending = ending.and_then(|response| response.settle());
        this.response.set(None);
        *this.turn = None;
        *this.stage = Stage::Head;
        ending
    }

    /// Ends the exchange: the body is dropped, the hooks run.
    pub(crate) fn finish(self: Pin<&mut Self>, end: Option<End>) {
        if let Some(ending) = self.settle() {
            ending.finish(end);
        }
    }
}
