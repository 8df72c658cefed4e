//! Request heads, from bytes that come as they like.
//!
//! Two ways lead through a head. When all of it is there at the first look,
//! it goes straight through httparse (`parse`). When it is not, or something
//! is wrong with it, it is scanned: a state machine takes each byte once and
//! stops at the first fault, so a client that sends a head byte by byte costs
//! no more than one that sends it at once, and is refused as early as can be.
//! A head scanned to its end goes through httparse after all, so there is one
//! place that gives it its meaning.
//!
//! Every refusal comes from the scan, or from the meaning of a head that the
//! scan has passed. That makes the answer the same however the bytes come.

use http::{HeaderValue, Method, StatusCode, Version};
use rgi_core::server::RequestHead as CoreHead;
use rgi_core::server::syntax::TargetForm;
use rgi_core::server::syntax::{QUERY, TOKEN};

use crate::framing::Framing;
use crate::limits::{EMPTY_LINES, Limits, METHOD, head_window};
use crate::line::RequestLine;
use crate::parse::parse;
use crate::refusal::Refusal;
use crate::scan::{BARE_CR, BARE_LF, EMPTY, FRAGMENT, FieldScan};
use crate::span::{FieldSpan, Span};

/// One request head, as spans into the bytes it was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestHead {
    /// How many bytes it took, skipped empty lines included. The body begins
    /// there.
    pub len: usize,
    /// The method, case-sensitive; any token of up to 64 bytes.
    pub method: Method,
    /// HTTP/1.0 or HTTP/1.1.
    pub version: Version,
    /// The request target as it was sent.
    pub target: Span,
    /// The form of the target.
    pub form: TargetForm,
    /// Whom the request is for, as host and perhaps port: the authority of
    /// the target if it has one, else the value of Host. `None` only on
    /// HTTP/1.0. Checked; where Host and the target differ the target counts
    /// (RFC 9112 3.2.2), and the Host among the fields has its value too.
    pub authority: Option<Span>,
    /// The path inside the target, beginning with `/`. Empty where the target
    /// has none: in authority-form, asterisk-form and `http://host`.
    pub path: Span,
    /// The query inside the target, without its `?`. `None` without a `?`.
    pub query: Option<Span>,
    /// Where the body ends.
    pub framing: Framing,
    /// Whether the client lets the connection be used again.
    pub keep_alive: bool,
    /// Whether a body follows for which the client waits to be told
    /// `100 Continue`.
    pub expect_continue: bool,
    /// The value of the first Upgrade field, if Connection names it. It is
    /// never there on HTTP/1.0, and never empty.
    pub upgrade: Option<Span>,
    /// Whether the client says, by `TE: trailers`, that it reads trailers.
    pub accepts_trailers: bool,
}

impl RequestHead {
    /// The head as an exchange is made of it: `raw` are the bytes it was read from, and `fields` the
    /// index read with it, which is swapped with a recycled vector.
    pub fn to_core(&self, raw: &[u8], fields: &mut Vec<FieldSpan>) -> CoreHead {
        let mut head = CoreHead::new();
        head.fill(raw, fields);
        let method = self.method.clone();
        head.line(method, self.version, self.target, self.path, self.query);
        head
    }

    /// The switch of protocols that the client offers, as an exchange takes it: `Some(None)` is a
    /// CONNECT. One with a body is none (RFC 9110 7.8). `raw` are the bytes the head was read from.
    pub fn offer(&self, raw: &[u8]) -> Option<Option<HeaderValue>> {
        if self.method == Method::CONNECT {
            return Some(None);
        }
        let protocols = self.upgrade.filter(|_| !self.framing.has_body())?;
        HeaderValue::from_bytes(protocols.of(raw)).ok().map(Some)
    }
}

/// Reads request heads from a buffer that grows.
#[derive(Clone, Debug, Default)]
pub struct HeadReader {
    phase: Phase,
    /// Bytes scanned.
    pos: usize,
    /// Empty lines skipped.
    empty: u8,
    /// Where the method, the target and the version begin.
    start: usize,
    target: usize,
    version: usize,
    fields: FieldScan,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    /// Before the request line.
    #[default]
    Before,
    /// Behind the CR of an empty line before the request line.
    BeforeLf,
    Method,
    Target,
    Version,
    /// Behind the CR of the request line.
    LineEnd,
    Fields,
}

impl HeadReader {
    /// Looks for a head at the front of `buf`, which is everything received
    /// of it: between calls `buf` may only grow, until this returns a head or
    /// a refusal. Then the reader is ready for the next head.
    ///
    /// `fields` is cleared, and filled with the end-to-end fields in the
    /// order they came. Left out are Connection, the fields it names (but for
    /// Host, Content-Length and Expect), Keep-Alive, Proxy-Connection, TE,
    /// Transfer-Encoding and Upgrade. If the target has an authority, the
    /// value of Host points at it.
    ///
    /// `None` means that the head is not complete, and right so far.
    ///
    /// # Errors
    ///
    /// 400 for a malformed or ambiguous head; 413 for a Content-Length, 414
    /// for a target, 431 for a head or fields over the limits; 417 for an
    /// expectation, 501 for a method or transfer coding, 505 for a version
    /// that is not supported.
    pub fn read(
        &mut self,
        buf: &[u8],
        limits: &Limits,
        fields: &mut Vec<FieldSpan>,
    ) -> Result<Option<RequestHead>, Refusal> {
        fields.clear();
        if self.phase == Phase::Before {
            let start = skip_empty_lines(buf);
            if start < buf.len()
                && let Ok(Some(head)) = parse(buf, start, limits, fields)
            {
                self.reset();
                return Ok(Some(head));
            }
            fields.clear();
        }
        let outcome = match self.scan(buf, limits) {
            Ok(false) => return Ok(None),
            Ok(true) => parse(buf, self.start, limits, fields),
            Err(refusal) => Err(refusal),
        };
        self.reset();
        if outcome.is_err() {
            fields.clear();
        }
        outcome
    }

