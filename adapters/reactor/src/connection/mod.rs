//! One connection as a state machine: heads in, jobs driven, output flushed.
//!
//! ```text
//!             head            all written
//!   Idle ----------> Busy ------------------> Idle | Discarding -> Idle | Closing
//!     |               |  peer gone
//!     | refused       +----------> Leaving ------> closed
//!     +-----------------------------------------> Closing -> Lingering -> closed
//! ```
//!
//! Behind proxies that say who the client is, a connection is `Unnamed` before it is `Idle`.
//!
//! Where one exchange is under way at a time, a connection is `Waiting` between `Idle` and `Busy`. So
//! it is where threads of a pool call the application, and meanwhile it changes hands: `Busy` and
//! `Leaving` are a thread's, the rest is the loop's.

mod closing;
mod deadline;
mod named;
mod readiness;
mod rehouse;
mod request;
mod response;
mod send;
mod waiting;

use std::pin::Pin;
use std::sync::Arc;

use bytes::BytesMut;
use rgi_core::server::{Connection, Level};
use rgi_core::{App, End};
use rgi_http1::{BodyReader, HeadReader, Output, Wait};

pub(crate) use self::deadline::ms;
pub(crate) use self::readiness::Readiness;
pub(crate) use self::rehouse::hang_up;
use self::send::{Unsent, send};
use self::waiting::Request;
use crate::core::Core;
use crate::job::{Job, Stage, Written};
use crate::line::{Hints, Line};

/// A connection.
pub(crate) struct Conn<B> {
    pub(crate) line: Arc<Line>,
    connection: Arc<Connection>,
    phase: Phase,
    /// The request whose turn is waited for.
    waiting: Option<Box<Request>>,
    /// Received and not used: a part of a head, or what is pipelined.
    input: BytesMut,
    reader: HeadReader,
    job: Option<Pin<Box<Job<B>>>>,
    /// Requests whose responses stand in the output.
    written: Vec<Written>,
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
    /// What the proxy says of the client comes before all else.
    Unnamed,
    /// Between requests, or within a head.
    Idle,
    /// A request is there, or its body is gathered: its turn is waited for.
    Waiting,
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
    /// Its request is there, for a thread of the pool.
    Depart,
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
    /// A thread of the pool goes on.
    Depart,
    /// Over.
    Close,
}

/// Blocks of one body, and requests of one connection, before others have their turn.
const FAIR: usize = 32;

impl<B> Conn<B> {
    pub(crate) fn new(line: Arc<Line>, connection: Connection, now: u64) -> Conn<B> {
        Conn {
            hints: Hints::new(line.clone()),
            line,
            connection: Arc::new(connection),
            phase: Phase::Idle,
            waiting: None,
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
    pub(crate) fn on_event(&mut self, event: Readiness) -> bool {
        self.readable |= event.readable;
        self.ended |= event.read_closed;
        // After a switch both sides may have ended with something left to be read.
        self.broken |= event.error || event.write_closed && !self.is_switched();
        if matches!(self.phase, Phase::Busy) {
            if event.readable || event.read_closed || self.broken {
                self.line.on_readable();
            }
            if event.writable || event.write_closed {
                self.line.on_writable();
            }
        }
        !matches!(self.phase, Phase::Busy)
            || self.broken
            || self.ended
            || (self.output.is_some() && event.writable)
    }

    fn is_switched(&self) -> bool {
        self.job
            .as_ref()
            .is_some_and(|job| matches!(job.stage, Stage::Switched))
    }

    /// Whether no request is under way and nothing is left to be written.
    pub(crate) fn is_idle(&self) -> bool {
        let waits = match self.phase {
            Phase::Unnamed => self.input.is_empty(),
            Phase::Idle => !self.reader.started(&self.input),
            _ => false,
        };
        waits && self.output.is_none()
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
        core.tick_if_blocked();
        self.note_wait(core.now);
        fate
    }

    fn run<A: App<Body = B>>(&mut self, core: &mut Core<A>, output: &mut Output) -> Fate {
        for _ in 0..FAIR {
            let step = match self.phase {
                _ if self.broken && !matches!(self.phase, Phase::Leaving) => {
                    self.lose(core, output)
                }
                Phase::Unnamed => self.name(core),
                Phase::Idle => self.idle(core, output),
                Phase::Waiting => self.await_turn(core, output),
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
                Step::Depart => return Fate::Depart,
                Step::Close => return Fate::Close,
            }
        }
        if self.flush(core, output).is_err() {
            self.broken = true;
        }
        self.line.wake_self();
        Fate::Keep
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
            for written in self.written.drain(..) {
                written.ending.finish(Some(End::Sent));
            }
        }
        Ok(all)
    }
}
