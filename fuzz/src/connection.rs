//! Whole connections: requests one behind the other, off a stream that gives them in pieces, against
//! the plain reading of all bytes at once.

use std::io::{self, Read as _, Write};
use std::ops::Range;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use http::HeaderMap;
use rgi_core::Input;
use rgi_core::server::Config;
use rgi_http1::{CONTINUE, Framing, Incoming, Limits, Turn};

use crate::chunked::assert_passed_on;
use crate::pieces::{Numbers, ways};
use crate::plain::{self, Read};
use crate::{LIMITS, REFUSALS};

/// What an application gets of one request.
#[derive(Debug, PartialEq, Eq)]
struct Message {
    method: String,
    target: String,
    fields: Vec<(Vec<u8>, Vec<u8>)>,
    /// What it has read of the body.
    body: Vec<u8>,
    trailers: Option<HeaderMap>,
    /// It has read the body to its end.
    whole: bool,
}

impl Message {
    /// Whether its client may wait to be told to go on.
    fn expects(&self) -> bool {
        let mut names = self.fields.iter().map(|(name, _)| name.as_slice());
        names.any(|name| name == b"expect")
    }
}

/// How much of each body the application reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reads {
    All,
    /// The first block of it, which may be all.
    First,
    Nothing,
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
    let mut numbers = Numbers::of(data);
    let reads = [Reads::All, Reads::All, Reads::First, Reads::Nothing][numbers.below(4)];
    let limits = match numbers.below(3) {
        // The usual ones but for the body's.
        0 => Limits {
            body: LIMITS.body,
            ..Limits::default()
        },
        _ => LIMITS,
    };
    let [whole, others @ ..] = ways(data).map(|pieces| serve(data, pieces, &limits, reads));
    // What the first block is depends on how the bytes come, and so does whether a client whose body is
    // not read still waits to be told to go on.
    let waits = |(messages, _): &(Vec<Message>, End)| messages.iter().any(Message::expects);
    if reads == Reads::All || reads == Reads::Nothing && !waits(&whole) {
        for other in &others {
            assert_eq!(&whole, other, "one outcome, however the bytes come");
        }
    }
    for (messages, end) in [whole].iter().chain(&others) {
        compare(data, messages, *end, &limits, reads);
    }
}

/// Holds the engine to the plain reading of `data` that comes at once, all bodies read.
pub fn check(data: &[u8], limits: &Limits) {
    let (messages, end) = serve(data, vec![0..data.len()], limits, Reads::All);
    compare(data, &messages, end, limits, Reads::All);
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

fn serve(
    data: &[u8],
    pieces: Vec<Range<usize>>,
    limits: &Limits,
    reads: Reads,
) -> (Vec<Message>, End) {
    let mut config = Config::default();
    config.limits = *limits;
    let mut client = Shared(Arc::new(Mutex::new(Client {
        data: data.to_vec(),
        pieces: pieces.into_iter(),
        rest: 0..0,
        told: Vec::new(),
    })));
    let mut incoming = Incoming::new();
    let mut messages = Vec::new();
    let mut expected = 0;
    let end = loop {
        let received = incoming.receive(&mut client, &config, |_| false);
        let head = match received.expect("the stream has no fault") {
            Ok(Some(head)) => head,
            Ok(None) => break End::Client,
            Err(refusal) => break End::Refused(refusal.status().as_u16()),
        };
        let mut turn = Turn::new(&head);
        let (request, body) = incoming.take(&head, limits, client.clone());
        expected += usize::from(head.expect_continue && reads != Reads::Nothing);
        let (message, failed) = call(request, body.input(), reads);
        messages.push(message);
        if let Some(status) = failed {
            break match status {
                // The client has left.
                None => End::Client,
                Some(status) => End::Refused(status),
            };
        }
        body.settle(&mut turn);
        if !turn.keep_alive() {
            break End::Closed;
        }
        if !incoming.resume(&body) {
            assert_ne!(reads, Reads::All, "behind a whole body is the next request");
            break End::Closed;
        }
    };
    let told = std::mem::take(&mut client.0.lock().expect("one thread").told);
    assert!(
        told.len().is_multiple_of(CONTINUE.len())
            && told.chunks(CONTINUE.len()).all(|it| it == CONTINUE)
    );
    assert!(
        told.len() / CONTINUE.len() <= expected,
        "only who waits is told to go on"
    );
    if let End::Refused(status) = end {
        assert!(REFUSALS.contains(&status), "{status}");
    }
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
    reads: Reads,
) -> (Message, Option<Option<u16>>) {
    let seen = Arc::new(Mutex::new(None));
    let put = seen.clone();
    let app = rgi_core::app_fn(
        move |mut environ: rgi_core::Environ, start: rgi_core::StartResponse| {
            let mut input = environ.take_input();
            let mut cx = Context::from_waker(Waker::noop());
            let mut body = Vec::new();
            let (mut failed, mut whole) = (None, false);
            while reads != Reads::Nothing {
                match input.poll_chunk(&mut cx) {
                    Poll::Ready(Some(Ok(chunk))) => {
                        assert!(!chunk.is_empty(), "no block is empty");
                        body.extend_from_slice(&chunk);
                        if reads == Reads::First {
                            break;
                        }
                    }
                    Poll::Ready(Some(Err(error))) => {
                        failed = Some((!error.is_disconnected()).then(|| error.status().as_u16()));
                        break;
                    }
                    Poll::Ready(None) => {
                        whole = true;
                        break;
                    }
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
                whole,
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
fn compare(data: &[u8], messages: &[Message], end: End, limits: &Limits, reads: Reads) {
    let mut at = 0;
    let mut messages = messages.iter();
    loop {
        let rest = &data[at..];
        let head = match plain::head(rest, limits) {
            Read::Whole(head, used) => {
                at += used;
                head
            }
            // Refused as early as can be, maybe: `head` looks at that.
            Read::Incomplete => {
                assert!(matches!(end, End::Refused(_) | End::Client), "{end:?}");
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
        let read = match head.framing {
            Framing::None => Read::Whole((Vec::new(), Vec::new()), 0),
            Framing::Length(length) => match rest.get(..length as usize) {
                Some(body) => Read::Whole((body.to_vec(), Vec::new()), body.len()),
                None => {
                    assert!(rest.starts_with(&message.body));
                    assert!(reads != Reads::All || message.body == rest);
                    Read::Incomplete
                }
            },
            Framing::Chunked => match plain::chunked(rest, limits) {
                Read::Whole(body, used) => Read::Whole((body.data, body.trailers), used),
                Read::Incomplete => Read::Incomplete,
                Read::Refused => Read::Refused,
            },
        };
        let (body, trailers, used) = match read {
            Read::Whole((body, trailers), used) => (body, trailers, used),
            // Who does not read on finds it behind the answer, and closes.
            _ if end == End::Closed && reads != Reads::All => break,
            Read::Incomplete => {
                assert!(matches!(end, End::Refused(_) | End::Client), "{end:?}");
                break;
            }
            Read::Refused => {
                assert!(matches!(end, End::Refused(_)), "{end:?}");
                break;
            }
        };
        assert!(body.starts_with(&message.body), "what was read was sent");
        if reads == Reads::All {
            assert!(message.whole, "the body is plainly there");
            assert_eq!(message.body, body);
            assert_passed_on(&trailers, message.trailers.as_ref());
        }
        at += used;
        // A client that waits to be told to go on is not, and may have sent something else.
        if !head.keep_alive || end == End::Closed && head.expects && messages.len() == 0 {
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
