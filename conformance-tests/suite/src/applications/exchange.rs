//! A request, made in one of the ways.

use std::fmt;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, header};
use rgi_core::testing::{self, Client};
use rgi_core::{App, AppExt, End, Error, Outcome, StatusCode};
use rgi_lint::{Findings, Lint};

use super::FaultKind;
use super::guarded::Guarded;
use super::ways::Way;
use crate::client::Whole;
use crate::memory;

/// The prefix of [`Way::Prefix`], as it is sent and as it is decoded.
const PREFIX: [&str; 2] = ["/under/a%20prefix", "/under/a prefix"];

/// Pieces a body is sent in, at most.
const MOST_PIECES: usize = 16;

/// A request to be made.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) method: Method,
    pub(super) target: String,
    headers: HeaderMap,
    pub(super) body: Bytes,
}

/// What each way has its own of.
const OF_THE_WAY: [header::HeaderName; 6] = [
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

impl Asked {
    pub(super) fn new(request: Request<Bytes>) -> Asked {
        let (parts, body) = request.into_parts();
        let mut headers = parts.headers;
        for name in OF_THE_WAY {
            headers.remove(name);
        }
        let target = parts
            .uri
            .path_and_query()
            .map_or("", |target| target.as_str());
        Asked {
            method: parts.method,
            target: target.to_owned(),
            headers,
            body,
        }
    }

    fn pieces(&self) -> impl Iterator<Item = Bytes> {
        let size = self.body.len().div_ceil(MOST_PIECES).max(1);
        let at = (0..self.body.len()).step_by(size);
        at.map(move |at| self.body.slice(at..self.body.len().min(at + size)))
    }

    /// Its bytes on a connection, in writes.
    fn writes(&self, way: Way) -> Vec<Vec<u8>> {
        let mut head = format!(
            "{} {} HTTP/1.1\r\nConnection: close, TE\r\nTE: trailers\r\n",
            self.method, self.target
        )
        .into_bytes();
        if !self.headers.contains_key(header::HOST) {
            head.extend_from_slice(b"Host: test.invalid\r\n");
        }
        for (name, value) in &self.headers {
            head.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
        }
        if way == Way::Chunks {
            head.extend_from_slice(b"Transfer-Encoding: chunked\r\n\r\n");
            let chunk = |piece: Bytes| {
                let size = format!("{:x}\r\n", piece.len());
                [size.as_bytes(), &piece, b"\r\n"].concat()
            };
            let mut writes = vec![head];
            writes.extend(self.pieces().map(chunk));
            writes.push(b"0\r\n\r\n".to_vec());
            return writes;
        }
        if !self.body.is_empty() {
            head.extend(format!("Content-Length: {}\r\n", self.body.len()).into_bytes());
        }
        head.extend_from_slice(b"\r\n");
        vec![head, self.body.to_vec()]
    }
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.target)
    }
}

/// What came of it.
pub(super) struct Made {
    /// Or what there was instead.
    pub(super) answer: Result<Whole, String>,
    pub(super) ended: Vec<Ended>,
}

/// How an exchange ended, as its hooks are told.
pub(super) struct Ended {
    end: End,
    error: Option<(bool, bool, String)>,
}

impl Ended {
    fn of(outcome: &Outcome<'_>) -> Ended {
        let error = outcome.error.map(|error: &Error| {
            let is_bad = outcome.end == End::Truncated
                || error.status() == StatusCode::INTERNAL_SERVER_ERROR;
            (error.is_panic(), is_bad, error.to_string())
        });
        Ended {
            end: outcome.end,
            error,
        }
    }

    /// With a panic that servers say nothing of.
    fn panicked(way: Way) -> Ended {
        let text = match way {
            Way::Left => "its body panicked when the client had left",
            _ => "its body panicked when it was dropped",
        };
        Ended {
            end: End::Disconnected,
            error: Some((true, true, text.to_owned())),
        }
    }

    /// Whether that is a fault.
    pub(super) fn fault(&self, way: Way) -> Option<(FaultKind, String)> {
        let (is_panic, is_bad, text) = self.error.as_ref()?;
        if *is_panic {
            return Some((FaultKind::Panic, text.clone()));
        }
        // The client's mistake, or its leave, is none of the application's.
        let is_due = !way.is_compared() || self.end == End::Disconnected || !is_bad;
        (!is_due).then(|| (FaultKind::Failure, text.clone()))
    }
}

/// Makes a request in a way. The lint's findings are collected.
pub(super) fn make<A: App>(app: &A, asked: &Asked, way: Way, findings: &Findings) -> Made {
    let ended: Arc<Mutex<Vec<Ended>>> = Arc::default();
    let lock = |ended: &Mutex<Vec<Ended>>| {
        let mut ended = ended.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *ended)
    };
    let note = {
        let ended = ended.clone();
        move |outcome: &Outcome<'_>| {
            let mut all = ended.lock().unwrap_or_else(PoisonError::into_inner);
            all.push(Ended::of(outcome));
        }
    };
    let guarded = Guarded::new(app);
    let panicked = guarded.panicked();
    let app = Lint::new(guarded).collect(findings).inspect_finish(note);
    let answer = match way {
        Way::Length | Way::Chunks => memory::converse(app, &asked.writes(way), Whole::read),
        _ => Ok(Whole::of_reply(&in_memory(app, asked, way))),
    };
    let mut ended = lock(&ended);
    if panicked.load(Ordering::Relaxed) {
        ended.push(Ended::panicked(way));
    }
    Made { answer, ended }
}

fn in_memory<A: App>(app: A, asked: &Asked, way: Way) -> testing::Reply {
    let mut client = Client::new(app);
    let mut target = asked.target.clone();
    match way {
        Way::Prefix => {
            client = client.mounted(PREFIX[0]);
            target.insert_str(0, PREFIX[0]);
        }
        Way::NotBlocking => client = client.lifting(),
        _ => {}
    }
    let method = match way {
        Way::Head => Method::HEAD,
        _ => asked.method.clone(),
    };
    let mut request = client
        .request(method, &target)
        .headers(asked.headers.clone());
    if !asked.body.is_empty() {
        request = match way {
            Way::Pieces => request.chunks(asked.pieces()).slowly(),
            Way::BrokenOff => {
                let half = asked.body.slice(..asked.body.len() / 2);
                let error = Error::malformed("the body broke off, as this check breaks it off");
                request.chunks([half]).break_off(error)
            }
            Way::NotBlocking => request.body(asked.body.clone()).slowly(),
            _ => request.body(asked.body.clone()),
        };
    }
    if way == Way::Left {
        request = request.leave_after(0);
    }
    request.send()
}

/// An answer as if the application stood at the root.
pub(super) fn without_prefix(answer: &Whole) -> Whole {
    let cut = |text: &str| {
        PREFIX
            .iter()
            .fold(text.to_owned(), |it, prefix| it.replace(prefix, ""))
    };
    let field = |(name, value): &(String, String)| (name.clone(), cut(value));
    Whole {
        status: answer.status,
        fields: answer.fields.iter().map(field).collect(),
        body: match std::str::from_utf8(&answer.body) {
            Ok(text) => cut(text).into_bytes(),
            Err(_) => answer.body.clone(),
        },
        trailers: answer.trailers.iter().map(field).collect(),
        is_cut: answer.is_cut,
    }
}
