//! Reads a server's answers from the bytes of one connection, strictly (RFC 9112).
//!
//! Bytes go in as they come ([`Answers::feed`]); final answers come out, 1xx are passed over, and
//! the first byte that breaks the syntax of a response is a fault that ends the reading.
//! How long a body is depends on the request it answers ([`Asked`]), one for each answer in turn.

mod head;

use crate::chars::chunk_size;
use head::{Framing, Head};

/// The longest head, chunk line or trailer line that is read, in bytes.
const LONGEST_HEAD: usize = 64 * 1024;

/// What an answer's framing must know of its request (RFC 9112 6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// Anything that is answered with a body.
    Ordinary,
    /// HEAD: no body, whatever the length says.
    Head,
    /// HEAD in a malformed request: the server may not have understood so much of it.
    PerhapsHead,
    /// CONNECT: after 2xx the connection is a tunnel.
    Connect,
}

/// One final answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// It carried `x-rgi-app`: the application made it.
    pub(crate) from_app: bool,
}

impl Answer {
    pub(crate) fn is_success(self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// What the bytes ended in, where they did not end between two answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// In a head; no status is known for sure.
    InHead,
    /// In the body of this answer.
    InBody(Answer),
}

/// The reader: final answers so far, and where in the next one it is.
#[derive(Debug)]
pub(crate) struct Answers {
    asked: Vec<Asked>,
    buffer: Vec<u8>,
    state: State,
    done: Vec<Answer>,
    fault: Option<String>,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Head,
    /// So many bytes of the body are missing; the flag says that none came yet and none may come.
    Length(Answer, u64, bool),
    ChunkSize(Answer),
    /// So many bytes of the chunk are missing, its CRLF not counted.
    Chunk(Answer, u64),
    ChunkEnd(Answer),
    Trailers(Answer),
    UntilClose(Answer),
    /// No longer HTTP/1.1 answers: after 101, or 2xx to CONNECT.
    Tunnel,
}

impl Answers {
    /// A reader for the answers to these requests, in order; past the end they are ordinary.
    pub(crate) fn to(asked: Vec<Asked>) -> Self {
        Answers {
            asked,
            buffer: Vec::new(),
            state: State::Head,
            done: Vec::new(),
            fault: None,
        }
    }

    /// Takes the next bytes of the connection.
    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
        while self.fault.is_none() {
            match self.step() {
                Ok(true) => {}
                Ok(false) => return,
                Err(fault) => self.fault = Some(fault),
            }
        }
    }

    /// Takes note that the server closed the connection in order, which ends some bodies.
    pub(crate) fn close(&mut self) {
        if let State::UntilClose(answer) | State::Length(answer, _, true) = self.state {
            self.finish(answer);
        }
    }

    /// Takes note that the server reset the connection. What the close delimits cannot be known to
    /// be whole then, but of an error its status is enough: a server that does not linger resets
    /// the connection because more of the request came (RFC 9112 9.6).
    pub(crate) fn reset(&mut self) {
        if let State::UntilClose(answer) = self.state
            && answer.status >= 400
        {
            self.finish(answer);
        }
    }

    /// The final answers that are complete.
    pub(crate) fn done(&self) -> &[Answer] {
        &self.done
    }

    /// What broke the syntax of a response, if anything did.
    pub(crate) fn fault(&self) -> Option<&str> {
        self.fault.as_deref()
    }

    /// Where the bytes so far end, if within an answer.
    pub(crate) fn cut(&self) -> Option<Cut> {
        match self.state {
            State::Head if self.buffer.is_empty() => None,
            State::Head => Some(Cut::InHead),
            State::Tunnel => None,
            State::Length(answer, ..)
            | State::ChunkSize(answer)
            | State::Chunk(answer, _)
            | State::ChunkEnd(answer)
            | State::Trailers(answer)
            | State::UntilClose(answer) => Some(Cut::InBody(answer)),
        }
    }

