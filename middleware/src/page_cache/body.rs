//! A body that is kept on its way, or waits for another's.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Instant;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use pin_project_lite::pin_project;
use rgi_core::{
    App, Environ, Error, Event, FieldName, Full, Head, Next, Scheme, Sleep, StartResponse, Stream,
    field,
};

use super::flight::Flight;
use super::page::{Ask, Page};
use super::{Cache, Lookup, begin, gateway_timeout, rules};
use crate::fields;

pin_project! {
    /// A response of the application, or a page: [`PageCache`](super::PageCache).
    #[must_use = "a body does nothing until a server polls it"]
    pub struct PageCacheBody<A: App> {
        waiting: Option<Waiting<A>>,
        page: Option<Full>,
        #[pin]
        body: Option<A::Body>,
        fill: Fill,
    }
}

impl<A: App> fmt::Debug for PageCacheBody<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PageCacheBody").finish_non_exhaustive()
    }
}

/// A request that waits for the page that another one brings.
struct Waiting<A> {
    app: Next<A>,
    environ: Environ,
    start_response: StartResponse,
    cache: Arc<Cache>,
    flight: Arc<Flight>,
    patience: Sleep,
}

impl<A: App> PageCacheBody<A> {
    pub(super) fn filling(body: A::Body, fill: Fill) -> PageCacheBody<A> {
        PageCacheBody {
            waiting: None,
            page: None,
            body: Some(body),
            fill,
        }
    }

    pub(super) fn waiting(
        app: Next<A>,
        (environ, start_response): (Environ, StartResponse),
        cache: Arc<Cache>,
        flight: Arc<Flight>,
    ) -> PageCacheBody<A> {
        let patience = environ.timer().sleep(cache.settings.patience);
        PageCacheBody {
            waiting: Some(Waiting {
                app,
                environ,
                start_response,
                cache,
                flight,
                patience,
            }),
            page: None,
            body: None,
            fill: Fill::None,
        }
    }
}

impl<A: App> Stream for PageCacheBody<A> {
    type Item = Result<Event, Error>;

    #[inline]
    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut this = self.project();
        if let Some(waiting) = this.waiting {
            if waiting.flight.poll_landed(cx).is_pending() {
                ready!(Pin::new(&mut waiting.patience).poll(cx));
            }
            if let Some(waiting) = this.waiting.take() {
                let Waiting {
                    app,
                    environ,
                    start_response,
                    cache,
                    ..
                } = waiting;
                match cache.look_up(&environ, true) {
                    Lookup::Hit(page, age) => *this.page = Some(begin(&page, age, start_response)),
                    Lookup::Nothing => *this.page = Some(gateway_timeout(start_response).empty()),
                    // Nobody waits twice.
                    Lookup::Wait(_) => this.body.set(Some(app.call(environ, start_response))),
                    Lookup::Miss(fill) => {
                        *this.fill = fill;
                        this.body.set(Some(app.call(environ, start_response)));
                    }
                }
            }
        }
        if let Some(page) = this.page {
            return Pin::new(page).poll_next(cx);
        }
        let Some(mut body) = this.body.as_pin_mut() else {
            return Poll::Ready(None);
        };
        let item = ready!(body.as_mut().poll_next(cx));
        if !matches!(this.fill, Fill::None) {
            let is_last = body.size_hint().1 == Some(0);
            this.fill.see(&item, is_last);
        }
        Poll::Ready(item)
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        match (&self.page, &self.body) {
            (Some(page), _) => page.size_hint(),
            (None, Some(body)) => body.size_hint(),
            (None, None) => (0, None),
        }
    }
}

/// What is done with a response on its way.
pub(super) enum Fill {
    None,
    Forgets(Arc<Cache>, Box<Target>),
    Keeps(Box<Keeping>),
}

/// A target, and what other targets are told from.
pub(super) struct Target {
    scheme: Scheme,
    host: Box<[u8]>,
    target: Box<str>,
}

/// Where a page is of.
pub(super) struct Origin {
    hash: u64,
    target: Target,
    headers: HeaderMap,
}

impl Origin {
    pub(super) fn of(ask: &Ask<'_>, headers: &HeaderMap) -> Origin {
        Origin {
            hash: ask.hash,
            target: Target {
                scheme: ask.scheme,
                host: ask.host.into(),
                target: ask.target.into(),
            },
            // What the response varies by is known when it comes.
            headers: headers.clone(),
        }
    }
}

/// A page that is being gathered.
pub(super) struct Keeping {
    cache: Arc<Cache>,
    origin: Option<Origin>,
    hash: u64,
    flight: Option<Arc<Flight>>,
    refreshes: Option<Arc<Page>>,
    forgotten: u64,
    /// The head, once it came.
    page: Option<Page>,
    length: Option<u64>,
    chunks: Vec<Bytes>,
    gathered: usize,
}

impl Fill {
    pub(super) fn new(
        cache: Arc<Cache>,
        origin: Origin,
        flight: Option<Arc<Flight>>,
        refreshes: Option<Arc<Page>>,
    ) -> Fill {
        Fill::Keeps(Box::new(Keeping {
            hash: origin.hash,
            forgotten: cache.flights.forgotten(origin.hash),
            cache,
            origin: Some(origin),
            flight,
            refreshes,
            page: None,
            length: None,
            chunks: Vec::new(),
            gathered: 0,
        }))
    }

