//! Blocking applications, in place and lifted to a pool.

mod common;

use std::collections::VecDeque;
use std::io::Read;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Barrier, Mutex};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use common::*;
use rgi_core::rt::{self, ThreadClock};
use rgi_core::server::{Connection, Exchange, Host, Offload, Pool, PoolState, Work};
use rgi_core::testing::Client;
use rgi_core::*;

const POOL: &str = "rgi-blocking";

fn here() -> String {
    thread::current().name().unwrap_or("unnamed").to_owned()
}

/// A host that may not block, with this pool.
fn lifting(pool: impl Offload + 'static) -> Host {
    let mut host = host();
    host.info.may_block = false;
    host.offload = Some(Arc::new(pool));
    host
}

fn pool(threads: usize, waiting: usize) -> Pool {
    Pool::new(threads, waiting, 64 * 1024, None)
}

fn call<A: App>(host: Host, input: Input, app: &A) -> Seen {
    let head = head(Method::POST, "/", &[]);
    let connection = Arc::new(Connection::default());
    drive(Exchange::new(head, input, Arc::new(host), connection).call(app))
}

/// An iterator that says where it runs and where it is dropped.
struct Traced(Sender<String>, u8);

impl Iterator for Traced {
    type Item = Result<Bytes, Error>;
    fn next(&mut self) -> Option<Self::Item> {
        self.0.send(format!("next on {}", here())).unwrap();
        self.1 = self.1.checked_sub(1)?;
        Some(Ok("x".into()))
    }
}

impl Drop for Traced {
    fn drop(&mut self) {
        self.0.send(format!("drop on {}", here())).unwrap();
    }
}

fn traced(blocks: u8) -> (impl App<Body = impl Body>, mpsc::Receiver<String>) {
    let (sender, trace) = mpsc::channel();
    let sender = Mutex::new(sender);
    let app = blocking(move |_, s| {
        let sender = sender.lock().unwrap().clone();
        sender.send(format!("call on {}", here())).unwrap();
        Ok(s.start(StatusCode::OK).iter(Traced(sender, blocks)))
    });
    (app, trace)
}

#[test]
fn where_the_server_may_block_it_runs_in_place() {
    let (app, trace) = traced(1);
    assert_eq!(
        call(host(), Input::empty(), &app).to_string(),
        "200 Unknown | x | end"
    );
    let here = here();
    assert_ne!(here, POOL);
    let trace: Vec<_> = trace.try_iter().collect();
    let expected =
        ["call on", "next on", "next on", "drop on"].map(|step| format!("{step} {here}"));
    assert_eq!(trace, expected);
}

#[test]
fn elsewhere_each_step_runs_on_the_pool() {
    let (app, trace) = traced(2);
    let seen = call(lifting(pool(1, 1)), Input::empty(), &app);
    assert_eq!(seen.to_string(), "200 Unknown | x | x | end");
    let steps = ["call on", "next on", "next on", "next on", "drop on"];
    for step in steps {
        assert_eq!(trace.recv().unwrap(), format!("{step} {POOL}"));
    }
}

#[test]
fn what_is_dropped_half_way_is_dropped_on_the_pool() {
    let (app, trace) = traced(200);
    let exchange = exchange_on(lifting(pool(1, 1)), Method::GET, "/");
    let mut response = Box::pin(exchange.call(&app));
    rt::block_on(std::future::poll_fn(|cx| response.as_mut().poll_head(cx)));
    drop(response);
    let steps: Vec<_> = trace
        .iter()
        .take_while(|step| !step.starts_with("drop"))
        .collect();
    assert_eq!(steps.len(), 2, "one step ahead at most: {steps:?}");
    // Nothing behind the drop, and the senders are gone but the application's.
    drop(app);
    assert_eq!(trace.recv().ok(), None);
}

#[test]
fn a_body_that_waits_on_the_pool_is_let_go() {
    let (app, dropped) = {
        let (sender, dropped) = mpsc::channel();
        let sender = Mutex::new(sender);
        let app = blocking(move |_, s: StartResponse| {
            let sender = sender.lock().unwrap().clone();
            let steps = [start(s.start(StatusCode::OK)), data("a"), Step::Hang];
            Ok(Script::new(steps).on_drop(move || sender.send(here()).unwrap()))
        });
        (app, dropped)
    };
    let exchange = exchange_on(lifting(pool(1, 1)), Method::GET, "/");
    let mut response = Box::pin(exchange.call(&app));
    rt::block_on(std::future::poll_fn(|cx| response.as_mut().poll_head(cx)));
    let mut cx = Context::from_waker(Waker::noop());
    assert!(response.as_mut().poll_payload(&mut cx).is_ready());
    assert!(response.as_mut().poll_payload(&mut cx).is_pending());
    drop(response);
    assert_eq!(dropped.recv().unwrap(), POOL);
}

/// A pool that runs what it is told to, when it is told to.
#[derive(Clone, Default)]
struct ByHand(Arc<Hand>);

