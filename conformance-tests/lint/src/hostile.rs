//! A bad server, for an application's own tests.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_core::Stream;
use http::{HeaderValue, Method, Request};
use pin_project_lite::pin_project;
use rgi_core::rt::ThreadClock;
use rgi_core::server::{
    Address, Connection, Exchange, Host, InputSource, Payload, RequestHead, Response, ServerInfo,
    Timer,
};
use rgi_core::{App, Body, End, Environ, Error, Event, Input, StartResponse};

use crate::{Finding, Findings, Lint};

/// Plays a bad server, with a bad client before it: the request's body comes in crumbs, now with a
/// length and now without, or breaks off; bodies are polled without need; the client leaves early; the
/// response is dropped wherever it stands, unfinished. An application must live with all of that.
///
/// Each round has a manner of its own, in turn, and its details from the seed. Blocking applications
/// run in place.
///
/// ```
/// # use rgi_core::*;
/// # use rgi_lint::Hostile;
/// let app = async_fn(async |mut environ: Environ, start_response: StartResponse| {
///     let body = environ.input().collect(1 << 20).await?;
///     let text = HeaderValue::from_static("text/plain");
///     Ok(start_response.start(StatusCode::OK).header(field::CONTENT_TYPE, text).full(body))
/// });
/// let outcomes = Hostile::new(app).post("/", "some text").rounds(100).run();
/// assert!(outcomes.is_clean(), "{outcomes:#?}");
/// ```
#[derive(Debug)]
pub struct Hostile<A> {
    app: Lint<Guarded<A>>,
    dropped_badly: Arc<AtomicBool>,
    findings: Findings,
    seed: u64,
    rounds: usize,
    patience: Duration,
    method: Method,
    target: String,
    body: Option<Bytes>,
}

/// What came of it.
#[non_exhaustive]
#[derive(Clone, Debug, Default)]
pub struct Outcomes {
    /// What the lint found.
    pub findings: Vec<Finding>,
    /// In which rounds the application panicked, and what it said.
    pub panicked: Vec<(usize, String)>,
    /// In which round it gave nothing for too long. No more are played behind it.
    pub hung: Option<usize>,
}

impl Outcomes {
    /// Whether the application lived with everything.
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty() && self.panicked.is_empty() && self.hung.is_none()
    }
}

/// How a round goes on.
#[derive(Clone, Copy, Debug)]
enum Manner {
    /// To its end, in small steps.
    Whole,
    /// To its end, but the request's body breaks off. As `Whole` where there is none.
    BrokenOff,
    /// The exchange is dropped before the application is called.
    Uncalled,
    /// The response is dropped before it is polled.
    Unpolled,
    /// The response is dropped with its head.
    HeadAlone,
    /// It is dropped behind so many parts of the payload.
    Dropped(usize),
    /// The client leaves behind so many, and the application is told.
    Left(usize),
}

impl<A: App> Hostile<A> {
    /// A bad server for an application: 50 rounds of GET `/`.
    pub fn new(app: A) -> Hostile<A> {
        let findings = Findings::new();
        let dropped_badly = Arc::new(AtomicBool::new(false));
        let guarded = Guarded {
            app,
            dropped_badly: dropped_badly.clone(),
        };
        Hostile {
            app: Lint::new(guarded).collect(&findings),
            dropped_badly,
            findings,
            seed: 1,
            rounds: 50,
            patience: Duration::from_secs(5),
            method: Method::GET,
            target: "/".to_owned(),
            body: None,
        }
    }

    /// Asks for this target, in origin-form.
    #[must_use]
    pub fn get(mut self, target: &str) -> Hostile<A> {
        (self.method, self.body) = (Method::GET, None);
        target.clone_into(&mut self.target);
        self
    }

