//! The engine against hyper and actix-http: what it accepts they read in the same way.
//!
//! What they accept and it refuses is no finding: it is the stricter one. Where they refuse or differ for
//! a reason that is known, the reason stands in [`known`].

use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt as _, Empty};
use hyper::rt::{Read, ReadBufCursor, Write};
use rgi_http1::{Framing, Limits};
use tokio_util::codec::Decoder as _;

use crate::plain::{self, Read as Reading};

/// Those of the others: hyper's is fixed by its buffers, actix-http's in its code.
const LIMITS: Limits = Limits {
    target: 2000,
    head: 4000,
    headers: 60,
    body: 0,
};

/// What one of them has read of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Message {
    method: String,
    target: String,
    /// Those that are passed on, sorted.
    fields: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
}

/// A request that the engine accepts.
struct Accepted {
    message: Message,
    head: plain::Head,
    /// Its body as it was sent.
    raw: Vec<u8>,
    /// Fields that Connection names: the engine keeps them back, the others do not.
    named: Vec<String>,
}

/// Reads `data` with all three.
pub fn run(data: &[u8]) {
    if data.len() > 2000 {
        return;
    }
    // What the engine does is what the plain reading says, or this is a finding.
    crate::connection::check(data, &LIMITS);
    let ours = ours(data);
    if ours.is_empty() {
        return;
    }
    agree(Peer::Hyper, &ours, hyper(data));
    agree(Peer::Actix, &ours, actix(data));
}

/// Those that the engine accepts, up to one that switches protocols.
fn ours(data: &[u8]) -> Vec<Accepted> {
    let mut accepted = Vec::new();
    let mut at = 0;
    while let Reading::Whole(head, used) = plain::head(&data[at..], &LIMITS) {
        let all = &data[at..at + used];
        at += used;
        let rest = &data[at..];
        let (body, used) = match head.framing {
            Framing::None => (Vec::new(), 0),
            Framing::Length(length) => match rest.get(..length as usize) {
                Some(body) => (body.to_vec(), body.len()),
                None => break,
            },
            Framing::Chunked => match plain::chunked(rest, &LIMITS) {
                Reading::Whole(body, used) => (body.data, used),
                _ => break,
            },
        };
        at += used;
        if head.method == b"CONNECT" || head.upgrade.is_some() {
            break;
        }
        let keep_alive = head.keep_alive;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let fields = head.fields.iter();
        let fields = fields.map(|(name, value)| (text(name).to_ascii_lowercase(), value.clone()));
        accepted.push(Accepted {
            message: message(
                text(&head.method),
                text(&head.target),
                fields.collect(),
                body,
            ),
            named: plain::connection_options(all),
            raw: rest[..used].to_vec(),
            head,
        });
        if !keep_alive {
            break;
        }
    }
    accepted
}