#[derive(Default)]
struct Hand {
    queue: Mutex<VecDeque<Arc<dyn Work>>>,
    starts: AtomicUsize,
    resumes: AtomicUsize,
    refuse: bool,
    buffer: u64,
    patience: Option<Duration>,
}

impl ByHand {
    fn run(&self) {
        let work = self.0.queue.lock().unwrap().pop_front().expect("queued");
        work.run();
    }

    fn count(&self) -> (usize, usize) {
        let count = |n: &AtomicUsize| n.load(Ordering::SeqCst);
        (count(&self.0.starts), count(&self.0.resumes))
    }
}

impl Offload for ByHand {
    fn start(&self, work: Arc<dyn Work>) -> bool {
        if self.0.refuse {
            return false;
        }
        self.0.starts.fetch_add(1, Ordering::SeqCst);
        self.0.queue.lock().unwrap().push_back(work);
        true
    }
    fn resume(&self, work: Arc<dyn Work>) {
        self.0.resumes.fetch_add(1, Ordering::SeqCst);
        self.0.queue.lock().unwrap().push_back(work);
    }
    fn buffer_body(&self) -> u64 {
        self.0.buffer
    }
    fn queue_timeout(&self) -> Option<Duration> {
        self.0.patience
    }
}

#[test]
fn one_step_is_outstanding() {
    let hand = ByHand::default();
    let app = blocking(|_, s: StartResponse| {
        let steps = [start(s.start(StatusCode::OK)), data("a"), data("b")];
        Ok(Script::new(steps))
    });
    let exchange = exchange_on(lifting(hand.clone()), Method::GET, "/");
    let mut response = pin!(exchange.call(&app));
    let (waker, wakes) = counter();
    let mut cx = Context::from_waker(&waker);
    for _ in 0..3 {
        assert!(response.as_mut().poll_head(&mut cx).is_pending());
        assert_eq!(hand.count(), (1, 0));
    }
    hand.run();
    assert_eq!(wakes.load(Ordering::SeqCst), 1);
    assert!(response.as_mut().poll_head(&mut cx).is_ready());
    assert!(response.as_mut().poll_payload(&mut cx).is_ready());
    assert_eq!(
        hand.count(),
        (1, 0),
        "what is not asked for is not computed"
    );
    for _ in 0..3 {
        assert!(response.as_mut().poll_payload(&mut cx).is_pending());
        assert_eq!(hand.count(), (1, 1));
    }
    hand.run();
    assert_eq!(wakes.load(Ordering::SeqCst), 2);
    assert!(response.as_mut().poll_payload(&mut cx).is_ready());
}

#[test]
fn a_body_that_says_its_end_takes_one_step() {
    let hand = ByHand::default();
    let (dropped, put) = (Arc::new(AtomicUsize::new(0)), Arc::new(()));
    let count = dropped.clone();
    let app = blocking(move |_, s: StartResponse| {
        let (count, put) = (count.clone(), put.clone());
        let script = Script::new([start(s.start(StatusCode::OK)), data("abc")]).exact();
        Ok(script.on_drop(move || {
            drop(put);
            count.fetch_add(1, Ordering::SeqCst);
        }))
    });
    let exchange = exchange_on(lifting(hand.clone()), Method::GET, "/");
    let mut response = Box::pin(exchange.call(&app));
    let mut cx = Context::from_waker(Waker::noop());
    assert!(response.as_mut().poll_head(&mut cx).is_pending());
    hand.run();
    assert_eq!(dropped.load(Ordering::SeqCst), 1);
    let seen = rt::block_on(see_pinned(response));
    assert_eq!(seen, "200 Length(3)");
    assert_eq!(hand.count(), (1, 0));
}

#[test]
fn hooks_do_not_wait_for_a_drop_on_the_pool() {
    let hand = ByHand::default();
    let (sender, trace) = mpsc::channel();
    let mut exchange = exchange_on(lifting(hand.clone()), Method::GET, "/");
    let hook = sender.clone();
    let finish = move |_: &Outcome<'_>| hook.send("hook").unwrap();
    exchange.environ_mut().on_finish(finish);
    let sender = Mutex::new(sender);
    let app = blocking(move |_, s: StartResponse| {
        let sender = sender.lock().unwrap().clone();
        let script = Script::new([start(s.start(StatusCode::OK)), data("a"), data("b")]);
        Ok(script.on_drop(move || sender.send("iterator").unwrap()))
    });
    let mut response = Box::pin(exchange.call(&app));
    let mut cx = Context::from_waker(Waker::noop());
    assert!(response.as_mut().poll_head(&mut cx).is_pending());
    hand.run();
    assert!(response.as_mut().poll_head(&mut cx).is_ready());
    drop(response);
    assert_eq!(trace.try_iter().collect::<Vec<_>>(), ["hook"]);
    hand.run();
    assert_eq!(trace.try_iter().collect::<Vec<_>>(), ["iterator"]);
}

async fn see_pinned<B: Body>(mut response: Pin<Box<server::Response<B>>>) -> String {
    let commit = std::future::poll_fn(|cx| response.as_mut().poll_head(cx)).await;
    format!("{} {:?}", commit.head.status.as_u16(), commit.framing)
}