    /// One move; false where it needs more bytes.
    fn step(&mut self) -> Result<bool, String> {
        match self.state {
            State::Head => self.read_head(),
            State::Length(answer, 0, _) => {
                self.finish(answer);
                Ok(true)
            }
            State::Length(answer, left, _) => {
                let taken = self.take(left);
                if taken > 0 {
                    self.state = State::Length(answer, left - taken, false);
                }
                Ok(taken > 0)
            }
            State::ChunkSize(answer) => self.read_chunk_size(answer),
            State::Chunk(answer, 0) => {
                self.state = State::ChunkEnd(answer);
                Ok(true)
            }
            State::Chunk(answer, left) => {
                let taken = self.take(left);
                self.state = State::Chunk(answer, left - taken);
                Ok(taken > 0)
            }
            State::ChunkEnd(answer) => match self.line("after the data of a chunk")? {
                Some(line) if line.is_empty() => {
                    self.state = State::ChunkSize(answer);
                    Ok(true)
                }
                Some(_) => Err("a chunk is longer than its size says".into()),
                None => Ok(false),
            },
            State::Trailers(answer) => match self.line("in the trailers")? {
                Some(line) if line.is_empty() => {
                    self.finish(answer);
                    Ok(true)
                }
                Some(line) => head::field(&line).map(|_| true),
                None => Ok(false),
            },
            State::UntilClose(_) | State::Tunnel => {
                self.buffer.clear();
                Ok(false)
            }
        }
    }

    fn read_head(&mut self) -> Result<bool, String> {
        head::check_beginning(&self.buffer)?;
        let Some(end) = self.buffer.windows(4).position(|w| w == b"\r\n\r\n") else {
            return match self.buffer.len() {
                0..=LONGEST_HEAD => Ok(false),
                _ => Err(format!("a head longer than {LONGEST_HEAD} bytes")),
            };
        };
        let head = Head::parse(&self.buffer[..end])?;
        self.buffer.drain(..end + 4);
        let answer = Answer {
            status: head.status,
            from_app: head.from_app,
        };
        if head.status < 200 && head.status != 101 {
            return Ok(true);
        }
        let asked = self.asked.get(self.done.len()).copied();
        let asked = asked.unwrap_or(Asked::Ordinary);
        if head.status == 101 || (asked == Asked::Connect && answer.is_success()) {
            self.done.push(answer);
            self.state = State::Tunnel;
            return Ok(true);
        }
        if asked == Asked::Head || matches!(head.status, 204 | 304) {
            self.finish(answer);
            return Ok(true);
        }
        self.state = match head.framing {
            Framing::Length(length) => State::Length(answer, length, asked == Asked::PerhapsHead),
            Framing::Chunked => State::ChunkSize(answer),
            Framing::UntilClose => State::UntilClose(answer),
        };
        Ok(true)
    }

    fn read_chunk_size(&mut self, answer: Answer) -> Result<bool, String> {
        let Some(line) = self.line("in the size of a chunk")? else {
            return Ok(false);
        };
        let size = chunk_size(&line)
            .ok_or_else(|| format!("'{}' is no chunk size", line.escape_ascii()))?;
        self.state = match size {
            0 => State::Trailers(answer),
            size => State::Chunk(answer, size),
        };
        Ok(true)
    }

    fn finish(&mut self, answer: Answer) {
        self.done.push(answer);
        self.state = State::Head;
    }

    /// Drops up to `wanted` bytes and says how many there were.
    fn take(&mut self, wanted: u64) -> u64 {
        let taken = self
            .buffer
            .len()
            .min(usize::try_from(wanted).unwrap_or(usize::MAX));
        self.buffer.drain(..taken);
        taken as u64
    }

    /// The next line without its CRLF, if all of it is there.
    fn line(&mut self, place: &str) -> Result<Option<Vec<u8>>, String> {
        let Some(end) = self.buffer.iter().position(|b| *b == b'\n') else {
            return match self.buffer.len() {
                0..=LONGEST_HEAD => Ok(None),
                _ => Err(format!("no line end {place}")),
            };
        };
        let mut line: Vec<u8> = self.buffer.drain(..=end).collect();
        line.pop();
        match line.pop() {
            Some(b'\r') => Ok(Some(line)),
            _ => Err(format!("a bare LF {place}")),
        }
    }
}

#[cfg(test)]
mod tests;
