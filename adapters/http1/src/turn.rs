//! One request and its response on a connection: how the response is framed, and what becomes of
//! the connection after it.
//!
//! ```text
//!   head in -> Turn -> interim* -> head -> (data | file)* -> end -> keep_alive? -> next head
//! ```

use bytes::Bytes;
use http::{HeaderMap, HeaderName, Method, StatusCode, Version, header};
use rgi_core::server::{Commit, Framing as Answer};
use rgi_core::{FieldName, FileRegion};

use crate::{Output, RequestHead, Stamp};

/// The protocol's state for one request.
#[derive(Debug)]
pub struct Turn {
    version: Version,
    head: bool,
    keep_alive: bool,
    accepts_trailers: bool,
    coding: Coding,
}

/// How the payload is framed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Coding {
    /// The head is not out yet.
    Open,
    /// As it is: with a length, without a body, or until close.
    Plain,
    Chunked,
    Switched,
}

impl Turn {
    /// The turn that a request's head begins.
    pub fn new(request: &RequestHead) -> Turn {
        Turn {
            version: request.version,
            head: request.method == Method::HEAD,
            keep_alive: request.keep_alive,
            accepts_trailers: request.accepts_trailers,
            coding: Coding::Open,
        }
    }

    /// Whether the head was written.
    pub fn is_started(&self) -> bool {
        self.coding != Coding::Open
    }

    /// Whether the connection can take another request after this.
    pub fn keep_alive(&self) -> bool {
        self.keep_alive
    }

    /// Whether the client takes interim responses (RFC 9110 15.2: not in HTTP/1.0).
    pub fn takes_interim(&self) -> bool {
        self.version >= Version::HTTP_11 && self.coding == Coding::Open
    }

    /// Closes the connection after this response, and says so if its head is not out yet.
    pub fn close(&mut self) {
        self.keep_alive = false;
    }

    /// Writes a response's head. Framing and connection fields are this engine's alone.
    pub fn head(&mut self, commit: &Commit, stamp: &Stamp, output: &mut Output) {
        let old = self.version < Version::HTTP_11;
        let status = commit.head.status;
        self.coding = match commit.framing {
            Answer::None | Answer::Length(_) => Coding::Plain,
            Answer::Upgrade => Coding::Switched,
            // RFC 9112 6.3: an older client knows no chunks, and reads until the close.
            Answer::Unknown if old => {
                self.keep_alive = false;
                Coding::Plain
            }
            Answer::Unknown => Coding::Chunked,
        };
        if self.coding == Coding::Switched {
            self.keep_alive = false;
        }
        output.small(|out| {
            status_line(out, status);
            let (mut date, mut server) = (true, true);
            for (name, value) in commit.head.iter() {
                let name = name.as_header_name();
                if name == header::DATE {
                    date = false;
                } else if name == header::SERVER {
                    server = false;
                }
                field(out, name, value.as_bytes());
            }
            stamp.write(out, date, server);
            match (commit.head.length(), self.coding) {
                (Some(length), Coding::Plain) if status != StatusCode::NO_CONTENT => {
                    out.extend_from_slice(b"content-length: ");
                    out.extend_from_slice(itoa::Buffer::new().format(length).as_bytes());
                    out.extend_from_slice(b"\r\n");
                }
                (_, Coding::Chunked) => out.extend_from_slice(b"transfer-encoding: chunked\r\n"),
                _ => {}
            }
            match commit.head.protocol() {
                Some(protocol) => {
                    out.extend_from_slice(b"connection: upgrade\r\n");
                    field(out, &header::UPGRADE, protocol.as_bytes());
                }
                None if self.coding == Coding::Switched => {}
                None if !self.keep_alive => out.extend_from_slice(b"connection: close\r\n"),
                None if old => out.extend_from_slice(b"connection: keep-alive\r\n"),
                None => {}
            }
            out.extend_from_slice(b"\r\n");
        });
    }

    /// Writes a block of the payload.
    pub fn data(&self, data: Bytes, output: &mut Output) {
        if self.coding != Coding::Chunked {
            output.data(data);
        } else if !data.is_empty() {
            output.small(|out| chunk_size(out, data.len() as u64));
            output.data(data);
            output.small(|out| out.extend_from_slice(b"\r\n"));
        }
    }

