//! What is done with a response on its way.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use rgi_core::{Environ, Error, Event, FieldName, Head, field};

use super::flight::{Landing, Lead};
use super::forget::Target;
use super::kind::Kind;
use super::page::{Ask, Page};
use super::{Cache, rules};
use crate::fields;
use crate::personal::Personal;

/// What is done with a response on its way.
pub(super) enum Fill {
    None,
    Forgets(Arc<Cache>, Box<Target>),
    Keeps(Box<Keeping>),
}

/// Where a page is of.
pub(super) struct Origin {
    hash: u64,
    target: Target,
    headers: HeaderMap,
}

impl Origin {
    pub(super) fn of(ask: &Ask<'_>) -> Origin {
        Origin {
            hash: ask.hash,
            target: Target::of(ask),
            // What the response varies by is known when it comes.
            headers: ask.headers.clone(),
        }
    }
}

/// A page that is being gathered.
pub(super) struct Keeping {
    cache: Arc<Cache>,
    origin: Option<Origin>,
    hash: u64,
    /// Others wait for it.
    lead: Option<Lead>,
    refreshes: Option<Arc<Page>>,
    forgotten: u64,
    personal: Personal,
    kind: Kind,
    /// The head, once it came.
    page: Option<Page>,
    length: Option<u64>,
    chunks: Vec<Bytes>,
    gathered: usize,
}

/// What is seen of a response.
enum Seen {
    /// More is to come.
    Part,
    Whole,
    /// It is none to keep, and nor will be the next one to such a request.
    Passes,
    /// It says nothing about the next one.
    Nothing,
}

impl Fill {
    pub(super) fn new(
        cache: Arc<Cache>,
        origin: Origin,
        lead: Option<Lead>,
        refreshes: Option<Arc<Page>>,
    ) -> Fill {
        Fill::Keeps(Box::new(Keeping {
            hash: origin.hash,
            forgotten: cache.marks.forgotten(origin.hash),
            personal: Personal::default(),
            kind: Kind::of(&origin.headers),
            cache,
            origin: Some(origin),
            lead,
            refreshes,
            page: None,
            length: None,
            chunks: Vec::new(),
            gathered: 0,
        }))
    }

    pub(super) fn forgetting(cache: Arc<Cache>, environ: &Environ) -> Fill {
        let target = Target::of(&Ask::of(environ, &cache.hashes));
        Fill::Forgets(cache, Box::new(target))
    }

    /// Has middleware around the application say what it gave of the client, before the application is called.
    pub(super) fn watch(&mut self, environ: &mut Environ) {
        if let Fill::Keeps(keeping) = self {
            keeping.personal = Personal::of(environ);
        }
    }

    /// Looks at what passes. `is_last`: nothing comes behind it.
    pub(super) fn see(&mut self, item: &Option<Result<Event, Error>>, is_last: bool) {
        let goes_on = match self {
            Fill::None => return,
            Fill::Forgets(cache, target) => {
                if let Some(Ok(Event::Start(started))) = item {
                    target.forget(cache, started.head());
                }
                false
            }
            Fill::Keeps(keeping) => match keeping.see(item, is_last) {
                Seen::Part => true,
                Seen::Whole => {
                    keeping.keep();
                    false
                }
                Seen::Passes => {
                    keeping.pass();
                    false
                }
                Seen::Nothing => false,
            },
        };
        if !goes_on {
            *self = Fill::None;
        }
    }
}

impl Keeping {
    fn see(&mut self, item: &Option<Result<Event, Error>>, is_last: bool) -> Seen {
        match item {
            Some(Ok(Event::Start(started))) => self.begin(started.head(), is_last),
            Some(Ok(Event::Data(data))) => {
                self.gathered += data.len();
                if self.gathered > self.cache.settings.longest {
                    return Seen::Passes;
                }
                self.chunks.push(data.clone());
                // Servers do not ask for what comes behind the length.
                match is_last || self.length == Some(self.gathered as u64) {
                    true => Seen::Whole,
                    false => Seen::Part,
                }
            }
            Some(Ok(Event::Flush)) => Seen::Part,
            None => Seen::Whole,
            // A file, trailers, another protocol.
            Some(Ok(_)) => Seen::Passes,
            Some(Err(_)) => Seen::Nothing,
        }
    }

    fn begin(&mut self, head: &Head, is_last: bool) -> Seen {
        if is_failure(head.status) {
            return Seen::Nothing;
        }
        self.page = self
            .origin
            .take()
            .and_then(|origin| page(origin, head, self.kind));
        self.length = head.length();
        let longest = self.cache.settings.longest as u64;
        match self.length {
            _ if self.page.is_none() || self.is_personal() => Seen::Passes,
            Some(length) if length > longest => Seen::Passes,
            Some(0) => Seen::Whole,
            _ if is_last => Seen::Whole,
            _ => Seen::Part,
        }
    }

    /// Whether it is for this client alone. One without cookies has nothing of its own: what it gets is for all
    /// who have none.
    fn is_personal(&self) -> bool {
        self.personal.is_changed() || (self.personal.is_looked_at() && self.kind.has_cookie())
    }

    fn was_forgotten(&self) -> bool {
        self.cache.marks.forgotten(self.hash) != self.forgotten
    }

    fn keep(&mut self) {
        let Some(mut page) = self.page.take() else {
            return;
        };
        // It may have become so with the last block.
        if self.is_personal() {
            return self.pass();
        }
        if self.personal.is_looked_at() {
            page.vary_by_cookie();
        }
        let is_short = self
            .length
            .is_some_and(|length| length != self.gathered as u64);
        if is_short || self.was_forgotten() {
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
        let page = Arc::new(page);
        self.cache.settings.store.insert(page.clone());
        // Who had its target forgotten since may have found the store without it.
        if self.was_forgotten() {
            return self.remove(&page);
        }
        self.cache.marks.set_kept(self.hash, self.kind);
        if let Some(lead) = self.lead.take() {
            lead.land(Landing::Page(page));
        }
    }

    fn remove(&self, page: &Page) {
        let headers = HeaderMap::new();
        let hashes = &self.cache.hashes;
        let ask = Ask::parts(page.scheme, &page.host, &page.target, &headers, hashes);
        self.cache.settings.store.remove(&ask);
    }

    fn pass(&mut self) {
        self.cache.marks.set_passes(self.hash, self.kind);
        if let Some(lead) = self.lead.take() {
            lead.land(Landing::Passes);
        }
    }
}

impl Drop for Keeping {
    fn drop(&mut self) {
        if let Some(page) = &self.refreshes {
            page.refreshing.store(false, Ordering::Relaxed);
        }
    }
}

/// Whether a response does not say that what the next one gets cannot be kept.
fn is_failure(status: StatusCode) -> bool {
    status.is_server_error() && status != StatusCode::NOT_IMPLEMENTED
}

/// The page that a response begins, if it may be kept.
fn page(origin: Origin, head: &Head, kind: Kind) -> Option<Page> {
    let times = rules::times(head, kind.is_authorized())?;
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
