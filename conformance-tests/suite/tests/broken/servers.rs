//! The wrappers.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use rgi_conformance::{Connection, Memory, Site, Target, X_RGI_CASE};
use rgi_core::server::{Exchange, Host, RequestHead, Response};
use rgi_core::{
    App, AppExt, BoxApp, BoxBody, Bytes, Environ, Error, Event, Full, Head, Input, Method,
    StartResponse, StatusCode, Stream, Timer, app_fn,
};

/// Nothing is broken.
pub(crate) fn sound() -> BoxApp {
    Site::new().into_app()
}

/// A body that a wrapper pulls in its own way.
struct Pulled<F> {
    inner: Pin<Box<BoxBody>>,
    pull: F,
}

type Item = Option<Result<Event, Error>>;

impl<F> Stream for Pulled<F>
where
    F: FnMut(Pin<&mut BoxBody>, &mut Context<'_>) -> Poll<Item> + Unpin,
{
    type Item = Result<Event, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Item> {
        let this = &mut *self;
        (this.pull)(this.inner.as_mut(), cx)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.inner.size_hint()
    }
}

fn pulled<F>(site: &BoxApp, environ: Environ, start_response: StartResponse, pull: F) -> BoxBody
where
    F: FnMut(Pin<&mut BoxBody>, &mut Context<'_>) -> Poll<Item> + Send + Unpin + 'static,
{
    BoxBody::new(Pulled {
        inner: Box::pin(site.call(environ, start_response)),
        pull,
    })
}

/// Sends the head as soon as there is one.
pub(crate) fn early_commit() -> BoxApp {
    let site = Site::new().into_app();
    Arc::new(app_fn(move |environ, start_response| {
        let mut flush = false;
        pulled(&site, environ, start_response, move |body, cx| {
            if std::mem::take(&mut flush) {
                return Poll::Ready(Some(Ok(Event::Flush)));
            }
            let item = ready!(body.poll_next(cx));
            flush = matches!(item, Some(Ok(Event::Start(_))));
            Poll::Ready(item)
        })
    }))
}

/// Keeps response fields in a map that has one value for a name.
pub(crate) fn lost_repeated_header() -> BoxApp {
    let site = Site::new().into_app();
    Arc::new(app_fn(move |environ, start_response| {
        let site = (&site).map_start(|head: &mut Head| {
            let fields: Vec<_> = head.iter().map(|(n, v)| (n.clone(), v.clone())).collect();
            for (name, value) in fields {
                head.insert(name, value);
            }
        });
        BoxBody::new(site.call(environ, start_response))
    }))
}

/// Ends a body that failed as if it were whole.
pub(crate) fn clean_end_on_a_cut() -> BoxApp {
    let site = Site::new().into_app();
    Arc::new(app_fn(move |environ, start_response| {
        let mut begun = false;
        pulled(&site, environ, start_response, move |body, cx| {
            let item = ready!(body.poll_next(cx));
            begun |= matches!(item, Some(Ok(Event::Data(_) | Event::Flush)));
            Poll::Ready(item.filter(|item| !(begun && item.is_err())))
        })
    }))
}

/// Says that applications are told of disconnects, which they are not.
pub(crate) fn false_fact() -> BoxApp {
    let site = Site::new().into_app();
    Arc::new(app_fn(move |environ: Environ, start_response| {
        let asks = environ.header(X_RGI_CASE) == Some(b".facts");
        pulled(&site, environ, start_response, move |body, cx| {
            let item = ready!(body.poll_next(cx));
            Poll::Ready(match item {
                Some(Ok(Event::Data(data))) if asks => {
                    let text = String::from_utf8(data.into()).unwrap();
                    // As long as before.
                    let text = text.replace("told_of_disconnect false", "told_of_disconnect true ");
                    Some(Ok(Event::Data(Bytes::from(
                        text.replace("true \n", "true\n\n"),
                    ))))
                }
                item => item,
            })
        })
    }))
}

/// Blocks that are kept at most: more than any bound a server may have, and less than all memory.
const MOST_KEPT: usize = 2000;

/// Asks for all of a body at once, and keeps it until it is sent.
pub(crate) fn unbounded_buffer() -> BoxApp {
    let site = Site::new().into_app();
    Arc::new(app_fn(move |environ, start_response| {
        BoxBody::new(Buffered {
            inner: Box::pin(site.call(environ, start_response)),
            kept: VecDeque::new(),
            left: None,
            ended: false,
        })
    }))
}

struct Buffered {
    inner: Pin<Box<BoxBody>>,
    kept: VecDeque<Result<Event, Error>>,
    /// Bytes of the promised length.
    left: Option<u64>,
    ended: bool,
}

impl Buffered {
    fn keep(&mut self, item: Result<Event, Error>) {
        let bytes = match &item {
            Ok(Event::Start(started)) => {
                self.left = started.head().length();
                let status = started.head().status;
                self.ended = self.left == Some(0) || matches!(status.as_u16(), 204 | 205 | 304);
                0
            }
            Ok(Event::Data(data)) => data.len() as u64,
            Ok(Event::File(region)) => region.len(),
            Ok(Event::Trailers(_)) | Err(_) => {
                self.ended = true;
                0
            }
            Ok(_) => 0,
        };
        self.left = self.left.map(|left| left.saturating_sub(bytes));
        self.ended |= self.left == Some(0) && bytes > 0;
        self.kept.push_back(item);
    }
}

impl Stream for Buffered {
    type Item = Result<Event, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Item> {
        while !self.ended && self.kept.len() < MOST_KEPT {
            match self.inner.as_mut().poll_next(cx) {
                Poll::Ready(Some(item)) => self.keep(item),
                Poll::Ready(None) => self.ended = true,
                Poll::Pending => break,
            }
        }
        match self.kept.pop_front() {
            Some(item) => Poll::Ready(Some(item)),
            None if self.ended => Poll::Ready(None),
            None => Poll::Pending,
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, (self.ended && self.kept.is_empty()).then_some(0))
    }
}

/// Sends no trailers.
pub(crate) fn dropped_trailer() -> BoxApp {
    let site = Site::new().into_app();
    Arc::new(app_fn(move |environ, start_response| {
        pulled(&site, environ, start_response, |body, cx| {
            let item = ready!(body.poll_next(cx));
            Poll::Ready(item.filter(|item| !matches!(item, Ok(Event::Trailers(_)))))
        })
    }))
}

/// Reads the beginning of each body before the application does.
pub(crate) fn hundred_sent_unread() -> BoxApp {
    let site = Site::new().into_app();
    Arc::new(app_fn(move |mut environ: Environ, start_response| {
        if environ.header("expect").is_none() {
            return site.call(environ, start_response);
        }
        let site = site.clone();
        BoxBody::future(async move {
            let mut input = environ.take_input();
            let first = poll_fn(|cx| input.poll_chunk(cx)).await;
            let length = input.length();
            environ.map_input(|_| {
                let mut first = first;
                let rest = Rest {
                    first: first.take(),
                    input,
                };
                Input::stream(rest, length)
            });
            Ok(site.call(environ, start_response))
        })
    }))
}

struct Rest {
    first: Option<Result<Bytes, Error>>,
    input: Input,
}

impl Stream for Rest {
    type Item = Result<Bytes, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match self.first.take() {
            Some(first) => Poll::Ready(Some(first)),
            None => self.input.poll_chunk(cx),
        }
    }
}

/// Takes a panic for an empty answer.
pub(crate) fn swallowed_panic() -> BoxApp {
    let site = Site::new().into_app();
    Arc::new(app_fn(
        move |environ: Environ, start_response: StartResponse| {
            let (start_response, fallback) = start_response.with_fallback();
            let called = catch_unwind(AssertUnwindSafe(|| site.call(environ, start_response)));
            let Ok(body) = called else {
                let empty: Full = fallback
                    .start(StatusCode::OK, Error::new("panicked"))
                    .empty();
                return empty.into();
            };
            BoxBody::new(Pulled {
                inner: Box::pin(body),
                pull: |body: Pin<&mut BoxBody>, cx: &mut Context<'_>| {
                    let polled = catch_unwind(AssertUnwindSafe(|| body.poll_next(cx)));
                    polled.unwrap_or(Poll::Ready(None))
                },
            })
        },
    ))
}

