//! Deadlines, as values: a server says what a connection waits for, and learns how long it may.

use std::time::Duration;

/// What a connection waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Wait {
    /// The next request, or the first.
    KeepAlive,
    /// The rest of a head, from its first byte.
    Head,
    /// The next piece of a request's body.
    Body,
    /// Room for what is to be written.
    Write,
    /// The client's end, after all was said (RFC 9112 9.6).
    Linger,
    /// The application.
    App,
}

/// How long each wait may take. `None`: for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// For the next request; then the connection is closed without a word.
    pub keep_alive: Option<Duration>,
    /// For a head; then it is answered 408.
    pub head: Option<Duration>,
    /// Between two pieces of a body; then the input fails with 408.
    pub body: Option<Duration>,
    /// For a client that takes nothing; then the connection is reset.
    pub write: Option<Duration>,
    /// For the client's end.
    pub linger: Duration,
}

impl Timeouts {
    /// How long a wait may take.
    pub fn of(&self, wait: Wait) -> Option<Duration> {
        match wait {
            Wait::KeepAlive => self.keep_alive,
            Wait::Head => self.head,
            Wait::Body => self.body,
            Wait::Write => self.write,
            Wait::Linger => Some(self.linger),
            Wait::App => None,
        }
    }
}

impl Default for Timeouts {
    /// 60 s for the next request, 2 s for the client's end, 30 s for all else.
    fn default() -> Timeouts {
        let half_a_minute = Some(Duration::from_secs(30));
        Timeouts {
            keep_alive: Some(Duration::from_secs(60)),
            head: half_a_minute,
            body: half_a_minute,
            write: half_a_minute,
            linger: Duration::from_secs(2),
        }
    }
}
