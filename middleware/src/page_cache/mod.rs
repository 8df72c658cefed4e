//! Keeps responses and gives them out again.
//!
//! ```
//! use rgi_core::{AppExt, Environ, Full, HeaderValue, StartResponse, StatusCode, app_fn, field, testing};
//! use rgi_middleware::PageCache;
//! use rgi_middleware::page_cache::Memory;
//! use std::sync::atomic::{AtomicU32, Ordering};
//!
//! static CALLS: AtomicU32 = AtomicU32::new(0);
//!
//! fn costly(_: Environ, start_response: StartResponse) -> Full {
//!     CALLS.fetch_add(1, Ordering::Relaxed);
//!     let kept = HeaderValue::from_static("max-age=60");
//!     start_response.start(StatusCode::OK).header(field::CACHE_CONTROL, kept).full("costly")
//! }
//!
//! let cache = PageCache::new(Memory::new(64 << 20));
//! let client = testing::Client::new(app_fn(costly).with(cache));
//! client.get("/").send();
//! let reply = client.get("/").send();
//! assert_eq!((reply.text().as_str(), reply.header("age")), ("costly", Some("0")));
//! assert_eq!(CALLS.load(Ordering::Relaxed), 1);
//! ```

mod body;
mod fill;
mod flight;
mod forget;
mod kind;
mod lookup;
mod marks;
mod memory;
mod page;
mod rules;
#[cfg(test)]
mod tests;

use std::fmt;
use std::hash::RandomState;
use std::sync::Arc;
use std::time::Duration;

use http::{Method, StatusCode};
use rgi_core::{App, Either, Environ, Full, Middleware, Next, StartResponse, Started};

pub use body::PageCacheBody;
pub use memory::Memory;
pub use page::{Ask, Page};

use fill::Fill;
use flight::Flights;
use lookup::Lookup;
use marks::Marks;

/// A cache that all clients share (RFC 9111), in front of an application.
///
/// Kept is what the application allows to be: the response to a GET that says how long it is fresh
/// (`s-maxage`, `max-age`, `expires`) and neither `private` nor `no-store` nor `no-cache`, sets no
/// cookie, and is of blocks, of at most 1 MiB in all ([`longest`](Self::longest)); one to a request with
/// `authorization` only if it says that it may be (RFC 9111 3.5). What the application looked at a session or a
/// [`Jar`](crate::cookies::Jar) for is kept for clients without cookies alone, and what sets one is not, wherever
/// [`Sessions`](crate::Sessions) and [`Cookies`](crate::Cookies) stand. Nothing is guessed: what says nothing
/// of its freshness is not kept. Variants by `vary` are kept beside each other. Files are not kept: the
/// system does.
///
/// A page that is kept is given out with its `age`, to GET and HEAD, without a call of the application
/// and without a copy. Of requests for one that is not, one is answered by the application, and the
/// others wait for what it brings ([`patience`](Self::patience)); if it brings nothing, as when its client
/// leaves or it fails, the next one goes. Where it turned out that what a target answers cannot be kept,
/// nobody waits for the next answer; where that may come of what its request had, which is credentials, cookies,
/// conditions or a range, it is so for requests that have the same of these alone. In the time of
/// `stale-while-revalidate` (RFC 5861) one request brings the new page, and the others have the old one.
/// A success of an unsafe method has the pages of its target and of where it points to forgotten
/// (RFC 9111 4.4).
///
/// It heeds what clients ask of caches: `no-store`, `no-cache`, `max-age`, `min-fresh` and
/// `only-if-cached` (504). [`Conditional`](crate::Conditional) and [`Range`](crate::Range) stand outside.
#[derive(Clone)]
pub struct PageCache(Arc<Cache>);

struct Cache {
    settings: Settings,
    hashes: RandomState,
    flights: Arc<Flights>,
    marks: Marks,
}

#[derive(Clone)]
struct Settings {
    store: Arc<dyn Store>,
    longest: usize,
    patience: Duration,
}

/// How long a request waits for another one, unless said otherwise. Long enough for a page that takes its
/// time; and who takes the page slowly does not hold up the others for long.
const PATIENCE: Duration = Duration::from_secs(2);

impl fmt::Debug for PageCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PageCache")
            .field("longest", &self.0.settings.longest)
            .field("patience", &self.0.settings.patience)
            .finish_non_exhaustive()
    }
}