/// Does not end the exchange where no body is sent: the hooks never run.
pub(crate) fn missing_finish() -> BoxApp {
    let site = Site::new().into_app();
    Arc::new(app_fn(
        move |environ: Environ, start_response: StartResponse| match *environ.method() {
            Method::HEAD => BoxBody::future(nested(site.clone(), environ, start_response)),
            _ => site.call(environ, start_response),
        },
    ))
}

/// The server's clock, for an exchange within one.
struct Relay(Timer);

impl rgi_core::server::Timer for Relay {
    fn sleep_until(&self, at: Instant) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(self.0.sleep_until(at))
    }
}

/// Gives the head of the answer to an exchange of its own, which is never finished.
async fn nested(
    site: BoxApp,
    environ: Environ,
    start_response: StartResponse,
) -> Result<Full, Error> {
    let mut host = Host::new(environ.server().clone(), Arc::new(Relay(environ.timer())));
    environ.script_name().clone_into(&mut host.script_name);
    let connection = Arc::new(environ.connection().clone());
    let (parts, input) = environ.into_request().into_parts();
    let head = RequestHead::from_parts(parts)?;
    let exchange = Exchange::new(head, input, Arc::new(host), connection);
    let mut response: Pin<Box<Response<BoxBody>>> = Box::pin(exchange.call(&site));
    let mut commit = poll_fn(|cx| response.as_mut().poll_head(cx)).await;
    std::mem::forget(response);
    let mut started = start_response.start(commit.head.status);
    let length = commit.head.length();
    started.head_mut().adopt(commit.head.take_header_map());
    started.head_mut().set_length(length);
    Ok(started.empty())
}

