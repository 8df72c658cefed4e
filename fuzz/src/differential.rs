//! The engine against hyper and actix-http: what it accepts they read in the same way.
//!
//! What they accept and it refuses is no finding: it is the stricter one. Where they refuse or differ for
//! a reason that is known, the reason stands in [`Known`].

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
    /// Sorted.
    fields: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
}

/// Reads `data` with all three.
pub fn run(data: &[u8]) {
    if data.len() > 2000 {
        return;
    }
    let ours = ours(data);
    if ours.is_empty() {
        return;
    }
    agree("hyper", &ours, &hyper(data));
    agree("actix-http", &ours, &actix(data));
}

/// Those that the engine accepts, up to one that switches protocols: the plain reading's, which
/// `connection` holds the engine to.
fn ours(data: &[u8]) -> Vec<Message> {
    let mut messages = Vec::new();
    let mut at = 0;
    while let Reading::Whole(head, used) = plain::head(&data[at..], &LIMITS) {
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
        if Known::of(&head, rest, used) || head.method == b"CONNECT" || head.upgrade.is_some() {
            break;
        }
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let fields = head
            .fields
            .iter()
            .map(|(name, value)| (text(name).to_ascii_lowercase(), value.clone()));
        messages.push(message(
            text(&head.method),
            text(&head.target),
            fields.collect(),
            body,
        ));
        if !head.keep_alive {
            break;
        }
    }
    messages
}

/// Requests that the others are known to read otherwise, and why.
struct Known;

impl Known {
    fn of(head: &plain::Head, body: &[u8], used: usize) -> bool {
        // `http://host` and a target with bytes that browsers send as they are: the `http` crate, which
        // both use, has a stricter view of some, and writes an empty path as `/`.
        let odd = |byte: &u8| b"|^`{}[]\\\"<>#".contains(byte);
        let is_odd = head.target.iter().any(odd) || head.target.first() != Some(&b'/');
        // Text that is no ASCII: actix-http's own header type and the `http` crate's differ in what they
        // show of it.
        let is_text = head.fields.iter().all(|(_, value)| value.is_ascii());
        // Chunk extensions: actix-http knows no quoted strings; and white space before them.
        let chunks = &body[..used];
        let extended =
            head.framing == Framing::Chunked && chunks.iter().any(|byte| b"; \t".contains(byte));
        // Trailers: actix-http does not read them.
        let trails = head.framing == Framing::Chunked && !chunks.ends_with(b"0\r\n\r\n");
        // More digits than a size has use for, which actix-http counts.
        let long = head.framing == Framing::Chunked && chunks.starts_with(b"00");
        // A body on HTTP/1.0 with keep-alive, and Expect there: hyper answers 100 to nobody.
        let old = head.minor == 0;
        is_odd || !is_text || extended || trails || long || old || head.expects
    }
}

fn message(
    method: String,
    target: String,
    mut fields: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
) -> Message {
    // Those of the connection are not passed on by the engine, and maybe by the others.
    let hop = [
        "connection",
        "keep-alive",
        "proxy-connection",
        "te",
        "transfer-encoding",
        "upgrade",
    ];
    fields.retain(|(name, _)| !hop.contains(&name.as_str()));
    fields.sort();
    Message {
        method,
        target,
        fields,
        body,
    }
}

fn agree(who: &str, ours: &[Message], theirs: &[Message]) {
    for (at, message) in ours.iter().enumerate() {
        match theirs.get(at) {
            Some(other) if named_alike(message, other) => {}
            Some(other) => panic!("{who} reads request {at} otherwise:\n{message:?}\n{other:?}"),
            None => panic!("{who} does not read request {at}: {message:?}"),
        }
    }
}

/// The same but for the fields that Connection names, which the others leave where they are.
fn named_alike(ours: &Message, theirs: &Message) -> bool {
    let rest = |message: &Message| {
        (
            message.method.clone(),
            message.target.clone(),
            message.body.clone(),
        )
    };
    rest(ours) == rest(theirs)
        && ours
            .fields
            .iter()
            .all(|field| theirs.fields.contains(field))
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
