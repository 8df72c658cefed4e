//! Whole connections: requests one behind the other, off a stream that gives them in pieces, against
//! the plain reading of all bytes at once.

use std::io::{self, Read as _, Write};
use std::ops::Range;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use http::HeaderMap;
use rgi_core::Input;
use rgi_core::server::Config;
use rgi_http1::{Framing, Incoming, Turn};

use crate::LIMITS;
use crate::chunked::assert_passed_on;
use crate::pieces::ways;
use crate::plain::{self, Read};

/// What an application gets of one request.
#[derive(Debug, PartialEq, Eq)]
struct Message {
    method: String,
    target: String,
    fields: Vec<(Vec<u8>, Vec<u8>)>,
    body: Vec<u8>,
    trailers: Option<HeaderMap>,
    /// The body came to its end.
    whole: bool,
}

/// How a connection ends for the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// The client has ended, between requests or within one.
    Client,
    /// What came is refused, with this status.
    Refused(u16),
    /// The last request closes it.
    Closed,
}

/// Reads `data` in all ways.
pub fn run(data: &[u8]) {
    let [whole, others @ ..] = ways(data).map(|pieces| serve(data, pieces));
    for other in others {
        assert_eq!(whole, other, "one outcome, however the bytes come");
    }
    compare(data, &whole.0, whole.1);
}

/// A client's end of a connection: what it sends, in pieces, and then its end.
struct Client {
    data: Vec<u8>,
    pieces: std::vec::IntoIter<Range<usize>>,
    /// What is left of a piece.
    rest: Range<usize>,
    /// Bytes that the server wrote by itself.
    told: Vec<u8>,
}

/// Several may hold it: who reads heads, and who reads a body.
#[derive(Clone)]
struct Shared(Arc<Mutex<Client>>);

impl io::Read for Shared {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let mut client = self.0.lock().expect("one thread");
        if client.rest.is_empty() {
            client.rest = client.pieces.next().unwrap_or_default();
        }
        let n = buf.len().min(client.rest.len());
        let start = client.rest.start;
        buf[..n].copy_from_slice(&client.data[start..start + n]);
        client.rest.start += n;
        Ok(n)
    }
}