    /// Forgets a head begun, to begin another one.
    pub fn reset(&mut self) {
        *self = Self::default();
    }

    /// Whether a request has begun in `buf`: whether it has any byte but the
    /// empty lines that may stand before one. A connection on which nothing
    /// has begun is idle and may be closed without a word.
    #[must_use]
    pub fn started(&self, buf: &[u8]) -> bool {
        !matches!(&buf[skip_empty_lines(buf)..], [] | [b'\r'])
    }

    /// Goes on where it stopped; says whether the head is complete.
    fn scan(&mut self, buf: &[u8], limits: &Limits) -> Result<bool, Refusal> {
        while self.phase != Phase::Fields {
            let Some(&b) = buf.get(self.pos) else {
                return Ok(false);
            };
            self.check_room(limits)?;
            self.phase = match self.phase {
                Phase::Before => self.before(b)?,
                Phase::BeforeLf if b == b'\n' => Phase::Before,
                Phase::Method => self.method(b)?,
                Phase::Target => self.target(b, limits)?,
                Phase::Version => self.version(b)?,
                Phase::LineEnd if b == b'\n' => self.line(buf)?,
                Phase::BeforeLf | Phase::LineEnd => return Err(BARE_CR),
                Phase::Fields => break,
            };
            self.pos += 1;
        }
        let end = buf
            .len()
            .min(self.start.saturating_add(head_window(limits)));
        let window = buf.get(self.pos..end).unwrap_or_default();
        if let Some(consumed) = self.fields.scan(window, limits.headers)? {
            self.pos += consumed;
            return Ok(true);
        }
        self.pos += window.len();
        if end < buf.len() {
            return Err(TOO_LONG);
        }
        Ok(false)
    }

    /// Refuses the byte that would be one too many.
    fn check_room(&self, limits: &Limits) -> Result<(), Refusal> {
        match self.phase {
            Phase::Before | Phase::BeforeLf => Ok(()),
            _ if self.pos - self.start < head_window(limits) => Ok(()),
            Phase::Target => Err(TARGET_TOO_LONG),
            _ => Err(TOO_LONG),
        }
    }

    fn before(&mut self, b: u8) -> Result<Phase, Refusal> {
        match b {
            b'\r' if self.empty < EMPTY_LINES => {
                self.empty += 1;
                Ok(Phase::BeforeLf)
            }
            b'\r' => Err(EMPTY),
            b'\n' => Err(BARE_LF),
            _ => {
                self.start = self.pos;
                self.method(b)
            }
        }
    }

    fn method(&mut self, b: u8) -> Result<Phase, Refusal> {
        let len = self.pos - self.start;
        if b == b' ' && len > 0 {
            self.target = self.pos + 1;
            return Ok(Phase::Target);
        }
        if !TOKEN.has(b) {
            return Err(Refusal::bad(
                "the request line does not begin with a method and one space",
            ));
        }
        if len >= METHOD {
            return Err(Refusal::new(
                StatusCode::NOT_IMPLEMENTED,
                "the method is too long to be a known one",
            ));
        }
        Ok(Phase::Method)
    }

    fn target(&mut self, b: u8, limits: &Limits) -> Result<Phase, Refusal> {
        let len = self.pos - self.target;
        if b == b' ' && len > 0 {
            self.version = self.pos + 1;
            return Ok(Phase::Version);
        }
        if !QUERY.has(b) {
            return Err(Refusal::bad(match b {
                b'#' => return Err(FRAGMENT),
                b'\r' | b'\n' => "the request line ends without a version",
                b' ' => "more than one space behind the method",
                _ => "the target has a byte that no URI has",
            }));
        }
        if len >= limits.target {
            return Err(TARGET_TOO_LONG);
        }
        Ok(Phase::Target)
    }

    fn version(&mut self, b: u8) -> Result<Phase, Refusal> {
        const SHAPE: &[u8; 8] = b"HTTP/d.d";
        match SHAPE.get(self.pos - self.version) {
            Some(b'd') if b.is_ascii_digit() => Ok(Phase::Version),
            Some(&expected) if b == expected && b != b'd' => Ok(Phase::Version),
            None if b == b'\r' => Ok(Phase::LineEnd),
            _ => Err(Refusal::bad(
                "the request line does not end in one space, HTTP/1.1 or HTTP/1.0, and CRLF",
            )),
        }
    }

    /// The request line is complete but for its LF.
    fn line(&self, buf: &[u8]) -> Result<Phase, Refusal> {
        let minor = RequestLine::minor(&buf[self.version..self.pos - 1])?;
        let method = &buf[self.start..self.target - 1];
        let target = &buf[self.target..self.version - 1];
        RequestLine::parse(method, target, minor)?;
        Ok(Phase::Fields)
    }
}

const TOO_LONG: Refusal = Refusal::fields_too_large("the head is longer than the limit");
const TARGET_TOO_LONG: Refusal = Refusal::new(
    StatusCode::URI_TOO_LONG,
    "the request target is longer than the limit",
);

/// Length of the empty lines at the front (RFC 9112 2.2), of as many as are
/// let pass.
#[inline]
fn skip_empty_lines(buf: &[u8]) -> usize {
    let mut at = 0;
    while at < 2 * usize::from(EMPTY_LINES) && buf[at..].starts_with(b"\r\n") {
        at += 2;
    }
    at
}
