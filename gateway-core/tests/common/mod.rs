//! What the tests of this crate have in common: exchanges driven by hand, and scripted bodies.
#![allow(dead_code)] // each test crate uses its part

use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Once};
use std::task::{Context, Poll, Wake, Waker};

use rgi_core::rt::ThreadClock;
use rgi_core::server::{
    Commit, Connection, Cut, Exchange, FieldSpan, Framing, Host, Level, Log, Payload, RequestHead,
    Response, ServerInfo, Span,
};
use rgi_core::{
    App, Body, Bytes, End, Environ, Error, Event, Input, Method, StartResponse, Started,
    StatusCode, Stream, Version, app_fn,
};

/// A host that may block, with a clock and a log of its own.
pub(crate) fn host() -> Host {
    let mut host = Host::new(ServerInfo::default(), Arc::new(ThreadClock::new()));
    host.info.may_block = true;
    host.info.software = "rgi-core-tests";
    host.log = Arc::new(Lines::default());
    host
}

/// A log that is kept.
#[derive(Default)]
pub(crate) struct Lines(pub(crate) Mutex<Vec<(Level, String)>>);

impl Log for Lines {
    fn log(&self, level: Level, message: fmt::Arguments<'_>) {
        self.0.lock().unwrap().push((level, message.to_string()));
    }
}

/// A head as a server reads it, from its bytes.
pub(crate) fn head(method: Method, target: &str, headers: &[(&str, &str)]) -> RequestHead {
    let mut raw = target.as_bytes().to_vec();
    let mut put = |text: &str| {
        let start = raw.len() as u32;
        raw.extend_from_slice(text.as_bytes());
        Span {
            start,
            end: raw.len() as u32,
        }
    };
    let mut fields: Vec<_> = headers
        .iter()
        .map(|(name, value)| FieldSpan {
            name: put(name),
            value: put(value),
        })
        .collect();
    let all = target.len() as u32;
    let path_end = target.find('?').map_or(all, |at| at as u32);
    let span = |start, end| Span { start, end };
    let query = (path_end < all).then(|| span(path_end + 1, all));
    let path = match target.starts_with('/') {
        true => span(0, path_end),
        false => span(all, all),
    };
    let mut head = RequestHead::new();
    head.fill(&raw, &mut fields);
    head.line(method, Version::HTTP_11, span(0, all), path, query);
    head
}

pub(crate) fn exchange_on(host: Host, method: Method, target: &str) -> Exchange {
    let head = head(method, target, &[("Host", "test.invalid")]);
    Exchange::new(
        head,
        Input::empty(),
        Arc::new(host),
        Arc::new(Connection::default()),
    )
}

pub(crate) fn exchange(method: Method, target: &str) -> Exchange {
    exchange_on(host(), method, target)
}

/// An environ and the right to answer, of an exchange that is over.
pub(crate) fn tokens(exchange: Exchange) -> (Environ, StartResponse) {
    let slot = Arc::new(Mutex::new(None));
    let put = slot.clone();
    let app = app_fn(move |environ, start_response| {
        *put.lock().unwrap() = Some((environ, start_response));
        Script::new([])
    });
    drop(exchange.call(&app));
    slot.lock().unwrap().take().unwrap()
}

pub(crate) fn environ(method: Method, target: &str, headers: &[(&str, &str)]) -> Environ {
    let head = head(method, target, headers);
    let connection = Arc::new(Connection::default());
    let exchange = Exchange::new(head, Input::empty(), Arc::new(host()), connection);
    tokens(exchange).0
}

pub(crate) fn started(status: u16) -> Started {
    let (_, start_response) = tokens(exchange(Method::GET, "/"));
    start_response.start(StatusCode::from_u16(status).unwrap())
}

/// What one step of a scripted body does.
pub(crate) enum Step {
    Item(Result<Event, Error>),
    /// Pending once, and woken at once.
    Pending,
    /// Pending for ever.
    Hang,
    Panic,
}

pub(crate) fn start(started: Started) -> Step {
    Step::Item(Ok(Event::Start(started)))
}

pub(crate) fn data(text: &'static str) -> Step {
    Step::Item(Ok(Event::Data(Bytes::from_static(text.as_bytes()))))
}

pub(crate) fn flush() -> Step {
    Step::Item(Ok(Event::Flush))
}

pub(crate) fn trailers() -> Step {
    let mut fields = rgi_core::HeaderMap::new();
    fields.insert("x-sum", "1".parse().unwrap());
    Step::Item(Ok(Event::Trailers(Box::new(fields))))
}

pub(crate) fn fail(text: &'static str) -> Step {
    Step::Item(Err(Error::new(text)))
}

/// A hand-written body. Polled behind its end it panics, as a body may.
pub(crate) struct Script {
    steps: VecDeque<Step>,
    exact: bool,
    over: bool,
    pub(crate) polls: Arc<AtomicUsize>,
    dropped: Option<Box<dyn FnOnce() + Send>>,
}

impl Script {
    pub(crate) fn new(steps: impl IntoIterator<Item = Step>) -> Script {
        Script {
            steps: steps.into_iter().collect(),
            exact: false,
            over: false,
            polls: Arc::default(),
            dropped: None,
        }
    }

