//! A head as a [`Guard`](crate::Guard) sees it: its line ends, and the few
//! lines that say where the message ends.
//!
//! Two ways lead through a head. One that is there as a whole, with nothing
//! wrong, is gone over line by line (`plain`). Any other is scanned, piece by
//! piece: of the present line the first bytes are kept until it has its name.
//! Every refusal comes from the scan, and so from the same byte however the
//! bytes come.

use memchr::{memchr, memchr2, memchr3};
use rgi_core::server::syntax::is_word;

use crate::framing::{
    CONNECT_BODY, Framing, LONG_NUMBER, NO_NUMBER, OLD_CODING, TWO_FRAMINGS, TWO_LENGTHS,
};
use crate::limits::EMPTY_LINES;
use crate::refusal::Refusal;
use crate::scan::{BARE_CR, BARE_LF, EMPTY, FOLDED, FRAGMENT};

/// Watches one head, from the empty lines before it to the one that ends it.
#[derive(Clone, Debug, Default)]
pub(crate) struct HeadWatch {
    started: bool,
    part: Part,
    /// Empty lines skipped.
    empty: u8,
    /// Behind a CR.
    cr: bool,
    line: Line,
    facts: Facts,
}

/// What a head says of its message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Message {
    pub(crate) framing: Framing,
    /// Whether another protocol may follow it.
    pub(crate) may_switch: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Part {
    #[default]
    RequestLine,
    Fields,
}

impl HeadWatch {
    /// Whether it is as good as new.
    #[inline]
    pub(crate) fn is_new(&self) -> bool {
        !self.started
    }

    /// Whether more than empty lines has come.
    pub(crate) fn has_begun(&self) -> bool {
        self.part == Part::Fields || self.line.len > 0
    }

    /// Goes on with `bytes`. `Some` is how many of them belong to the head,
    /// which is then over; `None`: all of them, and more will.
    #[inline]
    pub(crate) fn watch(&mut self, bytes: &[u8]) -> Result<Option<(usize, Message)>, Refusal> {
        if !self.started
            && let Some(plain) = plain(bytes)
        {
            return Ok(Some(plain));
        }
        self.started = true;
        self.scan(bytes)
    }

    #[cold]
    fn scan(&mut self, bytes: &[u8]) -> Result<Option<(usize, Message)>, Refusal> {
        let mut at = 0;
        while let Some(&first) = bytes.get(at) {
            if self.cr {
                if first != b'\n' {
                    return Err(BARE_CR);
                }
                at += 1;
                self.cr = false;
                if self.end_line()? {
                    return Ok(Some((at, self.facts.message()?)));
                }
                continue;
            }
            let rest = &bytes[at..];
            let stop = match self.part {
                Part::RequestLine => memchr3(b'\r', b'\n', b'#', rest),
                Part::Fields => memchr2(b'\r', b'\n', rest),
            };
            let text = &rest[..stop.unwrap_or(rest.len())];
            self.text(text)?;
            match stop.map(|stop| rest[stop]) {
                Some(b'\r') => self.carriage_return()?,
                Some(b'\n') => return Err(BARE_LF),
                Some(_) => self.hash()?,
                None => break,
            }
            at += text.len() + 1;
        }
        Ok(None)
    }

    /// A piece of a line.
    fn text(&mut self, piece: &[u8]) -> Result<(), Refusal> {
        let Some(&first) = piece.first() else {
            return Ok(());
        };
        let before = self.line.len;
        if before == 0 && is_space(first) {
            return Err(FOLDED);
        }
        self.line.push(piece);
        let start = self.line.start();
        match (self.part, self.line.field) {
            (Part::RequestLine, _) => {
                self.facts.connect = start.starts_with(CONNECT);
                self.facts.http_10 = piece.ends_with(HTTP_10);
                self.line.space |= memchr(b' ', piece).is_some();
            }
            (Part::Fields, Some(field)) => self.facts.value(field, piece)?,
            (Part::Fields, None) => {
                if let Some((field, name)) = Field::of(start) {
                    self.line.field = Some(field);
                    self.facts.begin(field)?;
                    self.facts.value(field, &piece[name - before..])?;
                }
            }
        }
        Ok(())
    }

    /// A `#` in the request line. It is a byte of tokens, so a method may have
    /// it, and nothing behind one.
    fn hash(&mut self) -> Result<(), Refusal> {
        if self.line.space {
            return Err(FRAGMENT);
        }
        self.text(b"#")
    }

    fn carriage_return(&mut self) -> Result<(), Refusal> {
        if self.part == Part::RequestLine && self.line.len == 0 {
            if self.empty >= EMPTY_LINES {
                return Err(EMPTY);
            }
            self.empty += 1;
        }
        self.cr = true;
        Ok(())
    }

    /// Behind the LF of a line. Says whether it was the last of the head.
    fn end_line(&mut self) -> Result<bool, Refusal> {
        let line = std::mem::take(&mut self.line);
        match self.part {
            Part::RequestLine if line.len == 0 => {}
            Part::RequestLine => self.part = Part::Fields,
            Part::Fields if line.len == 0 => return Ok(true),
            Part::Fields => {
                if let Some(field) = line.field {
                    self.facts.end(field)?;
                }
            }
        }
        Ok(false)
    }
}

