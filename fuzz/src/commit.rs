//! The commit machine, under any sequence of events, and the response it makes, as a client reads it.
//!
//! The first bytes choose the request and when the peer leaves, each one behind them an event.

use std::fs::File;
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version};
use rgi_core::rt::ThreadClock;
use rgi_core::server::{Exchange, Framing, Host, Payload, RequestHead, ServerInfo, Span};
use rgi_core::{
    End, Environ, Error, Event, FileRegion, Input, StartResponse, Started, Stream, app_fn,
};
use rgi_http1::{HeadReader, Output, Stamp, Turn};

use crate::LIMITS;

/// A host without a pool.
pub fn host() -> Arc<Host> {
    static HOST: OnceLock<Arc<Host>> = OnceLock::new();
    let make = || {
        Arc::new(Host::new(
            ServerInfo::default(),
            Arc::new(ThreadClock::new()),
        ))
    };
    HOST.get_or_init(make).clone()
}

/// Runs one response.
pub fn run(data: &[u8]) {
    let [request, leaves, ops @ ..] = data else {
        return;
    };
    let raw: &[u8] = match request % 5 {
        0 => b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        1 => b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n",
        2 => b"GET / HTTP/1.0\r\n\r\n",
        3 => b"CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n",
        _ => b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    };
    // When the peer leaves, in polls; mostly never.
    let leaves = (*leaves < 32).then_some(usize::from(*leaves));
    let ops = &ops[..ops.len().min(64)];
    respond(raw, leaves, ops);
}

/// What the application's side of an exchange has seen.
#[derive(Debug, Default)]
struct Seen {
    dropped: usize,
    outcomes: Vec<(End, Option<u16>, u64, bool)>,
    /// Bytes that it was asked for and gave.
    given: u64,
}

fn respond(raw: &[u8], leaves: Option<usize>, ops: &[u8]) {
    let mut fields = Vec::new();
    let head = HeadReader::default().read(raw, &LIMITS, &mut fields);
    let head = head.expect("a right head").expect("a whole head");
    let mut turn = Turn::new(&head);
    let request = head.to_core(&raw[..head.len], &mut fields);
    let is_head = head.method == Method::HEAD;
    let is_old = head.version == Version::HTTP_10;

    let seen = Arc::new(Mutex::new(Seen::default()));
    let script = Mutex::new(Some((ops.to_vec(), seen.clone())));
    let app = app_fn(move |environ: Environ, start_response: StartResponse| {
        let (ops, seen) = script.lock().expect("one thread").take().expect("one call");
        let hook = seen.clone();
        environ.on_finish(move |outcome| {
            let mut seen = hook.lock().expect("one thread");
            assert_eq!(seen.dropped, 1, "the body is dropped before the hooks run");
            let status = outcome.status.map(|status| status.as_u16());
            let outcome = (outcome.end, status, outcome.bytes, outcome.error.is_some());
            seen.outcomes.push(outcome);
        });
        Script {
            ops: ops.into_iter(),
            start: Some(start_response),
            events: 0,
            seen,
        }
    });
    let exchange = Exchange::new(request, Input::empty(), host(), Arc::default());
    let hang_up = exchange.hang_up();
    let mut response = Box::pin(exchange.call(&app));
    let mut output = Output::new();
    let mut cx = Context::from_waker(Waker::noop());
    let (mut polls, mut bytes) = (0, 0);
    let mut left = || {
        polls += 1;
        leaves.is_some_and(|at| polls > at)
    };
    let (mut cut, mut gone, mut committed) = (false, false, None);
    let mut framing = None;
    loop {
        if left() {
            hang_up.now();
            while response.as_mut().poll_drain(&mut cx).is_pending() {}
            gone = true;
            break;
        }
        if committed.is_none() {
            if let Poll::Ready(commit) = response.as_mut().poll_head(&mut cx) {
                if response.error().is_some_and(Error::is_disconnected) {
                    gone = true;
                    break;
                }
                turn.head(&commit, &Stamp::new(""), &mut output);
                framing = Some(commit.framing);
                committed = Some(commit.head.status.as_u16());
            }
            continue;
        }
        match response.as_mut().poll_payload(&mut cx) {
            Poll::Pending => {}
            Poll::Ready(None) => {
                assert!(response.is_end());
                turn.end(None, &mut output);
                break;
            }
            Poll::Ready(Some(Err(_))) => {
                assert!(response.is_cut() && response.error().is_some());
                cut = true;
                break;
            }
            Poll::Ready(Some(Ok(Payload::Upgrade(_)))) => panic!("no switch was offered"),
            Poll::Ready(Some(Ok(payload))) => {
                let len = match &payload {
                    Payload::Data(data) => data.len() as u64,
                    Payload::File(region) => region.len(),
                    _ => 1,
                };
                assert!(len > 0, "no block is empty");
                if matches!(payload, Payload::Data(_) | Payload::File(_)) {
                    bytes += len;
                }
                turn.payload(payload, &mut output);
            }
        }
    }
    response.as_mut().finish(match gone {
        true => Some(End::Disconnected),
        false => None,
    });
    // A second end counts for nothing.
    response.as_mut().finish(Some(End::Sent));
    drop(response);

    let seen = seen.lock().expect("one thread");
    assert_eq!(seen.dropped, 1, "the body is dropped once");
    let [(end, status, counted, failed)] = seen.outcomes[..] else {
        panic!("hooks run once: {:?}", seen.outcomes);
    };
    match (gone, cut) {
        (true, _) => assert_eq!(end, End::Disconnected),
        (false, true) => assert!(matches!(end, End::Truncated | End::Disconnected) && failed),
        (false, false) => assert_eq!(failed, end == End::Refused, "{end:?}"),
    }
    if gone {
        return;
    }
    assert_eq!((status, counted), (committed, bytes));
    // A refusal's text is the server's own.
    assert!(
        end == End::Refused || bytes <= seen.given,
        "what was sent was given"
    );
    let unknown = matches!(framing, Some(Framing::Unknown));
    if end == End::Sent && unknown {
        assert_eq!(bytes, seen.given, "all that was given was sent");
    }
    let mut sent = Vec::new();
    output
        .write_to(&mut sent)
        .expect("no file, and memory alone");
    read_back(&sent, is_head, is_old, cut, bytes, &turn);
}

