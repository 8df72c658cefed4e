//! Each middleware is `Send` and `Sync` exactly when what it wraps is, and of use around what is not.
#![cfg(feature = "full")]

use std::cell::Cell;
use std::marker::PhantomData;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use rgi_core::testing::Client;
use rgi_core::{App, AppExt, Environ, Error, Event, Full, StartResponse, StatusCode, Stream};
use rgi_middleware::*;

/// An application that holds something, as its bodies do.
#[derive(Clone, Debug)]
struct Holder<T>(T);

/// What a thread may have, but not share.
type Moves = Holder<Cell<u8>>;
/// What threads may share.
type Shares = Holder<()>;
/// What stays on its thread.
type Stays = Holder<Rc<()>>;

struct Held<T>(Full, #[allow(dead_code)] T);

impl<T: Clone + Unpin> App for Holder<T> {
    type Body = Held<T>;

    fn call(&self, _: Environ, start_response: StartResponse) -> Held<T> {
        let full = start_response.start(StatusCode::OK).full("held");
        Held(full, self.0.clone())
    }
}

impl<T: Unpin> Stream for Held<T> {
    type Item = Result<Event, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut self.0).poll_next(cx)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

/// Says of a type that is known whether it is `Send`: what a type has itself goes before a trait's.
struct Probe<T>(PhantomData<T>);

impl<T: Send> Probe<T> {
    fn is_send(&self) -> bool {
        true
    }
}

trait Otherwise {
    fn is_send(&self) -> bool {
        false
    }
}

impl<T> Otherwise for Probe<T> {}

fn of<A: App>(_: &A) -> (Probe<A>, Probe<A::Body>) {
    (Probe(PhantomData), Probe(PhantomData))
}

fn moves<A: App<Body: Send> + Send>(_: A) {}

fn is_shared<A: App<Body: Send> + Send + Sync>(_: A) {}

/// The second is the least that an application has to be for the whole to be `Send`.
macro_rules! table {
    ($($name:ident: $middleware:expr, $least:expr;)*) => {$(
        #[test]
        fn $name() {
            moves($least.with($middleware));
            is_shared(sharer().with($middleware));
            let stays: Stays = Holder(Rc::new(()));
            let app = stays.with($middleware);
            let (whole, body) = of(&app);
            assert!(!whole.is_send() && !body.is_send());
            let client = Client::new(app);
            let reply = client.get("/a").header("authorization", "Bearer x").send();
            assert_eq!((reply.status(), reply.text().as_str()), (200, "held"));
        }
    )*};
}

fn mover() -> Moves {
    Holder(Cell::new(0))
}

/// What may call the application later than it is called shares it with that call.
fn sharer() -> Shares {
    Holder(())
}

const HOUR: Duration = Duration::from_secs(3600);

table! {
    access_log: AccessLog::json(|_: &[u8]| ()), mover();
    auth: Auth::bearer("api", |_: &mut Environ, _: &[u8]| true), mover();
    body_limit: BodyLimit::new(1), mover();
    cascade: Cascade::to(sharer()), mover();
    catch: Catch::problems(), mover();
    compression: Compression::new(), mover();
    concurrency_limit: ConcurrencyLimit::new(1), mover();
    concurrency_queue: ConcurrencyLimit::new(1).waiting(1, HOUR), sharer();
    conditional: Conditional::new(), mover();
    cookies: Cookies::new(), mover();
    cors: Cors::any(), mover();
    decompression: Decompression::new(1), mover();
    forwarded: Forwarded::new(["::1"]).unwrap(), mover();
    head: HeadFromGet::new(), mover();
    health: Health::new(), mover();
    metrics: Metrics::new(), mover();
    mount: Mount::at("/a"), mover();
    page_cache: PageCache::new(page_cache::Memory::new(1)), sharer();
    range: Range::new(), mover();
    rate_limit: RateLimit::new(1, HOUR), mover();
    request_id: RequestId::new(), mover();
    security_headers: SecurityHeaders::new(), mover();
    sessions: Sessions::new(sessions::Memory::new(1)), sharer();
    timeout: Timeout::new(HOUR), mover();
    tracing: Tracing::new(), mover();
}

#[test]
fn the_probe_tells() {
    let (whole, body) = of(&mover());
    assert!(whole.is_send() && body.is_send());
    let (whole, body) = of(&Holder(Rc::new(())));
    assert!(!whole.is_send() && !body.is_send());
}

#[test]
fn what_shares_says_so() {
    let (whole, _) = of(&mover().with(ConcurrencyLimit::new(1).waiting(1, HOUR)));
    assert!(!whole.is_send());
    let (whole, _) = of(&mover().with(PageCache::new(page_cache::Memory::new(1))));
    assert!(!whole.is_send());
    let (whole, _) = of(&mover().with(Sessions::new(sessions::Memory::new(1))));
    assert!(!whole.is_send());
}

#[test]
fn what_holds_many_is_told_which() {
    is_shared(Router::new().get("/", sharer()).build().unwrap());
    is_shared(Hosts::new().host("a.org", sharer()).build().unwrap());
    let stays = Holder(Rc::new(()));
    let router = Router::local().get("/", stays.clone()).build().unwrap();
    let (whole, body) = of(&router);
    assert!(!whole.is_send() && !body.is_send());
    let hosts = Hosts::local().host("a.org", stays).build().unwrap();
    let (whole, body) = of(&hosts);
    assert!(!whole.is_send() && !body.is_send());
}