#[test]
fn the_request_is_gathered_before_a_thread_is_bound() {
    let hand = ByHand(Arc::new(Hand {
        buffer: 8,
        ..Hand::default()
    }));
    let (gate, chunks) = gated();
    let input = Input::stream(chunks, None);
    let app = blocking(|mut environ: Environ, s| {
        let mut text = String::new();
        environ.input().reader().read_to_string(&mut text)?;
        Ok(s.start(StatusCode::OK).full(text))
    });
    let head = head(Method::POST, "/", &[]);
    let host = Arc::new(lifting(hand.clone()));
    let exchange = Exchange::new(head, input, host, Arc::default());
    let mut response = pin!(exchange.call(&app));
    let (waker, wakes) = counter();
    let mut cx = Context::from_waker(&waker);
    let mut expect = |starts: usize| {
        assert!(response.as_mut().poll_head(&mut cx).is_pending());
        assert_eq!(hand.count(), (starts, 0));
    };
    expect(0);
    gate.open("1234");
    assert_eq!(wakes.load(Ordering::SeqCst), 1);
    expect(0);
    gate.open("567");
    expect(0);
    // The eighth byte reaches the bound: the rest is read by the thread.
    gate.open("8");
    expect(1);
    gate.open("9");
    gate.close();
    hand.run();
    let commit = response.as_mut().poll_head(&mut cx);
    let Poll::Ready(commit) = commit else {
        panic!("a head")
    };
    assert_eq!(commit.head.length(), Some(9));
}

/// An application that answers with the lengths of the blocks it reads.
fn measuring() -> impl App<Body = impl Body> {
    blocking(|mut environ: Environ, s| {
        let mut lengths = Vec::new();
        let mut input = environ.take_input();
        while let Some(block) = rt::block_on(std::future::poll_fn(|cx| input.poll_chunk(cx))) {
            lengths.push(block?.len());
        }
        Ok(s.start(StatusCode::OK).full(format!("{lengths:?}")))
    })
}

#[test]
fn small_blocks_are_gathered_into_few() {
    let chunks = Chunks::default();
    let mut gated = chunks.0.lock().unwrap();
    gated
        .chunks
        .extend((0..20_000).map(|_| Bytes::from_static(b"x")));
    gated.closed = true;
    drop(gated);
    let seen = call(
        lifting(pool(1, 1)),
        Input::stream(chunks, None),
        &measuring(),
    );
    assert_eq!(
        seen.to_string(),
        "200 Length(18) | [8192, 8192, 3616] | end"
    );
}

#[test]
fn what_is_gathered_keeps_its_order_and_large_blocks() {
    let large = Bytes::from(vec![b'L'; 10_000]);
    let at = large.as_ptr() as usize;
    // A slice of a large buffer is not to keep it.
    let slice = Bytes::from(vec![b'b'; 60_000]).split_to(1);
    let chunks = Chunks::default();
    let mut gated = chunks.0.lock().unwrap();
    let blocks = [slice, "a".into(), large, "c".into(), "d".into()];
    gated.chunks.extend::<[Bytes; 5]>(blocks);
    gated.closed = true;
    drop(gated);
    let app = blocking(move |mut environ: Environ, s| {
        let mut input = environ.take_input();
        let mut next = || rt::block_on(std::future::poll_fn(|cx| input.poll_chunk(cx)));
        let joined = next().unwrap()?.try_into_mut().expect("nobody else's");
        assert_eq!(joined, "ba");
        assert!(joined.capacity() < 100, "{}", joined.capacity());
        assert_eq!(next().unwrap()?.as_ptr() as usize, at, "not copied");
        assert_eq!(next().unwrap()?, "cd");
        assert!(next().is_none());
        Ok(s.start(StatusCode::OK).empty())
    });
    let seen = call(lifting(pool(1, 1)), Input::stream(chunks, None), &app);
    assert_eq!(seen.to_string(), "200 Length(0) | end");
}

/// Blocks of 40,000 bytes, and whether each was asked for to be gathered.
struct Asked(Arc<Mutex<Vec<bool>>>);

impl Stream for Asked {
    type Item = Result<Bytes, Error>;

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut asked = self.0.lock().unwrap();
        asked.push(Input::is_gathering());
        Poll::Ready((asked.len() < 4).then(|| Ok(vec![b'x'; 40_000].into())))
    }
}

#[test]
fn a_source_can_tell_who_asks() {
    let asked = Arc::<Mutex<Vec<bool>>>::default();
    let input = Input::stream(Asked(asked.clone()), None);
    let seen = call(lifting(pool(1, 1)), input, &measuring());
    assert_eq!(
        seen.to_string(),
        "200 Length(21) | [40000, 40000, 40000] | end"
    );
    // Two are more than the pool's bound.
    assert_eq!(*asked.lock().unwrap(), [true, true, false, false]);
    assert!(!Input::is_gathering());
}

