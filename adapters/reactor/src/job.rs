//! One request under way: the commit machine around the body, and the protocol's turn.

use std::pin::Pin;

use pin_project_lite::pin_project;
use rgi_core::server::Response;
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

    pub(crate) fn name(self: Pin<&mut Self>, method: &str, target: &[u8]) {
        let label = self.project().label;
        label.clear();
        label.push_str(method);
        label.push(' ');
        // Targets are ASCII.
        let shown = &target[..target.len().min(LONGEST_TARGET)];
        label.push_str(std::str::from_utf8(shown).unwrap_or("?"));
    }

    /// Ends the exchange: the body is dropped, the hooks run.
    pub(crate) fn finish(self: Pin<&mut Self>, end: Option<End>) {
        let mut this = self.project();
        if let Some(response) = this.response.as_mut().as_pin_mut() {
            response.finish(end);
        }
        this.response.set(None);
        *this.turn = None;
        *this.stage = Stage::Head;
    }
}
