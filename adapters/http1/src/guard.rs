//! A strict eye on requests that another engine reads. Where the head is over
//! and what it says of the message is `watch`'s business; here the message is
//! followed to its end.

use crate::chunk::{ChunkLine, Extensions, LONG_CHUNK};
use crate::framing::Framing;
use crate::limits::Limits;
use crate::refusal::Refusal;
use crate::scan::{BARE_CR, BARE_LF, FieldScan};
use crate::watch::{HeadWatch, Message};

/// Looks over the shoulder of another HTTP/1.1 engine, which reads the same
/// bytes, and stops what a strict reading of RFC 9112 refuses and the engine
/// might let pass. There is one for each connection.
///
/// The engine reads the requests; the guard holds none. It knows the line ends
/// and the few fields that say where a message ends, so that it always knows
/// what a byte is part of, and passes it on or does not:
///
/// ```text
///   Head ---- no body ------------------------------------------> next Head
///    | '----- Content-Length --> Length ---- counted down ------> next Head
///    '------- chunked --> Line --- size 0 --> Trailers ---------> next Head
///                         |  ^
///                    size |  | CRLF
///                         v  |
///                         Data
///
///   anywhere ---- a fault --> Refused, for good
/// ```
///
/// What is refused, with 400:
///
/// - in a head: LF without CR before it and CR without LF behind it (RFC 9112
///   2.2), a folded line (5.2), `#` in the target (3.2), more than four empty
///   lines before it (2.2);
/// - a head that can be read in two ways (6.1, 6.3): Content-Length beside
///   Transfer-Encoding, more than one Content-Length or one that is no plain
///   number of 64 bits, Transfer-Encoding on HTTP/1.0, a body of CONNECT (RFC
///   9110 9.3.6);
/// - with 413, a Content-Length above the limit, if there is [one](Guard::limit);
/// - in a chunked body: chunk-size lines, line ends and trailer lines other
///   than RFC 9112 7.1 has them, and 16 KiB more of chunk extensions than of
///   data; with 431, a trailer's name of more than 32 KiB.
///
/// What is not looked at, as every engine looks at it: the rest of the request
/// line, field names and values, the transfer codings by name, and any other
/// limit.
/// A Transfer-Encoding is taken for chunked, for an engine refuses the others.
///
/// Whatever [`HeadReader`](crate::HeadReader) and
/// [`BodyReader`](crate::BodyReader) accept is passed on.
///
/// A head is looked at twice at most, a body once. Nothing is allocated.
///
/// ```
/// use rgi_http1::Guard;
///
/// let wire = b"GET /a HTTP/1.1\r\nHost: b\r\n\r\nGET /c HTTP/1.1\nHost: b\r\n\r\n";
/// let mut guard = Guard::new();
///
/// // The first request is in order: it goes to the engine.
/// let passed = guard.watch(wire)?;
/// assert!(wire[passed..].starts_with(b"GET /c"));
/// assert!(!guard.may_switch());
///
/// // The second is not: the engine never sees it.
/// let refusal = guard.watch(&wire[passed..]).unwrap_err();
/// assert_eq!(refusal.status(), 400);
/// assert!(!guard.is_in_body());
/// # Ok::<(), rgi_http1::Refusal>(())
/// ```
#[derive(Debug, Default)]
pub struct Guard {
    state: State,
    /// Whether the present message asks for another protocol.
    asked: bool,
    /// Whether another protocol may begin right here.
    may_switch: bool,
    /// Whether each message is passed on by itself, and whether one has ended right here.
    singly: bool,
    ended: bool,
    /// The longest body, where there is a limit.
    longest: Option<u64>,
    /// Where in the bytes that were passed last the head ends, and the trailer section begins.
    head_end: Option<usize>,
    trailers: Option<usize>,
    extensions: Extensions,
}

#[derive(Debug)]
enum State {
    Head(HeadWatch),
    Length(u64),
    Line(ChunkLine),
    Data(u64),
    DataCr,
    DataLf,
    Trailers(FieldScan),
    Refused { refusal: Refusal, in_body: bool },
}

impl Default for State {
    fn default() -> Self {
        Self::Head(HeadWatch::default())
    }
}

/// A refusal, and how many bytes before it are in order.
struct Fault {
    at: usize,
    refusal: Refusal,
}