    /// Posts this body.
    #[must_use]
    pub fn post(mut self, target: &str, body: impl Into<Bytes>) -> Hostile<A> {
        (self.method, self.body) = (Method::POST, Some(body.into()));
        target.clone_into(&mut self.target);
        self
    }

    /// Another seed plays other rounds; the same plays the same.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Hostile<A> {
        self.seed = seed;
        self
    }

    /// Plays so many rounds, each in another manner.
    #[must_use]
    pub fn rounds(mut self, rounds: usize) -> Hostile<A> {
        self.rounds = rounds;
        self
    }

    /// How long the application may give nothing: 5 seconds.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Hostile<A> {
        self.patience = patience;
        self
    }

    /// Leaves out some checks: see [`Lint::except`].
    #[must_use]
    pub fn except(mut self, checks: &[&'static str]) -> Hostile<A> {
        self.app = self.app.except(checks);
        self
    }

    /// Plays.
    ///
    /// # Panics
    ///
    /// If the target is none.
    pub fn run(&self) -> Outcomes {
        let mut dice = Dice(self.seed);
        let mut outcomes = Outcomes::default();
        for round in 0..self.rounds {
            let few = dice.below(4);
            let manner = match round % 7 {
                0 => Manner::Whole,
                1 => Manner::BrokenOff,
                2 => Manner::Dropped(few),
                3 => Manner::Left(few),
                4 => Manner::HeadAlone,
                5 => Manner::Unpolled,
                _ => Manner::Uncalled,
            };
            self.round(round, manner, dice.next(), &mut outcomes);
            if outcomes.hung.is_some() {
                break;
            }
        }
        outcomes.findings = self.findings.take();
        outcomes
    }

    fn round(&self, round: usize, manner: Manner, seed: u64, outcomes: &mut Outcomes) {
        let clock = ThreadClock::new();
        let exchange = self.exchange(&clock, manner, seed);
        if let Manner::Uncalled = manner {
            drop(exchange);
            return;
        }
        let hang_up = exchange.hang_up();
        let mut late = clock.sleep_until(Instant::now() + self.patience);
        let play = async {
            // The call may wait, too.
            let mut response = Box::pin(exchange.call(&self.app));
            let played = play(response.as_mut(), manner, &mut late, &hang_up).await;
            let panic = response.error().filter(|error| error.is_panic());
            (played, panic.map(ToString::to_string))
        };
        let (played, panicked) = clock.block_on(play);
        outcomes.panicked.extend(panicked.map(|said| (round, said)));
        if self.dropped_badly.swap(false, Ordering::Relaxed) {
            let said = "its body panicked when it was dropped";
            outcomes.panicked.push((round, said.to_owned()));
        }
        if played.is_err() {
            outcomes.hung = Some(round);
        }
    }

    fn exchange(&self, clock: &ThreadClock, manner: Manner, seed: u64) -> Exchange {
        let request = Request::builder()
            .method(self.method.clone())
            .uri(&self.target);
        let request = request.header("host", "test.invalid").body(());
        let (mut parts, ()) = request.expect("a target such as /path?query").into_parts();
        let mut dice = Dice(seed);
        let input = self.body.clone().map(|mut body| {
            let length = (dice.below(2) == 0).then_some(body.len() as u64);
            if let Some(length) = length {
                let length = HeaderValue::from(length);
                parts.headers.insert("content-length", length);
            }
            let mut error = None;
            if let Manner::BrokenOff = manner {
                body.truncate(dice.below(body.len().max(1)));
                error = Some(match dice.below(2) {
                    0 => Error::disconnected(),
                    _ => Error::malformed("the body broke off, as this server breaks it off"),
                });
            }
            Input::source(Crumbs { body, error, dice }, length)
        });
        let head = RequestHead::from_parts(parts).expect("an ASCII target");
        let mut info = ServerInfo::default();
        info.software = concat!("rgi-lint/", env!("CARGO_PKG_VERSION"));
        info.may_block = true;
        info.multithread = true;
        info.reentrant = true;
        info.told_of_disconnect = true;
        let host = Host::new(info, Arc::new(clock.clone()));
        let connection = Connection {
            peer: Address::Tcp(([127, 0, 0, 1], 50000).into()),
            local: Address::Tcp(([127, 0, 0, 1], 80).into()),
            tls: None,
        };
        Exchange::new(head, input, Arc::new(host), Arc::new(connection))
    }
}