/// Serves all cases through the pipe, those of applications too.
pub(crate) struct Piped(pub(crate) Memory);

impl Target for Piped {
    fn connect(&self) -> io::Result<Box<dyn Connection>> {
        self.0.connect()
    }

    fn root(&self) -> &str {
        self.0.root()
    }
}

/// Undoes the percent-encoding of percent signs on the way.
pub(crate) struct DoubleDecoding(pub(crate) Memory);

impl Target for DoubleDecoding {
    fn connect(&self) -> io::Result<Box<dyn Connection>> {
        Ok(Box::new(Decoded(self.0.connect()?)))
    }

    fn root(&self) -> &str {
        self.0.root()
    }
}

struct Decoded(Box<dyn Connection>);

impl Connection for Decoded {
    fn read(&self, buf: &mut [u8], patience: Duration) -> io::Result<usize> {
        self.0.read(buf, patience)
    }

    fn write_all(&self, bytes: &[u8]) -> io::Result<()> {
        let (line, rest) = bytes.split_at(bytes.iter().position(|b| *b == b'\r').unwrap_or(0));
        match std::str::from_utf8(line) {
            Ok(line) if line.ends_with("HTTP/1.1") => {
                let line = line.replace("%25", "%");
                self.0.write_all(&[line.as_bytes(), rest].concat())
            }
            _ => self.0.write_all(bytes),
        }
    }

    fn write(&self, bytes: &[u8], patience: Duration) -> io::Result<usize> {
        self.0.write(bytes, patience)
    }

    fn half_close(&self) {
        self.0.half_close();
    }

    fn reset_on_drop(&self) {
        self.0.reset_on_drop();
    }
}