impl Guard {
    /// A guard of a connection on which nothing has come.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A guard for an engine that is to have one request at a time: it stops behind each, and
    /// [`is_behind`](Self::is_behind) says so.
    #[must_use]
    pub fn singly() -> Self {
        Self {
            singly: true,
            ..Self::default()
        }
    }

    /// Refuses a message that says it is longer than [`Limits::body`]; one that is so without saying it
    /// is the reader's to refuse.
    #[must_use]
    pub fn limit(self, limits: &Limits) -> Self {
        Self {
            longest: Some(limits.longest_body()),
            ..self
        }
    }

    /// Goes on with the connection's bytes, in order.
    ///
    /// `Ok(n)`: the first `n`, at least one unless `bytes` is empty, are in
    /// order and may be passed on. Show it the rest again, from byte `n` on;
    /// but see [`may_switch`](Self::may_switch) first. `n` is less than the
    /// length
    ///
    /// - behind a request after which the protocol may be another one, and behind any of one that
    ///   passes requests [singly](Self::singly);
    /// - before a head that is refused, and before the byte of a body at which
    ///   it is refused. The next call gives the error, whatever it is shown.
    ///
    /// # Errors
    ///
    /// 400, 413 or 431: what comes at the front of `bytes`, or the head it goes on with,
    /// is refused; again and again, whatever is shown.
    pub fn watch(&mut self, bytes: &[u8]) -> Result<usize, Refusal> {
        let mut at = 0;
        if let State::Refused { refusal, .. } = self.state {
            return Err(refusal);
        }
        if !bytes.is_empty() {
            self.may_switch = false;
            self.ended = false;
            self.head_end = None;
            self.trailers = matches!(self.state, State::Trailers(_)).then_some(0);
        }
        while at < bytes.len() && !self.ended {
            let was_head = matches!(self.state, State::Head(_));
            let was_line = matches!(self.state, State::Line(_));
            match self.step(&bytes[at..]) {
                Ok(passed) => {
                    at += passed;
                    if was_head && (self.ended || !matches!(self.state, State::Head(_))) {
                        self.head_end = Some(at);
                    } else if was_line && matches!(self.state, State::Trailers(_)) {
                        self.trailers = Some(at);
                    }
                }
                Err(fault) => {
                    self.refuse(fault.refusal);
                    at += fault.at;
                    return if at > 0 { Ok(at) } else { Err(fault.refusal) };
                }
            }
        }
        Ok(at)
    }

    /// Whether what was passed last is the end of a request that may switch
    /// protocols: a CONNECT, or one with an Upgrade field. Bytes that come now
    /// may be of another protocol: they are only to be shown once it is known
    /// that no switch came.
    ///
    /// A client speaks the other protocol behind the whole of its request and
    /// not before (RFC 9110 7.8), so a body of it comes first, and is watched.
    #[must_use]
    pub fn may_switch(&self) -> bool {
        self.may_switch
    }

    /// Whether what was passed last is the end of a request, of a guard that passes them
    /// [singly](Self::singly).
    #[must_use]
    pub fn is_behind(&self) -> bool {
        self.ended
    }

    /// How many of the bytes that were passed last belong to a head that is over: of a guard that
    /// passes requests [singly](Self::singly), for there is one at most.
    #[must_use]
    pub fn head_end(&self) -> Option<usize> {
        self.head_end
    }

    /// From which of the bytes that were passed last they belong to a trailer section, up to the end of
    /// a request or of what was passed.
    #[must_use]
    pub fn trailers(&self) -> Option<usize> {
        self.trailers
    }

    /// Bytes that are left of the present body, if its length is known and its end has not come.
    #[must_use]
    pub fn left(&self) -> Option<u64> {
        match self.state {
            State::Length(left) => Some(left),
            _ => None,
        }
    }

    /// Whether the present message, or the last one while no other has begun, asks for another
    /// protocol, or is a CONNECT.
    #[must_use]
    pub fn asks(&self) -> bool {
        self.asked
    }

    /// Whether there is a refusal, and it lies within a body: then the
    /// request's head was passed on and may be answered by the application's
    /// side. Otherwise it lies within a head.
    #[must_use]
    pub fn is_in_body(&self) -> bool {
        matches!(self.state, State::Refused { in_body: true, .. })
    }