    /// Its size hint is exact.
    pub(crate) fn exact(mut self) -> Script {
        self.exact = true;
        self
    }

    pub(crate) fn counting(mut self, polls: &Arc<AtomicUsize>) -> Script {
        self.polls = polls.clone();
        self
    }

    pub(crate) fn on_drop(mut self, f: impl FnOnce() + Send + 'static) -> Script {
        self.dropped = Some(Box::new(f));
        self
    }
}

impl Stream for Script {
    type Item = Result<Event, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.polls.fetch_add(1, Ordering::SeqCst);
        assert!(!self.over, "polled behind its end");
        match self.steps.pop_front() {
            Some(Step::Item(item)) => {
                self.over = item.is_err();
                Poll::Ready(Some(item))
            }
            Some(Step::Pending) => {
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            Some(Step::Hang) => {
                self.steps.push_front(Step::Hang);
                Poll::Pending
            }
            Some(Step::Panic) => {
                self.over = true;
                scripted_panic()
            }
            None => {
                self.over = true;
                Poll::Ready(None)
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match self.exact {
            true => (0, Some(self.steps.len())),
            false => (0, None),
        }
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        if let Some(f) = self.dropped.take() {
            f();
        }
    }
}

/// A panic that leaves no trace in the output of the tests.
pub(crate) fn scripted_panic() -> ! {
    static HUSH: Once = Once::new();
    HUSH.call_once(|| {
        let loud = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if info.payload().downcast_ref() != Some(&"scripted") {
                loud(info);
            }
        }));
    });
    std::panic::panic_any("scripted")
}

/// A response as a server saw it.
#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) status: u16,
    pub(crate) length: Option<u64>,
    pub(crate) framing: Option<Framing>,
    pub(crate) parts: Vec<String>,
    pub(crate) bytes: u64,
    pub(crate) cut: bool,
    pub(crate) error: Option<String>,
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?}", self.status, self.framing.unwrap())?;
        for part in &self.parts {
            write!(f, " | {part}")?;
        }
        f.write_str(if self.cut { " | CUT" } else { " | end" })?;
        match &self.error {
            Some(error) => write!(f, " ({error})"),
            None => Ok(()),
        }
    }
}

/// Drives a response to its end, as a server does.
pub(crate) fn drive<B: Body>(response: Response<B>) -> Seen {
    rgi_core::rt::block_on(see(response))
}

pub(crate) async fn see<B: Body>(response: Response<B>) -> Seen {
    let mut response = pin!(response);
    let Commit { head, framing } = poll_fn(|cx| response.as_mut().poll_head(cx)).await;
    let mut seen = Seen {
        status: head.status.as_u16(),
        length: head.length(),
        framing: Some(framing),
        ..Seen::default()
    };
    loop {
        match poll_fn(|cx| response.as_mut().poll_payload(cx)).await {
            None => break,
            Some(Err(Cut)) => {
                seen.cut = true;
                break;
            }
            Some(Ok(payload)) => {
                let (text, bytes) = part(payload);
                seen.parts.push(text);
                seen.bytes += bytes;
            }
        }
    }
    response.as_mut().finish(None);
    seen.error = response.error().map(ToString::to_string);
    seen
}

/// A waker that runs a function.
pub(crate) fn waker(f: impl Fn() + Send + Sync + 'static) -> Waker {
    struct Call<F>(F);
    impl<F: Fn() + Send + Sync + 'static> Wake for Call<F> {
        fn wake(self: Arc<Self>) {
            (self.0)();
        }
    }
    Waker::from(Arc::new(Call(f)))
}

/// A waker that counts.
pub(crate) fn counter() -> (Waker, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let wakes = count.clone();
    let waker = waker(move || {
        wakes.fetch_add(1, Ordering::SeqCst);
    });
    (waker, count)
}

/// What a part of the payload is, and its bytes.
pub(crate) fn part(payload: Payload) -> (String, u64) {
    match payload {
        Payload::Data(data) => {
            let text = String::from_utf8_lossy(&data).into_owned();
            (text, data.len() as u64)
        }
        Payload::File(region) => (format!("file {}", region.len()), region.len()),
        Payload::Flush => ("flush".into(), 0),
        Payload::Trailers(_) => ("trailers".into(), 0),
        Payload::Upgrade(_) => ("upgrade".into(), 0),
    }
}

/// The answer of an application, in one line.
pub(crate) fn answer<A: App>(method: Method, app: A) -> String {
    drive(exchange(method, "/").call(&app)).to_string()
}

/// What hooks were told.
#[derive(Debug, PartialEq)]
pub(crate) struct Told {
    pub(crate) end: End,
    pub(crate) status: Option<u16>,
    pub(crate) bytes: u64,
    pub(crate) error: Option<String>,
}

/// Writes down what the hooks of an exchange are told.
pub(crate) fn told(exchange: &mut Exchange) -> Arc<Mutex<Vec<Told>>> {
    let told: Arc<Mutex<Vec<Told>>> = Arc::default();
    let put = told.clone();
    exchange.environ_mut().on_finish(move |outcome| {
        put.lock().unwrap().push(Told {
            end: outcome.end,
            status: outcome.status.map(|status| status.as_u16()),
            bytes: outcome.bytes,
            error: outcome.error.map(ToString::to_string),
        });
    });
    told
}