    /// Writes a part of a file.
    pub fn file(&self, region: Box<FileRegion>, output: &mut Output) {
        if self.coding != Coding::Chunked {
            output.region(region);
        } else if !region.is_empty() {
            output.small(|out| chunk_size(out, region.len()));
            output.region(region);
            output.small(|out| out.extend_from_slice(b"\r\n"));
        }
    }

    /// Ends the payload, with trailer fields where the framing and the client take them. Fields
    /// that RFC 9110 6.5.1 forbids there are left out.
    pub fn end(&mut self, trailers: Option<&HeaderMap>, output: &mut Output) {
        if self.coding != Coding::Chunked {
            return;
        }
        output.small(|out| {
            out.extend_from_slice(b"0\r\n");
            for (name, value) in trailers
                .filter(|_| self.accepts_trailers)
                .into_iter()
                .flatten()
            {
                if may_trail(name) {
                    field(out, name, value.as_bytes());
                }
            }
            out.extend_from_slice(b"\r\n");
        });
    }

    /// Whether the request was a HEAD.
    pub fn is_head(&self) -> bool {
        self.head
    }
}

/// `100 Continue` (RFC 9110 10.1.1).
pub const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// Writes an interim response: its fields, but those of framing and the connection.
pub fn interim(status: StatusCode, headers: &HeaderMap, out: &mut Vec<u8>) {
    status_line(out, status);
    for (name, value) in headers {
        if !frames(name) {
            field(out, name, value.as_bytes());
        }
    }
    out.extend_from_slice(b"\r\n");
}

/// Writes the answer to a request that was refused: the status and its name; then the connection is
/// to be closed.
pub fn refuse(status: StatusCode, stamp: &Stamp, output: &mut Output) {
    let reason = status.canonical_reason().unwrap_or("");
    output.small(|out| {
        status_line(out, status);
        stamp.write(out, true, true);
        out.extend_from_slice(b"content-type: text/plain; charset=utf-8\r\ncontent-length: ");
        out.extend_from_slice(itoa::Buffer::new().format(reason.len() + 5).as_bytes());
        out.extend_from_slice(b"\r\nconnection: close\r\n\r\n");
        out.extend_from_slice(status.as_str().as_bytes());
        out.push(b' ');
        out.extend_from_slice(reason.as_bytes());
        out.push(b'\n');
    });
}

fn status_line(out: &mut Vec<u8>, status: StatusCode) {
    if status == StatusCode::OK {
        out.extend_from_slice(b"HTTP/1.1 200 OK\r\n");
        return;
    }
    out.extend_from_slice(b"HTTP/1.1 ");
    out.extend_from_slice(status.as_str().as_bytes());
    out.push(b' ');
    out.extend_from_slice(status.canonical_reason().unwrap_or("").as_bytes());
    out.extend_from_slice(b"\r\n");
}

fn field(out: &mut Vec<u8>, name: &HeaderName, value: &[u8]) {
    out.extend_from_slice(name.as_str().as_bytes());
    out.extend_from_slice(b": ");
    out.extend_from_slice(value);
    out.extend_from_slice(b"\r\n");
}

fn chunk_size(out: &mut Vec<u8>, size: u64) {
    let digits = (16 - size.leading_zeros() as usize / 4).max(1);
    for place in (0..digits).rev() {
        out.push(b"0123456789abcdef"[(size >> (place * 4)) as usize & 15]);
    }
    out.extend_from_slice(b"\r\n");
}

/// Whether a field speaks of framing or of the connection.
fn frames(name: &HeaderName) -> bool {
    FieldName::try_from(name.clone()).is_err()
}

/// Whether a field may stand in a trailer section (RFC 9110 6.5.1).
fn may_trail(name: &HeaderName) -> bool {
    const NOT: [HeaderName; 9] = [
        header::TRAILER,
        header::HOST,
        header::CONTENT_ENCODING,
        header::CONTENT_TYPE,
        header::CONTENT_RANGE,
        header::SET_COOKIE,
        header::AUTHORIZATION,
        header::CACHE_CONTROL,
        header::DATE,
    ];
    !frames(name) && !NOT.contains(name)
}