    /// Whether a head has begun and is not over. Empty lines before one do not begin it.
    #[must_use]
    pub fn is_in_head(&self) -> bool {
        matches!(&self.state, State::Head(head) if head.has_begun())
    }

    fn refuse(&mut self, refusal: Refusal) {
        let in_body = !matches!(self.state, State::Head(_));
        self.state = State::Refused { refusal, in_body };
    }

    /// Takes the next part of a message; gives its length.
    fn step(&mut self, bytes: &[u8]) -> Result<usize, Fault> {
        match &mut self.state {
            State::Head(head) => match head.watch(bytes).map_err(here)? {
                Some((taken, message)) => {
                    self.check(message).map_err(here)?;
                    self.begin(message);
                    Ok(taken)
                }
                None => Ok(bytes.len()),
            },
            State::Length(left) => {
                let taken = count(bytes, left);
                if *left == 0 {
                    self.end();
                }
                Ok(taken)
            }
            State::Data(left) => {
                let taken = count(bytes, left);
                if *left == 0 {
                    self.state = State::DataCr;
                }
                Ok(taken)
            }
            State::DataCr => {
                self.state = match bytes[0] {
                    b'\r' => State::DataLf,
                    b'\n' => return Err(here(BARE_LF)),
                    _ => return Err(here(LONG_CHUNK)),
                };
                Ok(1)
            }
            State::DataLf => {
                if bytes[0] != b'\n' {
                    return Err(here(BARE_CR));
                }
                self.state = State::Line(ChunkLine::default());
                Ok(1)
            }
            State::Line(line) => {
                let mut again = line.clone();
                let scanned = line.scan(bytes);
                let scanned =
                    scanned.map_err(|refusal| locate(bytes, refusal, |byte| again.scan(byte)))?;
                let Some((taken, chunk)) = scanned else {
                    return Ok(bytes.len());
                };
                let at = taken - 1;
                self.extensions
                    .note(chunk)
                    .map_err(|refusal| Fault { at, refusal })?;
                self.state = match chunk.size {
                    0 => State::Trailers(FieldScan::default()),
                    size => State::Data(size),
                };
                Ok(taken)
            }
            State::Trailers(trailers) => {
                let mut again = trailers.clone();
                let scanned = trailers.scan(bytes, usize::MAX);
                let scanned = scanned.map_err(|refusal| {
                    locate(bytes, refusal, |byte| again.scan(byte, usize::MAX))
                })?;
                if scanned.is_some() {
                    self.end();
                }
                Ok(scanned.unwrap_or(bytes.len()))
            }
            State::Refused { refusal, .. } => Err(here(*refusal)),
        }
    }

    fn check(&self, message: Message) -> Result<(), Refusal> {
        match (message.framing, self.longest) {
            (Framing::Length(length), Some(longest)) if length > longest => {
                Err(Refusal::body_too_large())
            }
            _ => Ok(()),
        }
    }

    /// Behind a head.
    fn begin(&mut self, message: Message) {
        self.asked = message.may_switch;
        match message.framing {
            Framing::None | Framing::Length(0) => self.end(),
            Framing::Length(length) => self.state = State::Length(length),
            Framing::Chunked => {
                self.extensions = Extensions::default();
                self.state = State::Line(ChunkLine::default());
            }
        }
    }

    /// Behind a message.
    fn end(&mut self) {
        self.may_switch = self.asked;
        self.ended = self.singly || self.asked;
        if !matches!(&self.state, State::Head(head) if head.is_new()) {
            self.state = State::default();
        }
    }
}

fn here(refusal: Refusal) -> Fault {
    Fault { at: 0, refusal }
}

/// Takes what there is of the data that is left.
fn count(bytes: &[u8], left: &mut u64) -> usize {
    let taken = usize::try_from(*left).map_or(bytes.len(), |left| left.min(bytes.len()));
    *left -= taken as u64;
    taken
}

/// Where in `bytes` the fault is for which they were refused.
#[cold]
fn locate<T>(
    bytes: &[u8],
    refusal: Refusal,
    mut scan: impl FnMut(&[u8]) -> Result<T, Refusal>,
) -> Fault {
    let at = bytes.chunks(1).position(|byte| scan(byte).is_err());
    let at = at.unwrap_or_default();
    Fault { at, refusal }
}