/// Keeps pages. It is asked on the thread that serves the request, with each request, and twice before one goes
/// to the application: it may not wait.
pub trait Store: Send + Sync {
    /// The page that [fits](Page::fits), whether it is fresh or not.
    fn get(&self, ask: &Ask<'_>) -> Option<Arc<Page>>;

    /// Keeps a page, in place of one that it [replaces](Page::replaces).
    fn insert(&self, page: Arc<Page>);

    /// Forgets all pages of a target, whatever they vary by.
    fn remove(&self, ask: &Ask<'_>);
}

impl PageCache {
    /// Keeps pages in a store.
    pub fn new(store: impl Store + 'static) -> PageCache {
        PageCache::of(Settings {
            store: Arc::new(store),
            longest: 1 << 20,
            patience: PATIENCE,
        })
    }

    fn of(settings: Settings) -> PageCache {
        PageCache(Arc::new(Cache {
            settings,
            hashes: RandomState::new(),
            flights: Arc::default(),
            marks: Marks::new(),
        }))
    }

    fn edit(self, edit: impl FnOnce(&mut Settings)) -> PageCache {
        let mut settings = self.0.settings.clone();
        edit(&mut settings);
        PageCache::of(settings)
    }

    /// Keeps no page whose body has more bytes.
    pub fn longest(self, bytes: usize) -> PageCache {
        self.edit(|it| it.longest = bytes)
    }

    /// How long a request waits for the page that another one brings, before it may go for it itself: 2
    /// seconds unless said otherwise.
    ///
    /// Not all go then who wait: as many as went for that page before, and as many again each time that it
    /// took so long once more. So an application that takes 3 seconds for a page that 100 wait for is
    /// called twice; one that takes 10, 16 times; and if it never answers, all have gone after 14. A page is on its way until
    /// its client has taken it, too: one that takes it slowly makes others wait, so long at most.
    pub fn patience(self, time: Duration) -> PageCache {
        self.edit(|it| it.patience = time)
    }
}

impl<A: App> Middleware<A> for PageCache {
    type App = PageCacheApp<A>;

    fn wrap(&self, inner: A) -> PageCacheApp<A> {
        PageCacheApp {
            inner: Next::new(inner),
            cache: self.0.clone(),
        }
    }
}

/// An application with a cache in front of it.
pub struct PageCacheApp<A> {
    inner: Next<A>,
    cache: Arc<Cache>,
}

impl<A> Clone for PageCacheApp<A> {
    fn clone(&self) -> PageCacheApp<A> {
        PageCacheApp {
            inner: self.inner.clone(),
            cache: self.cache.clone(),
        }
    }
}

impl<A> fmt::Debug for PageCacheApp<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PageCacheApp").finish_non_exhaustive()
    }
}

/// Begins the answer that a page is.
fn begin(page: &Page, age: u64, start_response: StartResponse) -> Full {
    let mut started = start_response.start(page.status);
    page.write(started.head_mut(), age);
    started.full(page.body.clone())
}

fn gateway_timeout(start_response: StartResponse) -> Started {
    start_response.start(StatusCode::GATEWAY_TIMEOUT)
}

impl<A: App> App for PageCacheApp<A> {
    type Body = Either<Full, PageCacheBody<A>>;

    fn call(&self, mut environ: Environ, start_response: StartResponse) -> Self::Body {
        let mut fill = match *environ.method() {
            Method::GET | Method::HEAD => match self.cache.look_up(&environ, None) {
                Ok(Lookup::Hit(page, age)) => {
                    return Either::left(begin(&page, age, start_response));
                }
                Ok(Lookup::Nothing) => {
                    return Either::left(gateway_timeout(start_response).empty());
                }
                Ok(Lookup::Miss(fill)) => fill,
                Err(wait) => {
                    let call = (self.inner.clone(), environ, start_response);
                    let cache = self.cache.clone();
                    return Either::right(PageCacheBody::waiting(call, cache, wait));
                }
            },
            Method::OPTIONS | Method::TRACE => Fill::None,
            _ => Fill::forgetting(self.cache.clone(), &environ),
        };
        fill.watch(&mut environ);
        let body = self.inner.call(environ, start_response);
        Either::right(PageCacheBody::filling(body, fill))
    }
}