/// Reads a response as a client does.
fn read_back(sent: &[u8], is_head: bool, is_old: bool, cut: bool, bytes: u64, turn: &Turn) {
    let end = sent
        .windows(4)
        .position(|it| it == b"\r\n\r\n")
        .expect("a head");
    let head = std::str::from_utf8(&sent[..end]).expect("ASCII");
    let mut lines = head.split("\r\n");
    let status = lines.next().expect("a status line");
    let status: u16 = status
        .split(' ')
        .nth(1)
        .expect("a status")
        .parse()
        .expect("a number");
    assert!((200..600).contains(&status), "a final status: {status}");
    let values = |name: &str| -> Vec<&str> {
        let lines = head.split("\r\n").skip(1);
        let pairs = lines.map(|line| line.split_once(": ").expect("a field"));
        pairs
            .filter(|(field, _)| *field == name)
            .map(|(_, value)| value)
            .collect()
    };
    let (lengths, codings) = (values("content-length"), values("transfer-encoding"));
    assert!(
        lengths.len() + codings.len() <= 1,
        "one framing at most: {head}"
    );
    assert_eq!(values("date").len(), 1);
    let closes = values("connection").contains(&"close");
    assert!(turn.keep_alive() || cut || closes || is_old, "{head}");
    let payload = &sent[end + 4..];
    if is_head || status == 204 || status == 304 {
        assert!(payload.is_empty() && bytes == 0, "no body: {head}");
        assert!(status != 204 || lengths.is_empty());
    } else if let [length] = lengths[..] {
        let length: u64 = length.parse().expect("a number");
        assert_eq!(payload.len() as u64, bytes);
        assert!(
            bytes == length || cut && bytes < length,
            "{bytes} of {length}"
        );
    } else if let ["chunked"] = codings[..] {
        assert!(!is_old, "HTTP/1.0 knows no chunks");
        let limits = rgi_http1::Limits {
            body: 0,
            headers: 100,
            head: 1 << 16,
            ..LIMITS
        };
        match crate::plain::chunked(payload, &limits) {
            crate::plain::Read::Whole(body, used) => {
                assert!(!cut, "what is cut does not look whole");
                assert_eq!((used, body.data.len() as u64), (payload.len(), bytes));
            }
            crate::plain::Read::Incomplete => assert!(cut, "what is not cut is whole"),
            crate::plain::Read::Refused => panic!("no chunks: {}", payload.escape_ascii()),
        }
    } else {
        assert!(!turn.keep_alive(), "what ends with the connection ends it");
        assert_eq!(payload.len() as u64, bytes);
    }
}