/// The head at the front of `bytes`, if it is there as a whole and nothing is
/// wrong with it.
#[inline]
fn plain(bytes: &[u8]) -> Option<(usize, Message)> {
    let stop = memchr3(b'\r', b'\n', b'#', bytes)?;
    let (line, mut rest) = bytes.split_at(stop);
    if line.is_empty() || is_space(line[0]) {
        return None;
    }
    let mut facts = Facts {
        connect: line.starts_with(CONNECT),
        http_10: line.ends_with(HTTP_10),
        ..Facts::default()
    };
    loop {
        rest = rest.strip_prefix(b"\r\n")?;
        match *rest.first()? {
            b'\r' if rest.get(1) == Some(&b'\n') => {
                let len = bytes.len() - rest.len() + 2;
                return Some((len, facts.message().ok()?));
            }
            b' ' | b'\t' => return None,
            _ => {}
        }
        let line;
        (line, rest) = rest.split_at(memchr2(b'\r', b'\n', rest)?);
        if let Some((field, name)) = Field::of(line) {
            facts.begin(field).ok()?;
            facts.value(field, &line[name..]).ok()?;
            facts.end(field).ok()?;
        }
    }
}

/// What is known of the message so far.
#[derive(Clone, Copy, Debug, Default)]
struct Facts {
    http_10: bool,
    connect: bool,
    upgrade: bool,
    chunked: bool,
    length: Option<Length>,
}

impl Facts {
    /// Behind the colon of a field.
    fn begin(&mut self, field: Field) -> Result<(), Refusal> {
        match field {
            Field::ContentLength if self.chunked => return Err(TWO_FRAMINGS),
            Field::ContentLength if self.length.is_some() => return Err(TWO_LENGTHS),
            Field::ContentLength => self.length = Some(Length::default()),
            Field::TransferEncoding if self.http_10 => return Err(OLD_CODING),
            Field::TransferEncoding if self.length.is_some() => return Err(TWO_FRAMINGS),
            Field::TransferEncoding => self.chunked = true,
            Field::Upgrade => self.upgrade = true,
        }
        Ok(())
    }

    /// A piece of its value.
    fn value(&mut self, field: Field, piece: &[u8]) -> Result<(), Refusal> {
        match (field, &mut self.length) {
            (Field::ContentLength, Some(length)) => length.read(piece),
            _ => Ok(()),
        }
    }

    /// Behind its line.
    fn end(&self, field: Field) -> Result<(), Refusal> {
        match (field, self.length) {
            (Field::ContentLength, Some(Length { value: None, .. })) => Err(NO_NUMBER),
            _ => Ok(()),
        }
    }

    /// RFC 9112 6.3. A request with a Transfer-Encoding that does not end in
    /// `chunked` is taken by no engine, so none has to be followed.
    fn message(&self) -> Result<Message, Refusal> {
        let framing = match self.length.and_then(|length| length.value) {
            _ if self.chunked => Framing::Chunked,
            Some(length) => Framing::Length(length),
            None => Framing::None,
        };
        if self.connect && framing.has_body() {
            return Err(CONNECT_BODY);
        }
        Ok(Message {
            framing,
            may_switch: self.connect || self.upgrade,
        })
    }
}

const CONNECT: &[u8] = b"CONNECT ";

/// How a request line ends that is of HTTP/1.0, as it cannot be of HTTP/1.1.
const HTTP_10: &[u8] = b"0";

fn is_space(b: u8) -> bool {
    matches!(b, b' ' | b'\t')
}

/// The fields that say where a message ends, or what follows it.
#[derive(Clone, Copy, Debug)]
enum Field {
    ContentLength,
    TransferEncoding,
    Upgrade,
}

impl Field {
    /// The field that begins a line, if it is one of these, and where its
    /// value begins.
    #[inline]
    fn of(line: &[u8]) -> Option<(Self, usize)> {
        match line.first()? | 0x20 {
            b'c' => named(line, b"content-length", Self::ContentLength),
            b't' => named(line, b"transfer-encoding", Self::TransferEncoding),
            b'u' => named(line, b"upgrade", Self::Upgrade),
            _ => None,
        }
    }
}

#[inline]
fn named<const N: usize>(line: &[u8], name: &[u8; N], field: Field) -> Option<(Field, usize)> {
    let (start, rest) = line.split_at_checked(N)?;
    (rest.first() == Some(&b':') && is_word(start, name)).then_some((field, N + 1))
}

/// Bytes of the longest of the names, with its colon.
const NAME: usize = "transfer-encoding:".len();

/// The present line.
#[derive(Clone, Debug, Default)]
struct Line {
    start: [u8; NAME],
    /// Bytes in `start`.
    len: usize,
    field: Option<Field>,
    /// Whether there was a space.
    space: bool,
}

impl Line {
    fn start(&self) -> &[u8] {
        &self.start[..self.len]
    }

    /// Takes in what there is room for.
    fn push(&mut self, piece: &[u8]) {
        let len = piece.len().min(NAME - self.len);
        self.start[self.len..][..len].copy_from_slice(&piece[..len]);
        self.len += len;
    }
}

/// The value of Content-Length, piece by piece.
#[derive(Clone, Copy, Debug, Default)]
struct Length {
    value: Option<u64>,
    /// Behind white space behind the digits.
    over: bool,
}

impl Length {
    fn read(&mut self, piece: &[u8]) -> Result<(), Refusal> {
        for &b in piece {
            match b {
                b' ' | b'\t' => self.over = self.value.is_some(),
                b'0'..=b'9' if !self.over => {
                    let value = self.value.unwrap_or(0).checked_mul(10);
                    let value = value.and_then(|value| value.checked_add((b - b'0').into()));
                    self.value = Some(value.ok_or(LONG_NUMBER)?);
                }
                _ => return Err(NO_NUMBER),
            }
        }
        Ok(())
    }
}