fn message(
    method: String,
    target: String,
    mut fields: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
) -> Message {
    // Those of the connection are not passed on by the engine.
    fields.retain(|(name, _)| !plain::HOP_BY_HOP.contains(&name.as_str()));
    fields.sort();
    Message {
        method,
        target,
        fields,
        body,
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Peer {
    Hyper,
    Actix,
}

fn agree(peer: Peer, ours: &[Accepted], theirs: Vec<Message>) {
    let mut theirs = theirs.into_iter();
    for (at, accepted) in ours.iter().enumerate() {
        let other = theirs.next().map(|mut other| {
            let is_named = |name: &String| {
                accepted.named.contains(name) && !plain::KEPT.contains(&name.as_str())
            };
            other.fields.retain(|(name, _)| !is_named(name));
            other
        });
        let same = other.as_ref() == Some(&accepted.message);
        if same {
            continue;
        }
        // What comes behind it is anybody's.
        if known(peer, accepted) {
            return;
        }
        panic!(
            "{peer:?} reads request {at} otherwise:\n{:?}\n{other:?}",
            accepted.message
        );
    }
}

/// Requests that a peer is known to read otherwise or to refuse, and why.
fn known(peer: Peer, accepted: &Accepted) -> bool {
    let Accepted { head, raw, .. } = accepted;
    // Targets are read by the `http` crate in both: it has a stricter view of the bytes that browsers
    // send as they are, and writes those of other forms anew, an empty path as `/`.
    let odd = |byte: &u8| b"|^`{}[]\\".contains(byte);
    let target = head.target.iter().any(odd) || head.target.first() != Some(&b'/');
    let chunked = head.framing == Framing::Chunked;
    let is_plain = |line: &[u8]| line.iter().all(u8::is_ascii_hexdigit);
    let sizes = || plain::chunk_lines(raw);
    target
        || match peer {
            Peer::Hyper => {
                // It has no white space before extensions, and counts their bytes.
                chunked && sizes().iter().any(|line| !is_plain(line))
            }
            Peer::Actix => {
                // Its older `http` crate takes some tokens for no method.
                let letter = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-';
                let method = !head.method.iter().all(letter);
                // A POST on HTTP/1.0 without a length is none to it.
                let old = head.minor == 0 && head.method == b"POST" && !head.framing.has_body();
                // It has no extensions with quoted strings, and no trailers.
                let chunks = chunked
                    && (sizes().iter().any(|line| !is_plain(line)) || !raw.ends_with(b"0\r\n\r\n"));
                method || old || chunks
            }
        }
}

/// What hyper's server has read.
fn hyper(data: &[u8]) -> Vec<Message> {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let put = seen.clone();
    let service =
        hyper::service::service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
            let put = put.clone();
            async move {
                let (parts, body) = request.into_parts();
                if let Ok(body) = body.collect().await {
                    let fields = parts.headers.iter();
                    let fields = fields
                        .map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()));
                    let target = parts.uri.to_string();
                    let message = message(
                        parts.method.to_string(),
                        target,
                        fields.collect(),
                        body.to_bytes().to_vec(),
                    );
                    put.lock().expect("one thread").push(message);
                }
                Ok::<_, Infallible>(hyper::Response::new(Empty::<Bytes>::new()))
            }
        });
    let mut builder = hyper::server::conn::http1::Builder::new();
    builder.half_close(true).header_read_timeout(None);
    let io = Client {
        data: Bytes::copy_from_slice(data),
    };
    let mut connection = Box::pin(builder.serve_connection(io, service));
    let mut cx = Context::from_waker(Waker::noop());
    // Nothing waits: each poll gets on.
    for _ in 0..1000 {
        if connection.as_mut().poll(&mut cx).is_ready() {
            break;
        }
    }
    drop(connection);
    std::mem::take(&mut *seen.lock().expect("one thread"))
}

/// A client that has sent all, and reads all.
struct Client {
    data: Bytes,
}

impl Read for Client {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        mut buf: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let n = self.data.len().min(buf.remaining());
        buf.put_slice(&self.data.split_to(n));
        Poll::Ready(Ok(()))
    }
}

impl Write for Client {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// actix-http's settings, which keep a clock on a task of the runtime's; it never runs here.
fn actix_config() -> actix_http::ServiceConfig {
    thread_local! {
        static CONFIG: actix_http::ServiceConfig = {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
            let runtime = runtime.expect("a runtime");
            let tasks = tokio::task::LocalSet::new();
            let config = tasks.block_on(&runtime, async { actix_http::ServiceConfig::default() });
            // For as long as the fuzzer runs.
            std::mem::forget((tasks, runtime));
            config
        };
    }
    CONFIG.with(Clone::clone)
}

/// What actix-http's codec has read.
fn actix(data: &[u8]) -> Vec<Message> {
    use actix_http::h1::{Codec, Message as Item};
    let mut codec = Codec::new(actix_config());
    let mut buf = BytesMut::from(data);
    let mut messages: Vec<Message> = Vec::new();
    let mut open = false;
    loop {
        match codec.decode(&mut buf) {
            Ok(Some(Item::Item(request))) => {
                let head = request.head();
                let fields = head.headers.iter();
                let fields = fields
                    .map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()));
                let target = head.uri.to_string();
                messages.push(message(
                    head.method.to_string(),
                    target,
                    fields.collect(),
                    Vec::new(),
                ));
                open = !matches!(codec.message_type(), actix_http::h1::MessageType::None);
            }
            Ok(Some(Item::Chunk(Some(chunk)))) => {
                let message = messages.last_mut().expect("a head comes first");
                message.body.extend_from_slice(&chunk);
            }
            Ok(Some(Item::Chunk(None))) => open = false,
            Ok(None) | Err(_) => break,
        }
    }
    if open {
        messages.pop();
    }
    messages
}
