//! One stream of HTTP/2, as its client sees it, and its normal form.

use std::fmt::Write as _;

use super::answer::{Framing, Head, write_part};
use super::input::Done;
use crate::http2::{Frame, code_name};

/// One stream.
#[derive(Debug)]
pub(super) struct Stream {
    heads: Vec<Head>,
    trailers: Vec<(String, String)>,
    body: Vec<u8>,
    /// What it may still be sent, and what may be sent to the server.
    pub(super) window: i64,
    pub(super) room: i64,
    end: Option<End>,
    /// What of it is written down.
    shown: Shown,
    bodiless: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Whole,
    Reset(u32),
}

#[derive(Debug, Default)]
struct Shown {
    heads: usize,
    bytes: usize,
}

impl Stream {
    pub(super) fn new(window: i64, room: i64, bodiless: bool) -> Stream {
        Stream {
            heads: Vec::new(),
            trailers: Vec::new(),
            body: Vec::new(),
            window,
            room,
            end: None,
            shown: Shown::default(),
            bodiless,
        }
    }

    pub(super) fn take_fields(&mut self, fields: Vec<(String, String)>, frame: &Frame) -> Done {
        if self.is_over() {
            return Err(format!("HEADERS of stream {}, which ended", frame.stream));
        }
        match self.heads.last().is_none_or(Head::is_interim) {
            true => self.heads.push(head(fields)?),
            false if !frame.has(Frame::END_STREAM) => {
                return Err("trailers that do not end the stream".into());
            }
            false => {
                plain(&fields)?;
                self.trailers = fields;
            }
        }
        self.ends_with(frame)
    }

    pub(super) fn take_data(&mut self, frame: &Frame) -> Done {
        if self.is_over() || self.heads.last().is_none_or(Head::is_interim) {
            return Err(format!("DATA of stream {}, out of place", frame.stream));
        }
        if frame.has(Frame::PADDED) {
            return Err("DATA of a server's with padding".into());
        }
        self.body.extend_from_slice(&frame.payload);
        self.ends_with(frame)
    }

    /// What is whole may be reset, so that its request ends (RFC 9113 8.1).
    pub(super) fn take_reset(&mut self, code: u32) {
        self.end.get_or_insert(End::Reset(code));
    }

    fn ends_with(&mut self, frame: &Frame) -> Done {
        if !frame.has(Frame::END_STREAM) {
            return Ok(());
        }
        self.end = Some(End::Whole);
        let head = self
            .heads
            .last()
            .ok_or("a stream that ends without a head")?;
        let length = head
            .fields
            .iter()
            .find(|(name, _)| name == "content-length");
        let is_bodiless = self.bodiless || matches!(head.status, 204 | 304);
        // RFC 9113 8.1.1.
        match length {
            _ if is_bodiless && !self.body.is_empty() => Err("a body where there is none".into()),
            Some((_, length)) if !is_bodiless && *length != self.body.len().to_string() => {
                let len = self.body.len();
                Err(format!("content-length: {length}, and {len} bytes"))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn is_over(&self) -> bool {
        self.end.is_some()
    }

    pub(super) fn has_head(&self) -> bool {
        self.is_over() || self.heads.len() > self.shown.heads
    }

    /// Whether so many bytes are there that are not written down yet.
    pub(super) fn has(&self, bytes: usize) -> bool {
        self.is_over() || self.body.len() >= self.shown.bytes + bytes
    }

    /// Bytes of the body that are there.
    pub(super) fn len(&self) -> usize {
        self.body.len()
    }

    /// The next head.
    pub(super) fn write_head(&mut self, out: &mut String) {
        if let Some(head) = self.heads.get(self.shown.heads) {
            head.write(&[], out);
            self.shown.heads += 1;
        }
    }

    /// The next bytes of the body.
    pub(super) fn write_bytes(&mut self, bytes: usize, out: &mut String) {
        let to = self.body.len().min(self.shown.bytes + bytes);
        write_part(&self.body[self.shown.bytes..to], self.shown.bytes, out);
        self.shown.bytes = to;
    }

    /// All that is not written down yet, and how it ended.
    pub(super) fn write_rest(&mut self, out: &mut String) {
        while self.shown.heads < self.heads.len() {
            self.write_head(out);
        }
        // A server's own words do not matter.
        if self.heads.last().is_some_and(Head::is_by_app) {
            self.write_bytes(self.body.len(), out);
        }
        for (name, value) in std::mem::take(&mut self.trailers) {
            let _ = writeln!(out, "trailer {name}: {value}");
        }
        if let Some(End::Reset(code)) = self.end {
            let _ = writeln!(out, "reset:{} by the server", code_name(code));
        }
    }
}

/// The head of an answer (RFC 9113 8.3.2).
fn head(mut fields: Vec<(String, String)>) -> Done<Head> {
    let wrong = |fields: &[_]| format!("no head of an answer: {fields:?}");
    let status = match fields.first() {
        Some((name, value)) if name == ":status" => value.parse().ok(),
        _ => None,
    };
    let status = status.filter(|status| (100..600).contains(status));
    let status = status.ok_or_else(|| wrong(&fields))?;
    fields.remove(0);
    plain(&fields)?;
    fields.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(Head {
        status,
        fields,
        framing: Framing::None,
    })
}

/// Fields that HTTP/2 may have, all ordinary ones (RFC 9113 8.2).
fn plain(fields: &[(String, String)]) -> Done {
    const OF_HTTP_1: [&str; 5] = [
        "connection",
        "keep-alive",
        "proxy-connection",
        "transfer-encoding",
        "upgrade",
    ];
    let is_wrong = |(name, value): &(String, String)| {
        name.is_empty()
            || name.contains(|c: char| c.is_ascii_uppercase() || c == ':' || c <= ' ')
            || value.contains(['\r', '\n', '\0'])
            || OF_HTTP_1.contains(&name.as_str())
    };
    match fields.iter().find(|field| is_wrong(field)) {
        Some((name, value)) => Err(format!("a field that HTTP/2 has not: {name}: {value}")),
        None => Ok(()),
    }
}