/// A request's body whose blocks come when they are let through.
struct Gate(Arc<Mutex<Gated>>);

#[derive(Default)]
struct Gated {
    chunks: VecDeque<Bytes>,
    closed: bool,
    waiting: Option<Waker>,
}

#[derive(Default)]
struct Chunks(Arc<Mutex<Gated>>);

fn gated() -> (Gate, Chunks) {
    let gated: Arc<Mutex<Gated>> = Arc::default();
    (Gate(gated.clone()), Chunks(gated))
}

impl Gate {
    fn open(&self, chunk: &'static str) {
        self.tell(|gated| gated.chunks.push_back(chunk.into()));
    }

    fn close(&self) {
        self.tell(|gated| gated.closed = true);
    }

    fn tell(&self, f: impl FnOnce(&mut Gated)) {
        let mut gated = self.0.lock().unwrap();
        f(&mut gated);
        if let Some(waker) = gated.waiting.take() {
            waker.wake();
        }
    }
}

impl Stream for Chunks {
    type Item = Result<Bytes, Error>;
    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut gated = self.0.lock().unwrap();
        match gated.chunks.pop_front() {
            Some(chunk) => Poll::Ready(Some(Ok(chunk))),
            None if gated.closed => Poll::Ready(None),
            None => {
                gated.waiting = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

#[test]
fn a_pools_thread_may_wait_for_the_body() {
    let (gate, chunks) = gated();
    let (asks, asked) = mpsc::channel();
    let asks = Mutex::new(asks);
    let feeder = thread::spawn(move || {
        for chunk in ["first ", "second ", "third"] {
            asked.recv().unwrap();
            gate.open(chunk);
        }
        gate.close();
    });
    let app = blocking(move |mut environ: Environ, s| {
        let mut text = String::new();
        let mut buf = [0; 64];
        for _ in 0..3 {
            asks.lock().unwrap().send(()).unwrap();
            let read = environ.input().reader().read(&mut buf)?;
            text.push_str(std::str::from_utf8(&buf[..read])?);
        }
        Ok(s.start(StatusCode::OK).full(text))
    });
    let host = lifting(Pool::new(1, 1, 0, None));
    let seen = call(host, Input::stream(chunks, None), &app);
    assert_eq!(
        seen.to_string(),
        "200 Length(18) | first second third | end"
    );
    feeder.join().unwrap();
}

#[test]
fn a_full_queue_is_a_503() {
    let hand = ByHand(Arc::new(Hand {
        refuse: true,
        ..Hand::default()
    }));
    let app = blocking(|_, s: StartResponse| Ok(s.start(StatusCode::OK).empty()));
    let mut client = Client::new(&app).lifting();
    client.host_mut().offload = Some(Arc::new(hand));
    let reply = client.get("/").send();
    assert_eq!(reply.status(), 503);
    assert_eq!(reply.header("retry-after"), Some("1"));
    assert!(reply.outcome().error.as_ref().unwrap().is_overloaded());
}

#[test]
fn waiting_too_long_for_a_thread_is_a_503() {
    let patience = Some(Duration::from_millis(5));
    let hand = ByHand(Arc::new(Hand {
        patience,
        ..Hand::default()
    }));
    let called = Arc::new(AtomicUsize::new(0));
    let count = called.clone();
    let app = blocking(move |_, s: StartResponse| {
        count.fetch_add(1, Ordering::SeqCst);
        Ok(s.start(StatusCode::OK).empty())
    });
    let mut client = Client::new(app).lifting();
    client.host_mut().offload = Some(Arc::new(hand.clone()));
    let reply = client.get("/").send();
    assert_eq!(reply.status(), 503);
    assert_eq!(reply.header("retry-after"), Some("1"));
    assert!(reply.outcome().error.as_ref().unwrap().is_overloaded());
    // A thread that comes free later has nothing to do.
    hand.run();
    assert_eq!(called.load(Ordering::SeqCst), 0);
}

/// A request of one block, an application that counts its calls, and a look at what is kept of the
/// block.
fn queued(
    patience: Option<Duration>,
    clock: ThreadClock,
) -> (ByHand, Exchange, impl App<Body = impl Body>, Kept) {
    let hand = ByHand(Arc::new(Hand {
        patience,
        buffer: 64,
        ..Hand::default()
    }));
    let mut host = lifting(hand.clone());
    host.timer = Arc::new(clock);
    let kept = Kept::default();
    let input = Input::whole(Bytes::from_owner(Held(kept.0.clone())));
    let head = head(Method::POST, "/", &[]);
    let mut exchange = Exchange::new(head, input, Arc::new(host), Arc::default());
    let held = Arc::new(kept.0.clone());
    exchange.environ_mut().extensions_mut().insert(held);
    let called = kept.1.clone();
    let app = blocking(move |_, s: StartResponse| {
        called.fetch_add(1, Ordering::SeqCst);
        Ok(s.start(StatusCode::OK).empty())
    });
    (hand, exchange, app, kept)
}

/// What a queued call holds, and how often it was made.
#[derive(Default)]
struct Kept(Arc<()>, Arc<AtomicUsize>);

impl Kept {
    fn is_let_go(&self) -> bool {
        Arc::strong_count(&self.0) == 1
    }
}

struct Held(#[allow(dead_code)] Arc<()>);

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        b"gathered"
    }
}

#[test]
fn a_call_that_waited_too_long_leaves_nothing_in_the_queue() {
    let clock = ThreadClock::new();
    let patience = Some(Duration::from_millis(5));
    let (hand, exchange, app, kept) = queued(patience, clock.clone());
    let mut response = Box::pin(exchange.call(&app));
    let commit = clock.block_on(std::future::poll_fn(|cx| {
        response.as_mut().poll_head(cx).map(|c| c.head.status)
    }));
    assert_eq!(commit, StatusCode::SERVICE_UNAVAILABLE);
    assert!(kept.is_let_go());
    hand.run();
    assert_eq!(kept.1.load(Ordering::SeqCst), 0);
}

#[test]
fn a_client_that_leaves_ends_the_wait_for_a_thread() {
    let (hand, exchange, app, kept) = queued(None, ThreadClock::new());
    let hang_up = exchange.hang_up();
    let mut response = pin!(exchange.call(&app));
    let (waker, wakes) = counter();
    let mut cx = Context::from_waker(&waker);
    assert!(response.as_mut().poll_head(&mut cx).is_pending());
    assert_eq!(hand.count(), (1, 0));
    assert!(!kept.is_let_go());
    hang_up.now();
    assert_eq!(wakes.load(Ordering::SeqCst), 1);
    assert!(response.as_mut().poll_head(&mut cx).is_ready());
    assert!(response.error().unwrap().is_disconnected());
    assert!(kept.is_let_go());
    hand.run();
    assert_eq!(kept.1.load(Ordering::SeqCst), 0);
}

#[test]
fn a_body_dropped_in_the_queue_leaves_nothing_there() {
    let (hand, exchange, app, kept) = queued(None, ThreadClock::new());
    let mut response = Box::pin(exchange.call(&app));
    let (waker, wakes) = counter();
    let mut cx = Context::from_waker(&waker);
    assert!(response.as_mut().poll_head(&mut cx).is_pending());
    assert!(!kept.is_let_go());
    drop(response);
    assert!(kept.is_let_go());
    hand.run();
    assert_eq!(kept.1.load(Ordering::SeqCst), 0);
    assert_eq!(wakes.load(Ordering::SeqCst), 0);
    assert_eq!(hand.count(), (1, 0), "nothing to drop on the pool");
}

#[test]
fn a_client_that_leaves_behind_the_begin_does_not_end_the_call() {
    let (hand, exchange, app, kept) = queued(None, ThreadClock::new());
    let hang_up = exchange.hang_up();
    let mut response = pin!(exchange.call(&app));
    let mut cx = Context::from_waker(Waker::noop());
    assert!(response.as_mut().poll_head(&mut cx).is_pending());
    hand.run();
    hang_up.now();
    let commit = response.as_mut().poll_head(&mut cx);
    assert!(matches!(commit, Poll::Ready(commit) if commit.head.status == StatusCode::OK));
    assert_eq!(kept.1.load(Ordering::SeqCst), 1);
}

#[test]
fn a_step_that_has_begun_may_take_its_time() {
    let clock = ThreadClock::new();
    let mut host = lifting(Pool::new(1, 1, 0, Some(Duration::from_millis(5))));
    host.timer = Arc::new(clock.clone());
    let app = blocking(|environ: Environ, s: StartResponse| {
        // Longer than the queue's patience, on the clock of the thread that waits.
        rt::block_on(environ.timer().sleep(Duration::from_millis(30)));
        Ok(s.start(StatusCode::OK).empty())
    });
    let seen = clock.block_on(see(exchange_on(host, Method::GET, "/").call(&app)));
    assert_eq!(seen.to_string(), "200 Length(0) | end");
}

#[test]
fn panics_on_the_pool_are_failures() {
    let in_call = blocking(|_, _: StartResponse| -> Result<Full, Error> { scripted_panic() });
    let pool = pool(1, 4);
    let seen = call(lifting(pool.clone()), Input::empty(), &in_call);
    assert_eq!(seen.status, 500);
    assert_eq!(seen.error.unwrap(), "panicked: scripted");
    let in_next = blocking(|_, s: StartResponse| {
        Ok(Script::new([
            start(s.start(StatusCode::OK)),
            data("a"),
            Step::Panic,
        ]))
    });
    let seen = call(lifting(pool.clone()), Input::empty(), &in_next);
    assert_eq!(
        seen.to_string(),
        "200 Unknown | a | CUT (panicked: scripted)"
    );
    let in_drop = blocking(|_, s: StartResponse| {
        let script = Script::new([start(s.start(StatusCode::OK)), data("a")]).exact();
        Ok(script.on_drop(|| scripted_panic()))
    });
    let seen = call(lifting(pool.clone()), Input::empty(), &in_drop);
    assert_eq!(seen.to_string(), "200 Length(1) | a | end");
    // The pool's thread lives.
    let fine = blocking(|_, s: StartResponse| Ok(s.start(StatusCode::OK).empty()));
    assert_eq!(call(lifting(pool), Input::empty(), &fine).status, 200);
}

#[test]
fn errors_on_the_pool_keep_their_status() {
    let app = blocking(|mut environ: Environ, s: StartResponse| {
        let mut text = String::new();
        environ.input().reader().read_to_string(&mut text)?;
        Ok(s.start(StatusCode::OK).full(text))
    });
    let client = Client::new(app).lifting();
    let broken = client
        .post("/")
        .chunks(["a"])
        .break_off(Error::malformed("a bad chunk"));
    assert_eq!(broken.send().status(), 400);
    assert_eq!(client.post("/").body("fine").send().text(), "fine");
}

#[test]
fn a_client_that_left_while_its_body_was_gathered_is_not_called_for() {
    let called = Arc::new(AtomicUsize::new(0));
    let count = called.clone();
    let app = blocking(move |_, s: StartResponse| {
        count.fetch_add(1, Ordering::SeqCst);
        Ok(s.start(StatusCode::OK).empty())
    });
    let (gate, chunks) = gated();
    let head = head(Method::POST, "/", &[]);
    let host = Arc::new(lifting(pool(1, 1)));
    let exchange = Exchange::new(head, Input::stream(chunks, None), host, Arc::default());
    let hang_up = exchange.hang_up();
    let mut response = pin!(exchange.call(&app));
    let mut cx = Context::from_waker(Waker::noop());
    assert!(response.as_mut().poll_head(&mut cx).is_pending());
    hang_up.now();
    gate.close();
    assert!(response.as_mut().poll_head(&mut cx).is_ready());
    assert!(response.error().unwrap().is_disconnected());
    assert_eq!(called.load(Ordering::SeqCst), 0);
}

#[test]
fn blocking_local_is_in_place_or_nowhere() {
    let app = || {
        let local = std::rc::Rc::new("abc");
        blocking_local(move |_, s: StartResponse| Ok(s.start(StatusCode::OK).full(*local)))
    };
    assert_eq!(Client::new(app()).get("/").send().text(), "abc");
    let reply = Client::new(app()).lifting().get("/").send();
    assert_eq!(reply.status(), 500);
    let error = reply.outcome().error.as_ref().unwrap();
    assert!(error.is_misuse());
    assert!(error.to_string().contains("`blocking_local`"), "{error}");
}

#[test]
fn without_a_pool_it_is_refused() {
    let app = blocking(|_, s: StartResponse| Ok(s.start(StatusCode::OK).empty()));
    let mut host = host();
    host.info.may_block = false;
    let seen = call(host, Input::empty(), &app);
    assert_eq!(seen.status, 500);
    assert!(
        seen.error
            .unwrap()
            .contains("neither blocks nor has a pool")
    );
}

#[test]
fn async_parts_of_blocking_bodies_are_waited_for() {
    // The clock is that of the thread that waits for the response; the sleep is on the pool's.
    let app = blocking(|environ: Environ, s: StartResponse| {
        let timer = environ.timer();
        Ok(s.start(StatusCode::OK).push(async move |mut writer| {
            for _ in 0..3 {
                timer.sleep(Duration::from_millis(2)).await;
                writer.write("x").await?;
            }
            Ok(())
        }))
    });
    assert_eq!(Client::new(&app).lifting().get("/").send().text(), "xxx");
    assert_eq!(Client::new(&app).get("/").send().text(), "xxx");
}

#[test]
fn a_blocking_reader_keeps_the_clock_going() {
    // A middleware slows the request's body down by the server's clock, and the application waits
    // for it on the thread that keeps that clock.
    let app = blocking(|mut environ: Environ, s: StartResponse| {
        let mut text = String::new();
        environ.input().reader().read_to_string(&mut text)?;
        Ok(s.start(StatusCode::OK).full(text))
    });
    let app = app.around(|inner, mut environ, s| {
        let timer = environ.timer();
        environ.map_input(|input| {
            let length = input.length();
            let sleep = Box::pin(timer.sleep(Duration::from_millis(2)));
            Input::stream(
                Slow {
                    input,
                    sleep: Some(sleep),
                },
                length,
            )
        });
        inner.call(environ, s)
    });
    assert_eq!(
        Client::new(app).post("/").body("slow").send().text(),
        "slow"
    );
}

struct Slow {
    input: Input,
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Stream for Slow {
    type Item = Result<Bytes, Error>;
    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(sleep) = &mut self.sleep {
            std::task::ready!(sleep.as_mut().poll(cx));
            self.sleep = None;
        }
        self.input.poll_chunk(cx)
    }
}

// ---- the pool itself

struct Job<F>(F);

impl<F: Fn() + Send + Sync> Work for Job<F> {
    fn run(self: Arc<Self>) {
        (self.0)();
    }
}

fn job(f: impl Fn() + Send + Sync + 'static) -> Arc<dyn Work> {
    Arc::new(Job(f))
}

#[test]
fn a_pool_runs_everything_on_no_more_threads_than_it_may() {
    let pool = pool(3, 10_000);
    let (now, most, done) = (
        Arc::new(AtomicUsize::new(0)),
        Arc::new(AtomicUsize::new(0)),
        Arc::new(AtomicUsize::new(0)),
    );
    let work = {
        let (now, most, done) = (now.clone(), most.clone(), done.clone());
        move || {
            let running = now.fetch_add(1, Ordering::SeqCst) + 1;
            most.fetch_max(running, Ordering::SeqCst);
            thread::yield_now();
            now.fetch_sub(1, Ordering::SeqCst);
            done.fetch_add(1, Ordering::SeqCst);
        }
    };
    let feeders: Vec<_> = (0..4)
        .map(|_| {
            let (pool, work) = (pool.clone(), work.clone());
            thread::spawn(move || {
                for n in 0..500 {
                    match n % 2 {
                        0 => assert!(pool.start(job(work.clone()))),
                        _ => pool.resume(job(work.clone())),
                    }
                }
            })
        })
        .collect();
    feeders
        .into_iter()
        .for_each(|feeder| feeder.join().unwrap());
    assert!(pool.close(Duration::from_secs(10)));
    assert_eq!(done.load(Ordering::SeqCst), 2000);
    assert!(most.load(Ordering::SeqCst) <= 3);
    assert!(!pool.start(job(|| ())), "it is closed");
}

#[test]
fn a_pool_uses_all_its_threads() {
    // Each job waits for the others: with a thread less none would end.
    let pool = pool(4, 0);
    let all = Arc::new(Barrier::new(5));
    for _ in 0..4 {
        let all = all.clone();
        assert!(pool.start(job(move || {
            all.wait();
        })));
    }
    assert!(
        !pool.start(job(|| ())),
        "no thread is free, and none may wait"
    );
    all.wait();
    assert!(pool.close(Duration::from_secs(10)));
}

#[test]
fn a_pool_takes_so_many_into_its_queue() {
    let pool = pool(1, 2);
    let gate = Arc::new(Barrier::new(2));
    let wait = gate.clone();
    assert!(pool.start(job(move || {
        wait.wait();
    })));
    let accepted = (0..5).filter(|_| pool.start(job(|| ()))).count();
    assert_eq!(accepted, 2);
    gate.wait();
    assert!(pool.close(Duration::from_secs(10)));
}

#[test]
fn a_pool_says_how_busy_it_is() {
    let pool = pool(1, 2);
    let idle = PoolState {
        most: 1,
        ..PoolState::default()
    };
    assert_eq!(pool.state(), Some(idle));
    let gate = Arc::new(Barrier::new(2));
    let wait = gate.clone();
    assert!(pool.start(job(move || {
        wait.wait();
        wait.wait();
    })));
    gate.wait();
    assert!(pool.start(job(|| ())));
    let busy = PoolState {
        most: 1,
        threads: 1,
        idle: 0,
        waiting: 1,
    };
    assert_eq!(pool.state(), Some(busy));
    gate.wait();
    assert!(pool.close(Duration::from_secs(10)));
    assert_eq!(pool.state(), Some(idle));
}

#[test]
fn a_pool_survives_work_that_panics() {
    let pool = pool(1, 8);
    for _ in 0..3 {
        assert!(pool.start(job(|| scripted_panic())));
    }
    let (sender, done) = mpsc::channel();
    let sender = Mutex::new(sender);
    assert!(pool.start(job(move || sender.lock().unwrap().send(()).unwrap())));
    done.recv().unwrap();
    assert!(
        pool.close(Duration::from_secs(10)),
        "no thread is miscounted"
    );
}

#[test]
fn a_pools_threads_live_in_a_context() {
    thread_local! {
        static INSIDE: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
    }
    let contexts: [(bool, server::Around); 4] = [
        (
            true,
            Arc::new(|live| {
                INSIDE.set(true);
                live();
                INSIDE.set(false);
            }),
        ),
        (false, Arc::new(|_| ())),
        (false, Arc::new(|_| scripted_panic())),
        (
            true,
            Arc::new(|live| {
                INSIDE.set(true);
                live();
                live();
            }),
        ),
    ];
    for (inside, around) in contexts {
        let pool = pool(1, 1).around(Some(around));
        let (sender, told) = mpsc::channel();
        let sender = Mutex::new(sender);
        let tell = move || sender.lock().unwrap().send(INSIDE.get()).unwrap();
        assert!(pool.start(job(tell)));
        assert_eq!(told.recv().unwrap(), inside);
        assert!(pool.close(Duration::from_secs(10)));
    }
}

#[test]
fn a_pool_says_that_its_threads_have_not_ended() {
    let pool = pool(1, 1);
    let gate = Arc::new(Barrier::new(2));
    let wait = gate.clone();
    assert!(pool.start(job(move || {
        wait.wait();
    })));
    assert!(!pool.close(Duration::from_millis(1)));
    gate.wait();
    assert!(pool.close(Duration::from_secs(10)));
    assert!(format!("{pool:?}").contains("alive: 0"));
}

#[test]
fn steps_under_way_go_before_first_steps() {
    let pool = pool(1, 8);
    let (gate, order) = (Arc::new(Barrier::new(2)), Arc::new(Mutex::new(vec![])));
    let wait = gate.clone();
    assert!(pool.start(job(move || {
        wait.wait();
    })));
    let note = |what: &'static str| {
        let order = order.clone();
        job(move || order.lock().unwrap().push(what))
    };
    assert!(pool.start(note("first")));
    pool.resume(note("step"));
    gate.wait();
    assert!(pool.close(Duration::from_secs(10)));
    assert_eq!(*order.lock().unwrap(), ["step", "first"]);
}

#[test]
fn many_lifted_exchanges_on_few_threads_all_end() {
    let host = lifting(pool(3, 1000));
    let app = blocking(|mut environ: Environ, s: StartResponse| {
        let mut text = String::new();
        environ.input().reader().read_to_string(&mut text)?;
        let chunks = text
            .into_bytes()
            .into_iter()
            .map(|byte| Ok::<_, Error>(Bytes::from(vec![byte])));
        // An iterator that does not say its end.
        Ok(s.start(StatusCode::OK).iter(chunks.filter(|_| true)))
    });
    thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                for _ in 0..100 {
                    let seen = call(host.clone(), Input::whole("abcd".into()), &app);
                    assert_eq!(seen.bytes, 4);
                    assert!(!seen.cut);
                }
            });
        }
    });
}