    pub(super) fn forgetting(cache: Arc<Cache>, environ: &Environ) -> Fill {
        let target = Target {
            scheme: environ.scheme(),
            host: environ.header("host").unwrap_or_default().into(),
            target: environ.target().into(),
        };
        Fill::Forgets(cache, Box::new(target))
    }

    /// Looks at what passes. `is_last`: nothing comes behind it.
    fn see(&mut self, item: &Option<Result<Event, Error>>, is_last: bool) {
        let goes_on = match self {
            Fill::None => return,
            Fill::Forgets(cache, target) => {
                if let Some(Ok(Event::Start(started))) = item {
                    target.forget(cache, started.head());
                }
                false
            }
            Fill::Keeps(keeping) => keeping.see(item, is_last),
        };
        if !goes_on {
            *self = Fill::None;
        }
    }
}

impl Target {
    /// RFC 9111 4.4: its pages, and those of where the response points to, on the same host.
    fn forget(&self, cache: &Cache, head: &Head) {
        if !(head.status.is_success() || head.status.is_redirection()) {
            return;
        }
        let pointed = [field::LOCATION, field::CONTENT_LOCATION];
        let pointed = pointed
            .iter()
            .filter_map(|name| head.get(name)?.to_str().ok());
        let pointed = pointed.filter_map(|target| self.path(target));
        for target in std::iter::once(&*self.target).chain(pointed) {
            let headers = HeaderMap::new();
            let ask = Ask::parts(self.scheme, &self.host, target, &headers, &cache.hashes);
            cache.flights.forget(ask.hash);
            cache.settings.store.remove(&ask);
        }
    }

    /// The path and query of a reference to the same host.
    fn path<'a>(&self, reference: &'a str) -> Option<&'a str> {
        let reference = reference.split('#').next().unwrap_or(reference);
        if reference.starts_with('/') && !reference.starts_with("//") {
            return Some(reference);
        }
        let (scheme, rest) = reference.split_once("://")?;
        let (host, _) = rest.split_once('/')?;
        let is_same = scheme.eq_ignore_ascii_case(self.scheme.as_str())
            && host.as_bytes().eq_ignore_ascii_case(&self.host);
        is_same.then(|| &rest[host.len()..])
    }
}

impl Keeping {
    fn see(&mut self, item: &Option<Result<Event, Error>>, is_last: bool) -> bool {
        match item {
            Some(Ok(Event::Start(started))) => {
                let head = started.head();
                self.page = self.origin.take().and_then(|origin| page(origin, head));
                self.length = head.length();
                let fits = self
                    .length
                    .is_none_or(|it| it <= self.cache.settings.longest as u64);
                self.cache
                    .flights
                    .set_passes(self.hash, self.page.is_none());
                if self.page.is_none() || !fits {
                    return false;
                }
                if self.length == Some(0) || is_last {
                    self.keep();
                    return false;
                }
                true
            }
            Some(Ok(Event::Data(data))) => {
                self.gathered += data.len();
                if self.gathered > self.cache.settings.longest {
                    return false;
                }
                self.chunks.push(data.clone());
                // Servers do not ask for what comes behind the length.
                if is_last || self.length == Some(self.gathered as u64) {
                    self.keep();
                    return false;
                }
                true
            }
            Some(Ok(Event::Flush)) => true,
            None => {
                self.keep();
                false
            }
            Some(_) => false,
        }
    }

    fn keep(&mut self) {
        let Some(mut page) = self.page.take() else {
            return;
        };
        let is_short = self
            .length
            .is_some_and(|length| length != self.gathered as u64);
        if is_short || self.cache.flights.forgotten(self.hash) != self.forgotten {
            return;
        }
        page.body = match &mut self.chunks[..] {
            [one] => std::mem::take(one),
            many => {
                let mut whole = BytesMut::with_capacity(self.gathered);
                many.iter().for_each(|chunk| whole.extend_from_slice(chunk));
                whole.freeze()
            }
        };
        self.cache.settings.store.insert(Arc::new(page));
    }
}

impl Drop for Keeping {
    fn drop(&mut self) {
        if let Some(page) = &self.refreshes {
            page.refreshing.store(false, Ordering::Relaxed);
        }
        if let Some(flight) = &self.flight {
            self.cache.flights.land(self.hash, flight);
        }
    }
}

/// The page that a response begins, if it may be kept.
fn page(origin: Origin, head: &Head) -> Option<Page> {
    let authorized = origin.headers.contains_key(header::AUTHORIZATION);
    let times = rules::times(head, authorized)?;
    let mut varied = Vec::new();
    for line in head.get_all(&field::VARY) {
        for name in fields::split(line.to_str().ok()?) {
            // Of `*` nobody knows what it varies by.
            let name = HeaderName::from_bytes(name.as_bytes())
                .ok()
                .filter(|_| name != "*")?;
            let values: Vec<HeaderValue> = origin.headers.get_all(&name).iter().cloned().collect();
            varied.push((name, values));
        }
    }
    let fields = head.iter().filter(|(name, _)| **name != field::AGE);
    let fields: Vec<(FieldName, HeaderValue)> = fields
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    Some(Page {
        hash: origin.hash,
        scheme: origin.target.scheme,
        host: origin.target.host,
        target: origin.target.target,
        varied,
        status: head.status,
        fields,
        body: Bytes::new(),
        since: Instant::now(),
        aged: times.aged,
        fresh: times.fresh,
        stale: times.stale,
        used: AtomicBool::new(false),
        refreshing: AtomicBool::new(false),
    })
}
