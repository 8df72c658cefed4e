//! One exchange: pieces of bytes to the server on a connection of their own, and what came back.
//!
//! A second thread reads all the while, so that a server that answers and closes early is seen as
//! it is, and a write that then fails says nothing by itself.

use std::io;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use crate::answers::{Answer, Answers, Asked, Cut};
use crate::endpoint::Connection;
use crate::{Endpoint, Error};

/// What a server may send on one connection, in bytes, before the tool hangs up.
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// What is sent, and when the client shows that it is done.
#[derive(Debug)]
pub(crate) struct Exchange<'a> {
    /// One write each.
    pub(crate) pieces: Vec<&'a [u8]>,
    /// The requests in them, for the framing of the answers.
    pub(crate) asked: Vec<Asked>,
    pub(crate) finish: Finish,
    /// How long to wait for the server once all is sent, and again once the client is done.
    pub(crate) timeout: Duration,
}

/// When the client closes its side.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Finish {
    /// After so many answers; what comes then shows answers nobody asked for.
    AfterAnswers(usize),
    /// After this long without a byte, unless there are more than `answers`.
    WhenQuiet { answers: usize, quiet: Duration },
    /// Not before the server does.
    Never,
}

/// How the connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The server closed it.
    Closed,
    /// The server reset it.
    Reset,
    /// It stood open when the client's patience was over.
    Open,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) answers: Vec<Answer>,
    /// The bytes ended within an answer.
    pub(crate) cut: Option<Cut>,
    /// Bytes that are no HTTP/1.1 answer; nothing after them was read.
    pub(crate) fault: Option<String>,
    pub(crate) end: End,
    /// The client closed its side before the server did.
    pub(crate) finished: bool,
}

enum Came {
    Bytes(Vec<u8>),
    End(End),
}

impl Exchange<'_> {
    /// Opens a connection, sends the pieces and reads until the connection ends or the time is up.
    ///
    /// # Errors
    ///
    /// Where no connection can be opened. What goes wrong on it later is the server's answer.
    pub(crate) fn run(self, endpoint: &Endpoint) -> Result<Seen, Error> {
        let connection = endpoint.connect(self.timeout)?;
        let (sender, receiver) = mpsc::channel();
        thread::scope(|scope| {
            let reader = thread::Builder::new().name("reader".into());
            let reader = reader.spawn_scoped(scope, || forward(&connection, sender));
            reader.map_err(|error| Error::usage(format!("cannot start a thread: {error}")))?;
            self.send(&connection);
            let seen = self.receive(&connection, &receiver);
            connection.end();
            Ok(seen)
        })
    }

    fn send(&self, connection: &Connection) {
        // So that the server sees more than one read where that costs little: 20 ms in all.
        let pieces = u32::try_from(self.pieces.len()).unwrap_or(u32::MAX).max(1);
        let pause = Duration::from_millis(20) / pieces;
        let pause = pause.clamp(Duration::from_micros(50), Duration::from_millis(1));
        for (at, piece) in self.pieces.iter().enumerate() {
            if at > 0 {
                thread::sleep(pause);
            }
            if connection.write_all(piece).is_err() {
                return;
            }
        }
    }

    fn receive(self, connection: &Connection, receiver: &Receiver<Came>) -> Seen {
        let mut answers = Answers::to(self.asked);
        let mut finished = false;
        let mut deadline = Instant::now() + self.timeout;
        let end = loop {
            if let Finish::AfterAnswers(count) = self.finish
                && !finished
                && answers.done().len() >= count
            {
                connection.finish_writing();
                finished = true;
                deadline = Instant::now() + self.timeout;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            let quiet = match self.finish {
                Finish::WhenQuiet {
                    answers: few,
                    quiet,
                } if !finished && answers.done().len() <= few && quiet < left => Some(quiet),
                _ => None,
            };
            match receiver.recv_timeout(quiet.unwrap_or(left)) {
                Ok(Came::Bytes(bytes)) => answers.feed(&bytes),
                Ok(Came::End(end)) => break end,
                Err(RecvTimeoutError::Timeout) if quiet.is_some() => {
                    connection.finish_writing();
                    finished = true;
                    deadline = Instant::now() + self.timeout;
                }
                Err(_) => break End::Open,
            }
            if answers.fault().is_some() {
                break End::Open;
            }
        };
        match end {
            End::Closed => answers.close(),
            End::Reset => answers.reset(),
            End::Open => {}
        }
        Seen {
            answers: answers.done().to_vec(),
            cut: answers.cut(),
            fault: answers.fault().map(str::to_owned),
            end,
            finished,
        }
    }
}

/// Reads until the end, or until nobody listens.
fn forward(connection: &Connection, sender: Sender<Came>) {
    let mut buffer = vec![0; 16 * 1024];
    let mut total = 0;
    while total < MOST_BYTES {
        let came = match connection.read(&mut buffer) {
            Ok(0) => Came::End(End::Closed),
            Ok(count) => {
                total += count;
                Came::Bytes(buffer[..count].to_vec())
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => Came::End(End::Reset),
        };
        let ended = matches!(came, Came::End(_));
        if sender.send(came).is_err() || ended {
            return;
        }
    }
}
