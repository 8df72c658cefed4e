//! Any application, answered in memory under the same commit rules as by a server.
//!
//! ```
//! use rgi_core::{Environ, Full, StartResponse, StatusCode, app_fn, testing::Client};
//!
//! fn app(environ: Environ, start_response: StartResponse) -> Full {
//!     start_response.start(StatusCode::OK).full(environ.path_info().to_owned())
//! }
//! let client = Client::new(app_fn(app)).mounted("/shop");
//! assert_eq!(client.get("/shop/cart").send().text(), "/cart");
//! assert_eq!(client.get("/elsewhere").send().status(), 404);
//! ```
// One file: the client, its requests and its replies are what a test's author reads together.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use futures_core::Stream;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};

use crate::rt::ThreadClock;
use crate::server::{
    Address, Connection, Exchange, Framing, HangUp, Host, Informer, InputSource, Payload, Pool,
    RequestHead, Response, ServerInfo, Transport,
};
use crate::{App, Body, End, Error, Head, Input};

/// An in-memory server around an application.
///
/// It may block, as a prefork server may; [`lifting`](Self::lifting) makes it one that may not.
#[derive(Debug)]
pub struct Client<A> {
    app: A,
    host: Host,
    clock: ThreadClock,
}

impl<A: App> Client<A> {
    /// A client of an application.
    pub fn new(app: A) -> Client<A> {
        let clock = ThreadClock::new();
        let info = ServerInfo {
            software: concat!("rgi-core-test/", env!("CARGO_PKG_VERSION")),
            may_block: true,
            informational: true,
            trailers: true,
            upgrade: true,
            lazy_continue: true,
            told_of_disconnect: true,
            ..ServerInfo::default()
        };
        let host = Host::new(info, Arc::new(clock.clone()));
        Client { app, host, clock }
    }

    /// Plays a server that may not block: blocking applications run on a pool of two threads.
    pub fn lifting(mut self) -> Client<A> {
        self.host.info.may_block = false;
        self.host.offload = Some(Arc::new(Pool::new(2, 16, 64 * 1024, None)));
        self
    }

    /// Mounts the application under a prefix; what lies outside gets 404.
    pub fn mounted(mut self, prefix: &str) -> Client<A> {
        prefix.clone_into(&mut self.host.script_name);
        self
    }

    /// Gives the application a deployer's value.
    pub fn var(mut self, name: &str, value: &str) -> Client<A> {
        self.host.vars.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Plays a server that was told to stop; later, the host's `stop` tells it.
    pub fn stopping(self) -> Client<A> {
        self.host.stop.graceful();
        self
    }

    /// The host the application sees, to change its facts.
    pub fn host_mut(&mut self) -> &mut Host {
        &mut self.host
    }

    /// A GET.
    pub fn get(&self, target: &str) -> Request<'_, A> {
        self.request(Method::GET, target)
    }

    /// A HEAD.
    pub fn head(&self, target: &str) -> Request<'_, A> {
        self.request(Method::HEAD, target)
    }

    /// A POST.
    pub fn post(&self, target: &str) -> Request<'_, A> {
        self.request(Method::POST, target)
    }

    /// A request of any method. The target is in origin-form (`/path?query`), or `*`.
    pub fn request(&self, method: Method, target: &str) -> Request<'_, A> {
        let mut headers = HeaderMap::new();
        headers.insert(http::header::HOST, HeaderValue::from_static("test.invalid"));
        Request {
            client: self,
            method,
            target: target.to_owned(),
            headers,
            chunks: VecDeque::new(),
            end: Ok(None),
            length: Some(0),
            pauses: false,
            offer: None,
            leave_after: None,
            duplex: VecDeque::new(),
        }
    }
}

