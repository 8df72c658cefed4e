//! Requests for one page at the same time.

use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rgi_core::testing::Client;
use rgi_core::{
    App, AppExt, BodyExt, BoxBody, Environ, Error, FileRegion, HeaderValue, StartResponse, Started,
    StatusCode, async_fn, field,
};

use super::super::{Memory, PageCache};

/// Longest wait for what has to come; in the application too, so that no thread is waited for in vain.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) fn until(is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "it never came to that");
        thread::yield_now();
    }
}

/// The calls of an application; one of them is held until it may go.
#[derive(Default)]
pub(super) struct Calls {
    made: AtomicUsize,
    go: AtomicBool,
}

impl Calls {
    pub(super) fn made(&self) -> usize {
        self.made.load(Ordering::SeqCst)
    }

    pub(super) fn go(&self) {
        self.go.store(true, Ordering::SeqCst);
    }
}

/// Answers by the number of the call.
pub(super) trait Answer:
    Fn(usize, StartResponse) -> Result<BoxBody, Error> + Clone + Send + Sync
{
}

impl<F> Answer for F where
    F: Fn(usize, StartResponse) -> Result<BoxBody, Error> + Clone + Send + Sync
{
}

/// An application that answers, and holds one call.
pub(super) fn gathering(
    calls: &Arc<Calls>,
    held: usize,
    answer: impl Answer,
) -> impl App<Body: Send> + Send + Sync {
    let answer = move |call: usize, _: &mut Environ, start_response: StartResponse| {
        answer(call, start_response)
    };
    holding(calls, held, answer)
}

/// An application that answers by the request too, and holds one call.
pub(super) fn holding<F>(
    calls: &Arc<Calls>,
    held: usize,
    answer: F,
) -> impl App<Body: Send> + Send + Sync
where
    F: Fn(usize, &mut Environ, StartResponse) -> Result<BoxBody, Error>,
    F: Clone + Send + Sync,
{
    let calls = calls.clone();
    async_fn(move |mut environ: Environ, start_response: StartResponse| {
        let (calls, answer) = (calls.clone(), answer.clone());
        async move {
            let timer = environ.timer();
            let call = calls.made.fetch_add(1, Ordering::SeqCst) + 1;
            let begun = Instant::now();
            while call == held && !calls.go.load(Ordering::SeqCst) && begun.elapsed() < PATIENCE {
                timer.sleep(Duration::from_millis(1)).await;
            }
            answer(call, &mut environ, start_response)
        }
    })
}

pub(super) fn kept(start_response: StartResponse, kept: &'static str) -> Started {
    let kept = HeaderValue::from_static(kept);
    let started = start_response.start(StatusCode::OK);
    started.header(field::CACHE_CONTROL, kept)
}

/// The number of the call, to be kept.
fn page(call: usize, start_response: StartResponse) -> Result<BoxBody, Error> {
    Ok(kept(start_response, "max-age=60")
        .full(call.to_string())
        .into())
}

/// The number of the call, not to be kept.
fn passes(call: usize, start_response: StartResponse) -> Result<BoxBody, Error> {
    Ok(kept(start_response, "no-store")
        .full(call.to_string())
        .into())
}

/// Those who wait behind the first one.
const OTHERS: usize = 8;

/// Has one begin, and others wait for it, until `now` lets it go on. Gives the number of calls, and what the
/// others got.
fn behind(
    patience: Duration,
    leave_after: u64,
    answer: impl Answer,
    now: impl Fn(&PageCache, &Calls) -> bool,
) -> (usize, Vec<String>) {
    let calls = Arc::<Calls>::default();
    let cache = PageCache::new(Memory::new(1 << 20))
        .longest(10)
        .patience(patience);
    let app = Arc::new(gathering(&calls, 1, answer).with(&cache));
    let client = || Client::new(app.clone());
    let mut texts: Vec<String> = thread::scope(|scope| {
        scope.spawn(|| client().get("/").leave_after(leave_after).send());
        until(|| calls.made() == 1);
        let others = [(); OTHERS].map(|()| scope.spawn(|| client().get("/").send().text()));
        until(|| now(&cache, &calls));
        calls.go();
        others.map(|thread| thread.join().unwrap()).into()
    });
    texts.sort_unstable();
    assert_eq!(cache.0.flights.waiting(), 0);
    (calls.made(), texts)
}

/// All others wait when the first one goes on.
fn all_wait(answer: impl Answer) -> (usize, Vec<String>) {
    behind(PATIENCE, u64::MAX, answer, |cache, _| {
        cache.0.flights.waiting() == OTHERS
    })
}

/// What each of them gets who goes by itself.
fn each() -> Vec<String> {
    (2..).take(OTHERS).map(|call| call.to_string()).collect()
}

#[test]
fn one_call_serves_all_who_wait() {
    assert_eq!(all_wait(page), (1, vec!["1".to_owned(); OTHERS]));
}