/// A body that does what it is told to, byte by byte.
struct Script {
    ops: std::vec::IntoIter<u8>,
    start: Option<StartResponse>,
    events: usize,
    seen: Arc<Mutex<Seen>>,
}

impl Script {
    fn start(&mut self, op: u8) -> Event {
        let start = self.start.take().unwrap_or_else(another);
        let statuses = [200, 200, 204, 304, 404, 100, 101, 205, 500, 206];
        let status = StatusCode::from_u16(statuses[usize::from(op >> 4) % statuses.len()]);
        let mut started = start.start(status.expect("a status"));
        if op & 8 != 0 {
            started.head_mut().set_length(Some(u64::from(op >> 4)));
        }
        Event::Start(decorated(started))
    }
}

fn decorated(started: Started) -> Started {
    started.header(
        rgi_core::field::CONTENT_TYPE,
        HeaderValue::from_static("text/plain"),
    )
}

/// The right to answer another exchange: somebody may mix them up.
fn another() -> StartResponse {
    let stolen = Arc::new(Mutex::new(None));
    let put = stolen.clone();
    let thief = app_fn(move |_: Environ, start_response: StartResponse| {
        *put.lock().expect("one thread") = Some(start_response);
        Empty
    });
    let mut head = RequestHead::new();
    let nothing = Span::default();
    head.line(Method::GET, Version::HTTP_11, nothing, nothing, None);
    drop(Exchange::new(head, Input::empty(), host(), Arc::default()).call(&thief));
    let stolen = stolen.lock().expect("one thread").take();
    stolen.expect("the application was called")
}

/// So many bytes of a file.
fn region(len: u64) -> FileRegion {
    let file = std::env::current_exe().and_then(File::open);
    FileRegion::new(file.expect("the program's own file"), 0..len).expect("bytes that it has")
}

struct Empty;

impl Stream for Empty {
    type Item = Result<Event, Error>;

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(None)
    }
}

impl Stream for Script {
    type Item = Result<Event, Error>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(op) = self.ops.next() else {
            return Poll::Ready(None);
        };
        self.events += 1;
        // The first is a head, as a rule.
        let kind = if self.events == 1 && op & 7 != 7 {
            0
        } else {
            op & 7
        };
        Poll::Ready(Some(match kind {
            0 if self.events > 1 && op & 0x80 == 0 => Ok(Event::Data(Bytes::new())),
            0 => Ok(self.start(op)),
            1..=3 => {
                let len = usize::from(op >> 3);
                self.seen.lock().expect("one thread").given += len as u64;
                Ok(Event::Data(Bytes::from_static(&[b'x'; 32][..len])))
            }
            4 if op & 8 != 0 => {
                let len = u64::from(op >> 4);
                self.seen.lock().expect("one thread").given += len;
                Ok(Event::File(Box::new(region(len))))
            }
            4 => Ok(Event::Flush),
            5 => {
                let mut trailers = HeaderMap::new();
                let name = match op >> 3 & 3 {
                    0 => "content-length",
                    1 => "transfer-encoding",
                    _ => "x-sum",
                };
                trailers.insert(HeaderName::from_static(name), HeaderValue::from_static("1"));
                Ok(Event::Trailers(Box::new(trailers)))
            }
            6 => return Poll::Pending,
            _ => match op >> 3 & 3 {
                0 => Err(Error::new("a failure")),
                1 => Err(Error::disconnected()),
                2 => Err(Error::overloaded("too much")),
                _ => Err(Error::new("an odd one").with_status(StatusCode::SWITCHING_PROTOCOLS)),
            },
        }))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, Some(self.ops.len()))
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        self.seen.lock().expect("one thread").dropped += 1;
    }
}