/// A request to be sent.
#[derive(Debug)]
#[must_use = "call `send`"]
pub struct Request<'a, A> {
    client: &'a Client<A>,
    method: Method,
    target: String,
    headers: HeaderMap,
    chunks: VecDeque<Bytes>,
    end: Result<Option<Box<HeaderMap>>, Error>,
    length: Option<u64>,
    pauses: bool,
    offer: Option<Option<HeaderValue>>,
    leave_after: Option<u64>,
    duplex: VecDeque<u8>,
}

impl<A: App> Request<'_, A> {
    /// Adds a header field.
    ///
    /// # Panics
    ///
    /// If the name or the value is none.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let name = HeaderName::try_from(name).expect("a header name");
        self.headers
            .append(name, HeaderValue::try_from(value).expect("a header value"));
        self
    }

    /// Sets header fields, in the place of those there are of their names, such as Host.
    pub fn headers(mut self, headers: HeaderMap) -> Self {
        self.headers.extend(headers);
        self
    }

    /// Sends a body of known length.
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        let body = body.into();
        self.length = Some(body.len() as u64);
        self.headers
            .insert(http::header::CONTENT_LENGTH, HeaderValue::from(body.len()));
        self.chunks = VecDeque::from([body]);
        self
    }

    /// Sends a body in pieces, without a length.
    pub fn chunks<T: Into<Bytes>>(mut self, chunks: impl IntoIterator<Item = T>) -> Self {
        self.chunks = chunks.into_iter().map(Into::into).collect();
        self.length = None;
        self
    }

    /// Sends each piece of the body only when it has been waited for.
    pub fn slowly(mut self) -> Self {
        self.pauses = true;
        self
    }

    /// Sends trailer fields behind the pieces.
    pub fn trailers(mut self, trailers: HeaderMap) -> Self {
        self.end = Ok(Some(Box::new(trailers)));
        self
    }

    /// Breaks the body off with an error behind what was sent.
    pub fn break_off(mut self, error: Error) -> Self {
        self.end = Err(error);
        self
    }

    /// Asks for a switch of protocols; `input` is what the client sends behind it.
    ///
    /// # Panics
    ///
    /// If the protocols are no header value.
    pub fn upgrade(mut self, protocols: &str, input: &[u8]) -> Self {
        let value = HeaderValue::try_from(protocols).expect("a header value");
        self.offer = Some(Some(value));
        self.duplex = input.iter().copied().collect();
        self
    }

    /// Asks for a tunnel, as CONNECT does; `input` is what the client sends through it.
    pub fn tunnel(mut self, input: &[u8]) -> Self {
        self.offer = Some(None);
        self.duplex = input.iter().copied().collect();
        self
    }

    /// The client leaves once it was given so many bytes of payload.
    pub fn leave_after(mut self, bytes: u64) -> Self {
        self.leave_after = Some(bytes);
        self
    }

    /// Sends the request and takes the whole answer.
    ///
    /// # Panics
    ///
    /// If the target is none.
    pub fn send(self) -> Reply {
        let client = self.client;
        let parts = http::Request::builder()
            .method(self.method.clone())
            .uri(&self.target)
            .body(())
            .expect("a target such as /path?query")
            .into_parts()
            .0;
        let mut parts = parts;
        parts.headers = self.headers;
        let request = RequestHead::from_parts(parts).expect("an ASCII target");
        let input = match (self.length, &self.end) {
            (Some(0), Ok(None)) => Input::empty(),
            (length, _) => Input::source(
                Script {
                    chunks: self.chunks,
                    end: Some(self.end),
                    pauses: self.pauses,
                    waits: self.pauses,
                },
                // Trailers or an error without a block before them: nobody knew a length.
                length.filter(|length| *length > 0),
            ),
        };
        let connection = Connection {
            peer: Address::Tcp(([127, 0, 0, 1], 50000).into()),
            local: Address::Tcp(([127, 0, 0, 1], 80).into()),
            tls: None,
        };
        let informed = Arc::new(Informed::default());
        let mut exchange = Exchange::new(
            request,
            input,
            Arc::new(client.host.clone()),
            Arc::new(connection),
        )
        .informer(informed.clone());
        if let Some(protocols) = self.offer {
            exchange = exchange.offer(protocols);
        }
        let hang_up = exchange.hang_up();
        let outcome: Arc<Mutex<Option<Recorded>>> = Arc::default();
        let recorder = outcome.clone();
        exchange.environ_mut().on_finish(move |outcome| {
            let recorded = Recorded {
                end: outcome.end,
                status: outcome.status,
                bytes: outcome.bytes,
                error: outcome.error.map(Error::twin),
            };
            *recorder.lock().unwrap_or_else(PoisonError::into_inner) = Some(recorded);
        });
        let take = Take {
            leave_after: self.leave_after,
            hang_up,
            duplex: self.duplex,
        };
        // The call too may wait, for sleeps among others: the clock runs.
        let all = async { take.all(exchange.call(&client.app)).await };
        let mut reply = client.clock.block_on(all);
        let interim = std::mem::take(&mut *lock(&informed.0));
        reply.interim = interim;
        reply.outcome = outcome
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        reply
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How a response is taken.
struct Take {
    leave_after: Option<u64>,
    hang_up: HangUp,
    duplex: VecDeque<u8>,
}

impl Take {
    async fn all<B: Body>(self, response: Response<B>) -> Reply {
        let mut response = pin!(response);
        let commit = poll_fn(|cx| response.as_mut().poll_head(cx)).await;
        let switched = Arc::new(Mutex::new(Vec::new()));
        let mut reply = Reply {
            head: commit.head,
            framing: commit.framing,
            chunks: Vec::new(),
            trailers: None,
            cut: false,
            interim: Vec::new(),
            switched: Vec::new(),
            outcome: None,
        };
        let mut taken = 0;
        let end = loop {
            if self.leave_after.is_some_and(|bytes| taken >= bytes) {
                self.hang_up.now();
                poll_fn(|cx| response.as_mut().poll_drain(cx)).await;
                break Some(End::Disconnected);
            }
            match poll_fn(|cx| response.as_mut().poll_payload(cx)).await {
                None => break None,
                Some(Err(_)) => {
                    reply.cut = true;
                    break None;
                }
                Some(Ok(Payload::Data(data))) => {
                    taken += data.len() as u64;
                    reply.chunks.push(data);
                }
                Some(Ok(Payload::File(mut region))) => {
                    loop {
                        match region.next_chunk(64 * 1024) {
                            Ok(None) => break,
                            Ok(Some(chunk)) => {
                                taken += chunk.len() as u64;
                                reply.chunks.push(chunk);
                            }
                            // A file that became shorter than what was promised.
                            Err(_) => {
                                reply.cut = true;
                                break;
                            }
                        }
                    }
                    if reply.cut {
                        break Some(End::Truncated);
                    }
                }
                Some(Ok(Payload::Flush)) => {}
                Some(Ok(Payload::Trailers(trailers))) => reply.trailers = Some(*trailers),
                Some(Ok(Payload::Upgrade(demand))) => {
                    let input = self.duplex.clone();
                    demand.fulfil(Duplex {
                        input,
                        output: switched.clone(),
                    });
                }
            }
        };
        response.as_mut().finish(end);
        reply.switched = std::mem::take(&mut *lock(&switched));
        reply
    }
}

/// A whole answer.
#[derive(Debug)]
pub struct Reply {
    head: crate::server::PooledHead,
    framing: Framing,
    chunks: Vec<Bytes>,
    trailers: Option<HeaderMap>,
    cut: bool,
    interim: Vec<(StatusCode, HeaderMap)>,
    switched: Vec<u8>,
    outcome: Option<Recorded>,
}

impl Reply {
    /// The status, as a number.
    pub fn status(&self) -> u16 {
        self.head.status.as_u16()
    }

    /// The head.
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// One field's first value, if it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut fields = self.head.iter();
        let (_, value) = fields.find(|(n, _)| n.as_str().eq_ignore_ascii_case(name))?;
        value.to_str().ok()
    }

    /// How the body is framed.
    pub fn framing(&self) -> Framing {
        self.framing
    }

    /// The body.
    pub fn body(&self) -> Bytes {
        match &self.chunks[..] {
            [one] => one.clone(),
            many => many.concat().into(),
        }
    }

    /// The body as text.
    ///
    /// # Panics
    ///
    /// If it is not UTF-8.
    pub fn text(&self) -> String {
        String::from_utf8(self.body().into()).expect("a body of UTF-8")
    }

    /// The blocks as they were given out.
    pub fn chunks(&self) -> &[Bytes] {
        &self.chunks
    }

    /// Trailer fields.
    pub fn trailers(&self) -> Option<&HeaderMap> {
        self.trailers.as_ref()
    }

    /// Whether the response was cut: a server ends its connection visibly.
    pub fn was_cut(&self) -> bool {
        self.cut
    }

    /// Interim responses, in order.
    pub fn interim(&self) -> &[(StatusCode, HeaderMap)] {
        &self.interim
    }

    /// What the application wrote after a switch of protocols.
    pub fn switched(&self) -> &[u8] {
        &self.switched
    }

    /// What the exchange's hooks were told.
    ///
    /// # Panics
    ///
    /// If the hooks did not run, which the commit machine promises.
    pub fn outcome(&self) -> &Recorded {
        self.outcome.as_ref().expect("the hooks ran")
    }
}

