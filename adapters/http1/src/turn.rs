//! One request and its response on a connection: how the response is framed, and what becomes of
//! the connection after it.
//!
//! ```text
//!   head in -> Turn -> interim* -> head -> (data | file)* -> end -> keep_alive? -> next head
//! ```

use bytes::Bytes;
use http::{HeaderMap, HeaderName, Method, StatusCode, Version, header};
use rgi_core::server::{Commit, Framing as Answer, Payload};
use rgi_core::{FieldName, FileRegion};

use crate::{Output, RequestHead, Stamp, trailers};

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
    /// As it is: with a length, until close, or of another protocol.
    Plain,
    Chunked,
    /// No byte more: the payload is over, or there was to be none.
    Over,
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

    /// Whether an interim response may be written: not behind the head, and never to an HTTP/1.0
    /// client (RFC 9110 15.2).
    pub fn takes_interim(&self) -> bool {
        self.version >= Version::HTTP_11 && self.coding == Coding::Open
    }

    /// Closes the connection after this response, and says so if its head is not out yet.
    pub fn close(&mut self) {
        self.keep_alive = false;
    }

    /// Writes a response's head: what the commit machine decided, and the `date` and `server` of
    /// `stamp` where the application has set none (RFC 9110 6.6.1, 10.2.4).
    ///
    /// The fields of framing and of the connection are written here and nowhere else. A payload of
    /// unknown length is chunked, or ends with the connection where the client speaks HTTP/1.0
    /// (RFC 9112 6.3). A length goes with HEAD and 304, as what it would be, and never with 1xx,
    /// 204 or a 2xx of CONNECT (RFC 9110 8.6). A switch of protocols ends the turns of its
    /// connection.
    pub fn head(&mut self, commit: &Commit, stamp: &Stamp, output: &mut Output) {
        let old = self.version < Version::HTTP_11;
        let status = commit.head.status;
        let mut length = None;
        self.coding = match commit.framing {
            Answer::None => {
                length = commit.head.length().filter(|_| has_length(status));
                Coding::Over
            }
            Answer::Length(bytes) => {
                length = Some(bytes);
                Coding::Plain
            }
            Answer::Upgrade => Coding::Plain,
            // RFC 9112 6.3: an older client knows no chunks, and reads until the close.
            Answer::Unknown if old => {
                self.keep_alive = false;
                Coding::Plain
            }
            Answer::Unknown => Coding::Chunked,
        };
        let switched = commit.framing == Answer::Upgrade;
        if switched {
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
            if let Some(length) = length {
                out.extend_from_slice(b"content-length: ");
                out.extend_from_slice(itoa::Buffer::new().format(length).as_bytes());
                out.extend_from_slice(b"\r\n");
            } else if self.coding == Coding::Chunked {
                out.extend_from_slice(b"transfer-encoding: chunked\r\n");
            }
            match commit.head.protocol() {
                Some(protocol) => {
                    out.extend_from_slice(b"connection: upgrade\r\n");
                    field(out, &header::UPGRADE, protocol.as_bytes());
                }
                // RFC 9110 9.3.6: the tunnel begins behind the head.
                None if switched => {}
                None if !self.keep_alive => out.extend_from_slice(b"connection: close\r\n"),
                None if old => out.extend_from_slice(b"connection: keep-alive\r\n"),
                None => {}
            }
            out.extend_from_slice(b"\r\n");
        });
    }

    /// Writes a block of the payload, as one chunk where it is chunked (RFC 9112 7.1). An empty
    /// one is nothing. Before the head, behind the end, and where there is no payload it is left
    /// out: the client would take it for another response.
    pub fn data(&self, data: Bytes, output: &mut Output) {
        match self.coding {
            Coding::Open | Coding::Over => {}
            Coding::Plain => output.data(data),
            Coding::Chunked if data.is_empty() => {}
            Coding::Chunked => {
                output.small(|out| chunk_size(out, data.len() as u64));
                output.data(data);
                output.small(|out| out.extend_from_slice(b"\r\n"));
            }
        }
    }

    /// Writes a part of a file, as [`data`](Self::data) writes a block.
    pub fn file(&self, region: Box<FileRegion>, output: &mut Output) {
        match self.coding {
            Coding::Open | Coding::Over => {}
            Coding::Plain => output.region(region),
            Coding::Chunked if region.is_empty() => {}
            Coding::Chunked => {
                output.small(|out| chunk_size(out, region.len()));
                output.region(region);
                output.small(|out| out.extend_from_slice(b"\r\n"));
            }
        }
    }

    /// Writes what the commit machine gives out next: a block, a part of a file, or the trailers, which
    /// end it. A flush writes nothing, and so does a switch of protocols: what is to be done about
    /// them is the server's.
    pub fn payload(&mut self, payload: Payload, output: &mut Output) {
        match payload {
            Payload::Data(data) => self.data(data, output),
            Payload::File(region) => self.file(region, output),
            Payload::Trailers(trailers) => self.end(Some(&trailers), output),
            Payload::Flush | Payload::Upgrade(_) => {}
        }
    }

    /// Ends the payload, once; later calls write nothing.
    ///
    /// Trailer fields go out where the payload is chunked and the client sent `TE: trailers`
    /// (RFC 9112 7.1.2, RFC 9110 6.5.1); otherwise they are dropped, and always those of framing,
    /// routing, authentication, response control and content format.
    pub fn end(&mut self, trailers: Option<&HeaderMap>, output: &mut Output) {
        let coding = self.coding;
        if coding != Coding::Open {
            self.coding = Coding::Over;
        }
        if coding != Coding::Chunked {
            return;
        }
        output.small(|out| {
            out.extend_from_slice(b"0\r\n");
            for (name, value) in trailers
                .filter(|_| self.accepts_trailers)
                .into_iter()
                .flatten()
            {
                if trailers::may_trail(name.as_str()) {
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

/// `100 Continue` (RFC 9110 10.1.1, 15.2.1).
pub const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// Writes an interim response (RFC 9110 15.2), such as 103 Early Hints: its fields, but those of
/// framing and of the connection.
///
/// Nothing is written for a status that is no 1xx, nor for 101: they end what may come before a
/// response. Ask [`Turn::takes_interim`] first.
pub fn interim(status: StatusCode, headers: &HeaderMap, out: &mut Vec<u8>) {
    if !status.is_informational() || status == StatusCode::SWITCHING_PROTOCOLS {
        return;
    }
    status_line(out, status);
    for (name, value) in headers {
        if !frames(name) {
            field(out, name, value.as_bytes());
        }
    }
    out.extend_from_slice(b"\r\n");
}

/// Writes the answer to a request that could not be read: an error's status, and that the connection
/// ends here (RFC 9112 9.6). Then it is to be closed. It has no content, for the method may be HEAD
/// (RFC 9110 9.3.2), and is not always known.
///
/// # Panics
///
/// In debug builds, if the status is no 4xx or 5xx.
pub fn refuse(status: StatusCode, stamp: &Stamp, output: &mut Output) {
    debug_assert!(
        status.is_client_error() || status.is_server_error(),
        "a refusal has the status of an error, 4xx or 5xx, not {status}"
    );
    output.small(|out| {
        status_line(out, status);
        stamp.write(out, true, true);
        out.extend_from_slice(b"content-length: 0\r\nconnection: close\r\n\r\n");
    });
}

/// RFC 9110 8.6: these have no length, not even one that would be.
fn has_length(status: StatusCode) -> bool {
    !status.is_informational() && status != StatusCode::NO_CONTENT
}

/// RFC 9112 4: the space stays where the status has no name.
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
