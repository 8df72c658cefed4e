//! What a server does with an application is the same with the lint and without, whatever the
//! application does.

use std::fmt::Write;
use std::fs::File;
use std::pin::Pin;
use std::sync::{Arc, LazyLock, Mutex};
use std::task::{Context, Poll, Waker};

use http::Request;
use rgi_core::server::Payload;
use rgi_core::{
    App, Environ, Error, Event, FileRegion, HeaderMap, StartResponse, Started, StatusCode, Stream,
    app_fn, field,
};
use rgi_lint::{Findings, Lint};

use crate::support::{able, exchange, typed, value};

/// SplitMix64.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % bound
    }
}

/// A body that does anything, the same each time for the same seed. Its hints are right or wrong.
struct Wild {
    dice: Dice,
    started: Vec<Started>,
    hint: (usize, Option<usize>),
    is_pending: bool,
}

impl Wild {
    fn new(seed: u64, start_response: StartResponse) -> Wild {
        let mut dice = Dice(seed);
        let status = [200, 200, 200, 204, 205, 304, 103, 404][dice.below(8) as usize];
        let mut first = typed(start_response.start(StatusCode::from_u16(status).unwrap()));
        if dice.below(2) == 0 {
            first = first.length(dice.below(6));
        }
        if dice.below(2) == 0 {
            first = first.header(field::TRAILER, value("x-sum"));
        }
        let mut started = vec![first];
        if dice.below(8) == 0 {
            started.clear();
        }
        let hint = (0, None);
        let is_pending = false;
        Wild {
            dice,
            started,
            hint,
            is_pending,
        }
    }
}

impl Stream for Wild {
    type Item = Result<Event, Error>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if !this.is_pending && this.dice.below(5) == 0 {
            this.is_pending = true;
            return Poll::Pending;
        }
        this.is_pending = false;
        this.hint = match this.dice.below(6) {
            0 | 1 => (0, Some(0)),
            2 => (1, Some(1)),
            3 => (1, None),
            _ => (0, None),
        };
        if let Some(started) = this.started.pop() {
            return Poll::Ready(Some(Ok(Event::Start(started))));
        }
        Poll::Ready(Some(Ok(match this.dice.below(14) {
            0 => return Poll::Ready(None),
            1 => return Poll::Ready(Some(Err(Error::new("wild")))),
            2 => return Poll::Ready(Some(Err(Error::disconnected()))),
            3 => Event::Trailers(Box::new(HeaderMap::new())),
            4 | 5 => Event::Flush,
            6 => Event::File(region(this.dice.below(4))),
            7 => Event::Data("".into()),
            // What an application's own panic says is not printed.
            8 => std::panic::resume_unwind(Box::new("wild")),
            _ => Event::Data("abcd"[..this.dice.below(4) as usize].into()),
        })))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.hint
    }
}

fn region(bytes: u64) -> Box<FileRegion> {
    static FILE: LazyLock<File> = LazyLock::new(|| {
        let file = tempfile::tempfile().unwrap();
        file.set_len(4).unwrap();
        file
    });
    Box::new(FileRegion::new(FILE.try_clone().unwrap(), 0..bytes).unwrap())
}

/// All that a server and its client see.
fn seen<A: App>(app: &A, method: &str) -> String {
    let request = Request::builder().method(method).uri("/");
    let request = request.header("host", "a").body(()).unwrap();
    let mut exchange = exchange(request, able(), None);
    let log = Arc::new(Mutex::new(String::new()));
    let hook = log.clone();
    exchange.environ_mut().on_finish(move |outcome| {
        let _ = write!(hook.lock().unwrap(), "{outcome:?}");
    });
    let mut seen = String::new();
    let mut response = Box::pin(exchange.call(app));
    let mut cx = Context::from_waker(Waker::noop());
    let commit = loop {
        match response.as_mut().poll_head(&mut cx) {
            Poll::Ready(commit) => break commit,
            Poll::Pending => seen.push_str("pending\n"),
        }
    };
    let _ = writeln!(seen, "{:?} {:?}", commit.head, commit.framing);
    // Some bodies never end.
    for _ in 0..50 {
        let payload = match response.as_mut().poll_payload(&mut cx) {
            Poll::Pending => "pending".to_owned(),
            Poll::Ready(Some(Ok(Payload::File(region)))) => format!("file of {}", region.len()),
            Poll::Ready(Some(payload)) => format!("{payload:?}"),
            Poll::Ready(None) => break,
        };
        let _ = writeln!(seen, "{payload}");
    }
    let _ = writeln!(seen, "end {} {:?}", response.is_end(), response.error());
    response.as_mut().finish(None);
    seen.push_str(&log.lock().unwrap());
    seen
}

#[test]
fn whatever_an_application_does() {
    let mut found = 0;
    for seed in 0..5_000 {
        let app = app_fn(move |_: Environ, s: StartResponse| Wild::new(seed, s));
        let findings = Findings::new();
        let linted = Lint::new(&app).collect(&findings);
        let method = if seed % 8 == 0 { "HEAD" } else { "GET" };
        assert_eq!(seen(&app, method), seen(&linted, method), "seed {seed}");
        for finding in findings.take() {
            // These servers are right.
            assert_eq!(
                finding.side,
                rgi_lint::Side::Application,
                "{seed}: {finding}"
            );
            found += 1;
        }
    }
    assert!(found > 1000, "{found}: the applications are mostly wrong");
}