/// It gave nothing for too long.
struct Hung;

async fn play<B: Body>(
    mut response: Pin<&mut Response<B>>,
    manner: Manner,
    late: &mut Pin<Box<dyn Future<Output = ()> + Send>>,
    hang_up: &rgi_core::server::HangUp,
) -> Result<(), Hung> {
    if let Manner::Unpolled = manner {
        return Ok(());
    }
    let polled = |cx: &mut Context<'_>| response.as_mut().poll_head(cx);
    let _head = within(late, polled).await?;
    if let Manner::HeadAlone = manner {
        return Ok(());
    }
    let mut parts = 0;
    loop {
        match manner {
            Manner::Dropped(most) if parts >= most => return Ok(()),
            Manner::Left(most) if parts >= most => {
                hang_up.now();
                within(late, |cx| response.as_mut().poll_drain(cx)).await?;
                response.as_mut().finish(Some(End::Disconnected));
                return Ok(());
            }
            _ => {}
        }
        match within(late, |cx| response.as_mut().poll_payload(cx)).await? {
            None | Some(Err(_)) => break,
            // The connection was never handed over.
            Some(Ok(Payload::Upgrade(_))) => {}
            Some(Ok(_)) => parts += 1,
        }
    }
    response.as_mut().finish(None);
    Ok(())
}

/// Polls until ready, once more than needed each time, or until it is late.
async fn within<T>(
    late: &mut Pin<Box<dyn Future<Output = ()> + Send>>,
    mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>,
) -> Result<T, Hung> {
    let mut late = pin!(late);
    poll_fn(|cx| {
        for _ in 0..2 {
            if let Poll::Ready(done) = poll(cx) {
                return Poll::Ready(Ok(done));
            }
        }
        late.as_mut().poll(cx).map(|()| Err(Hung))
    })
    .await
}

/// A request's body in small pieces, with pauses between.
struct Crumbs {
    body: Bytes,
    /// How it ends, if it breaks off.
    error: Option<Error>,
    dice: Dice,
}

impl Stream for Crumbs {
    type Item = Result<Bytes, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.dice.below(2) == 0 {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        if self.body.is_empty() {
            return Poll::Ready(self.error.take().map(Err));
        }
        let some = 1 + self.dice.below(3);
        let n = some.min(self.body.len());
        Poll::Ready(Some(Ok(self.body.split_to(n))))
    }
}

impl InputSource for Crumbs {}

/// An application whose bodies tell when they panic in their drop, of which servers say nothing.
#[derive(Debug)]
struct Guarded<A> {
    app: A,
    dropped_badly: Arc<AtomicBool>,
}

impl<A: App> App for Guarded<A> {
    type Body = GuardedBody<A::Body>;

    fn call(&self, environ: Environ, start_response: StartResponse) -> Self::Body {
        GuardedBody {
            body: self.app.call(environ, start_response),
            _guard: Guard(self.dropped_badly.clone()),
        }
    }
}

pin_project! {
    struct GuardedBody<B> {
        #[pin]
        body: B,
        // Dropped behind the body, also where that panics.
        _guard: Guard,
    }
}

impl<B: Body> Stream for GuardedBody<B> {
    type Item = Result<Event, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.project().body.poll_next(cx)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.body.size_hint()
    }
}

struct Guard(Arc<AtomicBool>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.fetch_or(thread::panicking(), Ordering::Relaxed);
    }
}

/// SplitMix64.
#[derive(Debug)]
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }
}
