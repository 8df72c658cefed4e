//! A head that is there as a whole, in one pass of httparse.
//!
//! What httparse 1.10 settles: method and names are tokens, values have no
//! control character but HTAB and are trimmed, no folding, no white space
//! around names, one space between the parts of the request line, and the
//! version is 1.0 or 1.1. What it lets pass and is looked at here: bare LF at
//! the end of any line, empty lines in front, and every byte of the target.

use std::mem::MaybeUninit;

use http::{Method, Version};
use httparse::{Error, Header, Request, Status};

use crate::connection;
use crate::fields::Meaning;
use crate::framing::CONNECT_BODY;
use crate::head::RequestHead;
use crate::limits::{FIELD_NAME, Limits, METHOD, head_window};
use crate::line::RequestLine;
use crate::refusal::Refusal;
use crate::scan::BARE_LF;
use crate::span::{FieldSpan, Span, shifted};

/// Heads with no more fields than this are read without an allocation.
const INLINE: usize = 100;

/// Any fault httparse finds. Which one it is, the scan says.
const MALFORMED: Refusal = Refusal::bad("the head is malformed");

/// Reads the head that begins at `start`; `None` when its end is not there.
///
/// A head is accepted here exactly when the scan finds no fault in its bytes
/// and its fields make sense. The refusals of this function are only final
/// once the scan has passed the same bytes: faults have to be told in the
/// order of the bytes.
pub(crate) fn parse(
    buf: &[u8],
    start: usize,
    limits: &Limits,
    fields: &mut Vec<FieldSpan>,
) -> Result<Option<RequestHead>, Refusal> {
    let head = &buf[start..buf.len().min(start.saturating_add(head_window(limits)))];
    if matches!(head.first(), Some(b'\r' | b'\n')) {
        return Err(MALFORMED);
    }
    let mut slots = [const { MaybeUninit::uninit() }; INLINE];
    let slots = &mut slots[..limits.headers.min(INLINE)];
    let mut request = Request::new(&mut []);
    match request.parse_with_uninit_headers(head, slots) {
        Ok(Status::Complete(len)) => Head::new(&head[..len], &request, limits)?
            .read(start, limits, fields)
            .map(Some),
        Ok(Status::Partial) => Ok(None),
        Err(Error::TooManyHeaders) if limits.headers > INLINE => {
            parse_many(head, start, limits, fields)
        }
        Err(_) => Err(MALFORMED),
    }
}

/// The same for a head with more fields than the stack has room for.
#[cold]
fn parse_many(
    head: &[u8],
    start: usize,
    limits: &Limits,
    fields: &mut Vec<FieldSpan>,
) -> Result<Option<RequestHead>, Refusal> {
    // The shortest field line is `a:` and its line end.
    let most = limits.headers.min(head.len() / 4 + 1);
    let mut slots = vec![httparse::EMPTY_HEADER; most];
    let mut request = Request::new(&mut slots);
    match request.parse(head) {
        Ok(Status::Complete(len)) => Head::new(&head[..len], &request, limits)?
            .read(start, limits, fields)
            .map(Some),
        Ok(Status::Partial) => Ok(None),
        Err(_) => Err(MALFORMED),
    }
}

/// What httparse made of a head.
struct Head<'a> {
    bytes: &'a [u8],
    line: RequestLine,
    target: usize,
    target_len: usize,
    headers: &'a [Header<'a>],
}

impl<'a> Head<'a> {
    /// Checks what httparse leaves open, up to the meaning of the fields.
    #[inline]
    fn new(
        bytes: &'a [u8],
        request: &'a Request<'_, 'a>,
        limits: &Limits,
    ) -> Result<Self, Refusal> {
        let (Some(method), Some(target), Some(minor)) =
            (request.method, request.path, request.version)
        else {
            return Err(MALFORMED);
        };
        if method.len() > METHOD || target.len() > limits.target || !bytes.ends_with(b"\r\n\r\n") {
            return Err(MALFORMED);
        }
        let at = offset(bytes, target.as_bytes());
        Ok(Self {
            line: RequestLine::parse(method.as_bytes(), target.as_bytes(), minor)?,
            target: at,
            target_len: target.len(),
            headers: &*request.headers,
            bytes,
        })
    }

    #[inline]
    fn read(
        self,
        start: usize,
        limits: &Limits,
        fields: &mut Vec<FieldSpan>,
    ) -> Result<RequestHead, Refusal> {
        let mut meaning = Meaning::default();
        for header in self.headers {
            let name = header.name.as_bytes();
            let name_at = offset(self.bytes, name);
            // The byte before a name is the LF of the line before; a value
            // cannot hold a CR, so this one belongs to that LF.
            if name_at < 2 || self.bytes[name_at - 2] != b'\r' {
                return Err(BARE_LF);
            }
            if name.len() > FIELD_NAME {
                return Err(MALFORMED);
            }
            let value_at = start + offset(self.bytes, header.value);
            let value = Span::new(value_at, value_at + header.value.len());
            if meaning.note(name, header.value, value, fields.len())? {
                let name = Span::new(start + name_at, start + name_at + name.len());
                fields.push(FieldSpan { name, value });
            }
        }
        self.conclude(&meaning, start, limits, fields)
    }

    #[inline]
    fn conclude(
        self,
        meaning: &Meaning,
        start: usize,
        limits: &Limits,
        fields: &mut Vec<FieldSpan>,
    ) -> Result<RequestHead, Refusal> {
        let version = self.line.version;
        if meaning.host.is_none() && version == Version::HTTP_11 {
            return Err(Refusal::bad("HTTP/1.1 without Host (RFC 9112 3.2)"));
        }
        let framing = meaning.framing(version, limits)?;
        if self.line.method == Method::CONNECT && framing.has_body() {
            return Err(CONNECT_BODY);
        }
        let expect_continue = meaning.expect_continue(version, framing)?;
        let target = &self.line.target;
        let target_at = start + self.target;
        let authority = target.authority.map(|span| shifted(span, target_at));
        if let (Some(authority), Some((_, host))) = (authority, meaning.host) {
            fields[host].value = authority;
        }
        if meaning.connection.others > 0 {
            self.withhold(meaning.connection.others, start, limits, fields)?;
        }
        Ok(RequestHead {
            len: start + self.bytes.len(),
            version,
            target: Span::new(target_at, target_at + self.target_len),
            form: target.form,
            authority: authority.or(meaning.host.map(|(value, _)| value)),
            path: shifted(target.path, target_at),
            query: target.query.map(|span| shifted(span, target_at)),
            framing,
            keep_alive: meaning.keep_alive(version),
            expect_continue,
            upgrade: meaning.upgrade(version),
            accepts_trailers: meaning.accepts_trailers(version),
            method: self.line.method,
        })
    }

    /// Takes out the fields that Connection names. Options times fields is
    /// work the client chooses, so options are bounded as fields are.
    #[cold]
    fn withhold(
        &self,
        options: usize,
        start: usize,
        limits: &Limits,
        fields: &mut Vec<FieldSpan>,
    ) -> Result<(), Refusal> {
        if options > limits.headers {
            return Err(Refusal::fields_too_large(
                "Connection names more fields than a head may have",
            ));
        }
        for header in self.headers {
            if header.name.eq_ignore_ascii_case("connection") {
                connection::withhold(fields, header.value, self.bytes, start);
            }
        }
        Ok(())
    }
}

/// Where `part`, a slice of `whole`, begins in it.
#[inline]
fn offset(whole: &[u8], part: &[u8]) -> usize {
    part.as_ptr().addr() - whole.as_ptr().addr()
}