/// An outcome, kept.
#[derive(Debug)]
pub struct Recorded {
    /// How the exchange ended.
    pub end: End,
    /// The status that was committed.
    pub status: Option<StatusCode>,
    /// Bytes of payload.
    pub bytes: u64,
    /// What went wrong.
    pub error: Option<Error>,
}

#[derive(Default)]
struct Informed(Mutex<Vec<(StatusCode, HeaderMap)>>);

impl Informer for Informed {
    fn inform(&self, status: StatusCode, headers: &HeaderMap) {
        lock(&self.0).push((status, headers.clone()));
    }
}

/// A body by script.
struct Script {
    chunks: VecDeque<Bytes>,
    end: Option<Result<Option<Box<HeaderMap>>, Error>>,
    pauses: bool,
    /// What comes next has not been waited for.
    waits: bool,
}

impl Stream for Script {
    type Item = Result<Bytes, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if std::mem::take(&mut self.waits) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.waits = self.pauses;
        if let Some(chunk) = self.chunks.pop_front() {
            return Poll::Ready(Some(Ok(chunk)));
        }
        match self.end.take() {
            Some(Err(error)) => Poll::Ready(Some(Err(error))),
            end => {
                self.end = end;
                Poll::Ready(None)
            }
        }
    }
}

impl InputSource for Script {
    fn trailers(mut self: Pin<&mut Self>) -> Option<Box<HeaderMap>> {
        self.end.take()?.ok()?
    }
}

/// A connection by script.
struct Duplex {
    input: VecDeque<u8>,
    output: Arc<Mutex<Vec<u8>>>,
}

impl Transport for Duplex {
    fn poll_read(&mut self, _: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        let n = buf.len().min(self.input.len());
        for (slot, byte) in buf.iter_mut().zip(self.input.drain(..n)) {
            *slot = byte;
        }
        Poll::Ready(Ok(n))
    }

    fn poll_write(&mut self, _: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        lock(&self.output).extend_from_slice(buf);
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// Polls a body by hand, with a waker that does nothing: for tests of bodies.
pub fn poll_once<B: Body>(body: Pin<&mut B>) -> Poll<Option<Result<crate::Event, Error>>> {
    body.poll_next(&mut Context::from_waker(Waker::noop()))
}