// ---- waiting

#[test]
fn a_thread_that_may_not_wait_says_so() {
    assert!(rt::may_park());
    rt::parking(false, || {
        assert!(!rt::may_park());
        assert_eq!(rt::wait(|_| Poll::Ready(5)).unwrap(), 5);
        let error = rt::wait(|_| Poll::<()>::Pending).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
        assert!(error.to_string().contains("rgi_core::blocking"), "{error}");
        rt::parking(true, || assert!(rt::may_park()));
        assert!(!rt::may_park());
    });
    assert!(rt::may_park());
}

#[test]
fn a_wait_inside_of_a_wait_takes_no_wake_up_away() {
    // The inner wait parks, and takes the token that the outer one's wake left.
    let mut polls = 0;
    let done = rt::wait(|cx| {
        polls += 1;
        if polls > 1 {
            return Poll::Ready(polls);
        }
        cx.waker().wake_by_ref();
        thread::park();
        Poll::Pending
    });
    assert_eq!(done.unwrap(), 2);
}

#[test]
fn sleeps_of_other_threads_end_on_a_thread_that_drives_the_clock() {
    let clock = ThreadClock::new();
    let host = Host::new(Default::default(), Arc::new(clock.clone()));
    let (environ, _) = tokens(exchange_on(host, Method::GET, "/"));
    let (done, ended) = (Arc::new(AtomicUsize::new(0)), Mutex::new(None::<Waker>));
    let ended = Arc::new(ended);
    let (count, tell) = (done.clone(), ended.clone());
    let sleeper = thread::spawn(move || {
        for _ in 0..5 {
            rt::block_on(environ.timer().sleep(Duration::from_millis(2)));
        }
        count.store(1, Ordering::SeqCst);
        if let Some(waker) = tell.lock().unwrap().take() {
            waker.wake();
        }
    });
    clock.block_on(std::future::poll_fn(|cx| {
        *ended.lock().unwrap() = Some(cx.waker().clone());
        match done.load(Ordering::SeqCst) {
            0 => Poll::Pending,
            _ => Poll::Ready(()),
        }
    }));
    sleeper.join().unwrap();
}

#[test]
fn sleeps_end_in_order_and_dropped_ones_do_not_matter() {
    let clock = ThreadClock::new();
    let host = Host::new(Default::default(), Arc::new(clock.clone()));
    let (environ, _) = tokens(exchange_on(host, Method::GET, "/"));
    let timer = environ.timer();
    let before = std::time::Instant::now();
    clock.block_on(async {
        let mut never = Box::pin(timer.sleep(Duration::MAX));
        let (long, short) = (
            timer.sleep(Duration::from_millis(6)),
            timer.sleep(Duration::from_millis(2)),
        );
        let (mut long, mut short) = (Box::pin(long), Box::pin(short));
        let order = std::future::poll_fn(|cx| {
            assert!(never.as_mut().poll(cx).is_pending());
            let ended = (
                long.as_mut().poll(cx).is_ready(),
                short.as_mut().poll(cx).is_ready(),
            );
            match ended {
                (_, true) => Poll::Ready("short"),
                (true, _) => Poll::Ready("long"),
                _ => Poll::Pending,
            }
        });
        assert_eq!(order.await, "short");
        drop(never);
        long.await;
    });
    assert!(before.elapsed() >= Duration::from_millis(6));
}