#[test]
fn where_the_client_of_the_first_leaves_the_next_one_goes() {
    let blocks = |call: usize, start_response: StartResponse| match call {
        1 => {
            let blocks = ["a"; 4].map(|it| Ok::<_, Error>(it.into()));
            Ok(kept(start_response, "max-age=60").iter(blocks).erased())
        }
        _ => page(call, start_response),
    };
    let all_wait = |cache: &PageCache, _: &Calls| cache.0.flights.waiting() == OTHERS;
    let seen = behind(PATIENCE, 1, blocks, all_wait);
    assert_eq!(seen, (2, vec!["2".to_owned(); OTHERS]));
}

#[test]
fn where_the_first_fails_the_next_one_goes() {
    let fails = |call: usize, start_response: StartResponse| match call {
        1 => Err(Error::new("it failed")),
        2 => Ok(start_response
            .start(StatusCode::SERVICE_UNAVAILABLE)
            .empty()
            .into()),
        3 => panic!("it panicked"),
        4 => {
            let blocks = [Ok("a".into()), Err(Error::new("it broke off"))];
            Ok(kept(start_response, "max-age=60").iter(blocks).erased())
        }
        _ => page(call, start_response),
    };
    let (calls, texts) = all_wait(fails);
    assert_eq!(calls, 5);
    assert_eq!(texts.iter().filter(|text| *text == "5").count(), OTHERS - 3);
}

#[test]
fn what_cannot_be_kept_holds_nobody() {
    assert_eq!(all_wait(passes), (1 + OTHERS, each()));
}

#[test]
fn what_is_too_long_or_a_file_holds_nobody() {
    fn full(started: Started) -> BoxBody {
        started.full("x".repeat(11)).into()
    }
    fn blocks(started: Started) -> BoxBody {
        let blocks = ["x"; 11].map(|it| Ok::<_, Error>(it.into()));
        started.iter(blocks).erased()
    }
    fn file(started: Started) -> BoxBody {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
        let region = FileRegion::new(File::open(path).unwrap(), 0..5).unwrap();
        started.file(region).erased()
    }
    for body in [full, blocks, file] {
        let first = move |call: usize, start_response: StartResponse| match call {
            1 => Ok(body(kept(start_response, "max-age=60"))),
            _ => passes(call, start_response),
        };
        assert_eq!(all_wait(first), (1 + OTHERS, each()));
        // Nor do those wait that come later.
        let calls = Arc::<Calls>::default();
        let cache = PageCache::new(Memory::new(1 << 20)).longest(10);
        let always = move |_: usize, s: StartResponse| Ok(body(kept(s, "max-age=60")));
        let app = Arc::new(gathering(&calls, 2, always).with(&cache));
        let ask = || Client::new(app.clone()).get("/").send().status();
        ask();
        thread::scope(|scope| {
            let held = scope.spawn(ask);
            until(|| calls.made() == 2);
            assert_eq!(ask(), 200);
            calls.go();
            held.join().unwrap();
        });
    }
}

#[test]
fn where_it_takes_long_a_few_go_themselves() {
    let patience = Duration::from_millis(250);
    let no_more_wait =
        |cache: &PageCache, calls: &Calls| calls.made() >= 2 && cache.0.flights.waiting() == 0;
    // The first one is held; the second brings the page for all.
    let (calls, texts) = behind(patience, u64::MAX, page, no_more_wait);
    assert!((2..=4).contains(&calls), "{calls}: {texts:?}");
}

#[test]
fn nobody_waits_for_ever() {
    let seen = behind(Duration::from_millis(1), u64::MAX, passes, |_, calls| {
        calls.made() == 1 + OTHERS
    });
    assert_eq!(seen, (1 + OTHERS, each()));
}

#[test]
fn variants_do_not_wait_for_each_other_twice() {
    let calls = Arc::<Calls>::default();
    let varies = |call: usize, start_response: StartResponse| {
        let varied = HeaderValue::from_static("accept-language");
        let started = kept(start_response, "max-age=60").header(field::VARY, varied);
        Ok(started.full(call.to_string()).into())
    };
    let cache = PageCache::new(Memory::new(1 << 20)).patience(PATIENCE);
    let app = Arc::new(gathering(&calls, 1, varies).with(&cache));
    let ask = |language: &str| {
        let client = Client::new(app.clone());
        client
            .get("/")
            .header("accept-language", language)
            .send()
            .text()
    };
    let others = thread::scope(|scope| {
        let first = scope.spawn(|| ask("de"));
        until(|| calls.made() == 1);
        let others =
            ["en", "fr", "en", "fr", "en", "fr"].map(|language| scope.spawn(move || ask(language)));
        until(|| cache.0.flights.waiting() == others.len());
        calls.go();
        first.join().unwrap();
        others.map(|thread| thread.join().unwrap())
    });
    assert_eq!(calls.made(), 3, "{others:?}");
}