impl Write for Shared {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let mut client = self.0.lock().expect("one thread");
        client.told.extend_from_slice(buf);
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn serve(data: &[u8], pieces: Vec<Range<usize>>) -> (Vec<Message>, End) {
    let mut config = Config::default();
    config.limits = LIMITS;
    let mut client = Shared(Arc::new(Mutex::new(Client {
        data: data.to_vec(),
        pieces: pieces.into_iter(),
        rest: 0..0,
        told: Vec::new(),
    })));
    let mut incoming = Incoming::new();
    let mut messages = Vec::new();
    let end = loop {
        let received = incoming.receive(&mut client, &config, |_| false);
        let head = match received.expect("the stream has no fault") {
            Ok(Some(head)) => head,
            Ok(None) => break End::Client,
            Err(refusal) => break End::Refused(refusal.status().as_u16()),
        };
        let mut turn = Turn::new(&head);
        let (request, body) = incoming.take(&head, &LIMITS, client.clone());
        let (mut message, failed) = call(request, body.input());
        message.whole = failed.is_none();
        messages.push(message);
        if let Some(status) = failed {
            break match status {
                // The client has left.
                None => End::Client,
                Some(status) => End::Refused(status),
            };
        }
        body.settle(&mut turn);
        if !head.keep_alive {
            break End::Closed;
        }
        assert!(
            incoming.resume(&body),
            "behind a whole body is the next request"
        );
    };
    let mut rest = Vec::new();
    let refused = matches!(end, End::Refused(_) | End::Closed);
    client
        .read_to_end(&mut rest)
        .expect("the stream has no fault");
    assert!(refused || rest.is_empty(), "what was sent was read");
    (messages, end)
}

/// Has an application read all of a request. With it why the body failed, as a status, or none where the
/// client left.
fn call(
    request: rgi_core::server::RequestHead,
    input: Option<Input>,
) -> (Message, Option<Option<u16>>) {
    let seen = Arc::new(Mutex::new(None));
    let put = seen.clone();
    let app = rgi_core::app_fn(
        move |mut environ: rgi_core::Environ, start: rgi_core::StartResponse| {
            let mut input = environ.take_input();
            let mut cx = Context::from_waker(Waker::noop());
            let mut body = Vec::new();
            let mut failed = None;
            loop {
                match input.poll_chunk(&mut cx) {
                    Poll::Ready(Some(Ok(chunk))) => {
                        assert!(!chunk.is_empty(), "no block is empty");
                        body.extend_from_slice(&chunk);
                    }
                    Poll::Ready(Some(Err(error))) => {
                        failed = Some((!error.is_disconnected()).then(|| error.status().as_u16()));
                        break;
                    }
                    Poll::Ready(None) => break,
                    Poll::Pending => panic!("the stream never waits"),
                }
            }
            let fields = environ.headers().iter();
            let fields = fields.map(|(name, value)| {
                (name.as_str().as_bytes().to_vec(), value.as_bytes().to_vec())
            });
            let message = Message {
                method: environ.method().to_string(),
                target: environ.target().to_owned(),
                fields: fields.collect(),
                body,
                trailers: input.trailers().cloned(),
                whole: false,
            };
            *put.lock().expect("one thread") = Some((message, failed));
            start.start(rgi_core::StatusCode::OK).empty()
        },
    );
    let host = crate::commit::host();
    let exchange = rgi_core::server::Exchange::new(request, input, host, Arc::default());
    drop(exchange.call(&app));
    let seen = seen.lock().expect("one thread").take();
    seen.expect("the application was called")
}

/// Holds what was served to the plain reading.
fn compare(data: &[u8], messages: &[Message], end: End) {
    let mut at = 0;
    let mut messages = messages.iter();
    loop {
        let rest = &data[at..];
        let head = match plain::head(rest, &LIMITS) {
            Read::Whole(head, used) => {
                at += used;
                head
            }
            Read::Incomplete => {
                // Refused as early as can be, maybe: `head` looks at that.
                let ends = [matches!(end, End::Refused(_)), end == End::Client];
                assert!(ends.contains(&true), "{end:?}");
                break;
            }
            Read::Refused => {
                assert!(matches!(end, End::Refused(_)), "{end:?}");
                break;
            }
        };
        let message = messages.next().expect("a request that is plainly there");
        assert_eq!(message.method.as_bytes(), head.method);
        assert_eq!(message.target.as_bytes(), head.target);
        assert_same(&head.fields, &message.fields);
        let rest = &data[at..];
        let (body, trailers, used) = match head.framing {
            Framing::None => (Vec::new(), Vec::new(), 0),
            Framing::Length(length) => match rest.get(..length as usize) {
                Some(body) => (body.to_vec(), Vec::new(), body.len()),
                None => {
                    assert_eq!((&message.body[..], end), (rest, End::Client));
                    break;
                }
            },
            Framing::Chunked => match plain::chunked(rest, &LIMITS) {
                Read::Whole(body, used) => (body.data, body.trailers, used),
                Read::Refused => {
                    assert!(matches!(end, End::Refused(_)), "{end:?}");
                    break;
                }
                Read::Incomplete => {
                    assert!(matches!(end, End::Refused(_) | End::Client), "{end:?}");
                    break;
                }
            },
        };
        assert!(message.whole, "the body is plainly there");
        assert_eq!(message.body, body);
        assert_passed_on(&trailers, message.trailers.as_ref());
        at += used;
        if !head.keep_alive {
            assert_eq!(end, End::Closed);
            break;
        }
    }
    assert!(
        messages.next().is_none(),
        "a request that is plainly not there"
    );
}

/// A map keeps the order of a name's values alone.
fn assert_same(plain: &[(Vec<u8>, Vec<u8>)], read: &[(Vec<u8>, Vec<u8>)]) {
    let values = |fields: &[(Vec<u8>, Vec<u8>)], name: &[u8]| -> Vec<Vec<u8>> {
        let named = fields
            .iter()
            .filter(|(other, _)| other.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.clone()).collect()
    };
    assert_eq!(plain.len(), read.len(), "{plain:?} {read:?}");
    for (name, _) in plain {
        assert_eq!(values(plain, name), values(read, name));
    }
}
